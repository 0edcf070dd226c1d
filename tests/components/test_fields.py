"""What forms share: values read from their fields, and the fields themselves."""

import pytest

from components import fields
from core.errors import InputError
from tests.trees import data, find


@pytest.mark.parametrize(
    ("value", "found"),
    [("", 7.0), (None, 7.0), ("  ", 7.0), ("2.5", 2.5), (" 12 % ", 12.0), (3, 3)],
)  # fmt: skip
def test_a_number_may_have_a_percent_sign_and_is_its_default_where_empty(value, found):
    assert fields.number(value, "Share", 7.0) == found


def test_no_number_at_all_is_none_where_there_is_no_default():
    assert fields.number("", "Threshold", None) is None


@pytest.mark.parametrize(
    ("read", "value", "said"),
    [(fields.number, "far", "Share: 'far' is no number"),
     (fields.percent, "most", "Share: 'most' is no percentage from 0 to 100"),
     (fields.percent, "101", "Share: '101' is no percentage"),
     (fields.percent, "-1", "Share: '-1' is no percentage"),
     (fields.percent, "nan", "Share: 'nan' is no percentage")],
)  # fmt: skip
def test_what_cannot_be_used_is_said_with_the_name_of_its_field(read, value, said):
    with pytest.raises(InputError, match=said):
        read(value, "Share", 5.0)


@pytest.mark.parametrize(("value", "share"), [("", 0.05), ("20", 0.2), ("0", 0.0), ("100 %", 1.0)])
def test_a_percentage_is_read_as_a_share(value, share):
    assert fields.percent(value, "Share", 5.0) == pytest.approx(share)


def test_a_seed_is_whole():
    assert (fields.seed("", 3), fields.seed("12", 3)) == (3, 12)
    with pytest.raises(InputError, match=r"Seed: '1\.5' is no whole number"):
        fields.seed("1.5", 3)


def test_the_choice_of_the_program_is_none():
    assert [fields.named(one) for one in (fields.AUTO, "", None, "site")] == [None] * 3 + ["site"]


def test_a_field_has_its_label_and_its_help_and_can_be_of_another_type():
    tree = data(fields.text("tau", "Threshold", 3, "Empty: learned.", type="number", min=1))
    (box,) = find(tree, id="tau")
    assert (box["type"], box["value"], box["min"], box["autoComplete"]) == ("number", 3, 1, "off")
    (label,) = find(tree, htmlFor="tau")
    assert label["children"] == "Threshold"
    assert find(tree, id="tau-help")[0]["children"] == "Empty: learned."


def test_a_form_ends_with_its_button_under_what_is_said_of_its_fields():
    tree = data(fields.go("Probe", "go", "told"))
    assert find(tree, id="told")[0]["role"] == "status"
    assert find(tree, id="go")[0]["children"] == "Probe"
