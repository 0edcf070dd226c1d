"""Images that have a copy on the other side, against all pairs compared."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core.checking.leaks import Sides, leaks_of, sides_of
from core.neighbors import find_neighbors
from core.progress import Progress
from core.quality.leaks import Links, leaks_between
from core.quality.near import near_pairs, same_vectors
from core.space import unit_rows
from core.storage.store import Workspace


def linked(unit, graph, tau):
    same = same_vectors(unit)
    pairs = near_pairs(graph, unit, tau, same)
    wide = unit.astype(np.float64)
    far = np.linalg.norm(wide[pairs[:, 0]] - wide[pairs[:, 1]], axis=1)
    rows = np.arange(len(unit))
    return Links.of(rows, rows, same, pairs, far)


@pytest.mark.parametrize("k", [4, 90])
@pytest.mark.parametrize("seed", range(6))
def test_every_image_with_a_copy_across_is_told_with_its_nearest(seed, k):
    rng = np.random.default_rng(seed)
    base = rng.standard_normal((40, 6))
    unit = unit_rows(base[rng.integers(0, 40, 300)] + 0.01 * rng.standard_normal((300, 6)))
    unit[200:220] = unit[:20]
    side = rng.integers(0, 3, 300)
    tau = 0.02
    graph = find_neighbors(unit, key="k", k=k)
    sides = [Sides("split", ("test", "train"), np.flatnonzero(side == 0),
                   np.flatnonzero(side == 1))]  # fmt: skip
    found = leaks_of(sides, linked(unit, graph, tau), graph, unit, tau, Progress())
    wide = unit.astype(np.float64)
    away = np.linalg.norm(wide[side == 0][:, None] - wide[side == 1][None], axis=2)
    expected = np.flatnonzero(side == 0)[away.min(axis=1) <= tau]
    assert len(expected) > 20
    assert sorted(found["row"].tolist()) == expected.tolist()
    near = dict(zip(np.flatnonzero(side == 0).tolist(), away.min(axis=1).tolist(), strict=True))
    for line in found.to_dict("records"):
        assert side[line["other"]] == 1
        assert line["distance"] == pytest.approx(near[line["row"]], abs=1e-6)


def test_equal_files_come_before_equal_pixels_and_near_ones():
    files, pictures = np.array([0, 0, 1, 2, 3]), np.array([0, 0, 0, 2, 3])
    same = np.array([0, 0, 0, 0, 4])
    none = np.zeros((0, 2), np.int64)
    links = Links(files, pictures, same, none, np.zeros(0))
    found = leaks_between(links, "slice", ("a", "b"), np.array([1, 2, 3, 4]), np.array([0]))
    assert found.set_index("row")["level"].to_dict() == {1: "identical", 2: "pixels", 3: "near"}
    assert (found["other"] == 0).all()
    both = leaks_between(links, "slice", ("a", "b"), np.array([0, 1]), np.array([0, 1]))
    assert not len(both)  # an image on both sides is no copy of itself


def test_sides_are_splits_and_slices_that_share_no_image(tmp_path):
    def one(name, rows, created):
        return SimpleNamespace(name=name, rows=np.array(rows), count=len(rows), created=created)

    view = SimpleNamespace(slices=[one("a", [0, 1], "1"), one("b", [2], "2"), one("c", [1], "3")])
    items = pd.DataFrame({"Split": ["train", "train", "test", None], "item_id": list("wxyz")})
    opened = SimpleNamespace(name="set", key="k", items=items)
    found = {(s.kind, s.names): (s.first.tolist(), s.second.tolist())
             for s in sides_of(opened, view, Workspace(tmp_path))}  # fmt: skip
    assert found == {
        ("split", ("test", "train")): ([2], [0, 1]),
        ("slice", ("b", "a")): ([2], [0, 1]),
        ("slice", ("b", "c")): ([2], [1]),
    }
