"""UMAP maps and the themes made from them: the one test file that imports umap-learn."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from core.clusters.themes import find_themes, theme_space
from core.errors import JobCancelled
from core.maps.faithfulness import measure_faithfulness
from core.maps.projection import project, warm_umap
from core.maps.umap_layout import umap_layout
from core.model import ProjectionSpec
from core.neighbors import find_neighbors
from core.progress import Progress


@pytest.fixture(scope="module")
def digits():
    whole = load_digits()
    return type(whole)(data=whole.data[:900], target=whole.target[:900])


@pytest.fixture(scope="module")
def graph(digits):
    return find_neighbors(digits.data, key="n")


def compiled_signatures():
    import umap.layouts
    import umap.umap_

    functions = (
        umap.umap_.smooth_knn_dist,
        umap.umap_.compute_membership_strengths,
        umap.layouts._nb_optimize_layout_euclidean_single_epoch,
    )
    return [len(function.signatures) for function in functions]


def test_nothing_is_compiled_again_after_warming(digits, graph):
    warm_umap()
    warm = compiled_signatures()

    project(digits.data, graph, ProjectionSpec("umap"), key="k")
    start = np.random.default_rng(0).normal(size=(900, 10)).astype(np.float32)
    umap_layout(graph.indices, graph.distances, start, min_dist=0.0, n_epochs=5)

    assert min(warm) >= 1  # a test before this one may have compiled for other types
    assert compiled_signatures() == warm


def test_compiling_is_on_again_after_the_import():
    import numba

    warm_umap()

    assert not numba.config.DISABLE_JIT
    assert hasattr(numba.njit(abs_difference), "signatures")


def abs_difference(a, b):
    return abs(a - b)


def test_ready_graph_gives_the_coordinates_of_the_umap_class(digits, graph):
    from umap import UMAP

    rows = 300
    near = find_neighbors(digits.data[:rows], key="n", k=14)
    start = np.random.default_rng(0).normal(size=(rows, 2)).astype(np.float32)

    found = umap_layout(near.indices, near.distances, start, seed=5)

    # The class itself, told of the same neighbours and of the start as `umap_layout` spaces it.
    random_state = np.random.RandomState(5)
    largest = np.abs(start).max()
    spaced = start * (10 / largest) + random_state.normal(scale=1e-4, size=start.shape)
    own = np.hstack([np.arange(rows)[:, None], near.indices])
    away = np.hstack([np.zeros((rows, 1), np.float32), near.distances])
    with pytest.warns(UserWarning, match="knn_search_index"):
        oracle = UMAP(
            n_neighbors=15, init=spaced.astype(np.float32), random_state=random_state, n_jobs=1,
            precomputed_knn=(own.astype(np.int32), away),
        ).fit_transform(digits.data[:rows])  # fmt: skip
    assert np.array_equal(found, oracle)


@pytest.mark.parametrize("dims", [2, 3])
def test_umap_is_the_same_bit_for_bit_with_the_same_seed(digits, graph, dims):
    spec = ProjectionSpec("umap", dims=dims, seed=2)

    first, second = (project(digits.data, graph, spec, key="k").coordinates for _ in "ab")

    assert first.shape == (900, dims)
    assert first.dtype == np.float32
    assert np.array_equal(first, second)


def test_umap_of_digits_is_as_faithful_as_it_should_be(digits, graph):
    found = project(digits.data, graph, ProjectionSpec("umap"), key="k")

    scores = measure_faithfulness(digits.data, found.coordinates, graph).scores

    assert scores["trustworthiness"] > 0.97
    assert scores["continuity"] > 0.97
    assert scores["knn_recall"] > 0.4


def test_map_started_from_a_turned_one_lies_on_it(digits, graph):
    spec = ProjectionSpec("umap")
    parent = project(digits.data, graph, spec, key="k").coordinates
    turned = parent @ np.array([[0, -1], [1, 0]], np.float32)

    again = project(digits.data, graph, spec, key="k2", init=turned, parent="k")

    assert again.parent == "k"
    shift = np.linalg.norm(again.coordinates - turned, axis=1).mean()
    afresh = np.linalg.norm(parent - turned, axis=1).mean()
    assert shift < 0.2 * afresh


ODD_SETS = {
    "five items": np.random.default_rng(0).normal(size=(5, 4)),
    "two points repeated": np.repeat(np.eye(3)[:2], [100, 200], axis=0),
    "one dimension": np.array([[1.0], [-1.0]]).repeat(30, axis=0),
    "uniform noise": np.random.default_rng(0).uniform(-1, 1, size=(400, 8)),
    "far islands": np.vstack([
        1e-3 * np.random.default_rng(i).normal(size=(40, 5)) + np.eye(5)[i] for i in range(3)
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD_SETS)
def test_odd_sets_get_finite_maps_and_themes(name):
    vectors = ODD_SETS[name]
    near = find_neighbors(vectors, key="n")

    flat = project(vectors, near, ProjectionSpec("umap"), key="k")
    deep = project(vectors, near, ProjectionSpec("umap", dims=3), key="k")
    themes = find_themes(vectors, near, key="k")

    assert np.isfinite(flat.coordinates).all()
    assert np.isfinite(deep.coordinates).all()
    assert np.isfinite(themes.outlier_scores).all()
    assert np.isfinite(themes.probabilities).all()
    assert np.isfinite(themes.nearest_probability).all()
    assert np.isfinite(themes.tree.to_numpy()).all()
    assert len(themes.table) == themes.labels.max() + 1


def test_islands_without_a_link_between_them_are_the_themes():
    vectors = ODD_SETS["far islands"]

    found = find_themes(vectors, find_neighbors(vectors, key="n"), key="k")

    assert adjusted_rand_score(found.labels, np.repeat([0, 1, 2], 40)) == 1.0


def test_a_pile_larger_than_the_graph_reaches_is_one_theme():
    truth = np.repeat([0, 1], [400, 300])
    vectors = np.random.default_rng(0).normal(size=(2, 6))[truth]

    found = find_themes(vectors, find_neighbors(vectors, key="n", k=20), key="k")

    assert np.array_equal(found.labels, truth)


def test_themes_of_digits_follow_the_digits(digits, graph):
    first = find_themes(digits.data, graph, key="k", seed=1)
    space = theme_space(digits.data, graph, 1)
    second = find_themes(digits.data, graph, key="k", seed=1, space=space)

    assert space.shape == (900, 10)
    assert first.structure == second.structure
    assert first.structure["verdict"] == "structure"
    assert first.structure["p"] < 1e-6
    assert len(first.structure["separated"]) == len(first.table)
    assert sum(first.structure["separated"]) >= 5
    assert first.notice == ""
    named = first.labels >= 0
    assert np.array_equal(first.labels, second.labels)
    assert np.array_equal(first.outlier_scores, second.outlier_scores)
    assert 8 <= len(first.table) <= 16
    assert named.mean() > 0.9
    assert adjusted_mutual_info_score(digits.target[named], first.labels[named]) > 0.8
    assert (np.diff(first.table["size"]) <= 0).all()
    assert first.spec["min_cluster_size"] == 15


def uniform(d):
    return lambda rng: rng.uniform(-1, 1, size=(500, d))


def gaussian(rng):
    return rng.normal(size=(500, 64)) / np.sqrt(1 + np.arange(64)) + 0.5


def closed_curve(rng):
    angle = rng.uniform(0, 2 * np.pi, size=(500, 1))
    waves = np.hstack([f(angle * k) / k for f in (np.cos, np.sin) for k in (1, 2)])
    return waves @ rng.normal(size=(4, 20)) + rng.normal(scale=0.03, size=(500, 20))


STRUCTURELESS = {
    "square": lambda rng: rng.uniform(size=(500, 2)),
    "cube": uniform(10),
    "384 dimensions": uniform(384),
    "sphere": lambda rng: rng.normal(size=(500, 16)),
    "gaussian": gaussian,
    "closed curve": closed_curve,
}


@pytest.mark.parametrize("name", STRUCTURELESS)
def test_noise_and_continua_end_in_no_structure(name):
    vectors = STRUCTURELESS[name](np.random.default_rng(0))

    found = find_themes(vectors, find_neighbors(vectors, key="n", k=30), key="k")

    assert found.structure["verdict"] == "no structure"
    assert (found.labels == -1).all()
    assert (found.nearest == -1).all()
    assert len(found.table) == 0
    assert not found.structure["themes"] or found.notice.startswith("No structure")
    assert (found.tree["selected"] == -1).all()


def test_blobs_that_touch_in_part_keep_their_themes():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 6, size=600)
    points = 7 / np.sqrt(2) * np.eye(20)[truth] + rng.normal(size=(600, 20))
    vectors = np.hstack([points, np.full((600, 1), 20.0)])

    found = find_themes(vectors, find_neighbors(vectors, key="n", k=30), key="k")

    assert found.structure["verdict"] == "structure"
    assert sum(found.structure["separated"]) >= 4
    inside = found.labels >= 0
    assert adjusted_rand_score(truth[inside], found.labels[inside]) > 0.9


def test_larger_least_size_gives_fewer_themes(digits, graph):
    many = find_themes(digits.data, graph, key="k", min_cluster_size=10)
    few = find_themes(digits.data, graph, key="k", min_cluster_size=80)

    assert len(few.table) < len(many.table)
    assert few.table["size"].min() >= 80


def test_epochs_are_reported_and_work_stops_between_them(digits, graph):
    steps = []
    spec = ProjectionSpec("umap")
    project(digits.data, graph, spec, key="k", progress=Progress(steps.append, interval=0))

    epochs = [s.done for s in steps if s.total == 500]
    assert {s.stage for s in steps} == {"map: umap"}
    assert epochs == sorted(epochs)
    assert epochs[-1] == 500
    assert len(set(epochs)) > 3

    steps.clear()
    started = Progress(steps.append, cancelled=lambda: len(steps) > 4, interval=0)
    with pytest.raises(JobCancelled):
        project(digits.data, graph, spec, key="k", progress=started)
    assert steps[-1].done < 500
