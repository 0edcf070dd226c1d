"""The same pictures on both sides, changed: found, and dealt so that none meets itself."""

import numpy as np
import pytest
from drift_example import settings_of
from vectorsets import vector_set

from core.drift.twins import namesakes, same_pictures, standing
from core.drift.units import sides_of
from core.drifting import run_drift
from core.storage.store import Workspace

rng = np.random.default_rng(3)


def unit(points):
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def test_names_are_those_of_the_files_and_only_where_they_are_one():
    pairs = namesakes(
        ["a/x.jpg", "y.png", "z.png", "b/z.png", ""], ["Y.JPG", "z.png", "X.webp", ""]
    )
    assert pairs.tolist() == [[0, 2], [1, 0]]
    assert namesakes([], ["a"]).shape == (0, 2)


def test_pictures_that_are_only_counted_alike_are_no_twins():
    first = unit(rng.normal(size=(60, 8)))
    changed = unit(first + 0.2 * rng.normal(size=first.shape))
    assert same_pictures(first, changed, 60)
    assert not same_pictures(first, changed[::-1], 60)
    assert not same_pictures(first, changed, 121)  # fewer than half have a namesake
    assert not same_pictures(first[:9], changed[:9], 9)


def test_no_twins_are_tested_together_and_each_side_keeps_its_shares():
    """200 images of A, the first 120 with a twin in B, two a unit there."""
    second = np.repeat([False, True], [200, 120])
    units = np.concatenate([np.arange(200), 200 + np.arange(120) // 2])
    sides = sides_of(second, units)
    pairs = np.stack([np.arange(120), 200 + np.arange(120)], axis=1)
    found = standing(sides, pairs, seed=1)
    tested = np.isin(sides.unit, found)
    assert not (tested[pairs[:, 0]] & tested[pairs[:, 1]]).any()
    assert (tested[pairs[:, 0]] | tested[pairs[:, 1]]).all()
    assert (tested[:120].sum(), tested[120:200].sum(), tested[200:].sum()) == (60, 40, 60)


def compared(root, change, kept=240):
    """Compare 240 made-up images with changed copies of the first `kept` of them."""
    workspace = Workspace(root / "workspace")
    first = np.r_[4.0, np.zeros(5)] + rng.normal(size=(240, 6))
    first[200:, 1] += 8  # the last 40 are of another kind
    second = first[:kept] + 0.1 * rng.normal(size=(kept, 6)) + change
    for name, points in (("full", first), ("again", second)):
        vector_set(workspace, points, name=name, ids=[f"{name}{at}" for at in range(len(points))],
                   path=[f"{name}/{at}.jpg" for at in range(len(points))])  # fmt: skip
    asked = {"a": "full", "b": "again", "permutations": 199, "explain": False}
    return run_drift(asked, workspace, settings_of(workspace))


@pytest.mark.parametrize(("kept", "moved", "level"), [(240, 0.0, "none seen"), (240, 0.8, "drift"),
                                                      (200, 0.0, "drift")])  # fmt: skip
def test_changed_copies_are_told_from_their_originals_only_where_they_differ(
    tmp_path, kept, moved, level
):
    found = compared(tmp_path, np.r_[0, 0, moved, 0, 0, 0], kept)
    assert found["verdict"]["level"] == level
    assert found["units_tested"] == [120, kept // 2]
    assert any("the same but changed" in note for note in found["notes"])
    mmd, classifier = found["tests"][:2]
    assert classifier["effect"] > 0.4  # a model that has seen the twin says the other side
    assert mmd["effect"] > -0.01
    # what is looked at is everything
    assert (found["a"]["n_images"], found["b"]["n_images"]) == (240, kept)
