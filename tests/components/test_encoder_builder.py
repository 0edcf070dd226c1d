"""The part of the form that makes one encoder of others: it makes the name a person would type."""

import pytest
from dash import no_update
from trees import nodes, text

from components import encoder_builder, set_form
from core.encoders.fitted.names import derived
from core.errors import InputError


def test_lines_become_an_ensemble():
    name = encoder_builder.compose("resnet18?size=64 2\n\n pixels ", "", "regress", "pixels")
    asked = derived(name)
    assert asked.members == ("timm:resnet18?size=64", "pixels")
    assert asked.weights == (2 / 3, 1 / 3)
    assert encoder_builder.compose("pixels\ncolour-texture", None, "regress", "") == (
        "ensemble:pixels+colour-texture"
    )


def test_a_folder_with_a_space_is_no_weight():
    name = encoder_builder.compose("local-dir:/my nets/a b\npixels", "", "regress", "")
    assert derived(name).members == ("timm:local-dir:/my nets/a b", "pixels")


def test_columns_are_taken_out_of_the_lines_or_of_the_encoder_chosen():
    name = encoder_builder.compose("", "batch, the camera", "project", "colour-texture")
    asked = derived(name)
    assert (asked.members, asked.columns) == (("colour-texture",), ("batch", "the camera"))
    assert asked.how == "project"
    both = derived(encoder_builder.compose("pixels\ncolour-texture", "batch", "regress", "x"))
    assert both.members == ("ensemble:pixels+colour-texture",)
    kept = derived(encoder_builder.compose("", "batch", "regress", "pixels", "label , site"))
    assert (kept.columns, kept.keep) == (("batch",), ("label", "site"))
    one = derived(encoder_builder.compose("pixels", "batch", "regress", "x"))
    assert one.members == ("pixels",)


@pytest.mark.parametrize(
    ("several", "columns", "chosen", "words"),
    [
        ("", "", "pixels", "two encoders or more"),
        ("pixels", "", "pixels", "two encoders or more"),
        ("pixels\npixels", "", "", "named twice"),
        ("pixels 1\ncolour-texture -1", "", "", "numbers above 0"),
        ("", "batch", "", "Name the encoder"),
        ("", "batch,batch", "pixels", "named twice"),
    ],
)
def test_what_cannot_be_made_is_told(several, columns, chosen, words):
    with pytest.raises(InputError, match=words):
        encoder_builder.compose(several, columns, "regress", chosen)


def test_the_button_fills_the_name_in():
    choice, name, said = encoder_builder.used("resnet18\npixels", "", "regress", "pixels", None)
    assert (choice, name) == ("timm", "ensemble:timm:resnet18+pixels")
    assert "filled in" in text(said)
    again = encoder_builder.used("", "batch", "regress", choice, name)
    assert derived(again[1]).members == (name,)
    choice, name, said = encoder_builder.used("", "", "regress", "pixels", None)
    assert choice is name is no_update
    assert "two encoders" in text(said)


def test_the_form_runs_the_name_that_was_filled_in(tmp_path):
    name = encoder_builder.compose("pixels\ncolour-texture 3", "batch", "regress", "")
    wanted = set_form.request(str(tmp_path), "a", "timm", name, [])
    assert wanted.encoder == name
    with pytest.raises(InputError, match="2 to 10 encoders"):
        set_form.request(str(tmp_path), "a", "timm", "ensemble:pixels", [])
    with pytest.raises(InputError, match="which columns"):
        set_form.request(str(tmp_path), "a", "timm", "ensemble:residual:pixels+pixels", [])


def test_a_source_may_be_an_address():
    source = "coco:/data/labels.json?images=/data/pictures"
    assert set_form.request(source, "a", "pixels", "", []).source == source


def test_the_fields_are_labelled_and_folded():
    tree = encoder_builder.fields()
    assert tree._type == "Details"
    labelled = {n["props"].get("htmlFor") for n in nodes(tree) if n["type"] == "Label"}
    assert {
        encoder_builder.SEVERAL,
        encoder_builder.COLUMNS,
        encoder_builder.KEEP,
        encoder_builder.HOW,
    } <= labelled
