"""Sets too small or too alike to be mapped, maps of three dimensions, settings out of range."""

import json

import numpy as np
import pytest
from making import picture

from core.config import load_settings
from core.errors import InputError
from core.library import Library
from core.pipeline import NO_SCORES, run
from core.request import RunRequest
from core.storage.store import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


def go(workspace, source, maps=("pca",), flags=None, **changes):
    request = RunRequest(str(source), "set", encoder="pixels", maps=maps, **changes)
    settings = load_settings({"workspace": str(workspace.root), **(flags or {})}, {})
    return run(request, workspace, settings)


def vectors(tmp_path, array):
    path = tmp_path / "v.npy"
    np.save(path, np.asarray(array, np.float32))
    return path


@pytest.mark.parametrize(
    "array",
    [np.zeros((0, 3)), np.ones((1, 3)), np.ones((2, 3)), np.eye(3), np.eye(4), np.ones((60, 3)),
     np.tile([[1.0, 0], [0, 1]], (30, 1)), np.linspace(-1, 1, 60)[:, None]],
    ids=["0", "1", "2", "3", "4", "alike", "two", "one-dimensional"],
)  # fmt: skip
def test_a_map_always_tells_its_scores_even_that_there_are_none(workspace, tmp_path, array):
    found = go(workspace, vectors(tmp_path, array), maps=("pca", "tsne"))
    json.dumps(found, allow_nan=False)
    for told in found["maps"]:
        assert set(NO_SCORES) < set(told)


def test_a_set_mapped_in_three_dimensions_has_a_flat_map_as_well(workspace, tmp_path):
    source = vectors(tmp_path, np.random.default_rng(0).normal(size=(40, 6)))
    found = go(workspace, source, maps=("tsne",), dims=3)
    assert [m["method"] for m in found["maps"]] == ["pca", "pca3d", "tsne3d"]
    opened = Library(workspace).open("set")
    assert opened.points("pca").shape == (40, 2)
    assert opened.projection("pca3d").coordinates.shape == (40, 3)
    flat = go(workspace, source, maps=("pca",))
    assert [m["method"] for m in flat["maps"]] == ["pca", "pca3d", "tsne3d"]


def test_another_number_of_neighbours_is_another_result(workspace, tmp_path):
    source = vectors(tmp_path, np.random.default_rng(0).normal(size=(80, 6)))
    few = go(workspace, source, maps=("tsne",), flags={"neighbors": 5})
    many = go(workspace, source, maps=("tsne",), flags={"neighbors": 60})
    keys = [{m["method"]: m["key"] for m in found["maps"]} for found in (few, many)]
    assert keys[0]["pca"] == keys[1]["pca"]
    assert keys[0]["tsne"] != keys[1]["tsne"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("batch_size", -1), ("workers", -1), ("seed", -1), ("seed", 2**32), ("port", 65536),
     ("max_jobs", 0), ("neighbors", 0), ("thumbnail_side", 0), ("max_pixels", 0),
     ("device", "banana")],
)  # fmt: skip
def test_a_setting_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(InputError, match=name.replace("_", "[_-]")):
        load_settings({name: value}, {})


def test_every_number_has_limits_that_its_default_keeps():
    from core.config import LIMITS, OPTIONS

    numbers = {o.name: o.default for o in OPTIONS if type(o.default) is int}
    assert set(numbers) == set(LIMITS)
    assert all(LIMITS[n][0] <= value <= LIMITS[n][1] for n, value in numbers.items())


def test_serving_a_second_folder_of_a_name_leaves_the_first_set_alone(workspace, tmp_path):
    from app import _first_job
    from core.jobs import JobBoard

    for parent in ("a", "b"):
        (tmp_path / parent / "pics").mkdir(parents=True)
        for number in range(3):
            picture(number).save(tmp_path / parent / "pics" / f"{number}.png")
    settings = load_settings({"workspace": str(workspace.root)}, {})
    source = str(tmp_path / "a" / "pics")
    run(RunRequest(source, "pics", "pixels", ("pca",)), workspace, settings)

    class Board(JobBoard):
        def dispatch(self):
            """Start nothing."""

    board, library = Board(workspace.root), Library(workspace)
    _first_job(board, library, str(tmp_path / "b" / "pics"), settings)
    _first_job(board, library, source, settings)
    asked = [(job.request["name"], job.request["source"]) for job in board.list()]
    assert asked == [("pics", source), ("pics 2", str(tmp_path / "b" / "pics"))]
    (workspace.root / "sets" / "pics.json").write_text("{")
    _first_job(board, library, source, settings)  # the job will say what is wrong with it
