"""Choosing from and dividing a set that was checked: copies and faulty pictures stay out."""

import numpy as np
import pytest
from quality_example import (
    CONFLICT,
    DARK,
    DARK_AND_SMALL,
    IDENTICAL,
    LIGHT,
    NEAR,
    TOTAL,
    checked,
)

from core.choices import Choices, CurateRequest, SplitRequest
from core.choices.cleaning import known_of, left_of
from core.choosing import run_curate
from core.config import Settings
from core.splitting import run_split

FAULTY = {DARK, DARK_AND_SMALL, LIGHT}
GROUPS = (IDENTICAL, NEAR, CONFLICT)


@pytest.fixture
def moths(tmp_path):
    return checked(tmp_path)


def chosen(moths, **asked):
    asked = CurateRequest(moths.name, **{"budget": "100%", "slice": "", **asked})
    return Choices(moths.workspace).open(
        run_curate(asked.to_json(), moths.workspace, Settings())["choice"]
    )


def test_copies_and_faulty_pictures_are_left_out_of_a_checked_set(moths):
    choice = chosen(moths)
    rows = set(choice.rows.tolist())
    assert not rows & FAULTY
    assert all(len(rows & set(group)) == 1 for group in GROUPS)
    out = choice.meta["taken_out"]
    assert out["quality"] == 3
    assert out["near_duplicates"] >= sum(len(group) - 1 for group in GROUPS)
    assert len(rows) == TOTAL - sum(out.values())
    assert any("too dark, too light or almost empty pictures" in n for n in choice.meta["notes"])


def test_a_page_can_tell_beforehand_how_many_will_be_left(moths):
    opened = moths.open()
    known = known_of(opened, moths.desk.view(opened), moths.workspace)
    rows = np.arange(TOTAL)
    left = left_of(rows, np.zeros(0, np.int64), known)
    assert len(left) == len(chosen(moths).rows)
    assert not set(left.tolist()) & FAULTY
    assert not set(left_of(rows, np.array(NEAR[:1]), known).tolist()) & set(NEAR)


def test_without_cleaning_everything_may_be_chosen(moths):
    choice = chosen(moths, clean=False)
    assert len(choice.rows) == TOTAL
    assert choice.meta["taken_out"] == {"near_duplicates": 0, "quality": 0}


def test_a_picture_that_somebody_kept_is_not_faulty(moths):
    before = chosen(moths)
    moths.desk.act(moths.open(), "keep", [DARK], reason="taken at night", about="pictures")
    after = chosen(moths)
    assert set(after.rows.tolist()) - set(before.rows.tolist()) == {DARK}
    assert after.key != before.key


def test_one_kept_for_another_reason_still_is(moths):
    moths.desk.act(moths.open(), "keep", [DARK], about="labels")
    assert DARK not in chosen(moths).rows


def test_a_check_of_an_older_set_takes_nothing_out(moths):
    record = moths.workspace.read_set(moths.name)
    record["quality"]["imageset"] = "another"
    moths.workspace.write_set(moths.name, record)
    opened = moths.open()
    assert known_of(opened, moths.desk.view(opened), moths.workspace) is None
    assert len(chosen(moths).rows) == TOTAL


def test_groups_of_copies_are_never_divided(moths):
    asked = SplitRequest(moths.name, 60, 20, 20, slices="")
    made = run_split(asked.to_json(), moths.workspace, Settings())
    split = np.full(TOTAL, -1)
    kept = Choices(moths.workspace).open_splits(made["splits"])
    for number, name in enumerate(("train", "validation", "test")):
        split[kept.rows(name)] = number
    assert (split >= 0).all()
    for group in GROUPS:
        assert len(set(split[group])) == 1
    assert made["tau"] == pytest.approx(0.05)
    given = run_split(
        SplitRequest(moths.name, 60, 20, 20, tau=0.2, slices="").to_json(),
        moths.workspace, Settings(),
    )  # fmt: skip
    assert given["tau"] == 0.2
