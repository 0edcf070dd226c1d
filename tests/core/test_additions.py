"""Adding to a set with `place`: what was on a map stays to the last bit, what is new is placed."""

import shutil

import numpy as np
import pytest
from making import picture
from PIL import Image

from core import additions
from core.config import load_settings
from core.errors import InputError, StorageError
from core.library import Library
from core.pipeline import run
from core.request import RunRequest, last_request
from core.storage.store import Workspace

MAPS = ("pca", "tsne")


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


@pytest.fixture
def pictures(tmp_path):
    """Forty pictures, m00.png to m39.png."""
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(40):
        picture(number).save(root / f"m{number:02}.png")
    return root


def go(workspace, source, **changes):
    asked = {"encoder": "pixels", "maps": MAPS, "place": True} | changes
    settings = load_settings({"workspace": str(workspace.root), "workers": 2}, {})
    return run(RunRequest(str(source), "set", **asked), workspace, settings)


def points(workspace):
    """Return each map's coordinates by the file's name."""
    opened = Library(workspace).open("set")
    paths = opened.items["path"].tolist()
    return {
        name: dict(zip(paths, opened.projection(name).coordinates.tolist(), strict=True))
        for name in opened.projections
    }


def statuses(workspace):
    opened = Library(workspace).open("set")
    status, distance = opened.placement
    paths = opened.items["path"].tolist()
    return dict(zip(paths, status.tolist(), strict=True)), dict(zip(paths, distance, strict=True))


def comparable(summary):
    return {k: v for k, v in summary.items() if k not in {"seconds", "encoded", "reused"}}


def add_and_remove(pictures):
    """Add pictures that sort before, between and behind the others, and take one away."""
    for number, name in enumerate(("a", "m05b", "z")):
        picture(600 + number).save(pictures / f"{name}.png")
    (pictures / "m07.png").unlink()


def test_what_was_there_stays_to_the_last_bit_and_the_new_is_placed(workspace, pictures):
    first = go(workspace, pictures)
    before = points(workspace)
    assert "placed" not in first
    add_and_remove(pictures)
    found = go(workspace, pictures)
    assert (found["items"], found["encoded"]) == (42, 3)
    assert found["placed"]["removed"] == 1
    assert found["placed"]["placed"] + found["placed"]["off_map"] == 3
    after = points(workspace)
    assert after.keys() == before.keys() == set(MAPS)
    for name in MAPS:
        del before[name]["m07.png"]
        new = {path: after[name].pop(path) for path in ("a.png", "m05b.png", "z.png")}
        assert after[name] == before[name]
        assert np.isfinite(list(new.values())).all()
    keys = {m["method"]: m["key"] for m in found["maps"]}
    assert not set(keys.values()) & {m["key"] for m in first["maps"]}
    assert all(m["trustworthiness"] is not None for m in found["maps"])


def test_neighbours_and_clusters_are_those_of_the_whole_set(workspace, pictures, tmp_path):
    go(workspace, pictures)
    add_and_remove(pictures)
    found = go(workspace, pictures)
    other = Workspace(tmp_path / "other")
    plain = go(other, pictures, place=False)
    for field in ("key", "neighbors", "clusters", "micro_clusters"):
        assert found[field] == plain[field]
    kept, fresh = workspace.read_set("set"), other.read_set("set")
    assert kept["neighbors"] == fresh["neighbors"]
    assert kept["clusterings"] == fresh["clusterings"]
    assert kept["projections"] != fresh["projections"]


def test_a_second_run_is_a_look_up(workspace, pictures, monkeypatch):
    go(workspace, pictures)
    add_and_remove(pictures)
    found, record = go(workspace, pictures), workspace.read_set("set")

    def never(*_, **__):
        raise AssertionError("was computed again")

    for name in ("place", "find_nearest", "map_of"):
        monkeypatch.setattr(additions, name, never)
    again = go(workspace, pictures)
    assert comparable(again) == comparable(found)
    assert again["encoded"] == 0
    left = workspace.read_set("set")
    for field in ("projections", "placement", "neighbors", "clusterings"):
        assert left[field] == record[field]


def test_places_do_not_depend_on_the_order_in_which_things_came(workspace, pictures, tmp_path):
    other = Workspace(tmp_path / "other")
    go(workspace, pictures)
    go(other, pictures)
    picture(600).save(pictures / "a.png")
    go(workspace, pictures)
    picture(601).save(pictures / "z.png")
    (pictures / "m07.png").unlink()
    go(workspace, pictures)
    go(other, pictures)
    assert points(workspace) == points(other)
    assert statuses(workspace) == statuses(other)
    assert statuses(workspace)[0]["a.png"] > 0  # placed a run ago is still placed


def test_a_picture_that_comes_back_has_its_old_place(workspace, pictures, tmp_path):
    go(workspace, pictures)
    before = points(workspace)
    shutil.move(pictures / "m07.png", tmp_path)
    assert go(workspace, pictures)["placed"] == {"placed": 0, "off_map": 0, "removed": 1}
    shutil.move(tmp_path / "m07.png", pictures)
    found = go(workspace, pictures)
    assert found["placed"] == {"placed": 0, "off_map": 0, "removed": 0}
    assert points(workspace) == before
    assert set(statuses(workspace)[0].values()) == {0}


def test_distances_of_what_was_there_are_to_its_nearest_neighbour(workspace, pictures):
    go(workspace, pictures)
    opened = Library(workspace).open("set")
    own = dict(zip(opened.items["path"], opened.neighbors.distances[:, 0], strict=True))
    add_and_remove(pictures)
    go(workspace, pictures)
    distance = statuses(workspace)[1]
    assert {path: distance[path] for path in own if path in distance} == {
        path: value for path, value in own.items() if path != "m07.png"
    }


def test_pictures_of_another_kind_are_off_the_map_and_a_copy_is_on_its_original(
    workspace, pictures
):
    go(workspace, pictures)
    random = np.random.default_rng(0)
    for number in range(5):  # black, but for a few pixels in a corner each
        dots = np.zeros((32, 48, 3), np.uint8)
        dots[4 * number : 4 * number + 4, :6] = random.integers(200, 256, 3)
        Image.fromarray(dots).save(pictures / f"dots{number}.png")
    shutil.copy(pictures / "m11.png", pictures / "m11b.png")
    found = go(workspace, pictures)
    assert (found["placed"], found["encoded"]) == ({"placed": 1, "off_map": 5, "removed": 0}, 5)
    status, distance = statuses(workspace)
    assert (status["m11b.png"], distance["m11b.png"]) == (1, 0.0)
    assert {status[f"dots{number}.png"] for number in range(5)} == {2}
    for places in points(workspace).values():
        assert places["m11b.png"] == places["m11.png"]


def test_a_run_without_place_makes_fresh_maps(workspace, pictures, tmp_path):
    go(workspace, pictures)
    add_and_remove(pictures)
    go(workspace, pictures)
    plain = go(workspace, pictures, place=False)
    fresh = go(Workspace(tmp_path / "other"), pictures, place=False)
    assert plain["maps"] == fresh["maps"]
    assert "placed" not in plain
    assert "placement" not in workspace.read_set("set")
    assert Library(workspace).open("set").placement is None
    go(workspace, pictures, place=True)
    picture(700).save(pictures / "later.png")
    go(workspace, pictures, place=True, maps=("pca",))
    assert go(workspace, pictures, place=False, maps=("pca",))["maps"][0]["method"] == "pca"
    assert list(Library(workspace).open("set").projections) == ["pca"]  # not one placed, unsaid


def test_a_map_that_the_set_lacks_is_made_of_all_items(workspace, pictures, tmp_path):
    go(workspace, pictures, maps=("pca",))
    before = points(workspace)["pca"]
    picture(600).save(pictures / "a.png")
    go(workspace, pictures)
    assert points(workspace)["pca"].items() >= before.items()
    fresh = Workspace(tmp_path / "other")
    go(fresh, pictures, place=False)
    assert points(workspace)["tsne"] == points(fresh)["tsne"]
    # and from then on it stays too, each map with what it was made from
    before = points(workspace)
    picture(601).save(pictures / "b.png")
    go(workspace, pictures)
    for name in MAPS:
        assert points(workspace)[name].items() >= before[name].items()
    assert statuses(workspace)[0]["a.png"] > 0


def test_where_there_is_nothing_to_place_on_the_maps_are_fresh(workspace, pictures, tmp_path):
    first = go(workspace, pictures)
    plain = go(Workspace(tmp_path / "other"), pictures, place=False)
    assert comparable(first) == comparable(plain)  # a new set: nothing to say
    other = go(workspace, pictures, encoder="pixels?side=8")
    assert additions.NO_MAP in other["notes"]
    assert "placed" not in other
    few = tmp_path / "few"
    few.mkdir()
    for number in range(3):
        picture(number).save(few / f"{number}.png")
    go(workspace, few)  # three in a line
    for number in range(3, 9):
        picture(number).save(few / f"{number}.png")
    grown = go(workspace, few)
    assert additions.NO_MAP in grown["notes"]
    assert {m["notice"] for m in grown["maps"]} == {""}


def test_vectors_that_were_deleted_mean_fresh_maps(workspace, pictures):
    go(workspace, pictures)
    shutil.rmtree(workspace.root / "vectors")
    (pictures / "m07.png").unlink()  # its vector cannot be made again
    found = go(workspace, pictures)
    assert (found["encoded"], found["items"]) == (39, 39)
    assert additions.NO_MAP in found["notes"]


def test_a_renamed_file_keeps_the_maps_themselves(workspace, pictures):
    keys = {m["method"]: m["key"] for m in go(workspace, pictures)["maps"]}
    (pictures / "m00.png").rename(pictures / "l99.png")  # still the first
    found = go(workspace, pictures)
    assert {m["method"]: m["key"] for m in found["maps"]} == keys
    assert found["placed"] == {"placed": 0, "off_map": 0, "removed": 0}


def test_many_new_items_advise_fresh_maps(workspace, pictures):
    go(workspace, pictures)
    for number in range(12):
        picture(600 + number).save(pictures / f"n{number}.png")
    assert not go(workspace, pictures)["notes"]  # 12 of 52
    for number in range(12, 18):
        picture(600 + number).save(pictures / f"n{number}.png")
    (note,) = go(workspace, pictures)["notes"]
    assert note.startswith("18 of 58 items were placed")


# -- interrupted ---------------------------------------------------------------------------------


def test_a_run_that_ends_while_placing_leaves_the_set_as_it_was(
    workspace, pictures, tmp_path, monkeypatch
):
    go(workspace, pictures)
    other = Workspace(tmp_path / "other")
    shutil.copytree(workspace.root, other.root, dirs_exist_ok=True)
    record, before = workspace.read_set("set"), points(workspace)
    add_and_remove(pictures)
    calls = []

    def fails(*given, **named):
        calls.append(1)
        if len(calls) == 2:
            raise StorageError("the disk is full")
        return real(*given, **named)

    real = additions.place
    with monkeypatch.context() as patch:
        patch.setattr(additions, "place", fails)
        with pytest.raises(StorageError):
            go(workspace, pictures)
    assert workspace.read_set("set") == record
    assert points(workspace) == before
    assert comparable(go(workspace, pictures)) == comparable(go(other, pictures))
    assert points(workspace) == points(other)


def test_a_run_that_ends_after_placing_goes_on_with_the_placed_maps(
    workspace, pictures, tmp_path, monkeypatch
):
    go(workspace, pictures)
    other = Workspace(tmp_path / "other")
    shutil.copytree(workspace.root, other.root, dirs_exist_ok=True)
    add_and_remove(pictures)

    def fails(*_):
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(additions, "neighbors_of", fails)
        with pytest.raises(StorageError):
            go(workspace, pictures)
    assert len(points(workspace)["tsne"]) == 42  # the set is there, its maps too
    assert comparable(go(workspace, pictures)) == comparable(go(other, pictures))
    assert points(workspace) == points(other)


# -- the request -----------------------------------------------------------------------------------


def test_place_is_told_only_where_it_is_asked_for():
    assert "place" not in RunRequest("x", "x").to_json()
    asked = RunRequest("x", "x", place=True)
    assert asked.to_json()["place"] is True
    assert RunRequest.from_json(asked.to_json()) == asked
    assert RunRequest.from_json({"source": "x", "name": "x"}).place is False
    with pytest.raises(InputError, match="place 'yes'"):
        RunRequest("x", "x", place="yes")


def test_what_the_last_run_asked_for_is_at_hand(workspace, pictures):
    assert last_request(workspace, "set") == {}
    go(workspace, pictures, maps=("pca",), encoder="pixels?side=8", place=False)
    known = last_request(workspace, "set")
    assert (known["encoder"], known["maps"]) == ("pixels?side=8", ["pca"])
    picture(600).save(pictures / "a.png")
    asked = RunRequest.from_json({**known, "place": True})
    assert go(workspace, pictures, encoder=asked.encoder, maps=asked.maps)["placed"]
