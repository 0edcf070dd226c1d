"""Clusters as cards: exemplars first, then size, density, diameter, stability and purity."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import gallery, tables
from components.state import link, noun
from components.words import column_name, number, plural, score, share

#: The tabs of the page, and of which clustering each shows a part.
TABS = {
    "themes": "Themes",
    "micro": "Micro-clusters",
    "sparse": "Sparse",
    "dense": "Dense",
    "single": "Clusters of one",
}
BASES = {tab: "themes" if tab == "themes" else "micro" for tab in TABS}

#: Orders of the cards by their keys in the address: the word, the figure, and whether high first.
SORTS: dict[str, tuple[str, str, bool]] = {
    "size": ("Largest first", "size", True),
    "small": ("Smallest first", "size", False),
    "density": ("Densest first", "density", True),
    "sparse": ("Sparsest first", "density", False),
    "diameter": ("Widest first", "diameter", True),
    "purity": ("Purest first", "purity", True),
    "mixed": ("Most mixed first", "purity", False),
    "firm": ("Firmest first", "stability", True),
    "shaky": ("Shakiest first", "stability", False),
}

#: What is said of the figures of a card, for whoever rests on them.
DENSITY = "1 / mean distance to the 10 nearest neighbours: higher is tighter"
DIAMETER = "largest distance between two of its images"

#: What a stability state is called, and what it means.
STATES = {
    "firm": ("Firm", "found again in nearly every subsample"),
    "shaky": ("Shaky", "found again in part, or not every time"),
    "dissolved": ("Dissolved", "not found again: it may be an accident of these images"),
}

#: A cluster's commonest value of a column, its share, and how many images have a value.
Purity = tuple[str, float, int]
Purities = Mapping[int, Purity]


def informative(purity: Purities) -> bool:
    """Tell whether a column says anything of clusters: not every image has the same value."""
    values = {value for value, _, _ in purity.values()}
    return len(values) > 1 or any(part < 1 for _, part, _ in purity.values())


def is_noise(card: Any) -> bool:
    """Tell whether a card stands for the images that no cluster took."""
    return int(card.cluster) < 0


def ordered(cards: Sequence[Any], sort: str, purity: Purities) -> list[Any]:
    """Return the cards sorted, those without the figure behind, the unassigned always last."""
    _, figure, high = SORTS[sort]
    read: dict[str, Callable[[Any], float | None]] = {
        "size": lambda c: float(c.size),
        "density": lambda c: c.density,
        "diameter": lambda c: c.diameter,
        "purity": lambda c: purity[int(c.cluster)][1] if int(c.cluster) in purity else None,
        "stability": lambda c: c.stability.jaccard if c.stability else None,
    }

    def key(card: Any) -> tuple[Any, ...]:
        value = read[figure](card)
        known = value is not None and value == value
        place = (-value if high else value) if known and value is not None else 0.0
        return (is_noise(card), not known, place, int(card.cluster))

    return sorted(cards, key=key)


def usable_sorts(cards: Sequence[Any], purity: Purities) -> dict[str, str]:
    """Return the orders that these cards can be put in, by key, with their words."""
    firm = any(c.stability for c in cards)
    gone = {"purity"} if not purity else set()
    gone |= set() if firm else {"stability"}
    return {key: word for key, (word, figure, _) in SORTS.items() if figure not in gone}


def title(card: Any) -> str:
    """Return what a cluster is called."""
    name = str(card.name)
    return "Unassigned" if is_noise(card) else name.replace("Group ", "Micro-cluster ")


def commonest(found: Purity, column: str) -> str:
    """Return a cluster's commonest value in words: 60 % labelled 8."""
    value, part, _ = found
    if column in {"label", "label, edited"}:
        return f"{share(part)} labelled {value}"
    return f"{share(part)} {column_name(column)} {value}"


def badge(stability: Any) -> Component | None:
    """Return how firm a cluster is, as a word with a shape; None where it was not measured."""
    if not stability:
        return None
    word, told = STATES[stability.state]
    return html.Span(
        word, className=f"vt-badge vt-badge-{stability.state}",
        title=f"{told} (mean Jaccard {score(stability.jaccard, 2)})",
    )  # fmt: skip


def figures(card: Any, purity: Purity | None, column: str, one: str = "image") -> Component:
    """Return a cluster's figures."""
    many = one.capitalize() + "s"
    pairs: list[tuple[str, Any]] = [(many, number(card.size)), ("Share", share(card.share))]
    if not is_noise(card):
        pairs.append(("Density", html.Span(score(card.density, 2), title=DENSITY)))
        pairs.append(("Diameter", html.Span(score(card.diameter, 2), title=DIAMETER)))
    if purity:
        value, part, counted = purity
        of = f" of {number(counted)}" if counted < card.size else ""
        name = column_name(column)
        pairs.append((f"Commonest {name[:1].lower()}{name[1:]}", f"{value} ({share(part)}{of})"))
    return tables.facts(pairs, "vt-facts vt-facts-row")


def card(found: Any, one: Any, tab: str, purity: Purity | None = None, column: str = "",
         notes: Sequence[str] = ()) -> Component:  # fmt: skip
    """Return the card of one cluster of an open set, which leads to its page."""
    href = link("/clusters", set=found.name, kind=tab, by=column, cluster=one.cluster)
    noise = is_noise(one)
    line = [plural(one.size, noun(found)), share(one.share)]
    shape = []
    if not noise and one.size > 1:
        shape = [f"density {score(one.density, 2)}", f"diameter {score(one.diameter, 2)}"]
        if one.density is None and one.diameter is None:
            shape = ["made of several, so without density and diameter"]
    told: list[Component | None] = [
        html.H2([title(one), badge(one.stability)], className="vt-card-title"),
        html.P(commonest(purity, column), className="vt-common") if purity else None,
        html.P(" · ".join(line)),
        html.P(" · ".join(shape)) if shape else None,
        html.P("In no theme: too far from others.") if noise else None,
        *(html.P(note, className="vt-warned") for note in notes),
    ]
    pictures = 6 if one.size > 5 else 3  # whole rows
    inside = html.Div([part for part in told if part is not None], className="vt-cluster-text")
    return html.Li(
        dcc.Link([gallery.mosaic(found, one.exemplars[:pictures]), inside], href=href,
                 className="vt-cluster-link"),
        className="vt-card vt-cluster" + (" vt-cluster-noise" if noise else ""),
    )  # fmt: skip


def grid(
    found: Any, cards: Sequence[Any], tab: str, purity: Purities, column: str,
    notes: Mapping[int, Sequence[str]] | None = None,
) -> Component:  # fmt: skip
    """Return the cards of clusters of an open set."""
    told = notes or {}
    return html.Ul(
        [
            card(found, one, tab, purity.get(int(one.cluster)), column,
                 told.get(int(one.cluster), ()))
            for one in cards
        ],
        className="vt-clusters",
    )  # fmt: skip
