"""Wrong labels planted and found; balance and least error against published numbers."""

import numpy as np
import pytest

from core.errors import InputError
from core.quality.balance import bayes_error, class_balance, wilson
from core.quality.labels import find_label_issues


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
    assert hit.mean() >= 0.8
    assert hit.sum() / len(wrong) >= 0.8
    right = found.proposed[hit] == labels[found.rows[hit]]
    assert right.mean() > 0.95
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
    assert {7, 207} <= set(grouped.rows.tolist())
    assert not {7, 207} & set(find_label_issues(twice, copies).rows.tolist())  # each other's proof
    total = np.nansum(grouped.probabilities, axis=1)
    np.testing.assert_allclose(total[~np.isnan(grouped.quality)], 1)


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
