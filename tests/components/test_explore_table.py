"""The table twin of the map and the gallery."""

from components import explore_table
from tests.fakes import FakeSet
from tests.trees import find, nodes, text

STORE = {"component": "inspector", "part": "row", "name": "explore"}


def map_rows(table):
    return [n for n in nodes(table) if n["type"] == "Tr"][1:]


def test_each_row_has_number_label_theme_decision_and_place():
    shown = explore_table.table(FakeSet(), [1, 6, 11], "umap", STORE, ["", "excluded", ""])
    found = [[cell["props"].get("children") for cell in nodes(row) if cell["type"] == "Td"]
             for row in map_rows(shown)]  # fmt: skip
    told = [[text(cell) for cell in row] for row in found]
    assert told == [
        ["Image 1", "wasp", "Theme 1", "", "0.015", "0.015"],
        ["Image 6", "moth", "Theme 2", "excluded", "0.092", "0.092"],
        ["Image 11", "wasp", "unassigned", "", "0.168", "0.168"],
    ]


def test_a_row_opens_the_inspector():
    shown = explore_table.table(FakeSet(), [6], "umap", STORE, [""])
    (button,) = [n["props"] for n in nodes(shown) if n["type"] == "Button"]
    assert button["data-inspect-row"] == "6"


def test_a_deep_map_and_no_map_have_no_place():
    for name in (None, "pca3d"):
        shown = explore_table.table(FakeSet(maps=("pca3d",)), [0], name, STORE, [""])
        assert "0.0" not in text(shown)


def test_an_empty_page_is_a_table_without_rows():
    assert map_rows(explore_table.table(FakeSet(), [], "umap", STORE, [])) == []
    assert find(explore_table.table(FakeSet(), [], "umap", STORE, []), className="vt-table")
