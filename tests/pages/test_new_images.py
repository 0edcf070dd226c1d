"""The button that looks for new images: where it is, what it asks for, what the card then tells."""

from types import SimpleNamespace

import pytest
from dash import no_update

from components import set_cards
from tests.fakes import FakeLibrary, FakeSet, job
from tests.trees import find, text


def card_of(found, jobs=()):
    return set_cards.grid(FakeLibrary(found), list(jobs))[0]


def button(card):
    return find(card, id={"component": "set", "part": "look", "name": "moths"})


def press(pages, monkeypatch, clicks, value):
    told = SimpleNamespace(triggered=[{"value": value}], triggered_id={"name": "moths"})
    monkeypatch.setattr(pages["home"], "ctx", told)
    return pages["home"].look_for_new(clicks)


def test_the_button_asks_for_the_sets_own_run_with_placing(pages, inside, monkeypatch):
    services = inside(FakeSet())
    nudge, said = press(pages, monkeypatch, [1], 1)
    ((kind, request, title),) = services.jobs.submitted
    assert (kind, title, nudge) == ("run", "New images of moths", "new")
    assert request == {**FakeSet().request, "place": True}
    assert "New images of moths" in text(said)


@pytest.mark.parametrize(("clicks", "value"), [([], None), ([None], None), ([None, 1], None)])
def test_a_button_that_only_appears_starts_nothing(pages, inside, monkeypatch, clicks, value):
    services = inside(FakeSet())
    assert press(pages, monkeypatch, clicks, value) == (no_update, no_update)
    assert services.jobs.submitted == []


def test_the_button_is_there_where_new_images_can_come_and_be_placed():
    (shown,) = button(card_of(FakeSet()))
    assert shown["disabled"] is False
    assert "stay" in shown["title"]
    assert not button(card_of(FakeSet(maps=())))
    assert not button(card_of(FakeSet().without_pictures()))
    sample = FakeSet()
    sample.request["source"] = "sample:digits"
    library = FakeLibrary(sample)
    summary = library.sets()[0]
    given = SimpleNamespace(**{n: getattr(summary, n) for n in summary.__slots__})
    given.source = "sample:digits"
    assert not button(set_cards.card(given, library.open))


def test_the_button_waits_while_the_set_is_at_work():
    (shown,) = button(card_of(FakeSet(), [job()]))
    assert shown["disabled"] is True


def test_the_card_tells_what_was_placed_and_leads_to_it():
    found = FakeSet()
    assert "off the map" not in text(card_of(found))
    found.summary["placed"] = {"placed": 0, "off_map": 0, "removed": 3}
    assert "off the map" not in text(card_of(found))
    found.summary["placed"] = {"placed": 1, "off_map": 2, "removed": 0}
    found.notes = ["run the set again"]
    card = card_of(found)
    assert "3 images added later and placed on the maps, 2 of them off the map." in text(card)
    assert "run the set again" in text(card)
    assert find(card, href="/explore?set=moths&color=placement")
