"""The tree of groups: which are alike, with the image that stands for each group at its leaf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import morphology_figures as drawn
from components import morphology_tables as parts
from components.morphology_frame import card
from components.words import score, share

#: Leaves with pictures, and with room for the support of branches; of more only lines and names.
PICTURED, TOLD = 60, 60

#: Pixels a leaf, with pictures and without.
ROW, NARROW = 40, 17

#: Characters of a name right of its leaf, pixels that a picture takes before it, and those of a
#: character.
NAME, PICTURE, LETTER = 22, 52, 6.8

#: Share of trees drawn again from which a branch counts as firm.
FIRM = 0.95


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where a tree is drawn.

    Attributes
    ----------
    order
        Leaves from the first place to the last.
    places
        Place of each node across the leaves: leaves, then inner nodes in the order of the links.
    heights
        Height of each node; 0 for leaves.
    """

    order: tuple[int, ...]
    places: tuple[float, ...]
    heights: tuple[float, ...]


def placed(links: Sequence[Sequence[float]]) -> Drawn:
    """Return where the nodes of a tree are drawn.

    Parameters
    ----------
    links
        One an inner node: its two children, its height and its leaves, as SciPy's `linkage`
        returns them. The lower child comes first, so that the closest groups stand together.
    """
    leaves = len(links) + 1
    heights = [0.0] * leaves + [float(link[2]) for link in links]
    children = [(int(link[0]), int(link[1])) for link in links]
    order: list[int] = []
    waiting = [2 * leaves - 2]
    while waiting:
        node = waiting.pop()
        if node < leaves:
            order.append(node)
            continue
        first, second = sorted(children[node - leaves], key=lambda one: (heights[one], one))
        waiting += [second, first]
    places = [0.0] * leaves
    for place, leaf in enumerate(order):
        places[leaf] = float(place)
    for one, two in children:
        places.append((places[one] + places[two]) / 2)
    return Drawn(tuple(order), tuple(places), tuple(heights))


def members(links: Sequence[Sequence[float]]) -> list[list[int]]:
    """Return the leaves under each inner node, ascending, in the order of the links."""
    leaves = len(links) + 1
    held: list[list[int]] = [[leaf] for leaf in range(leaves)]
    for link in links:
        held.append(sorted(held[int(link[0])] + held[int(link[1])]))
    return held[leaves:]


def lines(links: Sequence[Sequence[float]], at: Drawn) -> tuple[list[Any], list[Any]]:
    """Return x and y of the lines of a tree, leaves on the right at 0; None parts them."""
    leaves = len(links) + 1
    x: list[Any] = []
    y: list[Any] = []
    for number, link in enumerate(links):
        top = at.heights[leaves + number]
        one, two = sorted((int(link[0]), int(link[1])), key=lambda node: at.places[node])
        x += [at.heights[one], top, top, at.heights[two], None]
        y += [at.places[one], at.places[one], at.places[two], at.places[two], None]
    return x, y


def section(found: Any, comparison: Any) -> Component:
    """Return the part of the page with the tree."""
    tree = comparison.meta.get("tree")
    if not tree or not tree.get("links"):
        return card("Which groups are alike", parts.nothing(
            "A tree needs three groups or more that have two units or more."
        ))  # fmt: skip
    return card(
        "Which groups are alike",
        html.P(sentence(tree), className="vt-lead"),
        chart(found, comparison, tree),
        branch_table(comparison, tree),
    )


def sentence(tree: Mapping[str, Any]) -> str:
    """Return how a tree is to be read, and how far it may be believed."""
    told = (
        "Groups join where the mean distance between them lies (average linkage). "
        "A figure at a branch is the share of trees, from units drawn again, that have it too."
    )
    fit = parts.known(tree.get("cophenetic"))
    if fit is None:
        return told
    fit = round(fit, 2)  # the words go with the figure that is shown
    words = "closely" if fit >= 0.9 else "fairly well" if fit >= 0.75 else "poorly"
    return (
        f"{told} The tree keeps the distances {words} (cophenetic correlation "
        f"{score(fit, 2)})" + ("." if fit >= 0.75 else ": read the heat map instead.")
    )


def chart(found: Any, comparison: Any, tree: Mapping[str, Any]) -> Component:
    """Return the tree, root at the left, groups with their pictures at the right."""
    links, names = tree["links"], [str(name) for name in tree["leaves"]]
    at = placed(links)
    x, y = lines(links, at)
    many = len(names) > PICTURED
    row = NARROW if many else ROW
    top = max(at.heights)
    data = [
        {"type": "scatter", "mode": "lines", "x": x, "y": y, "hoverinfo": "skip",
         "line": {"width": 1.75, "shape": "linear"}},
        *supports(links, at, tree.get("support"), written=len(names) <= TOLD),
    ]  # fmt: skip
    images = [] if many else pictures(found, comparison, names, at)
    layout = {
        "showlegend": False,
        "margin": {"l": 12, "r": room(names, bool(images)), "t": 8, "b": 44},
        "xaxis": {"title": {"text": "distance"}, "range": [1.08 * top or 1.0, 0], "showgrid": True,
                  "zeroline": False, "ticks": "outside", "nticks": 5, "tickangle": 0,
                  "tickfont": {"size": 10}},
        "yaxis": {"range": [len(names) - 0.5, -0.5], "visible": False},
        "images": images,
        "annotations": [leaf_name(names[leaf], place, bool(images))
                        for place, leaf in enumerate(at.order)],
    }  # fmt: skip
    label = f"Tree of {len(names)} groups; the table of branches below tells the same."
    return drawn.figure(
        "morph-tree", "Tree of groups", data, layout, label=label,
        height=64 + row * len(names), file=parts.file_name(comparison, "tree"),
    )  # fmt: skip


def supports(
    links: Sequence[Sequence[float]], at: Drawn, support: Sequence[Any] | None, *, written: bool
) -> list[dict[str, Any]]:
    """Return the marks of the inner nodes: filled where firm, with their support beside them.

    The root holds every group and so has no support to tell.
    """
    leaves = len(links) + 1
    values = [parts.known(one) for one in (support or [None] * len(links))]
    nodes = [n for n in range(len(links) - 1) if values[n] is not None]
    if not nodes:
        return []
    told = [share(values[n]) for n in nodes]
    # a figure stands away from the line that leads on to the sibling, above or below
    lower = {max(link[:2], key=lambda node: at.places[int(node)]) for link in links}
    below = {n for n in nodes if leaves + n in lower}
    firm = [(values[n] or 0.0) >= FIRM for n in nodes]
    return [
        {"type": "scatter", "mode": "markers+text" if written else "markers",
         "x": [at.heights[leaves + n] for n in nodes], "y": [at.places[leaves + n] for n in nodes],
         "text": [text.removesuffix(" %") for text in told],
         "textposition": [f"{'bottom' if n in below else 'top'} left" for n in nodes],
         "textfont": {"size": 11}, "cliponaxis": False,
         "customdata": told,
         "hovertemplate": "in %{customdata} of trees, at %{x:.3f}<extra></extra>",
         "marker": {"size": 7, "symbol": ["circle" if f else "circle-open" for f in firm],
                    "line": {"width": 1.5}}},
    ]  # fmt: skip


def room(names: Sequence[str], pictured: bool) -> int:
    """Return the pixels that pictures and names take right of the leaves."""
    longest = max(min(NAME, len(name)) for name in names)
    return round((PICTURE if pictured else 8) + LETTER * longest + 8)


def leaf_name(name: str, place: int, pictured: bool) -> dict[str, Any]:
    """Return a group's name right of its leaf, and of its picture where there is one."""
    return {
        "xref": "paper", "x": 1, "xanchor": "left", "xshift": PICTURE if pictured else 8,
        "yref": "y", "y": place, "yanchor": "middle", "text": drawn.short(name, NAME),
        "showarrow": False, "font": {"size": 12}, "align": "left",
    }  # fmt: skip


def pictures(found: Any, comparison: Any, names: Sequence[str], at: Drawn) -> list[dict[str, Any]]:
    """Return the picture of each group at its leaf; [] where there are none to show."""
    if not parts.pictured(found, comparison):
        return []
    codes = {name: code for code, name in enumerate(parts.group_names(comparison))}
    rows = parts.exemplars(comparison)
    shown = []
    for place, leaf in enumerate(at.order):
        row = rows.get(codes.get(names[leaf], -1))
        if row is None:
            continue
        tall = 0.9 / max(1.0, parts.aspect(found, row) / 1.15)  # never wider than its room
        shown.append({
            "source": parts.source(found, row), "xref": "paper", "x": 1.0, "xanchor": "left",
            "yref": "y", "y": place, "yanchor": "middle", "sizex": 1.0, "sizey": tall,
            "sizing": "contain", "layer": "above",
        })  # fmt: skip
    return shown


def branch_table(comparison: Any, tree: Mapping[str, Any]) -> Component:
    """Return the branches of a tree, the lowest first: their groups, height and support."""
    names = [str(name) for name in tree["leaves"]]
    values = tree.get("support") or [None] * len(tree["links"])
    rows = []
    for number, (link, leaves) in enumerate(
        zip(tree["links"], members(tree["links"]), strict=True)
    ):
        last = number == len(tree["links"]) - 1
        told = "all groups" if last and len(names) > 2 else ", ".join(names[one] for one in leaves)
        rows.append(
            (told, parts.value(link[2]), "–" if last else share(parts.known(values[number])))
        )
    return parts.listing(comparison, ("Branch", "Distance", "Support"), rows, csv="tree",
                         name="Branches of the tree", fold="The branches as a table")  # fmt: skip
