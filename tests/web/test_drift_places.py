"""Places in colour and files of batches, asked for as a browser does, of real comparisons."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from app import create_app, open_services
from components import drift_closely, drift_images, drift_pictures, drift_places
from core.drifting import run_series
from core.drifts import Drifts
from core.library import Library
from core.storage.store import Workspace
from tests.drift_example import placed, settings_of
from tests.trees import data, find, text


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two sets of pictures, one with a white square in a corner, compared by place; a series."""
    root = tmp_path_factory.mktemp("web")
    workspace = Workspace(root / "workspace")
    found = placed(workspace, root)
    settings = settings_of(workspace)
    series = run_series({"reference": "plain", "batches": ["marked"], "permutations": 99},
                        workspace, settings)  # fmt: skip
    return workspace, found, series


@pytest.fixture(scope="module")
def app(made):
    return create_app(settings_of(made[0]))


@pytest.fixture
def get(app):
    client = app.server.test_client()

    def go(address, status=200):
        done = client.get(address)
        assert done.status_code == status, done.data[:300]
        return done

    return go


@pytest.fixture
def pair(app, made):
    """The comparison with its sets, inside of the app."""
    with app.server.app_context():
        yield drift_pictures.pair_of(Drifts(made[0]).open(made[1]["drift"]))


def pictures(tree) -> list[str]:
    """Return the addresses of coloured pictures in a tree."""
    return [one["src"] for one in find(tree) if "/places/" in str(one.get("src", ""))]


def _colours(done) -> np.ndarray:
    assert done.headers["Content-Type"] == "image/jpeg"
    return np.asarray(Image.open(io.BytesIO(done.data)).convert("RGB"), int)


def test_what_the_other_set_lacks_is_coloured_in_its_corner(get, made, pair):
    row = pair.patches.strangest("b", 1)[0][0]
    where = f"/api/drift/{made[1]['drift']}/places/b/{row}.jpg"
    shown = _colours(get(where))
    assert shown.shape == (256, 256, 3)
    red = shown[..., 0] - shown[..., 2]
    opened = Library(made[0]).open("marked")
    plain = Image.open(opened.root / opened.items["path"].iloc[row]).convert("RGB")
    before = np.asarray(plain.resize((256, 256)), int)
    more = red - (before[..., 0] - before[..., 2])
    assert more[205:240, 15:50].mean() > 60  # the square, at the bottom on the left
    assert _colours(get(f"{where}?size=large")).shape == (720, 720, 3)


def test_mean_pictures_are_answered(get, made):
    where = f"/api/drift/{made[1]['drift']}/mean"
    a, b = (_colours(get(f"{where}-{side}.jpg")) for side in "ab")
    assert b[125:150, 10:28].mean() > a[125:150, 10:28].mean() + 60


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("places/b/0.jpg?size=huge", 400),
        ("places/c/0.jpg", 400),
        ("places/b/999.jpg", 404),
        ("places/b/0.jpg?beside=999", 404),
        ("places/b/0.jpg?beside=x", 400),
        ("mean-c.jpg", 404),
    ],
)
def test_what_is_not_there_is_explained(get, made, address, status):
    get(f"/api/drift/{made[1]['drift']}/{address}", status)


def test_a_comparison_without_places_says_so(get, made, made_drift):
    get(f"/api/drift/{'0' * 32}/places/b/0.jpg", 404)
    other = create_app(made_drift.settings).server.test_client()
    done = other.get(f"/api/drift/{made_drift.key}/mean-a.jpg")
    assert done.status_code == 404
    assert b"compare where in the frame" in done.data


def test_the_places_download(get, made):
    found = pd.read_csv(io.BytesIO(get(f"/api/drift/{made[1]['drift']}/places.csv").data))
    told = made[1]["spatial"]
    assert len(found) == 256
    first = found.sort_values("effect", ascending=False).iloc[0]
    assert (12 <= first["row"] - 1 <= 15, 0 <= first["column"] - 1 <= 3) == (True, True)
    assert found["p"].tolist() == np.ravel(told["p"]).tolist()


def test_the_view_shows_map_table_and_strange_parts(pair, made):
    keys = {"set": "marked", "view": "frame", "key": made[1]["drift"]}
    tree = data(drift_places.body(pair, keys))
    said = text(tree)
    assert made[1]["spatial"]["text"] in said
    assert "In marked, not in plain" in said
    sources = pictures(tree)
    assert len([one for one in sources if "/places/b/" in one]) == 12


def test_a_comparison_without_places_offers_them(made_drift):
    app = create_app(made_drift.settings)
    with app.server.app_context():
        pair = drift_pictures.pair_of(made_drift.drift)
        said = text(data(drift_places.body(pair, {"set": "before", "view": "frame"})))
        assert "Compare again" in said
        shown = data(drift_images.body(pair, {"set": "before", "view": "images", "heat": "pair"}))
        assert "Where the two differ" not in text(shown)
    assert open_services(made_drift.settings).drifts.patches(made_drift.drift) is None


@pytest.mark.parametrize("heat", ["pair", "set"])
def test_images_beside_their_counterparts_are_coloured(pair, made, heat):
    keys = {"set": "marked", "view": "images", "key": made[1]["drift"], "heat": heat}
    tree = data(drift_images.body(pair, keys))
    sources = pictures(tree)
    assert len(sources) == 24
    assert all("/places/" in one for one in sources)
    assert all(("beside=" in one) == (heat == "pair") for one in sources)


def test_the_most_drifted_spread_over_groups(pair):
    found = drift_images.most_drifted(pair.drift, "b")
    spread = drift_images.over_groups(found)
    groups = found["cluster"].nunique()
    assert groups > 1
    assert spread["cluster"].head(groups).nunique() == groups
    assert sorted(spread["row"]) == sorted(found["row"])
    for _, mine in spread.groupby("cluster"):  # inside a group the order is as it was
        assert mine["score"].is_monotonic_decreasing
    assert spread["row"].iloc[0] == found["row"].iloc[0]


def test_batches_download_as_every_file(get, made):
    where = f"/api/drift-series/{made[2]['series']}"
    rows = pd.read_csv(io.BytesIO(get(f"{where}.csv").data))
    assert rows["distance"].tolist() == [one["distance"] for one in made[2]["batches"]]
    page = get(f"{where}.html").data.decode()
    assert made[2]["verdict"]["sentence"] in page
    told = get(f"{where}.json").get_json()
    assert told["batches"] == made[2]["batches"]
    get("/api/drift-series/0000000000.csv", 404)
    get("/api/drift-series/none.html", 404)


def test_two_images_are_shown_large_with_others_to_hold_against(pair, made):
    """The nearest by patches: oracle is the distance of every kept image of the other side."""
    row = int(drift_images.most_drifted(pair.drift, "b")["row"].iloc[0])
    keys = {"set": "marked", "view": "images", "key": made[1]["drift"], "side": "b",
            "row": str(row), "heat": "pair"}  # fmt: skip
    tree = data(drift_closely.closely(pair, keys, "b"))
    counterpart = int(pair.drift.of("b").set_index("row").loc[row, "counterpart"])
    large = [one for one in pictures(tree) if "size=large" in one]
    assert [f"places/b/{row}.jpg" in large[0], f"beside={counterpart}" in large[0]] == [True, True]
    assert f"places/a/{counterpart}.jpg" in large[1]
    found = pair.patches.nearest("b", row, 3)
    far = {at: pair.patches.between("b", row, "a", at).mean() for at in range(30)}
    assert [at for at, _ in found] == sorted(far, key=lambda at: far[at])[:3]
    assert found[0][1] == pytest.approx(far[found[0][0]], rel=1e-4)
    other = found[1][0]
    again = data(drift_closely.closely(pair, {**keys, "beside": str(other)}, "b"))
    assert f"places/a/{other}.jpg" in pictures(again)[1]
    assert drift_closely.closely(pair, {**keys, "row": ""}, "b") is None
    gone = text(data(drift_closely.closely(pair, {**keys, "row": "999"}, "b")))
    assert "not in the comparison" in gone
