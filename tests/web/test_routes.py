"""The routes: what the map and the gallery get is what the set holds."""

import io
import shutil

import numpy as np
import pytest
import shapely
from PIL import Image

from app import create_app
from core.config import load_settings
from core.model import Projection, ProjectionSpec
from core.storage.records import pack_projection
from core.storage.store import Workspace


@pytest.fixture(scope="module")
def opened(digits):
    return digits.library.open("digits")


@pytest.fixture(scope="module")
def client(digits):
    return create_app(digits.settings).server.test_client()


def select(client, opened, polygon, **more):
    body = {"set": "digits", "projection": opened.projections["umap"], "polygon": polygon} | more
    return client.post("/api/select", json=body)


def test_points_are_the_map_in_row_order(client, opened):
    key = opened.projections["umap"]
    data = client.get(f"/map/{key}/points").data
    n, zero = np.frombuffer(data[:8], "<u4")
    assert (n, zero, len(data)) == (1797, 0, 8 + 4 * 1797)
    x, y = np.frombuffer(data[8:], "<u2").reshape(2, -1)
    found = np.column_stack([x, y]).astype(float)
    expected = opened.projection("umap").coordinates
    for axis in range(2):
        assert np.corrcoef(found[:, axis], expected[:, axis])[0, 1] > 0.999999


def test_colours_are_the_codes_of_the_column(client, opened):
    key = opened.projections["pca"]
    data = client.get(f"/map/{key}/colour?set=digits&by=label").data
    codes = np.frombuffer(data, np.uint8)
    labels = opened.items["label"].astype(str).to_numpy()
    assert len({(c, label) for c, label in zip(codes, labels, strict=True)}) == 10


def test_neighbours_are_those_of_the_graph_nearest_first(client, opened):
    key = opened.projections["umap"]
    answer = client.get(f"/map/{key}/near/7?set=digits")
    assert answer.json["rows"] == opened.neighbors.indices[7, :10].tolist()
    distances = opened.neighbors.distances[7, :10].tolist()
    assert answer.json["distances"] == pytest.approx(distances, abs=1e-5)
    assert answer.headers["Cache-Control"].startswith("private")
    assert client.get(f"/map/{key}/near/99999").status_code == 404
    assert client.get("/map/none/near/7").status_code == 404


def test_ranks_put_the_exemplars_of_the_largest_themes_first(client, opened):
    answer = client.get(f"/map/{opened.projections['pca']}/rank?set=digits")
    (m,) = np.frombuffer(answer.data[:4], "<u4")
    exemplars = np.frombuffer(answer.data[4 : 4 + 4 * m], "<u4")
    ranks = np.frombuffer(answer.data[4 + 4 * m :], np.uint8)
    themes = opened.clustering("themes")
    assert themes.labels[exemplars].tolist() == list(range(len(themes.table)))
    assert len(ranks) == 1797
    assert (ranks[exemplars] == 0).all()
    named = [row for rows in themes.table["exemplars"] for row in rows]
    assert set(np.flatnonzero(ranks == 0)) == set(named)
    again = client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_map_in_two_dimensions_has_no_cube(client, opened):
    answer = client.get(f"/map/{opened.projections['umap']}/cube")
    assert answer.status_code == 400
    assert "two dimensions" in answer.json["error"]


def test_a_cube_holds_rows_and_places_of_one_scale(tmp_path_factory, digits):
    root = tmp_path_factory.mktemp("deep") / "ws"
    shutil.copytree(digits.root, root)
    workspace = Workspace(root)
    coordinates = np.random.default_rng(0).normal(size=(1797, 3)).astype(np.float32)
    made = Projection("d" * 32, ProjectionSpec("pca", 3), coordinates, np.zeros(1797), {}, 0)
    workspace.write("projection", made.key, **pack_projection(made))
    record = workspace.read_set("digits")
    workspace.write_set("digits", {**record, "projections": {"pca3d": made.key}})
    settings = load_settings({"workspace": str(root), "warm_worker": False}, {})
    data = create_app(settings).server.test_client().get(f"/map/{made.key}/cube?set=digits").data
    m, n = np.frombuffer(data[:8], "<u4")
    assert (m, n, len(data)) == (1797, 1797, 8 + 10 * 1797)
    assert np.frombuffer(data[8 : 8 + 4 * m], "<u4").tolist() == list(range(1797))
    places = np.frombuffer(data[8 + 4 * m :], "<u2").reshape(3, m).T.astype(float)
    moved = coordinates - coordinates[0]
    scale = 65535 / np.ptp(coordinates, axis=0).max()
    np.testing.assert_allclose(places - places[0], moved * scale, atol=1.5)


def test_a_lasso_selects_what_lies_in_it(client, opened):
    polygon = [[0.1, 0.1], [0.7, 0.15], [0.5, 0.9], [0.3, 0.4]]
    done = select(client, opened, polygon).json
    shape = shapely.Polygon(np.array(polygon) * 65535)
    expected = np.flatnonzero(shapely.contains_xy(shape, opened.points("umap").astype(float)))
    mask = client.get(f"/api/selection/{done['selection']}/mask").data
    found = np.flatnonzero(np.unpackbits(np.frombuffer(mask, np.uint8), bitorder="little"))
    np.testing.assert_array_equal(found, expected)
    assert (done["count"], done["total"]) == (len(expected), 1797)


def test_a_second_lasso_adds_and_subtracts(client, opened):
    left = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
    right = [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]
    first = select(client, opened, left).json
    both = select(client, opened, right, mode="add", base=first["selection"]).json
    back = select(client, opened, right, mode="subtract", base=both["selection"]).json
    assert both["count"] == 1797
    assert back["selection"] == first["selection"]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"set": "none"}, 404, "no set named 'none'"),
        ({"projection": "x"}, 404, "its maps are"),
        ({"polygon": [[0, 0]]}, 400, "corners"),
        ({"mode": "xor"}, 400, "xor"),
        ({"base": "0" * 32}, 404, "no selection"),
    ],
)
def test_a_bad_selection_says_what_is_wrong(client, opened, change, status, said):
    box = [[0, 0], [1, 0], [1, 1]]
    done = select(client, opened, **({"polygon": box} | change))
    assert done.status_code == status
    assert said in done.json["error"]


def test_a_filter_selects_by_value_range_and_text(client, opened):
    def filtered(**body):
        return client.post("/api/filter", json={"set": "digits", **body}).json

    threes = int((opened.items["label"].astype(str) == "3").sum())
    assert filtered(by="label", names=["3"])["count"] == threes
    assert filtered(by="label", names=["3", "4"])["count"] > threes
    assert filtered(by="cluster probability", low=0.0, high=1.0)["count"] == 1797
    assert "empty" in filtered(by="cluster probability", low=1.0, high=0.0)["error"]
    assert "no column" in filtered(by="nothing", names=["3"])["error"]


def test_windows_walk_through_everything_once(client, opened):
    rows = []
    for start in (0, 1000):
        done = client.get(f"/api/window?set=digits&start={start}&count=1000").json
        assert done["total"] == 1797
        assert done["ids"] == [opened.item_id(r) for r in done["rows"]]
        rows += done["rows"]
    assert rows == list(range(1797))


def test_a_window_of_a_cluster_and_a_selection_is_their_intersection(client, opened):
    box = select(client, opened, [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]).json
    address = f"/api/window?set=digits&selection={box['selection']}"
    chosen = [r for s in (0, 1000) for r in client.get(f"{address}&start={s}").json["rows"]]
    both = client.get(f"/api/window?set=digits&cluster=0&selection={box['selection']}").json
    cluster = set(opened.cluster_rows(0).tolist())
    assert both["rows"] == [r for r in chosen if r in cluster]
    assert 0 < len(both["rows"]) < len(chosen)


@pytest.mark.parametrize(
    "query", ["start=x", "cluster=x", "cluster=9999", "selection=zz", "set=none"]
)
def test_a_bad_window_says_what_is_wrong(client, query):
    done = client.get(f"/api/window?set=digits&{query}".replace("set=digits&set", "set"))
    assert done.status_code in {400, 404}
    assert done.json["error"]


def test_the_raster_shows_the_points(client, opened):
    key = opened.projections["umap"]
    path = f"/map/{key}/raster.png?set=digits&by=label&w=300&h=200"
    picture = Image.open(io.BytesIO(client.get(path).data)).convert("RGB")
    assert picture.size == (300, 200)
    assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 10
    assert client.get(f"{path}&w=99999").status_code == 200  # the first value counts
    assert client.get(f"/map/{key}/raster.png?w=1&h=1").status_code == 400


def test_a_lost_thumbnail_is_made_again(digits, client, opened):
    key = opened.item_id(5)
    before = client.get(f"/thumb/{key}").data
    digits.library.workspace.thumbnails.delete(key)
    assert client.get(f"/thumb/{key}").data == before
