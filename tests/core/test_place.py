"""Placing: old points stay, new ones land among their like, alone or in company alike."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial import cKDTree
from sklearn.datasets import load_digits

from core.errors import InputError, JobCancelled
from core.maps import place as placing
from core.maps.place import Nearest, find_nearest, place, reach, standing
from core.maps.projection import project
from core.model import ProjectionSpec
from core.neighbors import find_neighbors
from core.progress import Progress

SEED = 3


@pytest.fixture(scope="module")
def digits():
    """Digits, 120 of them held out; the neighbours of the rest; a map of the rest by method."""
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(SEED).permutation(len(pixels))[:1200]
    held, rest = np.sort(order[:120]), np.sort(order[120:])
    graph = find_neighbors(pixels[rest], key="g")
    maps = {}

    def map_of(method, dims=2):
        spec = ProjectionSpec(method, dims, SEED)
        if spec not in maps:
            maps[spec] = project(pixels[rest], graph, spec, key="m").coordinates
        return spec, maps[spec]

    return SimpleNamespace(
        old=pixels[rest], new=pixels[held], old_labels=labels[rest], new_labels=labels[held],
        graph=graph, map=map_of,
    )  # fmt: skip


def alike(coordinates, labels, points, wanted, k=10):
    """Return the share of each point's k nearest on the map that have its label."""
    nearest = cKDTree(coordinates).query(points, k)[1]
    return (labels[nearest] == wanted[:, None]).mean()


def whole(digits, method):
    """Return the share for the same held-out items on a map made of all items."""
    pixels = np.vstack([digits.old, digits.new])
    labels = np.concatenate([digits.old_labels, digits.new_labels])
    graph = find_neighbors(pixels, key="w")
    points = project(pixels, graph, ProjectionSpec(method, 2, SEED), key="w").coordinates
    held = points[len(digits.old) :]
    nearest = cKDTree(points).query(held, 11)[1][:, 1:]
    return (labels[nearest] == digits.new_labels[:, None]).mean()


# -- the three methods -----------------------------------------------------------------------------


def test_pca_places_equal_the_closed_form(digits):
    for dims in (2, 3):
        spec, points = digits.map("pca", dims)
        unit = digits.old / np.linalg.norm(digits.old, axis=1, keepdims=True)
        mean = unit.mean(axis=0)
        axes = np.linalg.svd(unit - mean, full_matrices=False)[2][:dims]
        axes *= np.sign(axes[np.arange(dims), np.abs(axes).argmax(axis=1)])[:, None]
        fresh = digits.new / np.linalg.norm(digits.new, axis=1, keepdims=True)
        found = place(digits.old, points, spec, digits.new)
        np.testing.assert_allclose(found, (fresh - mean) @ axes.T, atol=1e-6)


def test_tsne_places_held_out_digits_among_their_like_as_the_whole_map_does(digits):
    spec, points = digits.map("tsne")
    found = place(digits.old, points, spec, digits.new)
    placed = alike(points, digits.old_labels, found, digits.new_labels)
    assert placed > 0.93
    assert placed > whole(digits, "tsne") - 0.03
    shuffled = alike(points, digits.old_labels, found[::-1], digits.new_labels)
    assert shuffled < 0.3


def test_tsne_places_are_those_of_opentsne_transform(digits):
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    spec, points = digits.map("tsne")
    old = digits.old / np.linalg.norm(digits.old, axis=1, keepdims=True)
    new = digits.new / np.linalg.norm(digits.new, axis=1, keepdims=True)
    affinities = PerplexityBasedNN(old, perplexity=30, method="exact")
    shift = (points.max(axis=0) + points.min(axis=0)) / 2
    told = TSNEEmbedding(points, affinities, negative_gradient_method="bh").transform(new) + shift
    found = place(digits.old, points, spec, digits.new)
    extent = np.ptp(points, axis=0).max()
    # Equal but where two old items are equally near, or rounding sends a point round a corner.
    assert np.median(np.abs(np.asarray(told) - found)) < 1e-4 * extent
    assert (np.linalg.norm(np.asarray(told) - found, axis=1) < 0.01 * extent).mean() > 0.95


def umap_of(points, min_dist):
    """Return umap-learn's own model of a finished map, ready to transform."""
    import umap.umap_

    model = umap.umap_.UMAP(metric="precomputed", transform_seed=SEED, random_state=SEED)
    model._raw_data, model.embedding_ = np.zeros((len(points), len(points))), np.array(points)
    model._input_hash, model._n_neighbors, model._initial_alpha = "", 15, 1.0
    model._disconnection_distance, model.output_metric = np.inf, "euclidean"
    model._a, model._b = umap.umap_.find_ab_params(1.0, min_dist)
    return model


@pytest.mark.filterwarnings("ignore:Transforming new data with precomputed metric")
def test_umap_places_are_those_of_umap_transform_for_each_item_alone(digits):
    spec, points = digits.map("umap")
    found = place(digits.old, points, spec, digits.new)
    assert alike(points, digits.old_labels, found, digits.new_labels) > 0.93
    order = np.random.default_rng(0).permutation(len(found))[:40]
    np.testing.assert_array_equal(place(digits.old, points, spec, digits.new[order]), found[order])
    all_pairs = find_nearest(digits.old, digits.new, k=len(digits.old))
    model = umap_of(points, spec.min_dist)
    for row in range(12):
        distances = np.empty((1, len(points)), np.float32)
        distances[0, all_pairs.indices[row]] = all_pairs.distances[row]
        np.testing.assert_array_equal(model.transform(distances)[0], found[row])


# -- what holds for all ----------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "dims"), [("pca", 2), ("tsne", 2), ("tsne", 3)])
def test_a_place_does_not_depend_on_which_others_come(digits, method, dims):
    spec, points = digits.map(method, dims)
    before = points.copy()
    found = place(digits.old, points, spec, digits.new)
    order = np.random.default_rng(0).permutation(len(found))[:50]
    np.testing.assert_array_equal(place(digits.old, points, spec, digits.new[order]), found[order])
    for row in (0, 7, 77):
        alone = place(digits.old, points, spec, digits.new[[row]])
        np.testing.assert_array_equal(alone[0], found[row])
    np.testing.assert_array_equal(points, before)
    assert (found.dtype, found.shape) == (np.float32, (len(digits.new), dims))


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_copy_lands_on_its_original_whatever_its_length(digits, method):
    spec, points = digits.map(method)
    rows = np.array([5, 400, 1079])
    found = place(digits.old, points, spec, digits.old[rows] * [[1.0], [0.5], [4.0]])
    np.testing.assert_array_equal(found, points[rows])


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_no_new_items_are_no_places(digits, method):
    points = digits.map("pca")[1]
    found = place(digits.old, points, ProjectionSpec(method), digits.new[:0])
    assert found.shape == (0, 2)


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_a_map_of_six_items_is_enough(digits, method):
    old, spec = digits.old[:6], ProjectionSpec(method)
    points = project(old, find_neighbors(old, key="g"), spec, key="m").coordinates
    found = place(old, points, spec, digits.new[:9])
    assert found.shape == (9, 2)
    low, high, room = points.min(axis=0), points.max(axis=0), 2 * np.ptp(points, axis=0)
    assert ((found > low - room) & (found < high + room)).all()


def test_placing_can_be_cancelled(digits):
    spec, points = digits.map("tsne")
    steps = []
    progress = Progress(steps.append, lambda: len(steps) > 3, interval=0)
    with pytest.raises(JobCancelled):
        place(digits.old, points, spec, digits.new, progress=progress)


# -- off the map -----------------------------------------------------------------------------------


def test_pictures_of_another_kind_are_off_the_map_and_held_out_ones_are_on_it(digits):
    limit = reach(digits.graph.distances[:, 0])
    noise = np.random.default_rng(1).uniform(0, 16, (200, 64))
    off = standing(find_nearest(digits.old, noise, k=1).distances[:, 0], limit)
    on = standing(find_nearest(digits.old, digits.new, k=1).distances[:, 0], limit)
    assert (off == placing.OFF_MAP).mean() >= 0.95
    assert (on == placing.PLACED).mean() >= 0.95
    assert set(on) <= {placing.PLACED, placing.OFF_MAP}


def test_the_reach_is_the_99th_percentile_and_not_beyond_it():
    own = np.arange(101, dtype=np.float32)
    assert reach(own) == 99.0
    assert standing(np.array([98.9, 99.0, 99.1]), 99.0).tolist() == [1, 1, 2]
    assert reach(np.zeros(0)) == 0.0


def test_a_copy_is_at_distance_zero_and_on_the_map(digits):
    near = find_nearest(digits.old, digits.old[[3]] * 2, k=1)
    assert (near.indices.item(), near.distances.item()) == (3, 0.0)
    assert standing(near.distances[:, 0], 0.0).tolist() == [placing.PLACED]


# -- nearest ---------------------------------------------------------------------------------------


def test_nearest_equal_a_comparison_of_all_pairs(digits):
    near = find_nearest(digits.old, digits.new)
    old = digits.old / np.linalg.norm(digits.old, axis=1, keepdims=True)
    new = digits.new / np.linalg.norm(digits.new, axis=1, keepdims=True)
    distances = np.linalg.norm(new[:, None, :] - old[None, :, :], axis=2)
    expected = np.sort(distances, axis=1)[:, : placing.NEAREST]
    np.testing.assert_allclose(near.distances, expected, atol=1e-6)
    taken = np.take_along_axis(distances, near.indices.astype(int), axis=1)
    np.testing.assert_allclose(taken, expected, atol=1e-6)


def test_equally_near_ones_come_by_row():
    old = np.eye(4)[[0, 1, 0, 2, 0]]
    near = find_nearest(old, np.array([[2.0, 0, 0, 0]]), k=4)
    assert near.indices.tolist() == [[0, 2, 4, 1]]


# -- bad input -------------------------------------------------------------------------------------


def test_a_new_vector_that_is_no_number_is_refused_by_row(digits):
    spec, points = digits.map("pca")
    for value, said in ((np.nan, "NaN"), (np.inf, "infinite")):
        new = digits.new.copy()
        new[4, 2] = value
        with pytest.raises(InputError, match=f"new vectors: row 4 .*{said}"):
            place(digits.old, points, spec, new)
    with pytest.raises(InputError, match="new vectors: row 0 has zero length"):
        find_nearest(digits.old, np.zeros((1, 64)))


def test_what_does_not_fit_is_refused(digits):
    spec, points = digits.map("pca")
    with pytest.raises(InputError, match="dimensions"):
        place(digits.old, points, spec, digits.new[:, :50])
    with pytest.raises(InputError, match="coordinates of shape"):
        place(digits.old, points[:-1], spec, digits.new)
    few = Nearest(np.zeros((120, 3), np.int32), np.ones((120, 3), np.float32))
    with pytest.raises(InputError, match="nearest: needs 25"):
        place(digits.old, points, spec, digits.new, nearest=few)
    with pytest.raises(InputError, match="not those of these vectors"):
        place(digits.old, -points, spec, digits.new)


def test_a_line_of_too_few_or_equal_items_is_no_map_to_place_on(digits):
    spec = ProjectionSpec("pca")
    for old in (digits.old[:4], np.repeat(digits.old[:1], 9, axis=0)):
        with pytest.raises(InputError, match="make a fresh one"):
            place(old, np.zeros((len(old), 2), np.float32), spec, digits.new)
