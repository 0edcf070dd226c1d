"""A report from its JSON: what a reader is told, in every state of the set it is about."""

import pytest

from components import (
    report_bands,
    report_charts,
    report_compare,
    report_head,
    report_list,
    report_view,
)
from tests.fakes import FakeSet, FakeSlice, FakeView
from tests.reports_fake import Line, report
from tests.trees import data, find, ids, nodes, text


def shown(made, found, slices=("best four",)):
    return data(report_view.body(made, found, list(slices)))


def test_a_report_tells_verdict_figures_and_limits(moths):
    tree = shown(report(), moths.library.open("moths"))
    told = text(tree)
    assert "The choice covers 4 of 8 clusters; random 2.9." in told
    assert told.count("better than random") == 3  # two figures and one band
    assert told.count("worse than random") == 1
    assert "Nothing is said of new images." in told
    assert len(ids(tree)) == len(set(ids(tree)))


@pytest.mark.parametrize(
    ("level", "word"),
    [("better", "Better than random"), ("no better", "No better than random"),
     ("worse", "Worse than random"), ("mixed", "Mixed")],
)  # fmt: skip
def test_the_verdict_may_say_no_better_than_random(level, word):
    tree = data(report_head.verdict(report(level=level)))
    assert find(tree, children=word, className="vt-verdict-level")


def test_a_sentence_that_says_its_level_has_no_other_above_it():
    made = report(level="mixed")
    made["verdict"]["sentence"] = "Partly better than random: so and so."
    assert not find(data(report_head.verdict(made)), className="vt-verdict-level")


def test_what_was_chosen_by_hand_is_called_so():
    made = report()
    made["choice"] |= {"slice": None, "strategy": "", "strategy_title": "Chosen by hand"}
    told = text(data(report_head.heading(made)))
    assert "Report on selected images" in told
    assert "chosen by hand" in told
    assert "chosen by Chosen" not in told


def test_strips_and_their_head_are_left_out_together():
    for made in (report_bands.bands(report()["bands"]),
                 report_bands.labels(report()["labels"], 12, 4)):  # fmt: skip
        strips = [n for n in nodes(data(made))
                  if n["props"].get("className") == "vt-band-strip"]  # fmt: skip
        rows = [n for n in nodes(data(made)) if n["type"] == "Tr"]
        assert [n["type"] for n in strips] == ["Th"] + ["Td"] * (len(rows) - 1)


def test_every_chart_has_the_same_numbers_as_a_table(moths):
    tree = shown(report(), moths.library.open("moths"))
    charts = [n for n in nodes(tree) if n["props"].get("className") == "vt-chart"]
    assert len(charts) == 4
    for one in charts:
        assert [n for n in nodes(one) if n["type"] == "Graph"]
        assert [n for n in nodes(one) if n["type"] == "Table"]


def test_the_two_maps_show_chosen_and_random_rows_of_one_projection(moths):
    tree = shown(report(), moths.library.open("moths"))
    kept = {key: list(rows) for key, rows in moths.selections.kept.items()}
    assert [0, 5, 10, 11] in kept.values()
    assert [1, 2, 6, 7] in kept.values()
    sources = [p["src"] for p in find(tree, width=720)]
    assert len(sources) == 4
    assert all(s.startswith("/map/umap-key/raster.png?set=moths&by=cluster&") for s in sources)
    assert sum(s.endswith("&dark=1") for s in sources) == 2


def test_a_set_that_changed_shows_figures_but_no_pictures(moths):
    changed = report(hashes={"imageset": "another"})
    tree = shown(changed, moths.library.open("moths"))
    assert "has changed since this report was made" in text(tree)
    assert "/thumb/" not in str(tree)
    assert not find(tree, width=720)
    assert "/explore?set=moths&slice=best+four" in str(tree)  # its slice still holds them


def test_a_set_that_is_gone_leaves_the_figures():
    tree = data(report_view.body(report(), None, []))
    assert "is not here any more" in text(tree)
    assert "/explore?" not in str(find(tree, className="vt-report-downloads"))


def test_a_map_made_anew_since_is_told(moths):
    made = report()
    made["maps"]["projection"] = "older"
    assert "made anew since" in text(shown(made, moths.library.open("moths")))


def test_missing_parts_are_left_out(moths):
    bare = report(labels=None, maps=None, saturation=None, sparse=[], dense=[])
    told = text(shown(bare, moths.library.open("moths")))
    for title in ("Balance of", "on one map", "edge cases covered", "Where it matters"):
        assert title not in told
    assert "Coverage against budget" in told


def test_vectors_are_told_in_words(inside):
    from tests.fakes import FakeServices

    services = inside(FakeServices(FakeSet().without_pictures()))
    tree = shown(report(), services.library.open("moths"))
    assert "/thumb/" not in str(tree)
    assert "moth" in text(tree)


def test_the_images_taken_of_a_cluster_come_first_and_are_marked(moths):
    tree = shown(report(), moths.library.open("moths"))
    (taken,) = [
        n for n in nodes(tree) if n["props"].get("className") == "vt-members" and "/0" in str(n)
    ]
    first = next(n for n in nodes(taken["props"]["children"]) if n["type"] == "Li")
    assert first["props"]["className"] == "vt-member vt-taken"
    assert "taken" in text(first)
    assert "A cluster of one." in text(tree)
    assert text(tree).count("Missed by 67 % of random choices.") == 2


def test_a_strip_places_value_and_band_on_one_scale():
    tree = data(report_bands.strip(0.5, 1.0, 0.5, 1.5))
    (band,), (value,) = (
        find(tree, className=f"vt-strip-{part}") for part in ("band", "value")
    )  # fmt: skip
    assert band["style"]["left"] == value["style"]["left"]
    assert float(band["style"]["width"].rstrip("%")) == pytest.approx(100 / 1.12, abs=0.01)


@pytest.mark.parametrize("value", [None, 0.0, 5.0])
def test_a_strip_of_equal_values_is_drawn(value):
    tree = data(report_bands.strip(value, 0.0, 0.0, 0.0))
    assert len(find(tree, className="vt-strip-value")) == (value is not None)
    assert "nan" not in str(tree)


def test_shares_of_clusters_covered_are_those_of_the_report():
    tree = data(report_charts.bins_chart("own", report()["coverage"]))
    (graph,) = [n["props"] for n in nodes(tree) if n["type"] == "Graph"]
    chosen, random = graph["figure"]["data"]
    assert chosen["y"] == pytest.approx([40, 200 / 3])
    assert random["y"] == pytest.approx([34, 190 / 3])
    assert random["error_y"]["array"] == pytest.approx([34, 110 / 3])


def test_downloads_and_print_are_offered():
    tree = data(report_head.downloads(report(), "/explore?set=moths"))
    hrefs = [n["props"]["href"] for n in nodes(tree) if n["type"] == "A"]
    assert hrefs == [f"/api/report/r1.{kind}" for kind in ("html", "pdf", "json")]
    assert find(tree, **{"data__vt__print": "1"})


def test_two_reports_compared_mark_the_better_side_in_words():
    told = {"rows": [{"title": "Coverage", "a": 0.5, "b": 0.4, "better": "a"},
                     {"title": "Radius", "a": 0.2, "b": 0.2, "better": None}],
            "same": {}, "sentences": ["The first covers more."]}  # fmt: skip
    tree = data(report_compare.comparison(report("r1"), report("r2"), told))
    assert text(tree).count("(better)") == 1
    assert find(tree, href="/report/r2?set=moths")
    assert "The first covers more." in text(tree)


def test_another_report_can_be_chosen_only_where_there_is_one():
    assert report_compare.picker("x", [Line("r1")], "r1", "") is None
    tree = data(report_compare.picker("x", [Line("r1"), Line("r2")], "r1", "r2"))
    (field,) = find(tree, id="x")
    assert [o["value"] for o in field["options"]] == ["-", "r2"]
    assert field["value"] == "r2"


def test_a_report_can_be_made_on_choices_selections_and_slices_of_ones_own():
    from types import SimpleNamespace

    view = FakeView([FakeSlice("by hand", [1, 2]), FakeSlice("best four", [1, 2, 3, 4])])
    choice = SimpleNamespace(key="c1", slice="best four", strategy="representative", count=4,
                             pool=12)  # fmt: skip
    options = report_list.subjects(view, [choice], ("s1", "lasso on UMAP"))
    assert [o["value"] for o in options] == ["selection:s1", "choice:c1", "slice:by hand"]
    for option in options:
        kind, _, name = option["value"].partition(":")
        assert report_list.request_of("moths", option["value"], 7) == {
            "name": "moths", kind: name, "seed": 7,
        }  # fmt: skip
