"""Designs: which images make one observation, in which group and block, and what is warned of."""

import numpy as np
import pandas as pd
import pytest
from vectorsets import blobs, vector_set

from core.comparisons import planned, preview
from core.curation import Desk
from core.errors import InputError, NotFoundError
from core.findings import Findings
from core.library import Library
from core.morphology.design import Factor, Given, design_of
from core.morphology.permute import arrangements, least_p
from core.morphology.request import MorphologyRequest
from core.storage.store import Workspace


def given(groups, units, kind="column", **more):
    groups = np.asarray(groups)
    names = tuple("abcdef"[: groups.max() + 1])
    return Given(np.arange(len(groups)), groups, names, np.asarray(units), kind, **more)


# -- observations ----------------------------------------------------------------------------------


def test_images_of_one_unit_are_one_observation():
    found = design_of(given([1, 0, 0, 1, 1, 0], [5, 7, 7, 2, 5, 3]))
    assert found.group.tolist() == [0, 0, 1, 1]
    assert found.unit.tolist() == [7, 3, 5, 2]  # by group, then by first row
    assert found.images.tolist() == [2, 1, 2, 1]
    assert found.place.tolist() == [2, 0, 0, 3, 2, 1]
    assert not found.paired
    assert found.blocks is None


def test_units_in_all_groups_are_paired_and_exchange_within_themselves():
    found = design_of(given([0, 1] * 4, np.arange(8) // 2))
    assert found.paired
    assert found.unit.tolist() == [0, 1, 2, 3] * 2
    assert found.blocks.tolist() == found.unit.tolist()
    assert "a paired design" in found.notes[0]


def test_a_few_units_in_several_groups_are_left_out():
    groups, units = [0, 0, 0, 1, 1, 1, 0, 1], [0, 1, 2, 3, 4, 5, 6, 6]
    found = design_of(given(groups, units))
    assert not found.paired
    assert found.left_out == {"units in several groups": 2}
    assert found.rows.tolist() == [0, 1, 2, 3, 4, 5]
    copies = design_of(given(groups, units, "copies"))
    assert copies.left_out == {"copies in several groups": 2}


def test_copies_are_never_a_paired_design():
    found = design_of(given([0, 1] * 4, np.arange(8) // 2, "copies"))
    assert not found.paired
    assert found.left_out == {"copies in several groups": 8}
    assert len(found.rows) == 0


def test_rows_that_lack_something_are_counted_once_by_reason():
    groups = np.array([0, 0, 1, 1, -1, -2, -3, 0])
    size = Factor("size", np.array([1, np.nan, 3, 4, np.nan, 6, 7, 8.0]))
    block = Factor("site", np.array([0, np.nan, np.nan, 1, 0, 0, 0, 1.0]), ("north", "south"))
    found = design_of(given(groups, np.arange(8), block=block, covariates=(size,)))
    assert found.left_out == {
        "without site": 2, "without a group": 1, "in several of the slices": 1,
        "in a group not chosen": 1,
    }  # fmt: skip
    assert found.rows.tolist() == [0, 3, 7]
    assert sum(found.left_out.values()) + len(found.rows) == 8


def test_numbers_are_averaged_and_of_categories_the_commonest_counts():
    size = Factor("size", np.array([1.0, 2, 6, 10, 20, 30]))
    sex = Factor("sex", np.array([0.0, 1, 1, 0, 0, 1]), ("f", "m"))
    site = Factor("site", np.array([2.0, 2, 0, 1, 1, 1]), ("x", "y", "z"))
    found = design_of(
        given([0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 2], block=site, covariates=(size, sex))
    )
    assert found.covariates["size"].tolist() == [3.0, 15.0, 30.0]
    assert found.covariates["sex"].ravel().tolist() == [1.0, 0.0, 1.0]
    assert found.numeric == ("size",)
    assert found.blocks.tolist() == [1, 0, 0]  # z, y, y
    assert "1 unit has several values of 'site': the commonest counts." in found.notes
    assert "1 unit has several values of 'sex': the commonest counts." in found.notes


def test_a_block_is_not_used_where_units_are_blocks_already():
    site = Factor("site", np.zeros(8), ("x",))
    found = design_of(given([0, 1] * 4, np.arange(8) // 2, block=site))
    assert len(np.unique(found.blocks)) == 4
    assert any("not used as a block" in note for note in found.notes)


@pytest.mark.parametrize("seed", range(6))
def test_the_least_p_is_that_of_the_arrangements_made(seed):
    rng = np.random.default_rng(seed)
    groups = np.sort(rng.integers(0, 3, 9))
    for blocks in (None, rng.integers(0, 3, 9)):
        assert least_p(groups, blocks, 99) == pytest.approx(
            arrangements(groups, blocks, 99, 0).p_min
        )


# -- on a set --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Four groups of 12 images, three of each specimen; the last two are one picture."""
    workspace = Workspace(tmp_path_factory.mktemp("designs") / "workspace")
    vectors, group = blobs([12] * 4, spread=0.2)
    ids = [f"{row if row != 47 else 46:064x}" for row in range(48)]
    rows = np.arange(48)
    label = pd.Series([f"kind {one}" for one in group], dtype="string")
    missing = label.copy()
    missing[:5] = None
    vector_set(
        workspace, vectors, ids=ids, themes=group, label=label, partly=missing,
        specimen=pd.Series([f"s{row // 3}" for row in rows], dtype="string"),
        specimens=pd.Series([f"s{row // 3}" if row > 2 else None for row in rows], dtype="string"),
        side=pd.Series([("left", "right")[row % 2] for row in rows], dtype="string"),
        site=pd.Series([f"site {one // 2}" for one in group], dtype="string"),
        size=pd.Series(rows * 1.5), number=pd.Series(rows % 4),
        long=pd.Series([f"text {row}" for row in rows], dtype="string"),
    )  # fmt: skip
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open("set")
    desk.act(opened, "slice.create", rows[:30], name="by hand", how="from the list ids.txt")
    desk.act(opened, "slice.create", rows[20:], name="drawn", how="lasso on UMAP, then side = left")
    return workspace


def design(home, **asked):
    desk = Desk(home)
    opened = Library.with_desk(home, desk).open("set")
    request = MorphologyRequest.from_json({"name": "set", **asked})
    return preview(request, opened, desk.view(opened), Findings(home))


def codes(found):
    return {one["code"]: one["level"] for one in found["warnings"]}


def test_a_design_without_a_unit_takes_equal_files_as_one_and_says_so(home):
    found = design(home, by="label")
    assert (found["n_images"], found["n_units"], found["unit_kind"]) == (48, 47, "copies")
    assert codes(found) == {"copies_unchecked": "caution", "pseudo_replication": "fail"}
    text = next(w["text"] for w in found["warnings"] if w["code"] == "pseudo_replication")
    assert "'specimen'" in text
    assert "'side'" not in text
    assert "'number'" not in text


def test_with_the_unit_named_nothing_is_left_to_warn_of(home):
    found = design(home, by="label", unit="specimen")
    assert (found["n_images"], found["n_units"], found["specimens"]) == (48, 16, 16)
    assert [one["units"] for one in found["groups"]] == [4] * 4
    assert all(one["tested"] for one in found["groups"])
    assert found["warnings"] == []
    assert found["unit"] == "specimen"


def test_a_covariate_that_goes_with_the_groups_is_warned_of(home):
    found = design(home, by="label", unit="specimen", covariates=["size", "site"])
    assert codes(found) == {"confounded": "fail"}
    assert found["warnings"][0]["text"].startswith("'site' has one value throughout each group")
    assert design(home, by="label", unit="specimen", covariates=["size"])["warnings"] == []


def test_images_without_a_unit_are_their_own(home):
    found = design(home, by="label", unit="specimens")
    assert found["n_units"] == 18
    assert "3 images have no value of 'specimens'" in found["notes"][0]


def test_every_image_as_a_unit_is_warned_of(home):
    assert codes(design(home, by="label", aggregate="image"))["pseudo_replication"] == "fail"
    found = design(home, by="number", aggregate="image")  # nothing is nested in these groups
    assert found["n_units"] == 48
    assert codes(found)["pseudo_replication"] == "caution"


def test_sides_of_a_specimen_are_paired(home):
    found = design(home, by="side", unit="specimen", block="label")
    assert found["paired"]
    assert (found["n_units"], found["specimens"], found["blocks"]) == (32, 16, 16)
    assert found["block"] is None


def test_groups_are_chosen_in_the_order_given(home):
    found = design(home, by="label", unit="specimen", groups=["kind 3", "kind 0"])
    assert [one["name"] for one in found["groups"]] == ["kind 3", "kind 0"]
    assert found["left_out"] == {"in a group not chosen": 24}
    assert design(home, by="partly", unit="specimen")["left_out"] == {"without a group": 5}


@pytest.mark.parametrize("word", ["", "Theme ", "instar-"])
def test_names_are_in_the_order_of_the_numbers_in_them(tmp_path, word):
    workspace = Workspace(tmp_path)
    of = pd.Series([f"{word}{1 + row % 11}" for row in range(33)], dtype="string")
    vector_set(workspace, blobs([33])[0], of=of)
    found = design(workspace, by="of")
    assert [one["name"] for one in found["groups"]] == [f"{word}{at}" for at in range(1, 12)]
    assert [one["images"] for one in found["groups"]] == [3] * 11


def test_few_units_are_told_before_anything_is_computed(tmp_path):
    workspace = Workspace(tmp_path)
    for size in (3, 4):
        vectors, group = blobs([size, size])
        label = pd.Series(group.astype(str), dtype="string")
        vector_set(workspace, vectors, label=label)
        found = codes(design(workspace, by="label", aggregate="image"))
        # 6 units in two threes: 20 arrangements, two of them alike; of 8 in fours 70
        assert ("few_units" in found) == (size == 3)


def test_groups_of_one_or_two_are_shown_and_not_tested(home):
    found = design(home, by="label", unit="specimen", within="by hand")
    assert [one["units"] for one in found["groups"]] == [4, 4, 2, 0]
    assert [one["tested"] for one in found["groups"]] == [True, True, False, False]
    text = next(w["text"] for w in found["warnings"] if w["code"] == "small_groups")
    assert "2 of 4 groups have fewer than 3 units" in text
    assert found["left_out"]["outside the slice"] == 18


def test_a_block_with_one_group_is_told(home):
    found = design(home, by="label", unit="specimen", block="specimens")
    assert codes(found)["block_one_group"] == "fail"
    assert "cannot be told apart" in str(found["warnings"])


def test_groups_made_from_the_vectors_are_circular(home):
    assert codes(design(home, by="cluster"))["circular"] == "fail"
    found = design(home, by="slices", slices=["by hand", "drawn"])
    assert codes(found)["circular"] == "fail"
    assert found["left_out"]["in several of the slices"] == 10
    text = next(w["text"] for w in found["warnings"] if w["code"] == "circular")
    assert "“drawn” was made from the vectors" in text
    assert "by hand" not in text
    assert "circular" not in codes(design(home, by="label"))


def test_unequal_groups_are_told(tmp_path):
    workspace = Workspace(tmp_path)
    vectors, group = blobs([60, 8])
    vector_set(workspace, vectors, label=pd.Series(group.astype(str), dtype="string"))
    found = design(workspace, by="label", aggregate="image")
    assert codes(found)["unbalanced"] == "caution"
    assert "8 times the units" in str(found["warnings"])


def test_what_a_person_dropped_is_not_looked_at(home, tmp_path):
    workspace = Workspace(tmp_path)
    vectors, group = blobs([10, 10])
    vector_set(workspace, vectors, label=pd.Series(group.astype(str), dtype="string"))
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open("set")
    desk.act(opened, "drop", np.arange(4))
    desk.act(opened, "relabel", np.array([4, 5]), label="1")
    found = design(workspace, by="label")
    assert found["left_out"] == {"excluded or dropped": 4}
    assert [one["images"] for one in found["groups"]] == [4, 12]


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"by": "nothing"}, NotFoundError, "no column 'nothing'"),
        ({"by": "size"}, InputError, "does not hold categories"),
        ({"by": "label", "unit": "nothing"}, NotFoundError, "no column 'nothing'"),
        ({"by": "label", "block": "size"}, InputError, "does not hold categories"),
        ({"by": "label", "covariates": ["nothing"]}, NotFoundError, "no column 'nothing'"),
        ({"by": "label", "groups": ["kind 0", "moth"]}, InputError, "there are kind 0, kind 1"),
        ({"by": "label", "within": "gone"}, NotFoundError, "there is no slice “gone”"),
        ({"by": "slices", "slices": ["gone", "drawn"]}, NotFoundError, "no slice “gone”"),
        ({"by": "label", "preset": "lurig", "poles": ["kind 0", "x"]}, InputError, "'x' is not"),
        ({"by": "label", "preset": "lurig", "pair": "size"}, InputError, "does not hold"),
    ],
)
def test_what_the_set_does_not_have_is_named(home, asked, error, words):
    with pytest.raises(error) as caught:
        design(home, **asked)
    assert words in str(caught.value)


def test_a_design_is_the_same_for_the_job_and_the_form(home):
    desk = Desk(home)
    opened = Library.with_desk(home, desk).open("set")
    request = MorphologyRequest("set", "label", unit="specimen")
    found = planned(request, opened, desk.view(opened), Findings(home))
    assert found.sizes.tolist() == [4, 4, 4, 4]
    assert found.rows.tolist() == list(range(48))
