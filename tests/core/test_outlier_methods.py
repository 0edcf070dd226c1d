"""Who vouches for whom, and the other ways to score: against hdbscan, scikit-learn and counting."""

import numpy as np
import pytest

from core.errors import InputError
from core.neighbors import find_neighbors
from core.quality.around import most_witnesses, witnesses
from core.quality.conformal import conformal_outliers
from core.quality.density import glosh_scores, isolation_scores
from core.quality.outliers import class_outlier_scores, outlier_scores
from core.space import unit_rows


def crowd(n=300, d=12, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32) + 1.5


def area(outlier, score):
    """Area under the ROC curve, by counting pairs."""
    yes, no = score[outlier], score[~outlier]
    return (yes[:, None] > no).mean() + 0.5 * (yes[:, None] == no).mean()


def nearest_by_hand(unit, places, vouching, k):
    """The k nearest items of other units that vouch, one of each unit, one row after another."""
    unit = unit.astype(np.float64)
    found = []
    for row in range(len(unit)):
        gap = np.linalg.norm(unit - unit[row], axis=1)
        best = {}
        for other in np.flatnonzero(vouching & (places != places[row])):
            best[places[other]] = min(best.get(places[other], np.inf), gap[other])
        found.append(sorted(best.values())[:k])
    return np.array(found)


# -- witnesses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("graph", [None, 8, 60])
@pytest.mark.parametrize("out", [0, 40])
def test_witnesses_are_the_nearest_of_other_units_one_of_each(graph, out):
    vectors = crowd(160)
    places = np.unique(np.random.default_rng(1).integers(0, 70, 160), return_inverse=True)[1]
    vouching = np.arange(160) >= out
    unit = unit_rows(vectors)
    known = None if graph is None else find_neighbors(vectors, key="k", k=graph).indices
    found = witnesses(unit, known, places, vouching, 7)
    np.testing.assert_allclose(
        found.distances, nearest_by_hand(unit, places, vouching, 7), atol=1e-9
    )
    assert vouching[found.indices].all()
    assert (places[found.indices] != places[:, None]).all()
    assert all(len(set(places[row].tolist())) == 7 for row in found.indices)


def test_there_are_as_many_witnesses_as_other_units():
    assert most_witnesses(np.array([0, 0, 1, 2]), np.ones(4, bool)) == 2
    assert most_witnesses(np.array([0, 0, 1, 2]), np.array([1, 1, 0, 0], bool)) == 0
    assert most_witnesses(np.zeros(0, int), np.zeros(0, bool)) == 0


def test_what_is_out_changes_no_score_of_what_stays():
    vectors = crowd()
    vouching = np.ones(300, bool)
    vouching[::6] = False
    with_all = outlier_scores(vectors, find_neighbors(vectors, key="k"), vouching=vouching)
    alone = outlier_scores(vectors[vouching])
    np.testing.assert_allclose(with_all.score[vouching], alone.score, atol=1e-9)
    np.testing.assert_allclose(with_all.lof[vouching], alone.lof, atol=1e-9)
    assert np.isfinite(with_all.score).all()


def test_junk_that_was_taken_out_excuses_no_other_junk():
    rng = np.random.default_rng(0)
    junk = -2 * np.ones(12) + rng.normal(scale=0.3, size=(31, 12))
    vectors = np.concatenate([crowd(), junk]).astype(np.float32)
    together = outlier_scores(vectors).score
    vouching = np.ones(331, bool)
    vouching[300:330] = False  # a person dropped thirty; one was overlooked
    found = outlier_scores(vectors, vouching=vouching).score
    assert together[330] < 0.9
    assert found[330] == found[:330][vouching[:330]].max(initial=found[330])
    assert found[300:330].min() > 0.95  # and those dropped keep their score


def test_copies_of_one_image_vouch_once_for_others():
    rng = np.random.default_rng(0)
    odd = -2 * np.ones(12)
    copies = odd + rng.normal(scale=1e-3, size=(30, 12))
    vectors = np.concatenate([crowd(), copies, odd[None] + 0.2]).astype(np.float32)
    units = np.r_[np.arange(300), np.full(30, 300), 301]
    found = outlier_scores(vectors, find_neighbors(vectors, key="k"), units=units)
    assert set(np.argsort(-found.distance)[:31].tolist()) == set(range(300, 331))
    assert outlier_scores(vectors).distance[330] < 0.2  # thirty witnesses of one image


def test_inside_a_class_the_graph_saves_the_search_and_units_and_outs_count():
    vectors = crowd(240)
    labels = np.arange(240) % 3
    labels[labels == 2] = -1
    units = np.arange(240) // 2
    vouching = np.arange(240) % 10 > 0
    given = {"units": units, "vouching": vouching}
    alone = class_outlier_scores(vectors, labels, **given)
    graph = find_neighbors(vectors, key="k", k=100)
    helped = class_outlier_scores(vectors, labels, graph, **given)
    np.testing.assert_allclose(alone.score, helped.score, atol=1e-9)
    rows = np.flatnonzero((labels == 0) & vouching)
    inside = outlier_scores(vectors[rows], units=units[rows])
    np.testing.assert_allclose(alone.score[rows], inside.score, atol=1e-9)
    assert np.isnan(alone.score[labels < 0]).all()


def test_marks_of_another_length_are_refused():
    with pytest.raises(InputError, match="3 marks of who vouches for 300"):
        outlier_scores(crowd(), vouching=np.ones(3, bool))
    with pytest.raises(InputError, match="neighbours of 20 items for 300"):
        outlier_scores(crowd(), find_neighbors(crowd(20), key="k"))


# -- planted blends --------------------------------------------------------------------------------


def blends(pictures, labels, count, rng):
    """Averages of two pictures of different classes."""
    first = rng.choice(len(pictures), count, replace=False)
    second = [rng.choice(np.flatnonzero(labels != labels[row])) for row in first]
    return (pictures[first] + pictures[second]) / 2


@pytest.mark.parametrize("seed", range(3))
def test_planted_blends_are_found(seed):
    """The case of the specification: L2, PCA-64, L2; at least .88 by the default."""
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA

    digits = load_digits()
    data = digits.data.astype(np.float64)
    planted = blends(data, digits.target, 36, np.random.default_rng(seed))
    space = PCA(63, svd_solver="full").fit_transform(unit_rows(np.concatenate([data, planted])))
    outlier = np.arange(len(space)) >= len(data)
    found = outlier_scores(space)
    assert area(outlier, found.score) >= 0.88
    everyone = np.ones(len(space), bool)
    assert area(outlier, glosh_scores(found.around, everyone)) >= 0.83
    forest = isolation_scores(unit_rows(space), np.arange(len(space)), everyone)
    assert area(outlier, forest) < area(outlier, found.score)  # why it is not the default


# -- GLOSH -----------------------------------------------------------------------------------------


def groups_of_different_density(seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(4, 8)) * 2
    parts = [
        centre + rng.normal(size=(80, 8)) * (0.2 + 0.2 * i) for i, centre in enumerate(centres)
    ]
    return unit_rows(np.concatenate([*parts, rng.normal(size=(20, 8)) * 3]))


def test_glosh_is_that_of_hdbscan():
    from hdbscan import HDBSCAN

    unit = groups_of_different_density()
    n, everyone = len(unit), np.ones(len(unit), bool)
    peer = HDBSCAN(min_cluster_size=9, min_samples=5, algorithm="generic")
    expected = peer.fit(unit.astype(np.float64)).outlier_scores_
    every = witnesses(unit, None, np.arange(n), everyone, n - 1)
    found = glosh_scores(every, everyone, min_cluster_size=9)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    twenty = witnesses(unit, None, np.arange(n), everyone, 20)
    few = glosh_scores(twenty, everyone, min_cluster_size=9)
    assert np.corrcoef(few, expected)[0, 1] > 0.999


def test_glosh_of_what_is_out_is_what_it_would_be_beside_the_others():
    unit = groups_of_different_density()
    vouching = np.arange(len(unit)) % 5 > 0
    n = len(unit)
    found = glosh_scores(witnesses(unit, None, np.arange(n), vouching, 20), vouching)
    whole = glosh_scores(
        witnesses(unit, None, np.arange(n), np.ones(n, bool), 20), np.ones(n, bool)
    )
    out = ~vouching
    assert np.corrcoef(found[out], whole[out])[0, 1] > 0.9
    assert ((found >= 0) & (found <= 1)).all()


def test_glosh_of_equal_items_and_of_two_is_finite():
    for vectors in (np.ones((30, 4)), crowd(2), np.repeat(crowd(3), 12, axis=0)):
        unit = unit_rows(vectors)
        n = len(unit)
        k = min(20, n - 1)
        found = glosh_scores(
            witnesses(unit, None, np.arange(n), np.ones(n, bool), k), np.ones(n, bool)
        )
        assert np.isfinite(found).all()


# -- isolation -------------------------------------------------------------------------------------


def test_isolation_is_that_of_scikit_learn_with_one_item_a_unit():
    from sklearn.ensemble import IsolationForest

    unit = unit_rows(crowd(200))
    n, everyone = len(unit), np.ones(len(unit), bool)
    found = isolation_scores(unit, np.arange(n), everyone, seed=3)
    peer = IsolationForest(n_estimators=300, max_samples=n, random_state=3).fit(unit)
    np.testing.assert_allclose(found, -peer.score_samples(unit))
    copied = np.concatenate([unit, np.repeat(unit[:1], 150, axis=0)])
    places = np.r_[np.arange(n), np.zeros(150, int)]
    again = isolation_scores(copied, places, np.ones(len(copied), bool), seed=3)
    alike = isolation_scores(copied, np.arange(len(copied)), np.ones(len(copied), bool), seed=3)
    assert again[0] > alike[0] + 0.02  # copies do not make it ordinary
    np.testing.assert_allclose(again[0], again[-1])


# -- conformal -------------------------------------------------------------------------------------


def test_the_null_keeps_its_level():
    """Of items like the reference, P(p ≤ .05) lies in [.04, .06], also with units and outs."""
    hits, total = 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        vectors = rng.normal(size=(900, 10)) + 1
        units = np.r_[np.arange(600) // 2, np.arange(600, 900)]
        vectors[1:600:2] = vectors[0:600:2] + rng.normal(scale=0.01, size=(300, 10))
        found = conformal_outliers(
            vectors, np.arange(600), np.arange(600, 900), units=units, seed=seed
        )
        hits, total = hits + int((found.p <= 0.05).sum()), total + len(found.p)
    assert 0.04 <= hits / total <= 0.06


def test_false_discoveries_stay_below_the_rate():
    shares = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        vectors = rng.normal(size=(1500, 10)) + 1
        vectors[1400:] = rng.normal(size=(100, 10)) - 1.2
        found = conformal_outliers(
            vectors, np.arange(1000), np.arange(1000, 1500), q=0.1, seed=seed
        )
        false = found.discovered[:400].sum()
        shares.append(false / max(1, found.discovered.sum()))
    assert np.mean(shares) <= 0.11
    assert found.discovered[400:].mean() > 0.9


def test_what_is_out_is_not_counted_among_the_tested_and_found_all_the_same():
    rng = np.random.default_rng(3)
    vectors = crowd(1500, seed=3)
    vectors[1400:1500] = rng.normal(size=(100, 12)) - 2
    tested = np.arange(1000, 1500)
    counted = tested < 1450
    found = conformal_outliers(vectors, np.arange(1000), tested, counted=counted)
    alone = conformal_outliers(vectors, np.arange(1000), tested[counted])
    np.testing.assert_array_equal(found.discovered[counted], alone.discovered)
    np.testing.assert_array_equal(found.p[counted], alone.p)
    assert found.discovered[~counted].mean() > 0.9


def test_an_item_is_measured_against_other_units_than_its_own():
    rng = np.random.default_rng(0)
    vectors = crowd(400)
    odd = -2 * np.ones(12)
    vectors[:20] = odd + rng.normal(scale=0.01, size=(20, 12))  # in the clean slice by mistake
    vectors[399] = odd
    units = np.r_[np.zeros(20, int), np.arange(20, 399), 0]
    found = conformal_outliers(vectors, np.arange(200), np.arange(200, 400), units=units)
    assert found.p[-1] == found.p_least
