"""Which image of a group stays, and what is told of it."""

import numpy as np
import pandas as pd
import pytest

from core.quality.conflicts import in_conflict, label_codes
from core.quality.keeper import Merits, merits_of, rank_members

N = 4


def merits(**given):
    plain = {
        "pinned": np.zeros(N, bool), "labelled": np.zeros(N, bool), "issues": np.zeros(N, int),
        "pixels": np.full(N, 100), "sharpness": np.full(N, 0.5), "order": np.arange(N),
    }  # fmt: skip
    return Merits(**{**plain, **{name: np.array(value) for name, value in given.items()}})


def ranked(unit=None, **given):
    return rank_members(np.arange(N), np.array([0]), unit, merits(**given))


@pytest.mark.parametrize(
    ("given", "keeper", "reason"),
    [
        ({"order": [3, 2, 0, 1]}, 2, "first by id"),
        ({"sharpness": [0.5, 0.9, 0.5, 0.5]}, 1, "sharpest: 0.900, the next 0.500"),
        ({"pixels": [9, 9, 99, 9], "sharpness": [1, 0, 0, 0]}, 2, "most pixels: 99, the next has"),
        ({"issues": [1, 0, 1, 2], "pixels": [9, 1, 9, 9]}, 1, "issues: 0, the next has 1"),
        ({"labelled": [0, 0, 1, 0], "issues": [0, 0, 3, 0]}, 2, "it has a label, others do not"),
        ({"pinned": [0, 0, 0, 1], "labelled": [1, 0, 0, 0]}, 3, "kept by a person"),
    ],
)
def test_the_rules_come_in_their_order(given, keeper, reason):
    given = {n: np.array(v, bool) if n in {"pinned", "labelled"} else v for n, v in given.items()}
    found = ranked(**given)
    assert found.rows[0] == keeper
    assert reason in found.reasons[0]


def test_the_middle_decides_before_the_id():
    unit = np.array([[1, 0], [1, 0.1], [1, 0.2], [1, 0.35]], np.float32)
    found = ranked(unit)
    assert found.rows[0] == 2
    assert found.reasons == ["in the middle of the group"]
    sums = ((unit[:, None].astype(float) - unit[None]) ** 2).sum(axis=(1, 2))
    assert found.rows[0] == sums.argmin()


def test_what_a_person_kept_or_labelled_always_stays():
    found = ranked(pinned=np.array([1, 1, 0, 0], bool), labelled=np.array([0, 0, 1, 0], bool))
    assert dict(zip(found.rows.tolist(), found.stays.tolist(), strict=True)) == {
        0: True, 1: True, 2: True, 3: False,
    }  # fmt: skip
    all_labelled = ranked(labelled=np.ones(4, bool))
    assert all_labelled.stays.tolist() == [True, False, False, False]


def test_many_groups_are_ranked_each_on_its_own(monkeypatch):
    from core.quality import keeper

    rng = np.random.default_rng(0)
    unit = rng.standard_normal((600, 5)).astype(np.float32)
    sizes = rng.integers(2, 9, 100)
    sizes[7] = 60
    rows = rng.permutation(600)[: sizes.sum()]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    plain = Merits(
        np.zeros(600, bool), np.zeros(600, bool), np.zeros(600, int), np.ones(600, int),
        np.ones(600), np.arange(600),
    )  # fmt: skip
    monkeypatch.setattr(keeper, "ROWS", 30)  # the group of 60 is averaged in pieces
    found = rank_members(rows, starts, unit, plain)
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        inside = np.sort(rows[start : start + size])
        vectors = unit[inside].astype(np.float64)
        sums = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=(1, 2))
        assert sorted(found.rows[start : start + size].tolist()) == inside.tolist()
        best = sums[inside.tolist().index(int(found.rows[start]))]
        assert best == pytest.approx(sums.min(), rel=1e-6)


def test_merits_are_read_from_what_was_measured():
    table = pd.DataFrame({"width": [10, None], "height": [20, 5], "sharpness": [0.4, None]})
    found = merits_of(
        np.array(["b", "a"], object), table, np.array([0, 1]), np.zeros(2, bool), np.zeros(2, bool)
    )
    assert found.pixels.tolist() == [200, 0]
    assert found.sharpness.tolist() == [0.4, 0.0]
    assert found.order.tolist() == [1, 0]


def test_two_labels_in_a_group_are_a_conflict_and_a_missing_one_is_not():
    codes = label_codes(["moth", "moth", "", None, "wasp", "moth", "  "], 7)
    assert codes.tolist() == [0, 0, -1, -1, 1, 0, -1]
    rows, starts = np.array([0, 1, 2, 3, 4, 5, 6, 2]), np.array([0, 3, 6])
    assert in_conflict(rows, starts, codes).tolist() == [False, True, False]
    assert label_codes(None, 3).tolist() == [-1, -1, -1]
    assert in_conflict(rows[:0], starts[:0], codes).tolist() == []
