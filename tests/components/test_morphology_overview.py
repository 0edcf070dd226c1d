"""What a comparison found, in words: effect first, then p, spread, warnings, methods, files."""

import dash
import flask
import numpy as np
import pytest

from components import morphology_card, morphology_overview, morphology_tests
from components.stacked import stacked
from core.errors import NotFoundError
from core.morphology.card import calibration_check, card, hubness_check, invariance_checks
from core.morphology.metric import Calibration, Invariance
from tests.morphology_fake import (
    ANOSIM,
    CLASSIC,
    KEY,
    META,
    SPREAD,
    TEST,
    FormSet,
    comparison,
    designed,
    serving,
)
from tests.trees import data, find, text

KEYS = {"set": "moths", "view": "overview", "key": KEY}


def words(*args, call=morphology_overview.effect):
    return text(dash.html.P(call(*args)))


def body(made, stale=""):
    return text(morphology_overview.body(FormSet(), made, KEYS, stale))


# -- the answer ------------------------------------------------------------------------------------


def test_the_effect_is_said_first_beside_what_chance_explains():
    assert words(META) == (
        "Groups by label explain 56 % of the differences between units; chance alone explains "
        "9.1 %."
    )


def test_an_effect_no_larger_than_chance_is_said_to_be_none():
    made = comparison(tests=[TEST, {**CLASSIC, "effect": 0.08}])
    assert words(made.meta).endswith("of the differences between units, no more than chance alone "
                                     "(9.1 %).")  # fmt: skip


def test_slices_and_images_are_called_what_they_are():
    request = {**META["request"], "by": "slices"}
    made = comparison(request=request, design=designed(unit_kind="image"))
    assert words(made.meta).startswith("The slices explain 56 % of the differences between images")


def test_p_comes_after_the_effect_with_what_it_rests_on():
    told = morphology_overview.confidence(TEST, META)
    assert told == (
        "Without what chance explains: ω² 55 % (95 % interval 49 % to 61 %). p = 0.001 by 999 "
        "permutations of 12 units, the smallest that so many can give."
    )
    shown = body(comparison())
    assert shown.index("56 %") < shown.index("p = 0.001")


def test_a_p_that_is_large_is_said_to_be_chance():
    test = {**TEST, "p": 0.31, "effect": -0.02, "ci": None}
    told = morphology_overview.confidence(test, META)
    assert told.startswith("Without what chance explains: ω² −2 %. p = 0.310")
    assert told.endswith("as much comes about by chance alone.")


def test_what_is_undefined_has_no_p_and_says_why():
    nothing = {**TEST, "p": None, "effect": None, "statistic": None, "ci": None, "p_min": None,
               "status": "undefined", "warnings": ["a group has 2 units"]}  # fmt: skip
    made = comparison(tests=[nothing], dispersion={"test": nothing, "groups": []}, pairwise=[])
    shown = body(made)
    assert "Nothing could be tested. A group has 2 units." in shown
    assert "Undefined. A group has 2 units." in shown
    assert "p =" not in shown


@pytest.mark.parametrize(
    ("p", "told"),
    [
        (0.4, "Spread does not differ measurably (PERMDISP, p = 0.400)."),
        (0.01, "Spread differs too (PERMDISP, p = 0.01): moth varies most (0.40 from its centre), "
               "wasp least (0.30). The headline test allows for that; classic PERMANOVA does not."),
    ],
)  # fmt: skip
def test_spread_is_said_beside_the_means(p, told):
    meta = comparison(dispersion={**META["dispersion"], "test": {**SPREAD, "p": p}}).meta
    assert morphology_overview.spread(meta) == told


def test_the_farthest_and_the_nearest_groups_are_named_with_their_intervals():
    pairs = [{"a": "x", "b": "y", "distance": 0.5, "ci": [0.4, 0.6]},
             {"a": "x", "b": "z", "distance": 1.5, "ci": None},
             {"a": "y", "b": "z", "distance": None, "ci": None}]  # fmt: skip
    assert morphology_overview.apart({"distances": pairs}) == (
        "Farthest apart: x and z, 1.50. Nearest: x and y, 0.50 (0.40 to 0.60)."
    )
    assert morphology_overview.apart({"distances": []}) == ""


def test_covariates_are_told_beyond_each_other():
    marginal = {**CLASSIC, "name": "PERMANOVA, marginal", "effect": 0.2, "effect_null": None}
    made = comparison(tests=[TEST, CLASSIC, marginal, {**marginal, "term": "weight", "p": 0.5}])
    assert morphology_tests.beyond_text(made.meta) == (
        "Explained beyond all the others: group 20 % (p = 0.001); weight 20 % (p = 0.500)."
    )
    assert words(made.meta).startswith("Groups by label explain 56 %")


# -- tests -----------------------------------------------------------------------------------------


def test_every_test_stands_with_what_it_asks_and_those_that_describe_come_last():
    shown = text(morphology_tests.table({"tests": [ANOSIM, TEST, CLASSIC, SPREAD]}))
    order = ["PERMANOVA, unequal spread", "R² 56 %", "PERMDISP", "ANOSIM (descriptive)"]
    places = [shown.index(name) for name in order]
    assert places == sorted(places)
    assert shown.count("Do groups differ in their means?") == 2
    assert "Do groups differ in their spread?" in shown


def test_terms_are_named_only_where_there_are_several():
    one = text(morphology_tests.table({"tests": [TEST, CLASSIC]}))
    two = text(morphology_tests.table({"tests": [TEST, {**CLASSIC, "term": "weight"}]}))
    assert " Of " not in one
    assert " Of " in two
    assert "weight" in two


def test_pairs_are_counted_after_adjustment():
    pairs = [{"status": "ok", "p_adjusted": 0.01}, {"status": "ok", "p_adjusted": 0.2},
             {"status": "undefined", "p_adjusted": None}]  # fmt: skip
    assert morphology_tests.pairs_text(pairs) == (
        "1 of 2 pairs of groups differ at 0.05 after adjustment (Benjamini and Hochberg)."
    )
    assert morphology_tests.pairs_text(META["pairwise"]) == ""


def test_cells_of_a_table_know_their_column_where_rows_become_blocks():
    cells = find(stacked(("Name", "p"), [("a", 0.5), ("b", "")], caption="x"), role="cell")
    assert [(c["data-label"], c["className"]) for c in cells] == [
        ("Name", ""), ("p", ""), ("Name", ""), ("p", "vt-stacked-empty"),
    ]  # fmt: skip


# -- what else is on the overview ------------------------------------------------------------------


def test_warnings_stand_before_the_tests_and_the_card_is_said_once():
    warnings = [
        {"code": "metric", "level": "fail", "text": "of the card"},
        {"code": "circular", "level": "fail", "text": "made from the same vectors"},
    ]
    shown = body(comparison(design=designed(warnings=warnings)))
    assert shown.index("Problem: Made from the same vectors.") < shown.index("What it asks")
    assert "Of the card" not in shown
    assert "Metric card: ! Caution Distances can be read with care here." in shown


def test_groups_made_from_the_vectors_get_no_p_in_the_answer():
    warnings = [{"code": "circular", "level": "fail", "text": "made from the same vectors"}]
    made = comparison(design=designed(warnings=warnings))
    answer = text(morphology_overview.answer(made, KEYS))
    assert "they differ by construction, and a p says nothing" in answer
    assert "p = 0.001 by" not in answer
    pairs = [{"status": "ok", "p": 0.001, "p_adjusted": 0.001}] * 2
    made = comparison(design=designed(warnings=warnings), pairwise=pairs)
    assert text(morphology_overview.pairs(made, KEYS)) == "See every pair"
    plain = text(morphology_overview.pairs(comparison(pairwise=pairs), KEYS))
    assert plain.startswith("2 of 2 pairs")


def test_a_paired_design_is_told_within_units():
    shown = text(morphology_overview.answer(comparison(design=designed(paired=True)), KEYS))
    assert "of the differences within units; chance" in shown


def test_an_encoder_that_fails_is_said_before_any_effect():
    failed = {**META["card"], "verdict": "fail", "text": "Distances are no measure of form here."}
    answer = text(morphology_overview.answer(comparison(card=failed), KEYS))
    assert answer.startswith("Metric card: ✗ Fail Distances are no measure of form here.")
    assert "56 %" in answer


def test_an_older_set_is_said_with_the_way_to_compare_again():
    made = morphology_overview.body(FormSet(), comparison(), KEYS, "The set has changed since.")
    assert text(made).startswith("The set has changed since. Compare again")
    assert find(made, href=f"/morphology?set=moths&view=design&key={KEY}")


def test_methods_can_be_copied_with_their_references():
    made = morphology_overview.methods(META)
    assert META["methods"] in text(made)
    assert META["citations"][0] in text(made)
    assert find(made, **{"data-vt-copy": morphology_overview.METHODS})
    assert morphology_overview.methods({**META, "methods": ""}) is None


def test_only_tables_that_hold_something_are_offered():
    made = morphology_overview.downloads(comparison(pairwise=[], lurig={"within": [1]}))
    hrefs = {one["href"] for one in find(made, className="vt-link")}
    assert f"/api/morphology/{KEY}/distances.csv" in hrefs
    assert f"/api/morphology/{KEY}/pairwise.csv" not in hrefs
    assert f"/api/morphology/{KEY}/preset-within.csv" in hrefs
    assert f"/api/morphology/{KEY}/preset-likeness.csv" not in hrefs
    assert find(made, href=f"/api/morphology/{KEY}.html")


def test_a_picture_of_each_group_is_the_one_nearest_its_mean():
    made = comparison()
    strip = morphology_overview.faces(FormSet(), made)
    assert "moth, 6 units" in text(strip)
    assert [row["src"][-1] for row in find(strip, className="vt-thumb")] == ["4", "7"]
    made.meta["imageset"] = "another"
    assert morphology_overview.faces(FormSet(), made) is None


# -- the metric card -------------------------------------------------------------------------------


def example_card():
    changes = {"shift": Invariance(0.1, 1.0, True), "flip": Invariance(0.6, 0.9, False)}
    curve = Calibration(0.9, np.linspace(0, 1, 11), np.linspace(1, 0, 10), True)
    checks = [*invariance_checks(changes), calibration_check(curve), hubness_check(0.3, 0.01)]
    return card("card-key", checks)


def test_the_card_says_the_verdict_then_each_check_with_its_state():
    made = example_card()
    shown = text(morphology_card.body(FormSet(), comparison(), made))
    assert shown.startswith("Is this encoder metric here? ! Caution")
    assert "Shifted by one pixel ✓ Pass 0.10" in shown
    assert "Mirrored left to right" in shown
    assert "Hubs ✓ Pass 0.30 passes: at most 1.5" in shown
    assert "10 0.90 to 1.00 0 %" in shown  # the chart, as a table


def test_a_card_whose_checks_are_gone_keeps_its_verdict():
    server = flask.Flask("test")
    server.config["VITRINE"] = serving(comparison())
    with server.app_context():
        assert morphology_card.read(comparison()) is None
    shown = text(morphology_card.body(FormSet(), comparison(), None))
    assert "Distances can be read with care here." in shown
    assert "no longer kept" in shown


def test_a_stored_card_is_read_and_none_is_no_error():
    made = example_card()
    server = flask.Flask("test")
    server.config["VITRINE"] = serving(comparison(), card=made)
    with server.app_context():
        assert data(morphology_card.read(comparison()).to_json()) == data(made.to_json())
        assert morphology_card.read(comparison(card=None)) is None
    assert "was not looked at" in text(morphology_card.body(FormSet(), comparison(card=None), None))


def test_a_comparison_that_is_not_kept_is_said_so():
    with pytest.raises(NotFoundError, match="make it again"):
        serving().comparisons.open("0" * 32)
