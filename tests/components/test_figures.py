from hypothesis import given
from hypothesis import strategies as st

from components import figures, theme
from tests.trees import find, nodes


def test_sizes_are_counted_singly_up_to_four_and_then_by_doubling():
    assert figures.size_bins([1, 1, 2, 4, 5, 8, 9, 16, 17]) == [
        ("1", 2), ("2", 1), ("3", 0), ("4", 1), ("5–8", 2), ("9–16", 2), ("17–32", 1),
    ]  # fmt: skip


@given(st.lists(st.integers(1, 100_000), max_size=60))
def test_every_cluster_is_in_exactly_one_bin(sizes):
    assert sum(count for _, count in figures.size_bins(sizes)) == len(sizes)


def test_no_figure_can_send_its_data_anywhere():
    (graph,) = (
        n["props"] for n in nodes(figures.size_histogram("x", [1, 2])) if n["type"] == "Graph"
    )
    assert graph["config"]["showSendToCloud"] is False
    assert graph["config"]["plotlyServerURL"] == ""


def test_a_figure_says_its_numbers_to_those_who_cannot_see_it():
    (frame,) = find(figures.size_histogram("x", [3, 3, 7]), role="img")
    assert "size 3: 2; size 4: 0; size 5–8: 1" in frame["aria-label"]


def test_the_page_holds_the_templates_of_both_themes():
    (held,) = (n["props"] for n in nodes(theme.store()) if n["props"].get("id") == theme.TEMPLATES)
    assert held["data"] == {name: theme.template(name) for name in ("light", "dark")}


def test_the_themes_differ():
    assert theme.template("light") != theme.template("dark")
