"""Even samples: every tile is there, quotas follow the square root, the same every time."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.maps.representatives import representatives
from core.maps.sample import cube, cube_places, even_sample
from core.model import Clustering


def cloud(n, dims, seed=0):
    """A dense middle and a thin surround."""
    random = np.random.default_rng(seed)
    spread = np.where(random.random((n, 1)) < 0.9, 0.03, 0.4)
    place = np.clip(0.5 + random.normal(0, 1, (n, dims)) * spread, 0, 1)
    return np.rint(place * 65535).astype(np.uint16)


def tiles_of(points, side):
    """The tile of each point as a tuple, by plain division."""
    return [tuple(int(v) // (65536 // side) for v in p) for p in points]


@pytest.mark.parametrize(("dims", "side", "most"), [(2, 64, 5000), (3, 16, 4500), (2, 8, 64)])
def test_every_tile_that_holds_a_point_is_in_the_sample(dims, side, most):
    points = cloud(30_000, dims)
    rows = even_sample(points, most, side=side).rows
    assert len(rows) == most
    assert set(tiles_of(points[rows], side)) == set(tiles_of(points, side))
    held = Counter(tiles_of(points, side))
    alone = [i for i, tile in enumerate(tiles_of(points, side)) if held[tile] == 1]
    assert np.isin(alone, rows).all()


def test_a_tile_gives_in_proportion_to_the_root_of_what_it_holds():
    counts = {0: 100, 1: 400, 2: 1600, 3: 6400}
    x = np.repeat([t * 1024 + 5 for t in counts], list(counts.values()))
    points = np.column_stack([x, np.full(len(x), 7)]).astype(np.uint16)
    sample = even_sample(points, 300)
    taken = np.bincount(points[sample.rows, 0] // 1024)
    assert taken.tolist() == pytest.approx([20, 40, 80, 160], abs=1)
    for tile, count in counts.items():
        assert sample.weights[points[sample.rows, 0] // 1024 == tile].sum() == pytest.approx(count)


def test_what_is_left_over_goes_to_the_emptiest_tiles():
    points = np.repeat([[0, 0], [2000, 0], [4000, 0]], [50, 9, 400], axis=0).astype(np.uint16)
    rows = even_sample(points, 3, side=64).rows
    assert sorted(points[rows, 0]) == [0, 2000, 4000]
    fewer = even_sample(np.repeat(points, 2, axis=0), 4, side=64)
    assert len(fewer.rows) == 4


@given(n=st.integers(1, 400), most=st.integers(1, 500), dims=st.sampled_from([2, 3]),
       seed=st.integers(0, 5))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_sample_is_of_the_size_asked_and_part_of_every_larger_one(n, most, dims, seed):
    points = np.random.default_rng(seed).integers(0, 65536, (n, dims)).astype(np.uint16)
    side = 4
    rows = even_sample(points, most, side=side, seed=seed).rows
    assert len(rows) == min(n, most)
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, even_sample(points, most, side=side, seed=seed).rows)
    if most >= side**dims:
        larger = even_sample(points, most + 50, side=side, seed=seed).rows
        assert np.isin(rows, larger).all()


def test_another_seed_takes_other_points_of_the_same_tiles():
    points = cloud(20_000, 2)
    first, second = (even_sample(points, 4500, seed=s).rows for s in (0, 1))
    assert not np.array_equal(first, second)
    count = [np.unique(points[r] // 1024, axis=0, return_counts=True)[1] for r in (first, second)]
    np.testing.assert_array_equal(*count)


def test_more_tiles_than_points_to_take_are_joined():
    points = np.stack(np.meshgrid(np.arange(64), np.arange(64)), -1).reshape(-1, 2) * 1024
    rows = even_sample(points.astype(np.uint16), 256).rows
    assert len(set(tiles_of(points[rows], 16))) == 256


@pytest.mark.parametrize(
    ("points", "most", "side", "said"),
    [(np.zeros((3, 4)), 2, 64, "shape"), (np.zeros(3), 2, 64, "shape"),
     (np.zeros((3, 2)), 0, 64, "most"), (np.zeros((3, 2)), 2, 48, "side")],
)  # fmt: skip
def test_what_cannot_be_sampled_is_refused(points, most, side, said):
    with pytest.raises(InputError, match=said):
        even_sample(points, most, side=side)


# -- the cube --------------------------------------------------------------------------------------


def test_a_cube_has_one_scale_and_its_points_in_the_middle():
    places = cube_places(np.array([[0.0, 0, 0], [8, 4, 2]])).astype(int)
    assert (places[1] - places[0]).tolist() == pytest.approx([65535, 32768, 16384], abs=1)
    assert (places.sum(axis=0) / 2).tolist() == pytest.approx([32767.5] * 3, abs=1)
    assert cube_places(np.zeros((4, 3))).tolist() == [[32768] * 3] * 4
    assert cube_places(np.zeros((0, 3))).shape == (0, 3)


def test_a_cube_draws_a_part_of_a_large_map_and_all_of_a_small_one():
    coordinates = cloud(30_000, 3).astype(np.float32)
    coordinates[1234] = -30_000
    made = cube(coordinates, most=5000)
    assert (len(made.rows), made.total) == (5000, 30_000)
    assert 1234 in made.rows
    np.testing.assert_array_equal(made.places, cube_places(coordinates)[made.rows])
    assert cube(coordinates[:100]).rows.tolist() == list(range(100))
    with pytest.raises(InputError, match="two dimensions"):
        cube(coordinates[:, :2])


# -- which pictures come first ---------------------------------------------------------------------


def clustering(kind, labels, sizes, medoids, exemplars, probabilities=None):
    table = pd.DataFrame({"cluster": range(len(sizes)), "size": sizes, "medoid": medoids,
                          "exemplars": exemplars})  # fmt: skip
    chance = np.ones(len(labels), np.float32) if probabilities is None else probabilities
    return Clustering("k", kind, {}, np.array(labels), np.array(chance), chance, table)


def test_themes_come_before_groups_and_groups_before_single_items():
    themes = clustering("themes", [0, 0, 0, 0, 1, 1, -1, 0], [5, 2], [2, 5], [[2, 3], [5]],
                        np.array([0.9, 0.2, 1, 1, 0.5, 1, 0, 0.9], np.float32))  # fmt: skip
    micro = clustering("micro", [0, 1, 0, 0, 0, 2, 2, 0], [5, 1, 2], [0, 1, 6], [[0], [1], [6]])
    made = representatives(8, themes, micro)
    assert made.exemplars.tolist() == [2, 5]
    order = np.argsort(made.ranks, kind="stable").tolist()
    assert set(order[:3]) == {2, 3, 5}
    assert order[3:] == [0, 6, 7, 4, 1]


def test_without_clusters_no_picture_comes_before_another():
    made = representatives(3, None, None)
    assert made.exemplars.tolist() == []
    assert len(set(made.ranks.tolist())) == 1


def test_ranks_stay_apart_for_the_largest_and_the_smallest_groups():
    sizes = [900_000, 1000, 3, 2]
    micro = clustering("micro", [0, 1, 2, 3], sizes, [0, 1, 2, 3], [[0]] * 4)
    ranks = representatives(5, None, micro).ranks.tolist()
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 5
    assert ranks[0] >= 1
    assert ranks[3] < 64
