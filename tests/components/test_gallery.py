import json

from components import gallery
from tests.fakes import FakeSet
from tests.trees import find, nodes, text

STORE = {"component": "inspector", "part": "row", "name": "x"}


def test_the_host_tells_the_script_where_items_are_and_where_clicks_go():
    window = gallery.window_url("my moths", cluster=-1, kind="themes")
    (host,) = (n["props"] for n in nodes(gallery.host("x", window, STORE, label="Images")))
    assert host["data-window"] == "/api/window?set=my+moths&cluster=-1&kind=themes"
    assert json.loads(host["data-inspect-store"]) == STORE
    assert (host["className"], host["tabIndex"], host["aria-label"]) == ("vt-gallery", 0, "Images")


def test_an_empty_selection_is_left_out_of_the_window():
    assert gallery.window_url("moths", selection="") == "/api/window?set=moths"


def test_size_buttons_name_their_gallery_and_have_names():
    buttons = find(gallery.size_buttons("x"), **{"data__gallery": gallery.host_id("x")})
    assert [b["data-gallery-size"] for b in buttons] == ["s", "m", "l"]
    assert all(b["aria-label"] for b in buttons)


class Many(FakeSet):
    """As many items as any page asks for."""

    def __init__(self):
        super().__init__()
        self.items = self.items.loc[self.items.index.repeat(25)].reset_index(drop=True)


def paged(total, page, rows):
    return gallery.page_of(Many(), rows, page, "/explore", {"set": "a", "view": "pages"},
                           total=total, inspect_store=STORE)  # fmt: skip


def test_the_paged_twin_links_to_its_neighbours():
    tree = paged(250, 2, list(range(100, 200)))
    assert find(tree, href="/explore?set=a&view=pages&page=1")
    assert find(tree, href="/explore?set=a&view=pages&page=3")
    assert "Page 2 of 3" in text(tree)
    assert len(find(tree, className="vt-thumb")) == 100


def test_the_first_page_has_no_way_back_and_one_page_needs_no_links():
    assert not find(paged(250, 1, [0]), href="/explore?set=a&view=pages&page=0")
    assert not [n for n in nodes(paged(3, 1, [0, 1, 2])) if n["type"] == "Nav"]


def test_every_picture_has_an_alternative_text_or_is_hidden_from_readers():
    for picture in (n["props"] for n in nodes(paged(3, 1, [0, 1])) if n["type"] == "Img"):
        assert picture["alt"]
    (mosaic,) = find(gallery.mosaic(FakeSet(), [1, 2], "Pictures of a"), role="img")
    assert mosaic["aria-label"] == "Pictures of a"
    assert find(gallery.mosaic(FakeSet(), [1, 2]), **{"aria__hidden": "true"})


def test_a_set_without_pictures_shows_its_labels_and_asks_for_no_picture():
    found = FakeSet().without_pictures()
    made = gallery.thumbs(found, [0, 1], STORE)
    assert "moth" in text(made)
    assert not [n for n in nodes(made) if n["type"] == "Img"]
    assert find(made, **{"aria__label": "Vector 1, wasp"})
    assert gallery.mosaic(found, [0, 1]) is None
    (host,) = (n["props"] for n in nodes(gallery.host("x", "/", STORE, pictures=False)))
    assert host["data-pictures"] == ""
    assert "no. 3" in text(gallery.thumbs(NoLabels(), [3], STORE))


class NoLabels(FakeSet):
    """Vectors, and nothing else known of them."""

    def __init__(self):
        super().__init__()
        self.items = self.items.drop(columns=["path", "label"])


def test_a_gallery_takes_ticks_only_where_it_is_told_where_to_keep_them():
    (plain,) = (n["props"] for n in nodes(gallery.host("x", "/", STORE)))
    assert "data-ticks-store" not in plain
    (ticking,) = (n["props"] for n in nodes(gallery.host("x", "/", STORE, ticks_store=STORE)))
    assert json.loads(ticking["data-ticks-store"]) == STORE


def test_the_bar_of_ticks_is_hidden_and_names_its_gallery_and_stores():
    tree = gallery.ticks_bar("x", "moths", STORE, "my-selection")
    (bar,) = find(tree, className="vt-ticks")
    assert bar["hidden"] is True
    assert (bar["data-gallery"], bar["data-set"]) == (gallery.host_id("x"), "moths")
    assert (json.loads(bar["data-ticks-store"]), bar["data-selection-store"]) == (
        STORE,
        "my-selection",
    )
    acts = [b["data-vt-ticks"] for b in find(tree, type="button")]
    assert acts == ["select", "clear"]


def test_the_paged_twin_has_a_named_checkbox_a_picture_and_says_what_was_decided():
    tree = gallery.page_of(
        FakeSet(), [3, 4], 1, "/explore", {}, total=2, inspect_store=STORE, ticks_store=STORE,
        name="x", marks=["", "excluded"],
    )  # fmt: skip
    boxes = [n["props"] for n in nodes(tree) if n["type"] == "Checkbox"]
    assert [text(box["label"]) for box in boxes] == ["Tick image 3", "Tick image 4"]
    items = [n["props"] for n in nodes(tree) if n["type"] == "Li"]
    assert [(i["data-row"], i.get("data-mark")) for i in items] == [("3", None), ("4", "excluded")]
    assert "excluded" in text(tree)
    assert find(tree, id=gallery.host_id("x"))[0]["data-ticks-store"]
    assert not [n for n in nodes(paged(2, 1, [3, 4])) if n["type"] == "Checkbox"]


def test_no_picture_asks_for_what_dash_refuses():
    assert not find(paged(3, 1, [0]), loading="lazy")
