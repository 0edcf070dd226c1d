"""What is shown of a comparison of two sets: words, tables and charts from its numbers."""

from types import SimpleNamespace

import dash
import pandas as pd
import pytest

from components import (
    drift_clusters,
    drift_explain,
    drift_frame,
    drift_images,
    drift_scale,
    drift_tests,
    drift_verdict,
    drift_where,
)
from components.drift_pictures import Pair
from tests.drift_example import GONE, NEW, A, B
from tests.trees import data, find, nodes, text


@pytest.fixture(scope="module")
def drift(made_drift):
    return made_drift.drift


@pytest.fixture(scope="module")
def pair(made_drift, drift):
    """The comparison with both sets as they were."""
    return Pair(drift, {"a": made_drift.open(A), "b": made_drift.open(B)}, "")


def keys(drift, **given):
    return drift_frame.cleaned({"set": A, "key": drift.key, **given})


def words(made):
    return text(data(dash.html.Div(made)))


def anchor(name, value, low, high):
    return {"name": name, "value": value, "low": low, "high": high}


def scaled(value, low=None, high=None):
    """Return the numbers of a difference beside three known ones."""
    known = [anchor(drift_scale.HALVES, 0.0, -0.001, 0.001), anchor("5 % replaced", 0.01, 0.008,
             0.012), anchor("20 % replaced", 0.16, 0.15, 0.17)]  # fmt: skip
    low, high = (value if one is None else one for one in (low, high))
    return {"scale": {"value": value, "low": low, "high": high, "anchors": known, "images": 50}}


def line_of(key, effect, p):
    return {"key": key, "name": "Test", "effect": effect, "effect_name": "E", "p": p,
            "p_adjusted": p, "p_min": 0.001, "ci": None, "permutations": 999, "status": "ok",
            "notice": ""}  # fmt: skip


# -- the scale -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0005, "The difference is no larger than that of two halves of the first set."),
        (-0.2, "The difference is no larger than that of two halves of the first set."),
        (0.011, "The difference is as large as that of 5 % replaced."),
        (0.05, "The difference lies between that of 5 % replaced and 20 % replaced."),
        # discrepancies are roots: 0.64 is four times 0.16, and twice as far
        (0.64, "The difference is 2.0 times that of 20 % replaced."),
    ],
)
def test_the_difference_has_a_place_among_known_ones(value, told):
    assert drift_scale.place(scaled(value)) == told


def test_without_a_scale_nothing_is_said():
    assert drift_scale.place({"scale": None}) == ""


def test_every_known_difference_is_drawn_and_in_the_table(drift):
    made = data(drift_scale.scale(drift))
    for one in drift.meta["scale"]["anchors"]:
        assert one["name"] in text(made)
    drawn = find(made, id={"component": "figure", "part": "graph", "name": "drift-scale"})[0]
    points = sum(len(trace["x"]) for trace in drawn["figure"]["data"])
    assert points == len(drift.meta["scale"]["anchors"]) + 1


@pytest.mark.parametrize(
    ("power", "level", "told"),
    [
        (None, "drift", "too few units"),
        ({"seen": 0.05, "shares": [0.05], "power": [0.8]}, "drift", "If only 5.0 % of the images"),
        ({"seen": None, "shares": [0.4], "power": [0.1]}, "drift", "Even with 40 % of images"),
        (
            {"seen": 0.1, "shares": [0.1], "power": [0.8], "like": "held back"},
            "none seen",
            "of a group that the reference lacks",
        ),
    ],
)
def test_what_could_have_been_seen_is_said(power, level, told):
    meta = {"power": power, "verdict": {"level": level}}
    assert told in drift_scale.power_text(meta)


# -- the verdict -----------------------------------------------------------------------------------


def test_the_effect_is_the_classifiers_unless_only_others_see_a_difference():
    def leading(*p, area=0.7):
        names = ("mmd", "classifier", "occupancy")
        tests = [line_of(key, area, one) for key, one in zip(names, p, strict=True)]
        return drift_verdict.leading({"tests": tests})["key"]

    assert leading(0.001, 0.001, 0.001) == "classifier"
    assert leading(0.001, 0.04, 0.001, area=0.55) == "occupancy"  # hardly seen by a model
    assert leading(0.001, 0.04, 0.4, area=0.55) == "classifier"
    assert leading(0.6, 0.7, 0.8, area=0.5) == "classifier"  # none sees one
    assert leading(0.001, 0.4, 0.001) == "occupancy"
    assert leading(0.001, 0.4, 0.4) == "mmd"
    undefined = {"key": "mmd", "effect": None, "p_adjusted": None}
    assert drift_verdict.leading({"tests": [undefined]}) is None


def test_the_verdict_of_the_job_is_told_with_its_tests_and_files(pair, drift):
    shown = data(dash.html.Div(drift_verdict.body(pair, keys(drift))))
    assert drift.meta["verdict"]["sentence"] in text(shown)
    assert "≠ Drift" in text(shown)
    for test in drift.meta["tests"]:
        assert drift_tests.effect_text(test) in text(shown)
    for kind in ("html", "pdf", "json"):
        assert find(shown, href=f"/api/drift/{drift.key}.{kind}")
    for table in ("images", "clusters"):
        assert find(shown, href=f"/api/drift/{drift.key}/{table}.csv")
    assert f"app.py drift {A} {B} --permutations 199 --seed 0" in text(shown)


def test_a_test_without_an_answer_says_why():
    line = {**line_of("mmd", None, None), "status": "undefined", "notice": "too few units"}
    assert "Undefined: too few units." in words([drift_tests.headline({"tests": [line]})])


def test_an_older_comparison_offers_to_be_made_again(drift):
    old = drift_verdict.old(Pair(drift, {"a": None, "b": None}, "it has changed"), keys(drift))
    tree = data(old)
    assert "It has changed. Compare again" in text(tree)
    assert find(tree, href=f"/drift?set={A}&view=design&key={drift.key}")
    assert drift_verdict.old(Pair(drift, {"a": None, "b": None}, ""), keys(drift)) is None


# -- where -----------------------------------------------------------------------------------------


def many(count):
    """Return images of which one in a hundred is in a new region."""
    return pd.DataFrame({
        "side": ["a"] * count + ["b"] * count, "row": list(range(count)) * 2,
        "local": [0] * count + [int(at % 100 == 0) for at in range(count)],
    })  # fmt: skip


def test_of_many_images_an_even_sample_of_every_region_is_drawn():
    images = many(5000)
    kept = drift_where.sample(images, 1000)
    assert 990 <= len(kept) <= 1000
    counts = kept.groupby(["side", "local"]).size().to_dict()
    assert counts[("a", 0)] == 500
    assert counts[("b", 1)] == 5
    rows = kept.loc[kept["side"] == "a", "row"].to_numpy()
    assert set(rows[1:] - rows[:-1]) == {10}  # evenly
    assert len(drift_where.sample(images, 20_000)) == 10_000
    assert (drift_where.sample(images, 20)["local"] == 1).any()  # what is rare is never lost


def test_the_map_has_every_image_in_the_colour_of_its_region(pair, drift):
    made = data(dash.html.Div(drift_where.body(pair, keys(drift))))
    drawn = find(made, id={"component": "figure", "part": "graph", "name": "drift-map"})[0]
    traces = drawn["figure"]["data"]
    ids = [one for trace in traces for one in trace["customdata"]]
    assert sorted(ids) == sorted(drift.images["item_id"])
    new = next(trace for trace in traces if trace["name"].startswith("new"))
    mine = drift.images[(drift.images["side"] == "b") & (drift.images["local"] > 0)]
    assert sorted(new["customdata"]) == sorted(mine["item_id"])
    assert new["marker"]["color"] == drift_where.COLOURS["b"]


def test_the_table_of_regions_counts_all_images_of_a_side(drift):
    made = data(drift_where.regions(drift, keys(drift)))
    cells = [text(one) for one in nodes(made) if one["type"] == "Td"]
    assert sum(int(cell.split(" ")[0].replace(",", "")) for cell in cells[1::3]) == 100
    assert sum(int(cell.split(" ")[0].replace(",", "")) for cell in cells[2::3]) == 100


# -- groups of images ------------------------------------------------------------------------------


def test_a_change_is_told_in_points_with_its_sign():
    told = [drift_clusters.points(value) for value in (0.123, -0.04, 0.0002, -0.0002)]
    assert told == ["+12.3", "−4.0", "0", "0"]


def test_what_was_planted_is_shown_new_with_pictures_of_its_side_only(pair, drift, made_drift):
    made = data(dash.html.Div(drift_clusters.body(pair, keys(drift, state="new"))))
    groups = [one for one in nodes(made) if one["type"] == "Article"]
    labels = made_drift.open(B).items["label"]
    wanted = [one for one in drift.meta["clusters"] if one["state"] == "new"]
    assert wanted
    assert {labels.iat[row] for one in wanted for row in one["exemplars_b"]} == {NEW}
    assert len(groups) == len(wanted)
    assert all("New" in text(one) for one in groups)
    gone = data(dash.html.Div(drift_clusters.body(pair, keys(drift, state="gone"))))
    assert GONE in text([one for one in nodes(gone) if one["type"] == "Article"])


def test_an_unknown_state_shows_all_groups(pair, drift):
    made = data(dash.html.Div(drift_clusters.body(pair, keys(drift, state="odd"))))
    groups = [one for one in nodes(made) if one["type"] == "Article"]
    assert len(groups) == len(drift.meta["clusters"])


# -- images ----------------------------------------------------------------------------------------


def test_the_most_drifted_come_first_beside_their_counterparts(pair, drift, made_drift):
    made = data(dash.html.Div(drift_images.body(pair, keys(drift))))
    shown = [one for one in nodes(made) if one["type"] == "Li"]
    assert len(shown) == drift_images.STEP
    first = drift.of("b").sort_values("score", ascending=False).iloc[0]
    here, there = made_drift.open(B), made_drift.open(A)
    sources = [one["props"]["src"] for one in nodes(shown[0]) if one["type"] == "Img"]
    assert sources == [
        f"/thumb/{here.items['item_id'].iat[int(first['row'])]}",
        f"/thumb/{there.items['item_id'].iat[int(first['counterpart'])]}",
    ]
    assert find(shown[0], href=f"/explore?set={B}&row={int(first['row'])}")
    assert find(shown[0], href=f"/explore?set={A}&row={int(first['counterpart'])}")


def test_a_group_is_shown_alone_and_its_slice_is_named_after_it(pair, drift):
    group = drift.meta["clusters"][0]["id"]
    made = data(dash.html.Div(drift_images.body(pair, keys(drift, group=group, side="a"))))
    assert f"Only Group {group}." in text(made)
    assert drift_images.group_of(drift, keys(drift, group="999")) is None


def test_a_set_that_has_changed_has_no_pictures_and_no_slice(drift):
    gone = Pair(drift, {"a": None, "b": None}, "changed")
    made = data(dash.html.Div(drift_images.body(gone, keys(drift))))
    assert not [one for one in nodes(made) if one["type"] == "Img"]
    assert "compare again first" in text(made)
    assert words(drift_clusters.body(gone, keys(drift)))


# -- what explains it ------------------------------------------------------------------------------


def test_columns_are_told_in_words_with_their_size_on_one_scale():
    number = {"column": "size", "kind": "number", "effect": 0.2, "p_adjusted": 0.01, "first": 40.0,
              "second": 36.5, "most": None}  # fmt: skip
    assert drift_explain.size(number) == pytest.approx(0.6)
    assert drift_explain.in_words(number, "A", "B") == (
        "median 40.0 in A, 36.5 in B; lower in B in 80 % of pairs"
    )
    category = {"column": "site", "kind": "category", "effect": 0.3, "p_adjusted": 0.01,
                "first": None, "second": None, "most": ["north", 0.1, 0.5]}  # fmt: skip
    assert drift_explain.in_words(category, "A", "B") == "“north”: 10 % of A, 50 % of B"


def test_what_was_planted_into_the_columns_is_told(pair):
    told = words(drift_explain.body(pair))
    assert "size" in told
    assert "higher in after" in told


def test_exposure_is_told_however_it_is_kept():
    assert drift_explain.exposure_text({"exposure": {"text": "it is exposure."}}) == (
        "it is exposure."
    )
    assert drift_explain.exposure_text({"exposure": None}) == ""
    assert drift_explain.exposure_text({}) == ""


def test_without_columns_and_labels_the_page_says_what_to_do():
    meta = {"explain": [], "conditional": [], "a": {"label": "x"}, "b": {"label": "y"}}
    told = words(drift_explain.body(Pair(SimpleNamespace(meta=meta), {"a": None, "b": None}, "")))
    assert "Check both on Quality" in told
    assert "One of the sets has no labels." in told
