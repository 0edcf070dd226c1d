"""Before and after tuning: planted differences are found, and none is invented."""

import numpy as np
import pytest

from core.tuning.comparing import Line, Side, compare, judged


def side(spread: float, seed: int, moved: float = 0.1, n: int = 120) -> Side:
    """Vectors around three directions, and the first 60 of them moved a little."""
    random = np.random.default_rng(seed)
    centres = np.eye(3, 8)[np.arange(n) % 3]
    vectors = centres + spread * random.normal(size=(n, 8))
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    after = vectors[:60] + moved * random.normal(size=(60, 8))
    return Side(vectors, {"shift": after / np.linalg.norm(after, axis=1)[:, None]})


CODES, UNITS = np.arange(120) % 3, np.arange(120)


def test_a_clearer_encoder_is_better_the_same_is_not_and_a_blurred_one_is_worse():
    clear, blurred = side(0.25, 1), side(0.8, 2)
    better = compare(blurred, clear, CODES, UNITS, 0)
    assert better["verdict"] == "better"
    assert better["text"].startswith("Better on held-out images")
    same = compare(clear, clear, CODES, UNITS, 0)
    assert same["verdict"] == "not better"
    assert same["text"].startswith("Not better")
    assert same["lines"][0]["difference"] == 0
    worse = compare(clear, blurred, CODES, UNITS, 0)
    assert worse["verdict"] == "worse"
    assert worse["lines"][0]["difference"] == pytest.approx(-better["lines"][0]["difference"])


def test_without_labels_nothing_is_called_better():
    found = compare(side(0.8, 2), side(0.25, 1, moved=0.01), None, UNITS, 0)
    assert found["verdict"] == "not told"
    assert {line["measure"] for line in found["lines"]} == {"invariance", "retrieval"}
    steady = found["lines"][0]
    assert steady["verdict"] == "better"
    assert not steady["more"]


def test_neighbours_agree_as_counted_by_hand():
    before, after = side(0.7, 3), side(0.4, 4)
    line = compare(before, after, CODES, UNITS, 0)["lines"][0]
    shares = []
    for one in (before, after):
        apart = np.linalg.norm(one.vectors[:, None] - one.vectors[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        near = np.argsort(apart, axis=1)[:, :10]
        shares.append((CODES[near] == CODES[:, None]).mean(axis=1))
    kappa = [(share.mean() - 1 / 3) / (2 / 3) for share in shares]
    assert [line["before"], line["after"]] == pytest.approx(kappa)
    apart = (shares[1] - shares[0]) / (2 / 3)
    half = 1.959964 * apart.std(ddof=1) / np.sqrt(120)
    assert [line["low"], line["high"]] == pytest.approx([apart.mean() - half, apart.mean() + half])


def test_neighbours_of_the_same_unit_are_passed_over():
    units = np.arange(120) // 2
    vectors = np.random.default_rng(0).normal(size=(60, 8)).repeat(2, axis=0)
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    codes = np.random.default_rng(1).integers(0, 2, 60).repeat(2)
    found = compare(Side(vectors, {}), Side(vectors, {}), codes, units, 0)
    assert abs(found["lines"][0]["before"]) < 0.25  # by its own copy it would be far above chance


def test_images_of_one_unit_do_not_narrow_the_interval():
    before, after = side(0.7, 3, n=60), side(0.4, 4, n=60)

    def doubled(one: Side) -> Side:
        return Side(one.vectors.repeat(4, axis=0), {})

    once = compare(Side(before.vectors, {}), Side(after.vectors, {}), CODES[:60], UNITS[:60], 0)
    often = compare(doubled(before), doubled(after), CODES[:60].repeat(4), UNITS[:60].repeat(4), 0)
    widths = [one["lines"][0]["high"] - one["lines"][0]["low"] for one in (once, often)]
    assert widths[1] > 0.7 * widths[0]


@pytest.mark.parametrize(
    ("near", "probe", "verdict"),
    [((0.1, 0.2), (-0.1, 0.1), "better"), ((0.1, 0.2), (-0.2, -0.1), "worse"),
     ((-0.1, 0.2), (0.1, 0.2), "not better"), ((-0.2, -0.1), (0.1, 0.2), "worse"),
     ((np.nan, np.nan), (0.1, 0.2), "not better")],
)  # fmt: skip
def test_the_verdict_follows_its_rule(near, probe, verdict):
    lines = [Line("agreement", "", 0.5, 0.6, 0.1, *near), Line("probe", "", 0.5, 0.6, 0.1, *probe)]
    assert judged(lines)[0] == verdict
