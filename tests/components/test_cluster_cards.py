"""Cards of clusters: their order, their words, and what is said of how firm they are."""

from dataclasses import replace

import pytest

from components import cluster_cards
from core.opened.trust import Stability
from tests.fakes import FakeSet
from tests.trees import find, text

MOTHS = {0: ("moth", 0.6, 5), 1: ("wasp", 0.5, 4)}


def orders(cards, *names):
    return {s: [c.cluster for c in cluster_cards.ordered(cards, s, MOTHS)] for s in names}


def firm(card, jaccard, state="firm"):
    return replace(card, stability=Stability(jaccard, jaccard - 0.1, state))


def test_the_unassigned_stay_last_in_every_order():
    cards = FakeSet().cluster_cards()
    for name, order in orders(cards, *cluster_cards.SORTS).items():
        assert (name, order[-1]) == (name, -1)


def test_every_figure_sorts_both_ways_and_equals_go_by_number():
    one, two, rest = FakeSet().cluster_cards()
    cards = [firm(one, 0.9), firm(two, 0.4, "dissolved"), rest]
    assert orders(cards, "size", "small", "density", "sparse", "diameter", "purity", "mixed",
                  "firm", "shaky") == {
        "size": [0, 1, -1], "small": [0, 1, -1],
        "density": [1, 0, -1], "sparse": [0, 1, -1], "diameter": [0, 1, -1],
        "purity": [0, 1, -1], "mixed": [1, 0, -1], "firm": [0, 1, -1], "shaky": [1, 0, -1],
    }  # fmt: skip


def test_a_cluster_without_the_figure_comes_behind_those_that_have_it():
    one, two, rest = FakeSet().cluster_cards()
    cards = [replace(one, density=None), two, rest]
    assert orders(cards, "density", "sparse") == {"density": [1, 0, -1], "sparse": [1, 0, -1]}
    assert orders(FakeSet().cluster_cards(), "firm") == {"firm": [0, 1, -1]}


def test_only_orders_that_mean_something_are_offered():
    one, two, rest = FakeSet().cluster_cards()
    bare = cluster_cards.usable_sorts([one, two, rest], {})
    assert set(bare) == {"size", "small", "density", "sparse", "diameter"}
    known = cluster_cards.usable_sorts([firm(one, 0.9), two, rest], MOTHS)
    assert set(known) == set(cluster_cards.SORTS)


def test_the_unassigned_are_shown_as_such():
    found = FakeSet()
    grid = cluster_cards.grid(found, found.cluster_cards(), "themes", {}, "")
    assert "Unassigned" in text(grid)
    assert "In no theme" in text(grid)
    assert find(grid, href="/clusters?set=moths&kind=themes&cluster=-1")


def test_a_card_of_a_crowd_keeps_its_tab_and_column():
    found = FakeSet()
    card = cluster_cards.card(found, found.crowd("sparse")[0], "sparse", None, "label")
    assert find(card, href="/clusters?set=moths&kind=sparse&by=label&cluster=3")


def test_purity_is_told_only_where_a_column_gives_it():
    found, one = FakeSet(), FakeSet().cluster_cards()[0]
    assert "moth (60 %)" in text(cluster_cards.figures(one, ("moth", 0.6, 5), "label"))
    assert "Commonest" not in text(cluster_cards.figures(one, None, ""))
    told = text(cluster_cards.card(found, one, "themes", ("moth", 0.6, 5), "label"))
    assert "60 % labelled moth" in told
    told = text(cluster_cards.card(found, one, "themes", ("north", 0.6, 5), "site"))
    assert "60 % site north" in told


def test_purity_says_of_how_many_where_not_all_have_a_value():
    one = FakeSet().cluster_cards()[0]
    assert "moth (67 % of 3)" in text(cluster_cards.figures(one, ("moth", 2 / 3, 3), "label"))


@pytest.mark.parametrize(
    ("purity", "says"),
    [
        ({0: ("cell", 1.0, 5), 1: ("cell", 1.0, 5)}, False),
        ({0: ("cell", 0.9, 5), 1: ("cell", 1.0, 5)}, True),
        ({0: ("cell", 1.0, 5), 1: ("yeast", 1.0, 5)}, True),
        ({}, False),
    ],
)
def test_a_value_that_all_images_share_is_no_purity(purity, says):
    assert cluster_cards.informative(purity) is says


@pytest.mark.parametrize("state", ["firm", "shaky", "dissolved"])
def test_stability_is_a_word_and_never_a_colour_alone(state):
    found = FakeSet()
    card = firm(found.cluster_cards()[0], 0.6, state)
    told = text(cluster_cards.card(found, card, "themes"))
    assert cluster_cards.STATES[state][0] in told
    assert cluster_cards.badge(None) is None
    assert not any(word in text(cluster_cards.card(found, found.cluster_cards()[0], "themes"))
                   for word, _ in cluster_cards.STATES.values())  # fmt: skip


def test_a_theme_made_of_several_says_why_it_has_no_density():
    found = FakeSet()
    both = replace(found.cluster_cards()[0], density=None, diameter=None)
    assert "made of several" in text(cluster_cards.card(found, both, "themes"))
    alone = replace(both, size=1)
    assert "made of several" not in text(cluster_cards.card(found, alone, "micro"))
