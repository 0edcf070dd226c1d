"""Gradient in use, over a real workspace: the form, what it starts, and what a strip shows."""

import dataclasses
import shutil

import flask
import numpy as np
import pytest
from dash import no_update
from morphology_example import NAME, SPECIES, butterflies, settings_of

from app import open_services
from components import gradient_form, gradient_frame, gradient_tables
from components.follow_up import place_of
from core.comparing import run_gradient
from core.comparisons.gradients import Gradients
from core.errors import InputError
from core.storage.store import Workspace
from tests.fakes import FakeBoard, job
from tests.trees import data, find, ids, nodes, text

ENDS = {"by": "label", "a": "apollo", "b": "brimstone", "unit": "specimen"}
USUAL = {"kind": "means", "by": "label", "a": "apollo", "b": "comma", "from_item": "",
         "to_item": "", "axis": 1, "unit": "-", "within": "-", "among": "-", "places": 9, "k": 15,
         "seed": 0}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The set with three gradients, by their kind."""
    root = tmp_path_factory.mktemp("butterflies")
    workspace = butterflies(root)
    settings = settings_of(workspace)
    asked = {
        "means": ENDS,
        "geodesic": {"kind": "geodesic", "from_item": "0", "to_item": "80", "k": 20},
        "principal": {"kind": "principal", "by": "site"},
    }
    keys = {
        kind: run_gradient({"name": NAME, **more}, workspace, settings)["gradient"]
        for kind, more in asked.items()
    }
    return root, keys


@pytest.fixture
def keys(made):
    return made[1]


@pytest.fixture
def moths(made, tmp_path):
    """A copy of the workspace, as the one of the current app."""
    root = shutil.copytree(made[0], tmp_path / "copy")
    settings = settings_of(Workspace(root / "workspace"))
    server = flask.Flask("test")
    server.config["VITRINE"] = dataclasses.replace(open_services(settings), jobs=FakeBoard())
    context = server.app_context()
    context.push()
    yield server.config["VITRINE"]
    context.pop()


@pytest.fixture
def page(pages):
    return pages["gradient"]


def at(**given):
    return gradient_frame.cleaned({"set": NAME, **given})


def now(services):
    found = services.library.open(NAME)
    return found, services.curation.view(found)


def value_of(tree, field):
    return find(tree, id=gradient_form.field_id(field))[0].get("value")


# -- the page --------------------------------------------------------------------------------------


def test_without_a_gradient_the_form_is_ready_and_what_was_made_is_listed(page, moths):
    tree = data(page.layout(set=NAME))
    assert "Gradient (this page)" in text(tree)
    assert "Made before (3)" in text(tree)
    assert (value_of(tree, "a"), value_of(tree, "b")) == SPECIES[:2]
    assert len(ids(tree)) == len(set(ids(tree)))


def test_without_a_set_the_way_to_the_first_is_shown(page, inside):
    inside()
    assert find(data(page.layout()), href="/")


def test_a_strip_shows_its_images_as_links_and_its_empty_places_in_words(page, moths, keys):
    tree = data(page.layout(set=NAME, key=keys["means"]))
    gradient = moths.comparisons.open_gradient(keys["means"])
    (strip,) = find(tree, className="vt-gradient-strip")
    items = strip["children"]
    assert len(items) == len(gradient.meta["places"])
    for item, place in zip(items, gradient.meta["places"], strict=True):
        if place["row"] is None:
            assert "no image near" in text(item)
            continue
        links = [one["props"]["href"] for one in nodes(item) if one["type"] == "Link"]
        assert links[0] == f"/explore?set={NAME}&row={place['row']}"
        (picture,) = [one["props"] for one in nodes(item) if one["type"] == "Img"]
        assert picture["src"] == f"/thumb/{place['item_id']}"
        assert f"Image {place['row']}" == picture["alt"]
        assert place["text"] in text(item)
    said = text(tree)
    assert gradient.meta["text"] in said
    assert gradient.meta["methods"] in said
    assert "0 is the mean of apollo, 1 is the mean of brimstone" in said
    files = [one["props"]["href"] for one in nodes(tree) if one["type"] == "A"]
    ends = (".png", ".svg", ".csv", ".json", "/correlations.csv")
    assert [f"/api/gradient/{keys['means']}{end}" for end in ends] == [
        one for one in files if "/api/gradient/" in one
    ]
    assert "Spearman C (1904)" in said


def test_the_metric_card_of_the_vectors_stands_before_the_strip(page, moths, keys, monkeypatch):
    asked = {"set": NAME, "key": keys["means"]}
    assert "was not looked at yet" in text(data(page.layout(**asked)))
    embeddings = moths.comparisons.open_gradient(keys["means"]).meta["embeddings"]
    card = {"verdict": "fail", "text": "Distances are no measure of form here. Why."}
    held = {(NAME, embeddings): ("ab" * 16, card)}
    monkeypatch.setattr(type(moths.comparisons), "card_of", lambda self, *of: held.get(of))
    tree = data(page.layout(**asked))
    assert "Fail Distances are no measure of form here." in text(tree)
    assert find(tree, href=f"/morphology?set={NAME}&view=card&key={'ab' * 16}")


def test_the_chart_counts_each_group_on_its_own_scale(page, moths, keys):
    tree = data(page.layout(set=NAME, key=keys["means"]))
    chart = next(
        one["props"]["figure"] for one in nodes(tree)
        if one["type"] == "Graph" and one["props"]["id"]["name"] == "gradient-spread"
    )  # fmt: skip
    bars = [one for one in chart["data"] if one["type"] == "bar"]
    assert [one["name"] for one in bars] == ["apollo", "brimstone"]
    for one in bars:
        assert sum(one["y"]) == pytest.approx(100)
    table = moths.comparisons.open_gradient(keys["means"]).positions
    mine = table.loc[table["group"] == "apollo", "t"].to_numpy()
    edges = [bars[0]["x"][0] - bars[0]["width"][0] / 2, bars[0]["x"][-1] + bars[0]["width"][0] / 2]
    wanted = np.histogram(np.clip(mine, *edges), len(bars[0]["x"]), edges)[0]
    assert bars[0]["y"] == pytest.approx((100 * wanted / wanted.sum()).tolist())
    (marks,) = [one for one in chart["data"] if one["type"] == "scatter"]
    shown = [p["t"] for p in moths.comparisons.open_gradient(keys["means"]).meta["places"]
             if p["t"] is not None]  # fmt: skip
    assert marks["x"] == shown


def test_a_way_says_how_it_changes_with_the_neighbours(page, moths, keys):
    tree = data(page.layout(set=NAME, key=keys["geodesic"]))
    said = text(tree)
    assert "With fewer and with more neighbours" in said
    assert "no way" in said  # ten neighbours do not reach from the first species to the last
    assert "The numbers are the share of the way walked so far" in said
    assert value_of(tree, "kind") == "geodesic"
    assert value_of(tree, "by") == gradient_form.ITEMS
    assert value_of(tree, "k") == 20


def test_a_principal_axis_has_no_ends(page, moths, keys):
    tree = data(page.layout(set=NAME, key=keys["principal"]))
    assert "in standard deviations of the units" in text(tree)
    (part,) = find(tree, id=gradient_form.part_id("ends"))
    assert part["hidden"]
    names = [
        one["props"]["figure"]["data"][0]["name"]
        for one in nodes(tree)
        if one["type"] == "Graph" and one["props"]["id"]["name"] == "gradient-spread"
    ]
    assert names == ["all images"]


def test_a_column_without_correlation_and_none_at_all_are_told(moths, keys):
    meta = moths.comparisons.open_gradient(keys["means"]).meta
    assert "size" in text(data(gradient_tables.correlations(meta, "k")))
    bare = {**meta, "correlations": [{"column": "x", "r": None, "p": None, "p_adjusted": None,
                                      "n": 3}]}  # fmt: skip
    assert "no column of numbers" in text(data(gradient_tables.correlations(bare, "k")))


def test_a_gradient_of_a_set_that_changed_says_so_and_shows_what_is_left(page, moths, keys):
    workspace = moths.library.workspace
    other = butterflies(workspace.root.parent / "again", pictures=False, name="other")
    record = other.read_set("other")
    shutil.copytree(other.root / "artefacts", workspace.root / "artefacts", dirs_exist_ok=True)
    workspace.write_set(NAME, {**record, "name": NAME})
    tree = data(page.layout(set=NAME, key=keys["means"]))
    assert "The set has changed since" in text(tree)
    assert "not in the set any more" in text(tree)


@pytest.mark.parametrize("key", ["ab" * 16, "nothing"])
def test_an_address_that_leads_nowhere_is_explained(page, moths, key):
    said = text(data(page.layout(set=NAME, key=key)))
    assert "This cannot be shown" in said
    assert "no gradient with" in said


def test_a_gradient_of_another_set_is_not_shown_as_this_ones(page, moths, keys):
    butterflies(moths.library.workspace.root.parent, pictures=False, name="others")
    said = text(data(page.layout(set="others", key=keys["means"])))
    assert f"this gradient is of “{NAME}”" in said


# -- the form --------------------------------------------------------------------------------------


def test_the_form_asks_for_what_its_fields_say():
    asked = gradient_form.request(NAME, USUAL, 7)
    assert (asked.by, asked.a, asked.b, asked.seed) == ("label", "apollo", "comma", 0)
    assert (asked.unit, asked.within, asked.among) == (None, None, None)
    assert gradient_form.request(NAME, {**USUAL, "seed": ""}, 7).seed == 7
    images = {**USUAL, "by": gradient_form.ITEMS, "from_item": " 3 ", "to_item": "04.png"}
    asked = gradient_form.request(NAME, images)
    assert (asked.by, asked.a, asked.from_item, asked.to_item) == (None, None, "3", "04.png")
    slices = {**USUAL, "by": gradient_form.SLICES, "a": "one", "b": "two"}
    assert gradient_form.request(NAME, slices).by == "slices"
    asked = gradient_form.request(NAME, {**USUAL, "kind": "principal", "axis": "3"})
    assert (asked.by, asked.a, asked.axis) == ("label", None, 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"b": None}, "choose a group in both"),
        ({"b": "apollo"}, "two different groups"),
        ({"by": ":items", "from_item": "3"}, "file name or id in both"),
        ({"kind": "discriminant", "by": ":items", "from_item": "3", "to_item": "4"}, "two groups"),
        ({"places": "many"}, "Places: 'many' is no whole number"),
        ({"places": 40}, "places 40"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(given, said):
    with pytest.raises(InputError) as raised:
        gradient_form.request(NAME, {**USUAL, **given})
    assert said in str(raised.value)


def test_the_fields_of_a_kind_come_and_go(page):
    shown = dict(zip(gradient_form.PARTS, page.fields("means", "label"), strict=True))
    assert shown == {"ends": False, "groups": False, "items": True, "axis": True, "k": True}
    shown = dict(zip(gradient_form.PARTS, page.fields("geodesic", ":items"), strict=True))
    assert shown == {"ends": False, "groups": True, "items": False, "axis": True, "k": False}
    shown = dict(zip(gradient_form.PARTS, page.fields("principal", "label"), strict=True))
    assert shown == {"ends": True, "groups": True, "items": True, "axis": False, "k": True}


def test_another_column_offers_its_groups(page, moths):
    options, first, again, second = page.regroup("site", at())
    assert [one["value"] for one in options] == ["north", "south"]
    assert (first, second, again) == ("north", "south", options)
    assert page.regroup(gradient_form.ITEMS, at()) == ([], None, [], None)


def test_the_address_fills_the_form(page, moths):
    tree = data(page.layout(set=NAME, from_item="3", to_item="4", kind="geodesic"))
    assert (value_of(tree, "from_item"), value_of(tree, "to_item")) == ("3", "4")
    assert (value_of(tree, "by"), value_of(tree, "kind")) == (gradient_form.ITEMS, "geodesic")
    tree = data(page.layout(set=NAME, by="site", a="south", b="north"))
    assert (value_of(tree, "by"), value_of(tree, "a")) == ("site", "south")
    found, _ = now(moths)
    sel = moths.selections.save(found.key, np.array([5, 9]), {"how": "rows"})
    tree = data(page.layout(set=NAME, sel=sel))
    assert value_of(tree, "from_item") == found.addresses[5]
    assert value_of(tree, "to_item") == found.addresses[9]
    strange = data(page.layout(set=NAME, by="nope", a="x", kind="odd", sel="nope"))
    assert (value_of(strange, "by"), value_of(strange, "kind")) == ("label", "means")


def test_pressing_the_button_starts_the_job_and_leads_to_its_strip(page, moths):
    assert page.lay_out(None, USUAL, at()) == (no_update, no_update, no_update)
    started, waiting, told = page.lay_out(1, USUAL, at())
    ((kind, request, title),) = moths.jobs.submitted
    assert (kind, title) == ("gradient", f"{NAME}: gradient")
    assert request == gradient_form.request(NAME, USUAL).to_json()
    assert waiting == {"job": started, "from": "/morphology", "report": None}
    assert "Laying images out" in text(data(told))
    done = job(kind="gradient", state="done", request=request, result={"gradient": "ab" * 16})
    assert place_of(done) == f"/gradient?set={NAME}&key={'ab' * 16}"


def test_what_is_not_there_starts_nothing(page, moths):
    given = {**USUAL, "by": gradient_form.ITEMS, "from_item": "0", "to_item": "lost.png"}
    *_, told = page.lay_out(1, given, at())
    assert "no image “lost.png”" in text(data(told))
    assert moths.jobs.submitted == []


def test_a_running_gradient_is_shown(page, moths):
    moths.jobs.jobs = [job(kind="gradient", request={"name": NAME}),
                       job("j2", kind="gradient", request={"name": "other"})]  # fmt: skip
    assert len(page.show_jobs("x", at())) == 1


def test_every_field_has_a_label_and_every_id_is_its_own(page, moths, keys):
    for key in ("", *keys.values()):
        tree = data(page.layout(set=NAME, key=key))
        named = {n["props"].get("htmlFor") for n in nodes(tree) if n["type"] == "Label"}
        fields = {n["props"]["id"] for n in nodes(tree) if n["type"] in {"Input", "Select"}}
        assert fields <= named
        assert len(ids(tree)) == len(set(ids(tree)))
    assert len(Gradients(moths.library.workspace).list_gradients(NAME)) == 3
