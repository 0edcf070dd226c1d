"""Every page builds, whatever the workspace holds and whatever the address says."""

import json

import pytest

from tests.fakes import FakeSet, job
from tests.trees import data, find, ids, nodes, text

PAGES = (
    "home",
    "explore",
    "clusters",
    "quality",
    "labels",
    "curate",
    "morphology",
    "gradient",
    "drift",
    "encoders",
    "slices",
    "report",
    "jobs",
)


def fields_of(tree):
    return [n["props"] for n in nodes(tree) if n["type"] in {"Input", "Select"}]


def as_text(component_id):
    """A component's id as Dash writes it into the page."""
    if isinstance(component_id, str):
        return component_id
    return json.dumps(component_id, sort_keys=True, separators=(",", ":"))


def workspaces():
    fresh = FakeSet("fresh", maps=())
    fresh.clustered, fresh.summary = False, {}
    return {
        "empty": ((), {}),
        "one set": ((FakeSet(),), {}),
        "first run at work": ((fresh,), {"jobs": [job(request={"name": "fresh"})]}),
        "a damaged set": ((FakeSet(),), {"damaged": "bad"}),
        "only a damaged set": ((), {"damaged": "bad"}),
        "jobs of every end": (
            (FakeSet(),),
            {"jobs": [job(s, s, error="why") for s in ("done", "failed", "cancelled", "lost")]},
        ),
    }


@pytest.mark.parametrize("state", list(workspaces()))
@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_a_heading_and_unique_ids_in_every_workspace(pages, inside, name, state):
    sets, given = workspaces()[state]
    inside(*sets, **given)
    tree = data(pages[name].layout())
    assert sum(n["type"] == "H1" for n in nodes(tree)) == 1
    assert len(ids(tree)) == len(set(ids(tree)))


@pytest.mark.parametrize("name", PAGES)
def test_loading_a_page_starts_stops_and_selects_nothing(pages, inside, name):
    services = inside(FakeSet(), jobs=[job()])
    pages[name].layout()
    assert services.jobs.submitted == []
    assert services.jobs.cancelled == []
    assert services.selections.kept == {}


@pytest.mark.parametrize("name", PAGES)
def test_every_field_of_a_page_has_a_label(pages, inside, name):
    inside(FakeSet())
    tree = data(pages[name].layout())
    labels = [n["props"] for n in nodes(tree) if n["type"] == "Label"]
    labelled = {one.get("htmlFor") for one in labels}
    for one in labels:  # a label may hold its field
        labelled |= {as_text(field["id"]) for field in fields_of(one.get("children"))}
    labelled |= {as_text(field["id"]) for field in fields_of(tree) if field.get("aria-label")}
    assert {as_text(field["id"]) for field in fields_of(tree)} <= labelled


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("explore", {"set": "nope"}, "no set named “nope”"),
        ("clusters", {"set": "nope"}, "no set named “nope”"),
        ("explore", {"set": "moths", "map": "nope"}, "no map “nope”"),
        ("explore", {"set": "moths", "color": "nope"}, "no column “nope”"),
        ("explore", {"set": "moths", "sel": "nope"}, "Showing all images"),
        ("explore", {"set": "moths", "cluster": "99"}, "Showing all images"),
        ("explore", {"set": "moths", "row": "99"}, "no image 99"),
        ("explore", {"set": "moths", "row": "x"}, "no image x"),
        ("clusters", {"set": "moths", "cluster": "99"}, "“99” is not a cluster"),
        ("clusters", {"set": "moths", "cluster": "x"}, "“x” is not a cluster"),
        ("explore", {"set": "bad"}, "differs from its checksum"),
        ("clusters", {"set": "bad"}, "differs from its checksum"),
    ],
)
def test_a_stale_address_gets_an_explanation_and_a_way_on(pages, inside, name, query, said):
    inside(FakeSet(), damaged="bad")
    tree = data(pages[name].layout(**query))
    assert said in text(tree)
    assert (
        find(tree, href="/") or find(tree, className="vt-gallery") or "All clusters" in text(tree)
    )


@pytest.mark.parametrize("name", PAGES)
def test_parameters_nobody_knows_are_ignored(pages, inside, name):
    inside(FakeSet())
    assert pages[name].layout(utm_source="x", page="minus", sort="?", kind="?", view="?")


def test_the_empty_workspace_offers_the_sample_set(pages, inside):
    inside()
    assert find(pages["home"].layout(), id="home-sample-hero")
    assert find(pages["explore"].layout(), href="/")


def test_explore_shows_map_gallery_and_the_named_row(pages, inside):
    inside(FakeSet())
    tree = data(pages["explore"].layout(set="moths", map="pca", color="label", row="4"))
    (host,) = find(tree, className="vt-map")
    assert "pca-key" in host["data-points"]
    assert "by=label" in host["data-colour"]
    (shown,) = find(tree, className="vt-gallery")
    assert shown["data-window"] == "/api/window?set=moths"
    assert find(tree, data={"row": 4})


def test_a_set_with_only_a_3d_map_draws_it_and_offers_the_flat_ones_first(pages, inside):
    inside(FakeSet(maps=("pca3d",)))
    tree = data(pages["explore"].layout(set="moths"))
    (host,) = find(tree, className="vt-map")
    assert host["data-dims"] == "3"
    assert "All 12 images drawn." in text(tree)
    offered = [o["value"] for o in find(tree, id="explore-missing")[0]["options"]]
    assert offered == ["umap", "tsne", "pca", "umap3d", "tsne3d"]


def test_an_empty_set_says_why_it_is_empty(pages, inside):
    empty = FakeSet()
    empty.items, empty.labels = empty.items[:0], empty.labels[:0]
    inside(empty)
    tree = data(pages["explore"].layout(set="moths"))
    assert "This set is empty" in text(tree)
    assert "No images" in text(tree)
    assert not find(tree, className="vt-map")


def test_one_image_is_counted_as_one(pages, inside):
    single = FakeSet()
    single.items, single.labels = single.items[:1], single.labels[:1]
    inside(single)
    tree = text(data(pages["explore"].layout(set="moths", color="label")))
    assert "1 image" in tree
    assert "All 1" not in tree


@pytest.mark.parametrize("query", [{}, {"row": "2"}, {"view": "pages"}])
@pytest.mark.parametrize("name", PAGES)
def test_a_set_of_vectors_asks_for_no_picture(pages, inside, name, query):
    inside(FakeSet().without_pictures())
    tree = data(pages[name].layout(set="moths", **query))
    assert "/thumb/" not in json.dumps(tree)
    assert "/image/" not in json.dumps(tree)


def test_what_the_server_chose_is_told_apart_from_what_the_address_chose(pages, inside):
    inside(FakeSet())
    tree = data(pages["explore"].layout(set="moths"))
    shown = find(tree, id="explore-shown")[0]["data"]
    assert (shown["map"], shown["color"]) == ("umap", "cluster")
    assert find(tree, id="explore-now")[0]["data"]["map"] == ""


def test_before_there_are_clusters_the_label_colours_the_map(pages, inside):
    fresh = FakeSet()
    fresh.clustered = False
    inside(fresh)
    tree = data(pages["explore"].layout())
    assert find(tree, id="explore-colour-choice")[0]["value"] == "label"


def test_a_cluster_in_the_address_is_selected(pages, inside):
    services = inside(FakeSet())
    tree = data(pages["explore"].layout(set="moths", cluster="-1", kind="themes"))
    assert services.selections.kept["s0"].tolist() == [10, 11]
    assert "2 selected of 12" in text(tree)
    assert find(tree, **{"data__mask": "/api/selection/s0/mask"})


def test_the_paged_twin_shows_the_selection(pages, inside):
    services = inside(FakeSet())
    key = services.selections.save("key-moths", [3, 7], {})
    tree = data(pages["explore"].layout(set="moths", sel=key, view="pages"))
    rows = [p["data-inspect-row"] for p in find(tree, className="vt-thumb-button")]
    assert rows == ["3", "7"]


def test_one_cluster_shows_all_its_pictures_and_leads_to_explore(pages, inside):
    inside(FakeSet())
    tree = data(pages["clusters"].layout(set="moths", cluster="1"))
    (shown,) = find(tree, className="vt-gallery")
    assert shown["data-window"] == "/api/window?set=moths&cluster=1&kind=themes"
    assert find(tree, href="/explore?set=moths&cluster=1&kind=themes")


def test_a_page_asks_only_for_addresses_of_this_app(pages, inside):
    inside(FakeSet(), jobs=[job(state="done", result={"set": "moths"})])
    for name in PAGES:
        for node in nodes(data(pages[name].layout())):
            for prop in ("href", "src", "data-window", "data-points"):
                assert str(node["props"].get(prop, "/")).startswith(("/", "#")), json.dumps(node)
