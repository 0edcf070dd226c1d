"""The form that asks for a comparison, what it asks for, and the design it shows at once."""

import flask
import numpy as np
import pytest

from components import morphology_columns as columns
from components import morphology_cutout, morphology_design, morphology_form
from components.morphology_columns import IMAGE, SLICES
from core.columns import Column
from core.errors import InputError
from tests.fakes import FakeSet, FakeSlice, FakeView
from tests.morphology_fake import META, FormSet, designed
from tests.trees import find, ids, text


@pytest.fixture
def view():
    return FakeView()


@pytest.fixture
def sliced():
    return FakeView([FakeSlice("left", np.arange(4)), FakeSlice("right", np.arange(6, 12)),
                     FakeSlice("none", np.arange(0))])  # fmt: skip


@pytest.fixture(autouse=True)
def whole(monkeypatch):
    """Leave out the part that cuts objects out, which asks the workspace for masks."""
    monkeypatch.setattr(morphology_cutout, "cutout_part", lambda found: None)


def offered(options):
    return [one["value"] for one in options]


# -- which columns may play which part -------------------------------------------------------------


def test_groups_are_columns_of_categories_slices_and_at_last_the_themes(sliced):
    assert offered(columns.for_groups(FormSet(), sliced)) == [
        "label", "specimen", SLICES, "cluster",
    ]  # fmt: skip


def test_slices_make_groups_only_where_two_hold_images(view, sliced):
    assert SLICES not in offered(columns.for_groups(FormSet(), view))
    assert offered(columns.groups_of(FormSet(), sliced, SLICES)) == ["left", "right"]


def test_what_a_file_is_like_makes_no_groups_but_may_be_allowed_for(view):
    found = FormSet()
    found.items["width"] = ["48", "64"] * 6
    found.columns = lambda: [Column("width", "width", "category")]
    assert offered(columns.for_groups(found, view)) == ["label", "cluster"]
    assert offered(columns.for_blocks(found)) == offered(columns.for_covariates(found)) == ["width"]


def test_a_column_with_one_value_makes_no_groups_and_one_with_a_value_an_image_no_units(view):
    found = FormSet()
    found.items["label"] = "moth"
    found.items["specimen"] = [f"s{row}" for row in range(12)]
    assert offered(columns.for_groups(found, view)) == ["specimen", "cluster"]
    assert offered(columns.for_units(found)) == []


def test_numbers_are_covariates_and_what_the_vectors_made_is_none(view):
    assert offered(columns.for_covariates(FormSet())) == ["label", "width", "specimen", "weight"]


def test_groups_are_told_with_their_images(view):
    groups = columns.groups_of(FormSet(), view, "label")
    assert [one["label"] for one in groups] == ["moth (6)", "wasp (6)"]


# -- what the fields ask for -----------------------------------------------------------------------


def test_the_usual_fields_ask_for_the_usual_request(view):
    given = morphology_form.usable(FormSet(), view, {}, 7)
    wanted = morphology_form.request("moths", given)
    assert wanted.to_json() == {**META["request"], "seed": 7}


def test_every_field_comes_back_from_the_request_it_made(sliced):
    given = {
        "by": SLICES, "groups": ["left", "right"], "unit": "specimen", "block": "label",
        "covariates": ["weight"], "within": "left", "preset": True, "pair": "-", "first": "left",
        "second": "right", "permutations": "199", "draws": "10", "seed": "3",
    }  # fmt: skip
    wanted = morphology_form.request("moths", given)
    assert (wanted.by, wanted.slices, wanted.poles) == (
        "slices", ("left", "right"), ("left", "right"),
    )  # fmt: skip
    assert morphology_form.filled(wanted.to_json()) == given


def test_slices_without_a_tick_are_all_slices():
    wanted = morphology_form.request("moths", {"by": SLICES}, slices=["left", "right"])
    assert wanted.slices == ("left", "right")


def test_each_image_for_itself_is_asked_for_in_words():
    wanted = morphology_form.request("moths", {"by": "label", "unit": IMAGE})
    assert (wanted.aggregate, wanted.unit) == ("image", None)


def test_the_fields_of_a_preset_that_is_off_ask_for_nothing():
    given = {"by": "label", "pair": "specimen", "first": "moth", "second": "wasp"}
    wanted = morphology_form.request("moths", given)
    assert (wanted.preset, wanted.pair, wanted.poles) == (None, None, ())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"by": ""}, "Groups by"),
        ({"by": "label", "permutations": "many"}, "Permutations: 'many' is no whole number"),
        ({"by": "label", "permutations": "5"}, "permutations 5: a whole number from 99"),
        ({"by": "label", "seed": "x"}, "Seed"),
        ({"by": "label", "groups": ["moth"]}, "one cannot be compared"),
        ({"by": "label", "preset": True, "first": "moth"}, "choose two groups"),
        ({"by": "label", "unit": "label"}, "'label' is by already"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(given, told):
    with pytest.raises(InputError, match=told):
        morphology_form.request("moths", given)


def test_what_an_earlier_request_names_and_the_set_has_no_more_is_left_as_usual(view):
    last = {"by": "species", "groups": ["moth", "gone"], "poles": ["gone", "wasp"]}
    values = morphology_form.usable(FormSet(), view, last, 0)
    assert (values["by"], values["groups"]) == ("label", ["moth"])
    assert (values["first"], values["second"]) == ("-", "wasp")


def test_the_form_has_every_field_and_every_select_has_a_value_it_offers(view):
    made = morphology_form.form(FormSet(), view, {}, 0)
    assert {morphology_form.field_id(field) for field in morphology_form.FIELDS} <= set(ids(made))
    for field in ("by", "unit", "block", "within", "pair", "first", "second"):
        (select,) = find(made, id=morphology_form.field_id(field))
        assert select["value"] in offered(select["options"])


# -- the design ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "12 images in 2 groups."),
        ({"n_units": 11}, "12 images, which count as 11 units, in 2 groups."),
        ({"unit": "specimen", "unit_kind": "column", "specimens": 6, "n_units": 6},
         "12 images of 6 units in 2 groups."),
        ({"unit": "specimen", "unit_kind": "column", "specimens": 3, "n_units": 6, "paired": True},
         "12 images of 3 units, 6 in all groups together, in 2 groups, compared inside each unit."),
        ({"blocks": 3, "block": "site", "covariates": ["weight"]},
         "12 images in 2 groups, compared within 3 blocks (site), with weight taken into account."),
    ],
)  # fmt: skip
def test_the_design_is_one_sentence(changes, told):
    assert morphology_design.sentence(designed(**changes), "image") == told


def test_problems_come_before_cautions_and_say_what_to_do():
    given = [{"code": "copies_unchecked", "level": "caution", "text": "not looked for"},
             {"code": "few_units", "level": "fail", "text": "p cannot be small."}]  # fmt: skip
    first, second = morphology_design.warnings(given, "moths")
    assert text(first) == "Problem: P cannot be small."
    assert text(second) == "Caution: Not looked for. Look for copies"
    assert find(second, href="/quality?set=moths")


def test_the_metric_card_is_linked_once_there_is_one():
    given = [{"code": "metric", "level": "fail", "text": "the card is not passed"}]
    (before,) = morphology_design.warnings(given, "moths")
    (after,) = morphology_design.warnings(given, "moths", "k1")
    assert "See the metric card" not in text(before)
    assert find(after, href="/morphology?set=moths&view=card&key=k1")


def test_a_column_of_specimens_can_be_taken_as_the_unit_at_a_click():
    warning = {"code": "pseudo_replication", "level": "fail", "text": "'specimen': several images"}
    (before,) = morphology_design.warnings([warning], "moths")
    assert find(before, id=morphology_design.unit_id("specimen"))[0]["children"] == (
        "Take “specimen” as the unit"
    )
    (after,) = morphology_design.warnings([warning], "moths", "k1")
    assert find(after, href="/morphology?set=moths&view=design&key=k1&unit=specimen")
    every = {**warning, "text": "Every image counts as a unit."}
    assert "Take" not in text(morphology_design.warnings([every], "moths"))


def test_a_group_too_small_is_shown_and_said_not_to_be_tested():
    groups = [{"name": "moth", "code": 0, "units": 6, "images": 8, "tested": True},
              {"name": "wasp", "code": 1, "units": 2, "images": 4, "tested": False}]  # fmt: skip
    shown = text(morphology_design.preview(designed(groups=groups), "moths", "image"))
    assert "wasp 4 2 fewer than 3 units: shown, not tested" in shown
    assert "nothing could be tested" in shown


def test_many_groups_are_listed_the_largest_first_and_the_rest_folded():
    groups = [{"name": f"g{at}", "code": at, "units": 3 + at, "images": 9, "tested": True}
              for at in range(15)]  # fmt: skip
    made = morphology_design.groups_table(designed(groups=groups), "image")
    shown = text(made)
    assert shown.index("g14") < shown.index("g3") < shown.index("3 smaller groups")
    assert shown.index("3 smaller groups") < shown.index("g0")


def test_what_is_left_out_is_counted_by_its_reason():
    told = text(morphology_design.left_out(designed(left_out={"no group": 3, "x": 0}), "image"))
    assert told == "3 images are left out: no group."
    several = designed(left_out={"no group": 1, "no block": 2})
    told = text(morphology_design.left_out(several, "image"))
    assert told == "3 images are left out: 1 no group; 2 no block."
    assert morphology_design.left_out(designed(), "image") is None


def test_vectors_are_not_called_images(view):
    found = FormSet().without_pictures()
    with flask.Flask("test").app_context():
        made = morphology_form.form(found, view, {}, 0)
    (units,) = find(made, id=morphology_form.field_id("unit"))
    assert units["options"][0]["label"] == "vectors; near-copies together"


def test_a_set_without_any_column_of_groups_offers_the_themes_only(view):
    found = FormSet()
    found.items = found.items.drop(columns=["label", "specimen"])
    found.columns = lambda: [c for c in FakeSet.columns(found) if c.name != "label"]
    assert offered(columns.for_groups(found, view)) == ["cluster"]
    found.clustered = False
    assert columns.for_groups(found, view) == []
