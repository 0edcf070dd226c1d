"""Classes against a target: the same figures as SciPy's, and what cannot be compared."""

import numpy as np
import pytest
from scipy import stats

from core.errors import InputError
from core.quality.balance import class_balance
from core.quality.target import against_target, chi_squared_tail


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 10, 99, 300])
@pytest.mark.parametrize("statistic", [0.001, 0.5, 3.84, 12.0, 250.0, 2000.0])
def test_the_tail_of_chi_squared_is_that_of_scipy(degrees, statistic):
    wanted = stats.chi2.sf(statistic, degrees)
    assert chi_squared_tail(statistic, degrees) == pytest.approx(wanted, rel=1e-9, abs=1e-300)


def test_no_difference_is_certain():
    assert chi_squared_tail(0.0, 3) == 1.0


@pytest.mark.parametrize("target", [None, [1, 2, 3, 4], [0.1, 0.1, 0.1, 0.7]])
def test_the_figures_are_those_of_the_check(target):
    counts = np.array([40, 12, 3, 95])
    ours, theirs = against_target(counts, target), class_balance(counts, target)
    for name in ("effective", "ratio", "statistic", "p"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-9)
    np.testing.assert_allclose(ours.residual, theirs.residual, rtol=1e-9)
    np.testing.assert_allclose(ours.residual_p, theirs.residual_p, rtol=1e-9)


def test_expected_numbers_keep_the_total():
    found = against_target(np.array([8, 2]), np.array([1, 3]))
    np.testing.assert_allclose(found.expected, [2.5, 7.5])


def test_a_class_without_an_item_is_as_far_below_as_its_target():
    found = against_target(np.array([10, 0]), np.array([0.5, 0.5]))
    assert found.ratio == np.inf
    assert found.effective == pytest.approx(1.0)
    assert found.residual[1] == pytest.approx(-5 / np.sqrt(2.5))


def test_one_class_has_nothing_to_test():
    found = against_target(np.array([7]))
    assert (found.statistic, found.p, found.effective) == (None, None, 1.0)


@pytest.mark.parametrize(
    ("counts", "target"),
    [([], None), ([0, 0], None), ([3, -1], None), ([3, 1], [1]), ([3, 1], [1, 0]),
     ([3, 1], [1, np.nan])],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(counts, target):
    with pytest.raises(InputError):
        against_target(np.array(counts, dtype=np.int64), target)
