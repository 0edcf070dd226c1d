"""The numbers of a report against brute force, SciPy, simulation and closed forms."""

import re
from dataclasses import replace

import numpy as np
import pytest
from reporting import about, subject
from scipy.spatial.distance import cdist, jensenshannon
from vectorsets import blobs

from core.curate.coverage import random_coverage
from core.errors import InputError, JobCancelled
from core.keys import unsealed
from core.progress import Progress
from core.report.build import build_report, ranges_of, rows_of
from core.report.covering import coverage_of, curve_of, groups_of, random_needs
from core.report.measure import measure, near_duplicate_pairs, standing_of
from core.report.nearest import NearestChosen, ask_rows
from core.report.shift import squared_mmd
from core.report.subject import random_choices
from core.report.words import about as roughly
from core.report.words import between, count, figure, percent

SIZES = [30, 25, 20, 15, 10, 8, 6, 5, 4, 3, 3, 2, 2, 1, 1, 1]
TOTAL = sum(SIZES)


@pytest.fixture(scope="module")
def plain():
    """136 vectors in sixteen groups, thirty of them chosen, with labels and two without one."""
    vectors, group = blobs(SIZES, dims=6, spread=0.25)
    chosen = np.random.default_rng(5).permutation(TOTAL)[:30]
    labels = np.array([f"label {g % 4}" for g in group], object)
    labels[[3, 77]] = None
    return subject(vectors, group, chosen, labels=labels, tau=0.15)


@pytest.fixture(scope="module")
def report(plain):
    return build_report(plain, about(plain))


# -- one figure each, by another way ---------------------------------------------------------------


@pytest.mark.parametrize("k", [0, 3, 20, TOTAL])
def test_distances_to_the_nearest_chosen_are_those_of_all_pairs(plain, k):
    one = subject(plain.unit, plain.micro, plain.chosen, k=k)
    rows = np.arange(0, TOTAL, 2)
    found = NearestChosen(one.unit, one.neighbors, rows)(one.chosen)
    exact = cdist(one.unit[rows].astype(float), one.unit[one.chosen].astype(float)).min(axis=1)
    assert np.allclose(found, exact, atol=1e-6)
    assert (found[np.isin(rows, one.chosen)] == 0).all()


def test_every_figure_of_the_choice_and_of_each_random_one_is_measured_alike(plain):
    found = measure(plain)
    drawn = random_choices(plain)
    again = measure(replace(plain, chosen=drawn[7].astype(np.int64)))
    for name, value in again.chosen.items():
        assert value == pytest.approx(found.random[name][7], rel=1e-9), name
    far = cdist(plain.unit, plain.unit[plain.chosen]).min(axis=1)
    assert found.chosen["mean_distance"] == pytest.approx(far.mean(), abs=1e-6)
    assert found.chosen["coverage_radius"] == pytest.approx(far.max(), abs=1e-6)
    assert found.chosen["q95_distance"] == pytest.approx(np.quantile(far, 0.95), abs=1e-6)


def test_the_squared_mmd_is_that_of_the_kernel(plain):
    unit = plain.unit.astype(float)
    far = cdist(unit, unit)
    kernel = np.exp(-np.square(far / np.median(far[np.triu_indices(TOTAL, 1)])))
    choices = [plain.chosen, np.arange(40), np.arange(TOTAL)]
    exact = [kernel[np.ix_(c, c)].mean() - 2 * kernel[c].mean() + kernel.mean() for c in choices]
    every = np.arange(TOTAL)
    found = np.mean(
        [squared_mmd(plain.unit, every, choices, s, Progress(), "") for s in range(20)], axis=0
    )
    assert found == pytest.approx(exact, rel=0.08, abs=1e-12)
    assert found[2] == pytest.approx(0, abs=1e-12)


def test_label_shares_differ_by_scipys_jensen_shannon_divergence(plain):
    names = sorted({v for v in plain.labels if v is not None})
    whole, mine = (
        [np.sum(plain.labels[rows] == name) for name in names]
        for rows in (np.arange(TOTAL), plain.chosen)
    )
    assert measure(plain).chosen["label_js"] == pytest.approx(jensenshannon(whole, mine, 2) ** 2)


def test_near_duplicates_are_the_pairs_within_tau(plain):
    far = cdist(plain.unit.astype(float), plain.unit.astype(float))
    first, second = np.nonzero(np.triu(far <= 0.15, 1))
    pairs = near_duplicate_pairs(plain.neighbors, 0.15)
    assert len(pairs) == 5
    assert pairs.tolist() == sorted(map(list, zip(first.tolist(), second.tolist(), strict=True)))
    inside = np.isin(first, plain.chosen) & np.isin(second, plain.chosen)
    assert measure(plain).chosen["near_duplicates"] == inside.sum()


def test_standing_counts_equal_ones_against_the_choice():
    better, worse, beaten = standing_of(3.0, np.array([1, 2, 3, 3, 4]), higher=True)
    assert (better, worse, beaten) == (pytest.approx(4 / 6), pytest.approx(5 / 6), 2)
    better, worse, beaten = standing_of(3.0, np.array([1, 2, 3, 3, 4]), higher=False)
    assert (better, worse, beaten) == (pytest.approx(5 / 6), pytest.approx(4 / 6), 1)


def test_few_items_are_asked_where_asking_all_would_take_too_long():
    every = np.arange(1_000_000)
    some = ask_rows(every, 30_000, 1_000_000, 90, 64, 201, 0)
    assert 2000 <= len(some) < 100_000
    assert (some == ask_rows(every, 30_000, 1_000_000, 90, 64, 201, 0)).all()
    small = np.arange(70_000)
    assert ask_rows(small, 20_000, 70_000, 90, 64, 201, 0) is small


# -- random choices and coverage -------------------------------------------------------------------


def test_random_choices_are_of_the_pool_each_item_once_and_equally_often(plain):
    pool = np.arange(0, TOTAL, 2)
    one = replace(plain, chosen=pool[:20], pool=pool, draws=600)
    drawn = random_choices(one)
    assert all(len(set(rows)) == 20 for rows in drawn.tolist())
    assert set(drawn.ravel().tolist()) == set(pool.tolist())
    times = np.bincount(drawn.ravel(), minlength=TOTAL)[pool]
    share = 20 / len(pool)
    assert np.abs(times - 600 * share).max() < 4.5 * np.sqrt(600 * share * (1 - share))
    assert (random_choices(replace(one, draws=100)) == drawn[:100]).all()


def test_coverage_is_exact_and_drawn_choices_agree(plain):
    one = replace(plain, draws=2000)
    found = coverage_of(groups_of(one, one.micro), one.chosen)
    exact = random_coverage(SIZES, TOTAL, 30)
    assert found["random"]["mean"] == exact.mean
    assert found["random"]["sd"] == exact.sd
    assert found["covered"] == len({int(g) for g in one.micro[one.chosen]})
    hits = [len(set(rows)) for rows in one.micro[random_choices(one)].tolist()]
    assert np.mean(hits) == pytest.approx(exact.mean, abs=4 * exact.sd / np.sqrt(2000))
    assert np.std(hits) == pytest.approx(exact.sd, rel=0.08)
    assert sum(b["clusters"] for b in found["bins"]) == len(SIZES)
    assert sum(b["covered"] for b in found["bins"]) == found["covered"]
    assert sum(b["random_mean"] for b in found["bins"]) == pytest.approx(exact.mean)


def test_what_is_taken_already_counts_in_the_choice_and_in_random_ones(plain):
    taken = np.flatnonzero(plain.micro == 0)[:2]
    pool = np.setdiff1d(np.arange(TOTAL), taken)
    chosen = pool[-12:]
    one = subject(plain.unit, plain.micro, chosen, already=taken)
    found = coverage_of(groups_of(one, one.micro), one.chosen)
    exact = random_coverage(SIZES[1:], len(pool), 12)
    assert found["random"]["mean"] == pytest.approx(exact.mean + 1)
    assert found["random"]["sd"] == pytest.approx(exact.sd)
    assert found["covered"] == len({int(g) for g in one.micro[chosen]}) + 1
    far = cdist(one.unit, one.unit[np.r_[chosen, taken]]).min(axis=1)
    assert measure(one).chosen["mean_distance"] == pytest.approx(far.mean(), abs=1e-6)
    said = build_report(one, about(one))["verdict"]["sentence"]
    assert "the 12 chosen images and the 2 taken before reach" in said
    assert "12 random images and the same 2 reach" in said


def test_a_pool_restricts_groups_and_chances(plain):
    pool = np.flatnonzero(plain.micro < 5)
    one = subject(plain.unit, plain.micro, pool[::9], pool=pool)
    made = build_report(one, about(one))
    assert made["coverage"]["clusters"] == 5
    assert made["choice"]["pool"] == {
        "title": "all images", "count": len(pool), "ranges": ranges_of(pool)
    }  # fmt: skip
    assert set(made["maps"]["random_rows"] if made["maps"] else []) <= set(pool.tolist())
    assert made["settings"]["of"] == len(pool)
    assert made["coverage"]["independent"]["clusters"] <= 5


def test_the_curve_is_the_coverage_of_the_first_ones(plain):
    one = plain
    groups = groups_of(one, one.micro)
    found = curve_of(one, groups, groups_of(one, one.independent))
    assert found["budgets"][-1] == 30
    for at, budget in enumerate(found["budgets"]):
        assert found["curated"][at] == len({int(g) for g in one.micro[one.chosen[:budget]]})
        assert found["ceiling"][at] == min(budget, len(SIZES))
        exact = random_coverage(SIZES, TOTAL, budget)
        assert found["random_mean"][at] == pytest.approx(exact.mean)
        assert found["random_low"][at] <= found["random_mean"][at] <= found["random_high"][at]
    assert found["curated"][-1] == coverage_of(groups, one.chosen)["covered"]


def test_random_needs_the_least_number_whose_expectation_is_enough(plain):
    groups = groups_of(plain, plain.micro)
    needs = random_needs(groups, 12)
    assert random_coverage(SIZES, TOTAL, needs).mean >= 12
    assert random_coverage(SIZES, TOTAL, needs - 1).mean < 12
    assert random_needs(groups, len(SIZES)) is None


def test_rows_survive_being_written_as_ranges():
    rows = np.array([0, 1, 2, 7, 9, 10])
    assert ranges_of(rows) == [[0, 2], [7, 7], [9, 10]]
    assert (rows_of(ranges_of(rows), 11) == rows).all()
    assert len(rows_of(ranges_of(rows[:0]), 11)) == 0
    for wrong in ([[0, 10**15]], [[5, 3]], [[-1, 2]]):
        with pytest.raises(ValueError, match="ranges must ascend"):
            rows_of(wrong, 11)


# -- the whole report ------------------------------------------------------------------------------


def test_a_report_is_the_same_when_made_again_and_sealed(plain, report):
    assert build_report(plain, about(plain)) == report
    assert unsealed(report) is not None
    report = {**report, "choice": {**report["choice"], "count": 31}}
    assert unsealed(report) is None


def test_galleries_list_by_density_and_tell_the_exact_chance(plain, report):
    sizes = np.bincount(plain.micro)
    densities = [one["density"] for one in report["sparse"]]
    assert densities == sorted(densities)
    assert 1 <= len(report["sparse"]) <= 10
    for one in [*report["sparse"], *report["dense"]]:
        assert one["size"] == sizes[one["cluster"]]
        assert len(one["rows"]) <= 9
        assert set(plain.micro[one["rows"]]) == {one["cluster"]}
        assert one["chosen"] == [r for r in one["rows"] if r in plain.chosen]
        assert one["chosen_count"] == np.sum(plain.micro[plain.chosen] == one["cluster"])
        missed = np.prod([(TOTAL - one["size"] - i) / (TOTAL - i) for i in range(30)])
        assert one["missed_by_random"] == pytest.approx(missed)
        assert one["advice"].endswith(".")
    assert all(one["size"] <= 3 for one in report["sparse"][:1]) or len(report["sparse"]) > 1


def test_labels_count_in_the_set_in_the_choice_and_at_random(plain, report):
    rows = {one["value"]: one for one in report["labels"]["rows"]}
    assert report["labels"]["unlabelled"] == 2
    for name, one in rows.items():
        assert one["set"] == np.sum(plain.labels == name)
        assert one["curated"] == np.sum(plain.labels[plain.chosen] == name)
        assert one["random_mean"] == pytest.approx(30 * one["set"] / TOTAL)
        assert one["random_low"] <= one["random_mean"] <= one["random_high"]


def written(value):
    """Every way in which a number of the report may be written in a sentence."""
    found = {count(value), roughly(value), figure(value)}
    return found | ({percent(value)} if 0 <= value <= 1 else set())


def leaves(value):
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        yield len(value)
        for one in value:
            yield from leaves(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


@pytest.mark.parametrize("chosen", [range(30), range(0, TOTAL, 3), [5], [131, 133, 134, 135]])
def test_every_number_in_a_sentence_is_in_the_report(plain, chosen):
    one = subject(
        plain.unit, plain.micro, list(chosen), labels=plain.labels, tau=0.15, ordered=False
    )
    made = build_report(one, about(one))
    numbers = {part for value in leaves(made) for text in written(value)
               for part in re.findall(r"\d[\d,.e-]*\d|\d", text)}  # fmt: skip
    numbers |= {"95", "0", "1.41"}  # "in 95 % of cases", and the ends of a scale
    missing_labels = made["labels"]["values"] - made["labels"]["without"]
    numbers |= {count(missing_labels)}
    numbers |= {count(sum(bool(s["chosen_count"]) for s in made["sparse"]))}
    numbers |= {roughly(sum(1 - s["missed_by_random"] for s in made["sparse"]))}
    said = [made["verdict"]["sentence"], *made["verdict"]["detail"], *made["sentences"],
            *(one["text"] for one in [*made["sparse"], *made["dense"]]),
            *(one["text"] + " " + one["random_text"] for one in made["figures"])]  # fmt: skip
    for sentence in said:
        for number in re.findall(r"\d[\d,.e-]*\d|\d", sentence.replace("MMD²", "")):
            assert number in numbers, (number, sentence)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.38, "0.380"), (1.0, "1.00"), (12.345, "12.3"), (0.0004567, "0.000457"),
     (0.00004567, "4.57·10⁻⁵"), (12345.6, "12,346"), (-0.5, "−0.500")],
)  # fmt: skip
def test_a_measured_number_has_three_digits(value, text):
    assert figure(value) == text


def test_a_range_of_one_value_is_that_value():
    assert between({"low": 1.0, "high": 1.0}, counts=True) == "1"
    assert between({"low": 0.0, "high": 3.4}, counts=True) == "0 to 3.4"
    assert roughly(9.0) == "9"


def test_what_random_reaches_of_the_sparse_is_told_beside_what_the_choice_does(plain):
    made = build_report(plain, about(plain))
    pool = len(plain.pool)
    # The chance of missing s of N with n draws, one draw after the other.
    missed = [
        np.prod([(pool - one["size"] - i) / (pool - i) for i in range(plain.n)])
        for one in made["sparse"]
    ]
    said = f"random choices reach {roughly(len(missed) - sum(missed))} on average."
    assert made["sentences"][-1].endswith(said)


def test_a_sentence_changes_with_its_number(plain):
    from core.report.sentences import sentences_of, verdict_sentence

    made = build_report(plain, about(plain))
    made["coverage"]["independent"]["covered"] = 4321
    made["coverage"]["covered"] = 8765
    assert "4,321" in verdict_sentence(made)
    assert any("8,765" in line for line in sentences_of(made))


# -- edges -----------------------------------------------------------------------------------------


def test_one_image_can_be_reported_on(plain):
    one = subject(plain.unit, plain.micro, [4])
    made = build_report(one, about(one))
    assert made["verdict"]["level"] in {"no better", "mixed", "worse"}
    assert "The chosen image reaches 1 of" in made["sentences"][0]
    assert made["labels"] is None
    assert [band["name"] for band in made["bands"]] == [
        "mean_distance", "q95_distance", "coverage_radius", "mmd2", "near_duplicates"
    ]  # fmt: skip


def test_all_images_are_no_better_than_random(plain):
    one = subject(plain.unit, plain.micro, np.arange(TOTAL))
    made = build_report(one, about(one))
    assert made["verdict"]["level"] == "no better"
    assert f"all {TOTAL} images of the pool are chosen" in made["verdict"]["sentence"]
    assert made["coverage"]["covered"] == made["coverage"]["clusters"] == len(SIZES)
    assert made["coverage"]["random"]["sd"] == 0
    assert made["coverage"]["next_random"] == 0


def test_a_set_of_one_image_and_one_of_identical_images():
    alone = subject(np.ones((1, 4)), [0], [0])
    assert build_report(alone, about(alone))["verdict"]["level"] == "no better"
    same = subject(np.ones((40, 4)), np.zeros(40, int), [3, 9], k=10)
    made = build_report(same, about(same))
    assert made["verdict"]["level"] == "no better"
    assert made["bands"][0]["curated"] == made["bands"][0]["random"]["mean"] == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"chosen": []}, "holds no image"),
        ({"chosen": [1, 1]}, "twice"),
        ({"chosen": [1], "pool": [2, 3]}, "not in the pool"),
        ({"chosen": [TOTAL], "pool": [TOTAL]}, "whole numbers"),
        ({"chosen": [1], "already": [2]}, "both as taken"),
    ],
)
def test_rows_that_do_not_fit_are_refused(plain, fields, said):
    fields = {name: np.array(rows, np.int64) for name, rows in fields.items()}
    with pytest.raises(InputError, match=said):
        replace(plain, **fields)


def test_it_can_be_cancelled(plain):
    with pytest.raises(JobCancelled):
        measure(plain, Progress(cancelled=lambda: True))
