from components import inspector
from tests.fakes import FakeSet, item_id
from tests.trees import find, nodes, text

STORE = inspector.store_id("t")


def test_it_opens_on_the_row_in_its_store(moths):
    body, hidden = inspector.show({"row": 3}, "moths", STORE)
    assert hidden is False
    assert find(body, src="/image/key-moths/3")


def test_it_stays_closed_without_a_row_or_with_one_the_set_lacks(moths):
    for data in (None, {}, {"row": None}, {"row": 12}, {"row": -1}):
        assert inspector.show(data, "moths", STORE)[1] is True


def test_neighbours_are_buttons_that_inspect_them():
    near = find(inspector.body(FakeSet(), 3, STORE), className="vt-thumb-button")
    assert [int(b["data-inspect-row"]) for b in near][:4] == [0, 1, 2, 4]
    assert near[0]["children"]["props"]["src"] == f"/thumb/{item_id(0)}"


def test_a_vector_without_a_picture_is_shown_in_words():
    body = inspector.body(FakeSet().without_pictures(), 3, STORE)
    assert "Vector 3 of moths: wasp" in " ".join(text(body).split()).replace(" : ", ": ")
    assert not [n for n in nodes(body) if n["type"] == "Img"]


def test_the_picture_keeps_its_room_before_it_arrives():
    (large,) = find(inspector.body(FakeSet(), 3, STORE), className="vt-large")
    assert large["style"] == {"aspectRatio": "48 / 32"}


def test_it_shows_metadata_and_notes_but_no_internal_identity():
    shown = text(inspector.body(FakeSet(), 3, STORE))
    assert "wasp" in shown
    assert "first of 7 frames" in shown
    assert item_id(3) not in shown


def test_a_region_is_told_in_words():
    assert inspector.box_text({"box_x": 1.0, "box_y": 2.0, "box_w": 30.0, "box_h": 40.0}) == (
        "30 × 40 px at 1, 2"
    )
    assert inspector.box_text({"box_x": float("nan")}) == ""


def test_it_begins_with_a_store_that_reports_no_change():
    (store,) = find(inspector.panel("t", "moths"), id=STORE)
    assert store["data"] == {}
    (store,) = find(inspector.panel("t", "moths", 5), id=STORE)
    assert store["data"] == {"row": 5}


def test_only_a_click_closes_it():
    from dash import no_update

    assert inspector.close(None) is no_update
    assert inspector.close(1) is None
