"""What a check found as columns: by which a map is coloured and images are filtered."""

import numpy as np
import pytest
from quality_example import (
    CONFLICT,
    DARK,
    DARK_AND_SMALL,
    IDENTICAL,
    NEAR,
    OUTLIERS,
    TOTAL,
    TURNED,
    WRONG,
    checked,
)

from core.errors import NotFoundError
from core.findings.columns import picture_column


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return checked(tmp_path_factory.mktemp("quality"))


@pytest.fixture(scope="module")
def opened(made):
    return made.open()


def test_a_group_is_named_by_its_widest_level_as_in_the_worklist(opened):
    values = opened.values("duplicate group")
    assert [values[row] for row in IDENTICAL] == ["identical-0"] * 3
    assert [values[row] for row in NEAR] == ["near-4"] * 4  # two of them have the same pixels too
    assert [values[row] for row in CONFLICT] == ["near-5"] * 2
    assert [values[row] for row in TURNED] == ["turned-6"] * 2
    assert values.notna().sum() == 11
    assert opened.filter("duplicate group", names=["near-5"]).tolist() == CONFLICT
    assert opened.record(7)["duplicate group"] == "near-5"
    assert "duplicate group" not in opened.record(20)


def test_scores_are_those_that_were_measured(made, opened):
    check = made.findings.check(opened)
    table = check.outlier_table
    assert np.array_equal(opened.values("outlier score"), table["score"])
    assert opened.filter("outlier score", low=0.97).tolist() == OUTLIERS
    assert opened.filter("label quality", high=0.3).tolist() == WRONG
    for name, found in check.pictures.items():
        if picture_column(name) in {column.name for column in opened.columns()}:
            assert np.array_equal(opened.values(picture_column(name)), found.score)
    assert opened.filter("picture dark", high=0.3).tolist() == [DARK, DARK_AND_SMALL]
    assert opened.colouring("picture dark").low == check.pictures["dark"].score.min()


def test_columns_that_say_nothing_are_left_out(opened):
    names = [column.name for column in opened.columns()]
    assert len(names) == len(set(names))
    assert "picture orientation" not in names  # all of them are upright
    assert {"duplicate group", "outlier score", "label quality", "picture blurry"} <= set(names)


def test_without_a_check_there_are_none(tmp_path):
    made = checked(tmp_path, pictures=False)
    opened = made.open()
    names = {column.name for column in opened.columns()}
    assert {"duplicate group", "outlier score"} <= names
    assert not any(name.startswith("picture ") for name in names)
    record = made.workspace.read_set("moths")
    made.workspace.write_set("moths", {k: v for k, v in record.items() if k != "quality"})
    bare = made.open()
    with pytest.raises(NotFoundError, match="no column 'duplicate group'"):
        bare.values("duplicate group")
    # the themes' own outlier score is back
    assert np.array_equal(bare.values("outlier score"), np.ones(TOTAL))
    made.workspace.write_set("moths", {**record, "quality": {**record["quality"], "imageset": "0"}})
    assert "label quality" not in {column.name for column in made.open().columns()}


def test_a_column_of_the_set_keeps_its_values_under_another_name(tmp_path):
    made = checked(tmp_path, pictures=False)
    opened = made.open()
    opened.items["duplicate group"] = [f"given {row % 3}" for row in range(TOTAL)]
    names = {column.name for column in opened.columns()}
    assert {"duplicate group", "duplicate group_given"} <= names
    assert opened.values("duplicate group_given")[4] == "given 1"
    assert opened.values("duplicate group")[4] == "near-4"
