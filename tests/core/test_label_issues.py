"""Wrong labels planted and found; balance and least error against published numbers."""

import numpy as np
import pytest

from core.errors import InputError
from core.quality.balance import bayes_error, class_balance, error_curve, wilson
from core.quality.labels import find_label_issues
from core.quality.votes import nearest_labelled, verdict, weights_of
from core.space import unit_rows


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.data.astype(np.float32), data.target.astype(np.int64)


def spoilt(labels, share, seed):
    """Return labels of which a share was changed to another class, and where."""
    rng = np.random.default_rng(seed)
    wrong = rng.choice(len(labels), int(share * len(labels)), replace=False)
    changed = labels.copy()
    changed[wrong] = (labels[wrong] + rng.integers(1, 10, len(wrong))) % 10
    return changed, wrong


@pytest.mark.parametrize("seed", [0, 1])
def test_wrong_labels_are_found(digits, seed):
    vectors, labels = digits
    changed, wrong = spoilt(labels, 0.05, seed)
    found = find_label_issues(vectors, changed, seed=seed)
    hit = np.isin(found.rows, wrong)
    assert hit.mean() >= 0.88
    assert hit.sum() / len(wrong) >= 0.92
    assert (~hit).sum() < 0.01 * (len(labels) - len(wrong))
    assert found.noise == pytest.approx(0.05, abs=0.01)
    assert (found.wrong > 0.2).all()
    right = found.proposed[hit] == labels[found.rows[hit]]
    assert right.mean() > 0.93
    assert (np.diff(found.score) >= 0).all()
    assert (found.given == changed[found.rows]).all()
    assert (found.given != found.proposed).all()


def test_clean_labels_are_left_alone(digits):
    vectors, labels = digits
    assert len(find_label_issues(vectors, labels).rows) < 0.01 * len(labels)


def test_votes_are_of_items_that_were_not_seen(digits):
    vectors, labels = digits
    vectors, labels = vectors[:200], labels[:200].copy()
    twice = np.concatenate([vectors, vectors])
    labels[7] = (labels[7] + 1) % 10
    copies = np.concatenate([labels, labels])
    units = np.tile(np.arange(200), 2)
    grouped = find_label_issues(twice, copies, units=units)
    assert grouped.rows.tolist() == [7, 207]  # one wrong label in two hundred is seen
    assert not {7, 207} & set(find_label_issues(twice, copies).rows.tolist())  # each other's proof


def test_small_classes_and_items_without_a_label_are_not_judged(digits):
    vectors, labels = digits
    labels = np.where(labels < 2, labels, -1)
    labels[np.flatnonzero(labels == -1)[:3]] = 5
    found = find_label_issues(vectors, labels)
    assert found.judged.tolist() == [0, 1]
    assert found.left_out.tolist() == [5]
    assert "1 class has fewer than 5" in found.notice
    assert np.isnan(found.quality[(labels < 0) | (labels == 5)]).all()
    one = find_label_issues(vectors, np.zeros(len(vectors), int))
    assert one.status == "undefined"
    assert "two classes" in one.notice
    with pytest.raises(InputError, match="5 labels"):
        find_label_issues(vectors, labels[:5])


def test_classes_that_overlap_are_not_taken_for_wrong_labels():
    """Where the published filter takes every fourth clean label for wrong, few are listed."""
    from cleanlab.filter import find_label_issues as published
    from sklearn.model_selection import cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 800)
    points = rng.normal(size=(800, 6)) + 4 * np.eye(6)[labels // 2] + 1.2 * np.eye(6)[labels + 2]
    points += 3
    changed = labels.copy()
    wrong = rng.choice(800, 40, replace=False)
    changed[wrong] = (labels[wrong] + 2) % 4  # never to the class it overlaps with
    found = find_label_issues(points, changed)
    hit = np.isin(found.rows, wrong)
    votes = cross_val_predict(
        KNeighborsClassifier(15, weights="distance"), unit_rows(points), changed,
        method="predict_proba",
    )  # fmt: skip
    other = np.flatnonzero(published(changed, votes, filter_by="both", n_jobs=1))
    theirs = np.isin(other, wrong)
    assert hit.sum() >= 0.8 * len(wrong)
    assert hit.mean() >= 0.8
    assert (~hit).sum() < 0.2 * (~theirs).sum()


def test_the_linear_rule_is_that_of_scikit_learn(digits):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    from core.quality.judges import SHRINK, _linear

    points, labels = digits[0][:400].astype(np.float64), digits[1][:400]
    learn = np.arange(400) < 300
    slope, offset = _linear(points, labels, 10, learn)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINK)
    theirs.fit(points[learn], labels[learn])
    mine = (points[~learn] @ slope + offset).argmax(axis=1)
    np.testing.assert_array_equal(mine, theirs.predict(points[~learn]))
    np.testing.assert_allclose(slope.T, theirs.coef_, rtol=1e-6, atol=1e-9)


def test_votes_are_those_of_scikit_learn(digits):
    from sklearn.neighbors import KNeighborsClassifier

    unit, labels = unit_rows(digits[0][:300]), digits[1][:300]
    known, asked = np.arange(200), np.arange(200, 300)
    near, away = nearest_labelled(unit, asked, known, None, 15)
    found = verdict(labels[near], weights_of(away))
    theirs = KNeighborsClassifier(15, weights="distance", algorithm="brute")
    chances = theirs.fit(unit[:200].astype(float), labels[:200]).predict_proba(
        unit[200:].astype(float)
    )
    ordered = np.sort(chances, axis=1)
    np.testing.assert_allclose(found.share, ordered[:, -1], atol=1e-6)
    np.testing.assert_allclose(found.next_share, ordered[:, -2], atol=1e-6)
    clear = ordered[:, -1] - ordered[:, -2] > 1e-6
    np.testing.assert_array_equal(found.best[clear], chances.argmax(axis=1)[clear])


def test_no_neighbour_is_of_an_items_own_unit_and_missing_ones_have_no_vote():
    rng = np.random.default_rng(0)
    unit, places = unit_rows(rng.normal(size=(30, 4))), np.arange(30) // 5
    rows = np.arange(30)
    near, away = nearest_labelled(unit, rows, rows, places, 27)
    there = near >= 0
    assert there.sum(axis=1).tolist() == [25] * 30
    assert (places[np.where(there, near, 0)] != places[:, None])[there].all()
    assert (np.diff(away[:, :25], axis=1) >= 0).all()
    np.testing.assert_allclose(weights_of(away).sum(axis=1), 1)
    empty = nearest_labelled(unit, rows, rows[:0], places, 3)
    assert (empty[0] == -1).all()
    told = verdict(np.full((30, 3), -1), weights_of(empty[1]))
    assert (told.best == -1).all()
    assert not told.share.any()


def test_the_share_of_wrong_labels_has_a_known_answer():
    """Labels drawn from known chances, a known share of them dealt anew."""
    from core.quality.labels import _noise

    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.full(5, 0.2), 20_000)
    labels = (rng.random(20_000)[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    bad = rng.random(20_000) < 0.08
    labels[bad] = (labels[bad] + rng.integers(1, 5, bad.sum())) % 5
    likely = chances[np.arange(20_000), labels]
    flat = np.full(20_000, 0.2)
    score, wrong, share = _noise(np.stack([flat, likely], axis=1), 5)
    np.testing.assert_array_equal(score, likely)  # the calibration that fits is taken
    assert share == pytest.approx(0.08, abs=0.01)
    for low, high in ((0.2, 0.5), (0.5, 0.8), (0.8, 1)):  # a chance is what it says
        some = (wrong > low) & (wrong <= high)
        assert bad[some].mean() == pytest.approx(wrong[some].mean(), abs=0.05)


def test_the_error_against_n_ends_at_that_of_all():
    rng = np.random.default_rng(0)
    points, codes = rng.normal(size=(400, 3)), rng.integers(0, 2, 400)
    points[:, 0] += 1.5 * codes
    curve = error_curve(points, codes)
    whole = bayes_error(points, codes)
    assert curve["n"].tolist() == [25, 50, 100, 200, 400][-len(curve) :]
    assert curve.iloc[-1][["lower", "upper", "low", "high"]].tolist() == pytest.approx(
        [whole.lower, whole.upper, whole.low, whole.high]
    )
    assert (curve["low"] <= curve["upper"]).all()
    assert curve["upper"].iloc[0] < 0.5
    assert error_curve(points, np.zeros(400, int)).empty
    assert error_curve(points[:0], codes[:0]).empty


def test_the_same_seed_finds_the_same(digits):
    vectors, labels = digits
    first, second = (find_label_issues(vectors[:400], labels[:400], seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.quality, second.quality)


def test_least_error_of_two_blobs_is_as_published():
    from sklearn.datasets import make_blobs

    points, codes = make_blobs(50, centers=2, random_state=0)
    found = bayes_error(points, codes)
    assert found.upper == pytest.approx(0.04)
    assert found.lower == pytest.approx(0.0204168, abs=1e-6)
    assert found.low < 0.04 < found.high


def test_copies_do_not_lower_the_error():
    rng = np.random.default_rng(0)
    points, codes = rng.normal(size=(150, 5)), rng.integers(0, 2, 150)
    twice, both = np.repeat(points, 2, axis=0), np.repeat(codes, 2)
    assert bayes_error(twice, both).upper == 0
    grouped = bayes_error(twice, both, units=np.repeat(np.arange(150), 2))
    assert grouped.upper == pytest.approx(bayes_error(points, codes).upper)
    assert bayes_error(points, np.zeros(150, int)) is None
    assert bayes_error(points, codes, units=np.zeros(150, int)) is None


def test_wilson_is_that_of_scipy():
    from scipy.stats import binomtest

    expected = binomtest(7, 50).proportion_ci(method="wilson")
    assert wilson(0.14, 50) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_an_item_that_is_compared_with_none_counts_as_wrong():
    """Half of the parts hold a single unit, whose items have no other to be compared with."""
    from core.quality.balance import _nearest_wrong

    points, codes = np.zeros((4, 2)), np.zeros(4, int)
    assert _nearest_wrong(points, codes, np.array([7, 7, 7, 7]), None) == 4
    assert _nearest_wrong(points, codes, np.array([7, 7, 7, 8]), None) == 0


def test_balance_has_known_answers():
    even = class_balance(np.array([30, 30, 30, 30]))
    assert even.effective == pytest.approx(4)
    assert (even.statistic, even.p) == (0, 1)
    odd = class_balance(np.array([60, 30, 10]))
    assert odd.effective == pytest.approx(np.exp(0.8979457248567798))
    assert odd.ratio == 6
    assert odd.statistic == pytest.approx((26.6667**2 + 3.3333**2 + 23.3333**2) / 33.3333, rel=1e-4)
    assert np.argmax(odd.residual) == 0
    assert odd.residual_p[1] == pytest.approx(0.4795, abs=1e-3)
    met = class_balance(np.array([60, 30, 10]), np.array([6, 3, 1]))
    assert met.statistic == pytest.approx(0)
    assert class_balance(np.array([5])).p is None
    for bad in (np.array([3, 0]), np.array([], int)):
        with pytest.raises(InputError):
            class_balance(bad)
    with pytest.raises(InputError, match="2 shares"):
        class_balance(np.array([3, 3]), np.array([1.0]))


def test_holm_is_that_of_a_worked_example():
    from core.quality.balance import holm

    p = np.array([0.01, 0.04, 0.03, 0.005])
    assert holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02])
