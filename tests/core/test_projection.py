"""PCA and t-SNE maps, what every map promises, and sets too small to map."""

import numpy as np
import pytest
from scipy.spatial import procrustes
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA

from core.errors import InputError, JobCancelled
from core.maps import pca as pca_module
from core.maps.pca import principal_components
from core.maps.projection import align, project
from core.model import ProjectionSpec
from core.neighbors import find_neighbors
from core.progress import Progress
from core.space import unit_rows


@pytest.fixture(scope="module")
def digits():
    return load_digits().data[:400].astype(np.float32)


@pytest.fixture(scope="module")
def graph(digits):
    return find_neighbors(digits, key="n")


def same_up_to_sign(found, wanted, atol):
    signs = np.sign((found * wanted).sum(axis=0))
    np.testing.assert_allclose(found * signs, wanted, atol=atol)


def test_pca_map_equals_scikit_learn_up_to_sign(digits):
    found = project(digits, None, ProjectionSpec("pca", dims=3), key="k")

    wanted = PCA(3, svd_solver="full").fit_transform(unit_rows(digits).astype(np.float64))
    assert found.coordinates.dtype == np.float32
    same_up_to_sign(found.coordinates, wanted, 1e-6)


def test_pca_of_more_columns_than_rows_equals_scikit_learn():
    rows = np.random.default_rng(0).normal(size=(30, 200)).astype(np.float32)

    found = principal_components(rows, 5)

    oracle = PCA(5, svd_solver="full").fit(rows.astype(np.float64))
    same_up_to_sign(found.scores, oracle.transform(rows), 1e-5)
    np.testing.assert_allclose(found.variance_share, oracle.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(found.components @ found.components.T, np.eye(5), atol=1e-9)


def test_randomised_pca_finds_the_same_leading_directions(monkeypatch):
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(400, 150)) * 0.8 ** np.arange(150)).astype(np.float32)
    exact = principal_components(rows, 4)
    monkeypatch.setattr(pca_module, "EXACT_UP_TO", 50)

    quick = principal_components(rows, 4, seed=1)

    np.testing.assert_allclose(quick.scores, exact.scores, atol=1e-4)
    assert np.array_equal(quick.scores, principal_components(rows, 4, seed=1).scores)


def test_each_component_points_where_its_largest_loading_is_positive(digits):
    components = principal_components(unit_rows(digits), 6).components

    largest = np.abs(components).argmax(axis=1)
    assert (components[np.arange(6), largest] > 0).all()


def test_components_beyond_the_rank_are_zero():
    line = np.outer(np.arange(10.0), [1.0, 2.0, 2.0]).astype(np.float32)

    found = principal_components(line, 5)

    assert found.scores.shape == (10, 5)
    assert np.abs(found.scores[:, 1:]).max() < 1e-6
    assert found.variance_share[0] == pytest.approx(1.0)


@pytest.mark.parametrize("dims", [2, 3])
def test_tsne_is_the_same_bit_for_bit_with_the_same_seed(digits, graph, dims):
    spec = ProjectionSpec("tsne", dims=dims, seed=3)

    first, second = (project(digits, graph, spec, key="k").coordinates for _ in "ab")

    assert first.shape == (len(digits), dims)
    assert np.array_equal(first, second)


def test_tsne_keeps_the_classes_of_digits_together(digits, graph):
    found = project(digits, graph, ProjectionSpec("tsne"), key="k").coordinates

    nearest = find_nearest(found)
    labels = load_digits().target[:400]
    assert (labels[nearest] == labels).mean() > 0.93  # the graph itself reaches .98


def find_nearest(points):
    distances = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)


def test_map_started_from_given_coordinates_stays_near_them(digits, graph):
    spec = ProjectionSpec("tsne")
    turned = project(digits, graph, spec, key="k").coordinates @ np.array([[0, -1], [1, 0]])

    again = project(digits, graph, spec, key="k2", init=turned, parent="k")
    afresh = project(digits, graph, spec, key="k")

    assert again.parent == "k"
    assert afresh.parent is None
    shift = np.linalg.norm(again.coordinates - turned, axis=1).mean()
    assert shift < 0.25 * np.linalg.norm(turned, axis=1).mean()
    assert shift < 0.5 * np.linalg.norm(afresh.coordinates - turned, axis=1).mean()


def test_align_has_the_procrustes_statistic_of_vegan_on_iris():
    iris = load_iris().data

    turned, m2 = align(iris[:, 2:], iris[:, :2])

    assert m2 == pytest.approx(0.3685917418, rel=1e-9)  # R 4.2.2, vegan 2.6-4 protest
    assert m2 == pytest.approx(procrustes(iris[:, :2], iris[:, 2:])[2], rel=1e-9)
    assert turned.mean(axis=0) == pytest.approx(iris[:, :2].mean(axis=0), abs=1e-5)


def test_align_undoes_a_turn_a_mirror_and_a_shift():
    points = np.random.default_rng(0).normal(size=(40, 3))
    mirror = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0] @ np.diag([1, 1, -1])

    turned, m2 = align(points @ mirror + 5, points)

    np.testing.assert_allclose(turned, points, atol=1e-6)
    assert m2 == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4])
def test_too_few_items_are_set_in_a_line_with_a_notice(method, dims, n):
    vectors = np.random.default_rng(0).normal(size=(n, 6))
    spec = ProjectionSpec(method, dims=dims)

    first, second = (
        project(vectors, find_neighbors(vectors, key="n"), spec, key="k") for _ in "ab"
    )

    assert first.coordinates.shape == (n, dims)
    assert np.isfinite(first.coordinates).all()
    assert np.array_equal(first.coordinates, second.coordinates)
    assert len(np.unique(first.coordinates, axis=0)) == n
    assert str(n) in first.notice if n else "no images" in first.notice


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_identical_items_are_set_in_a_line_with_a_notice(method):
    vectors = np.tile(np.random.default_rng(0).normal(size=8), (60, 1))

    found = project(vectors, find_neighbors(vectors, key="n"), ProjectionSpec(method), key="k")

    assert "same vector" in found.notice
    assert (np.diff(found.coordinates[:, 0]) > 0).all()


@pytest.mark.parametrize("method", ["pca", "tsne"])
@pytest.mark.parametrize(
    "vectors",
    [
        np.repeat(np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]]), [20, 30], axis=0),
        np.random.default_rng(0).normal(size=(5, 3)),
        np.array([[1.0], [-1.0], [2.0], [-3.0], [1.0], [1.0]]),
    ],
    ids=["two points repeated", "five items", "one dimension"],
)
def test_odd_sets_get_finite_maps(method, vectors):
    found = project(vectors, find_neighbors(vectors, key="n"), ProjectionSpec(method), key="k")

    assert found.notice == ""
    assert np.isfinite(found.coordinates).all()


def test_repeated_points_are_nearer_their_copies_than_the_others():
    vectors = np.repeat(np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]]), [20, 30], axis=0)

    found = project(vectors, None, ProjectionSpec("pca"), key="k").coordinates

    assert np.ptp(found[:20], axis=0).max() < 1e-6
    assert np.linalg.norm(found[0] - found[20]) > 1


def test_unmeasured_map_holds_no_scores(digits):
    found = project(digits, None, ProjectionSpec("pca"), key="k")

    assert found.scores == {}
    assert found.n_scored == 0
    assert np.isnan(found.faithfulness).all()


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (ProjectionSpec("sphere"), "choose pca, tsne or umap"),
        (ProjectionSpec("pca", dims=4), "choose 2 or 3"),
        (ProjectionSpec("tsne"), "needs the neighbour graph"),
        (ProjectionSpec("pca", perplexity=0), "perplexity"),
    ],
)
def test_impossible_requests_are_refused_in_words(digits, spec, says):
    with pytest.raises(InputError, match=says):
        project(digits, None, spec, key="k")


def test_init_and_neighbours_of_another_set_are_refused(digits, graph):
    with pytest.raises(InputError, match="init must be finite coordinates"):
        project(digits, graph, ProjectionSpec("tsne"), key="k", init=np.zeros((9, 2)))
    with pytest.raises(InputError, match="neighbours of 400 items given for 10"):
        project(digits[:10], graph, ProjectionSpec("tsne"), key="k")
    with pytest.raises(InputError, match="row 2"):
        project(np.array([[1.0], [1.0], [np.nan]]), None, ProjectionSpec("pca"), key="k")


def test_tsne_is_reported_in_its_own_stage_and_can_be_cancelled(digits, graph):
    steps = []
    project(digits, graph, ProjectionSpec("tsne"), key="k", progress=Progress(steps.append))

    def stop():
        return bool(steps) and steps[-1].done >= 100

    steps_before = len(steps)
    steps.clear()
    with pytest.raises(JobCancelled):
        project(
            digits, graph, ProjectionSpec("tsne"), key="k",
            progress=Progress(steps.append, cancelled=stop, interval=0),
        )  # fmt: skip
    assert steps_before > 1
    assert {s.stage for s in steps} == {"map: tsne"}
    assert steps[-1].done < 200
