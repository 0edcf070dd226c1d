"""Labels spread with a promise that is kept, probes whose intervals hold, what to label next."""

import numpy as np
import pytest

from core.errors import InputError
from core.quality.batch import next_batch
from core.quality.probe import balanced, linear_probe
from core.quality.propagate import propagate_labels


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.data.astype(np.float32), data.target.astype(np.int64)


def overlapping(n, seed, classes=3, apart=1.4):
    """Classes that no classifier can tell without mistakes."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, classes, n)
    points = rng.normal(size=(n, 6)) + apart * np.eye(6)[codes] + np.eye(6)[5] * 4
    return points.astype(np.float32), codes


def test_propagation_keeps_its_promise_on_what_it_did_not_see(digits):
    kept, proposed = [], []
    for seed in range(10):
        points, codes = overlapping(1200, seed, apart=2.5)
        known = np.random.default_rng(seed).choice(1200, 300, replace=False)
        given = np.full(1200, -1)
        given[known] = codes[known]
        found = propagate_labels(points, given, seed=seed)
        assert not np.isin(found.rows, known).any()
        assert len(found.rows) + found.unsure + found.far == 900
        proposed.append(len(found.rows))
        kept.append((found.proposed == codes[found.rows]).sum())
    assert sum(proposed) > 3000
    assert sum(kept) / sum(proposed) >= 0.95
    vectors, labels = digits
    given = np.where(np.random.default_rng(0).random(len(labels)) < 0.1, labels, -1)
    found = propagate_labels(vectors, given)
    assert (found.proposed == labels[found.rows]).mean() >= 0.95
    assert len(found.rows) > 800
    assert found.low >= 0.95
    assert (np.diff(found.confidence) <= 0).all()


def test_a_kind_nobody_labelled_is_left_alone(digits):
    vectors, labels = digits
    strange = np.random.default_rng(0).uniform(0, 16, (50, 64)).astype(np.float32)
    points = np.concatenate([vectors, strange])
    given = np.full(len(points), -1)
    given[:400] = labels[:400]
    found = propagate_labels(points, given)
    assert not (found.rows >= len(vectors)).any()
    assert found.far >= 50


def test_too_few_labels_propose_nothing_and_say_so(digits):
    vectors, labels = digits
    given = np.full(len(labels), -1)
    for code in (0, 1):
        given[np.flatnonzero(labels == code)[:6]] = code
    found = propagate_labels(vectors, given)
    assert len(found.rows) == 0
    assert found.threshold is None
    assert "12 labelled images" in found.notice
    with pytest.raises(InputError, match="two classes"):
        propagate_labels(vectors, np.where(labels == 0, 0, -1))
    with pytest.raises(InputError, match="precision"):
        propagate_labels(vectors, given, precision=1)


def test_the_probe_tells_digits_and_not_noise(digits):
    vectors, labels = digits
    rng = np.random.default_rng(0)
    some = rng.choice(len(labels), 200, replace=False)
    found = linear_probe(vectors[some], labels[some])
    assert found.low < found.accuracy < found.high
    assert found.accuracy > 0.8
    assert found.shuffled < 0.25
    assert found.majority == 0.1
    assert found.confusion.sum() == 200
    assert np.mean(list(found.recall.values())) == pytest.approx(found.accuracy)
    noise = linear_probe(rng.normal(size=(200, 5)).astype(np.float32), rng.integers(0, 2, 200))
    assert noise.low < 0.5 < noise.high


def test_copies_across_folds_do_not_help():
    rng = np.random.default_rng(1)
    points = np.repeat(rng.normal(size=(60, 40)), 5, axis=0).astype(np.float32)
    labels = np.repeat(rng.integers(0, 2, 60), 5)
    units = np.repeat(np.arange(60), 5)
    assert linear_probe(points, labels).accuracy > 0.9  # it has seen each of them
    grouped = linear_probe(points, labels, units=units)
    assert grouped.low < 0.5 < grouped.high
    assert grouped.n_units == 60


def test_the_interval_covers_what_many_fresh_items_show():
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    from core.space import unit_rows

    covered = 0
    runs = 6
    fresh, truth = overlapping(20_000, 999, classes=2)
    for seed in range(runs):
        points, codes = overlapping(100, seed, classes=2)
        found = linear_probe(points, codes, seed=seed)
        scale = StandardScaler().fit(unit_rows(points))
        model = LogisticRegression(C=0.1, max_iter=300).fit(
            scale.transform(unit_rows(points)), codes
        )
        reached = balanced(truth, model.predict(scale.transform(unit_rows(fresh))))
        covered += found.low <= reached <= found.high
    assert covered >= 0.9 * runs


def test_balanced_accuracy_is_that_of_scikit_learn():
    from sklearn.metrics import balanced_accuracy_score

    rng = np.random.default_rng(0)
    target, told = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    assert balanced(target, told) == pytest.approx(balanced_accuracy_score(target, told))


def test_small_classes_cannot_be_probed():
    with pytest.raises(InputError, match="5 units each"):
        linear_probe(np.ones((8, 3), np.float32), np.r_[np.zeros(5, int), np.ones(3, int)])


def test_the_next_batch_is_unsure_spread_and_partly_drawn_by_lot():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(1000, 8)).astype(np.float32)
    waiting = np.arange(200, 1000)
    lead = np.linspace(0, 1, 800)
    found = next_batch(vectors, lead, waiting, 30, seed=1)
    assert len(found.by_lot) == 6
    assert len(found.unsure) == 24
    assert len({*found.by_lot.tolist(), *found.unsure.tolist()}) == 30
    assert found.unsure.max() < 200 + 306  # the 10 n least sure that the lot left
    np.testing.assert_allclose(found.margin, lead[found.unsure - 200])
    again = next_batch(vectors, lead, waiting, 30, seed=1)
    assert again.unsure.tolist() == found.unsure.tolist()
    other = next_batch(vectors, lead, waiting, 30, seed=2)
    assert other.unsure.tolist() != found.unsure.tolist()


def test_a_batch_of_copies_is_still_whole():
    vectors = np.ones((20, 4), np.float32)
    lead = np.zeros(20)
    found = next_batch(vectors, lead, np.arange(20), 20)
    assert sorted([*found.unsure.tolist(), *found.by_lot.tolist()]) == list(range(20))
    for bad in (0, 21):
        with pytest.raises(InputError, match="from 1 to 20"):
            next_batch(vectors, lead, np.arange(20), bad)


def test_a_batch_takes_one_of_each_unit_while_there_are_enough():
    rng = np.random.default_rng(0)
    vectors = np.repeat(rng.normal(size=(50, 6)), 4, axis=0).astype(np.float32)
    units = np.repeat(np.arange(50), 4)
    found = next_batch(
        vectors, np.zeros(200), np.arange(200), 20, units=units, by_lot=0.1, seed=3
    )  # fmt: skip
    taken = np.concatenate([units[found.unsure], np.unique(units[found.by_lot])])
    assert len(np.unique(taken)) == len(taken)
    every = next_batch(vectors, np.zeros(200), np.arange(200), 200, units=units)
    assert sorted([*every.unsure.tolist(), *every.by_lot.tolist()]) == list(range(200))


def test_the_lot_is_a_fair_sample():
    counts = np.zeros(40)
    vectors = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    for seed in range(400):
        found = next_batch(vectors, np.linspace(0, 1, 40), np.arange(40), 10, seed=seed)
        counts[found.by_lot] += 1
    assert counts.min() > 5  # 20 expected each, whatever the margin
    assert counts.max() < 40


def test_propagation_with_copies_counts_units(digits):
    """Five copies of a labelled image are one proof, not five."""
    points, codes = overlapping(120, 0, apart=3.5)
    many = np.repeat(points, 5, axis=0)
    given = np.repeat(np.where(np.arange(120) < 45, codes, -1), 5)
    alone = propagate_labels(points, given[::5])
    copied = propagate_labels(many, given, units=np.repeat(np.arange(120), 5))
    assert alone.threshold is None
    assert copied.threshold is None


def test_the_interval_is_honest_without_a_mistake_and_wider_for_units():
    from core.quality.probe import interval

    target = np.repeat([0, 1], 20)
    low, high = interval(target, target, np.arange(40))
    assert high == 1.0
    assert 0.9 < low < 1.0
    told = target.copy()
    told[:5], told[20:25] = 1, 0
    alone = interval(target, told, np.arange(40))
    units = interval(target, told, np.arange(40) // 5)
    assert units[1] - units[0] > 1.5 * (alone[1] - alone[0])
    expected = 1.959964 * np.sqrt(1.25 * 2 * (0.75 * 0.25 / 19)) / 2  # two classes, ddof 1
    assert (alone[1] - alone[0]) / 2 == pytest.approx(expected, rel=1e-3)


def test_many_classes_are_drawn_by_lot_and_it_is_said():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(110), 5)
    points = (rng.normal(size=(110, 8)) * 3)[labels] + rng.normal(size=(550, 8))
    found = linear_probe(points, np.append(labels, []).astype(int))
    assert len(found.recall) == 100
    assert any("100 of 110 classes" in note for note in found.notes)
    assert found.n == 550


def test_few_points_are_turned_and_told_the_same():
    from sklearn.linear_model import LogisticRegression

    from core.quality.probe import turned

    rng = np.random.default_rng(0)
    known, asked = rng.normal(size=(30, 200)), rng.normal(size=(50, 200))
    known -= known.mean(axis=0)  # spans 29 directions
    few, others = turned(known, asked)
    assert few.shape == (30, 29)
    np.testing.assert_allclose(few @ few.T, known @ known.T, atol=1e-8)
    np.testing.assert_allclose(others @ few.T, asked @ known.T, atol=1e-8)
    codes = rng.integers(0, 3, 30)
    model = LogisticRegression(C=0.1, max_iter=2000, tol=1e-8)
    whole = model.fit(known, codes).predict_proba(asked)
    np.testing.assert_allclose(model.fit(few, codes).predict_proba(others), whole, atol=1e-4)


def test_small_tables_keep_to_one_thread_and_large_ones_do_not():
    from threadpoolctl import threadpool_info

    from core.quality.threads import SMALL, calm_threads

    before = [pool["num_threads"] for pool in threadpool_info()]
    with calm_threads(SMALL + 1):
        assert [pool["num_threads"] for pool in threadpool_info()] == before
    with calm_threads(SMALL):
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before
