from types import SimpleNamespace

import pandas as pd
import pytest

from components import state
from core.errors import NotFoundError
from tests.fakes import FakeServices, FakeSet


def test_links_leave_out_what_is_empty_and_escape_the_rest():
    assert state.link("/explore", set="a & b", map=None, sel="") == "/explore?set=a+%26+b"
    assert state.link("/", row=0) == "/?row=0"


def test_numbers_in_addresses_are_read_or_replaced():
    assert [state.whole(t) for t in ("7", "-1", "x", "", None)] == [7, -1, None, None, None]


def test_rows_are_spread_evenly_and_all_taken_when_few():
    assert state.spread(3, 8) == [0, 1, 2]
    assert state.spread(80, 8) == list(range(0, 80, 10))


def test_an_unknown_set_is_answered_with_those_there_are(moths):
    with pytest.raises(NotFoundError, match=r"nope.*moths"):
        state.choose_set("nope")


def test_without_a_name_the_set_updated_last_is_chosen_and_damaged_ones_are_not(inside):
    inside(FakeServices(FakeSet("moths"), damaged="zz"))
    assert state.choose_set("") == "moths"


def test_an_empty_workspace_has_no_set(inside):
    inside(FakeServices())
    assert state.choose_set(None) is None


def test_a_choice_falls_back_to_the_default_and_then_to_the_first():
    assert state.chosen("b", ["a", "b"]) == "b"
    assert state.chosen("x", ["a", "b"], "b") == "b"
    assert state.chosen("x", ["a"], "c") == "a"
    assert state.chosen("x", []) is None


@pytest.mark.parametrize(
    ("paths", "pictures"),
    [(["a.png", None], True), ([None, "", "b.png"], True), ([None, None], False),
     (["", ""], False), ([], False)],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["string", "object"])
def test_items_are_pictures_where_any_has_a_path(paths, pictures, kind):
    found = SimpleNamespace(items=pd.DataFrame({"path": pd.Series(paths, dtype=kind)}))
    assert state.has_pictures(found) is pictures
    assert not state.has_pictures(SimpleNamespace(items=pd.DataFrame({"item_id": paths})))
