"""The verdict: calibrated on random choices, and right about good, bad and odd ones."""

from dataclasses import replace

import numpy as np
import pytest
from reporting import about, subject
from scipy.spatial.distance import cdist
from vectorsets import blobs

from core.report.build import build_report
from core.report.measure import Measured, measure
from core.report.subject import random_choices
from core.report.verdict import CONTRADICT, DECIDES, level_of, place_of, quick_verdict
from core.space import unit_rows

SIZES = [24, 20, 16, 14, 12, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1]
TOTAL = sum(SIZES)
RUNS = 400


@pytest.fixture(scope="module")
def plain():
    vectors, group = blobs(SIZES, dims=6, spread=0.25, seed=3)
    return subject(vectors, group, np.arange(20))


def farthest_first(unit, n):
    """k-center from row 0, by hand."""
    chosen, near = [0], np.linalg.norm(unit - unit[0], axis=1)
    while len(chosen) < n:
        chosen.append(int(near.argmax()))
        near = np.minimum(near, np.linalg.norm(unit - unit[chosen[-1]], axis=1))
    return np.array(chosen)


def nearest_means(unit, n, seed=0):
    """The items nearest to n means by Lloyd's algorithm: a representative choice, by hand."""
    rng = np.random.default_rng(seed)
    means = unit[rng.choice(len(unit), n, replace=False)].astype(float)
    for _ in range(20):
        near = cdist(unit, means).argmin(axis=1)
        means = np.array([
            unit[near == c].mean(axis=0) if (near == c).any() else means[c] for c in range(n)
        ])  # fmt: skip
    chosen = dict.fromkeys(cdist(unit, means).argmin(axis=0).tolist())
    rest = [row for row in range(len(unit)) if row not in chosen]
    return np.array([*chosen, *rest[: n - len(chosen)]])


def quickly(one, far):
    """Measure what the verdict looks at from the table of all distances; 400 runs take seconds."""
    choices = np.vstack([one.chosen[None], random_choices(one)])
    near = np.array([far[:, rows].min(axis=1) for rows in choices])
    groups = one.independent[choices]
    values = {
        "independent": np.array([len(set(rows)) for rows in groups.tolist()], float),
        "mean_distance": near.mean(axis=1),
        "q95_distance": np.quantile(near, 0.95, axis=1),
        "coverage_radius": near.max(axis=1),
    }
    return Measured(
        {name: float(v[0]) for name, v in values.items()},
        {name: v[1:] for name, v in values.items()},
        choices[1:], TOTAL, TOTAL, True,
    )  # fmt: skip


def level(measured):
    return level_of({name: place_of(measured, name) for name in (DECIDES, *CONTRADICT)})


def test_the_quick_way_measures_what_a_report_measures(plain):
    far = cdist(plain.unit.astype(float), plain.unit.astype(float))
    quick, full = quickly(plain, far), measure(plain)
    for name, value in quick.chosen.items():
        assert value == pytest.approx(full.chosen[name], abs=1e-6)
        assert quick.random[name] == pytest.approx(full.random[name], abs=1e-6)


@pytest.mark.parametrize("n", [12, 45])
def test_a_random_choice_is_hardly_ever_called_better_or_worse_than_random(plain, n):
    far = cdist(plain.unit.astype(float), plain.unit.astype(float))
    called = []
    for run in range(RUNS):
        chosen = np.random.default_rng([99, run]).choice(TOTAL, n, replace=False)
        called.append(level(quickly(replace(plain, chosen=chosen, seed=run), far)))
    share = {word: called.count(word) / RUNS for word in set(called)}
    assert share.get("better", 0) <= 0.05
    assert share.get("worse", 0) <= 0.08
    assert share["no better"] >= 0.85


def test_a_representative_choice_is_better():
    unit = unit_rows(np.random.default_rng(0).standard_normal((500, 4)))
    one = subject(unit, np.arange(500) // 4, nearest_means(unit, 60))
    made = build_report(one, about(one))
    assert made["verdict"]["level"] == "better"
    assert made["verdict"]["sentence"].startswith("Better than random: the 60 chosen images reach")
    needs = made["coverage"]["independent"]["random_needs"]
    assert any(f"needs {needs} images" in line for line in made["sentences"])


def test_the_crowded_middle_alone_is_worse(plain):
    one = replace(plain, chosen=np.flatnonzero(plain.micro < 2)[:40])
    made = build_report(one, about(one))
    assert made["verdict"]["level"] == "worse"
    assert made["verdict"]["sentence"].startswith("Worse than random")
    assert "worse than in random choices" in made["verdict"]["sentence"]


def test_extremes_that_serve_the_average_worse_are_mixed():
    rng = np.random.default_rng(0)
    vectors = np.vstack([
        np.eye(12)[0] + 0.15 * rng.standard_normal((200, 12)), rng.standard_normal((30, 12)),
    ])  # fmt: skip
    micro = np.arange(len(vectors)) // 4
    one = subject(vectors, micro, farthest_first(vectors, 2))
    one = subject(vectors, micro, farthest_first(one.unit, 20))
    made = build_report(one, about(one))
    bands = {band["name"]: band["standing"] for band in made["bands"]}
    assert bands["coverage_radius"] == "better"
    assert bands["mean_distance"] == "worse"
    assert made["verdict"]["level"] == "mixed"
    assert "better than in random choices" in made["verdict"]["sentence"]
    assert "worse than in random choices" in made["verdict"]["sentence"]


def test_covering_our_own_groups_is_not_enough():
    vectors, _ = blobs([200], dims=8, spread=1.0, seed=1)
    own = np.random.default_rng(0).permutation(
        np.repeat(np.arange(40), 5)
    )  # groups that mean nothing
    chosen = np.array([np.flatnonzero(own == g)[0] for g in range(40)])
    one = subject(vectors, own, chosen)
    made = build_report(one, about(one))
    figures = {one["name"]: one for one in made["figures"]}
    assert figures["covered"]["value"] == 40
    assert figures["covered"]["standing"] == "better"
    assert made["verdict"]["level"] == "no better"


@pytest.mark.parametrize(
    ("covered", "level"), [(30, "better"), (14, "no better"), (2, "worse"), (19, "no better")]
)
def test_a_quick_verdict_goes_by_the_exact_band(covered, level):
    band = {"mean": 14.0, "sd": 2.5, "low": 9.1, "high": 18.9}
    found = quick_verdict({"independent": {"covered": covered, "clusters": 40, "random": band}})
    assert found["level"] == level
    assert f"{covered} covered" in found["sentence"]
