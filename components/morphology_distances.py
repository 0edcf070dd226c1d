"""How far groups lie apart: the heat map, the tree, and every pair with its interval and test."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import morphology_figures as drawn
from components import morphology_plane
from components import morphology_tables as parts
from components import morphology_tree as tree
from components.morphology_frame import card, p_text
from components.palette import contrast, number_palette
from components.words import number, plural

#: Groups whose distances are written into the cells, whose names are at the axes, and whose heat
#: map has room beside the tree.
WRITTEN, NAMED, BESIDE = 12, 60, 24

#: Characters of a name that needs no slant under a cell.
BRIEF = 4

#: Orders of the table of pairs.
ORDERS = {"": "nearest first", "far": "farthest first", "name": "by name"}


def view_of(found: Any, view: Any, comparison: Any, keys: Mapping[str, str]) -> Component:
    """Return the view of distances.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    comparison
        The comparison as it is stored.
    keys
        The keys in the address; `order` is that of the pairs.
    """
    few = len(comparison.meta["design"]["groups"]) <= BESIDE
    both = html.Div([heat_section(comparison), tree.section(found, comparison)],
                    className="vt-shape-beside" if few else "vt-shape-view")  # fmt: skip
    plane = morphology_plane.section(comparison, *arranged(comparison.meta))
    return html.Div(
        [part for part in (both, plane, pairs(comparison, keys)) if part is not None],
        className="vt-shape-view",
    )


# -- the heat map ----------------------------------------------------------------------------------


def arranged(meta: Mapping[str, Any]) -> tuple[list[str], np.ndarray]:
    """Return names and distances `(m, m)` in the order of the tree, else that of the pairs.

    Groups without a distance are left out; distances that are not known are NaN.
    """
    pairs = [one for one in meta["distances"] if parts.known(one["distance"]) is not None]
    names = list(dict.fromkeys(str(one[side]) for one in pairs for side in ("a", "b")))
    found = meta.get("tree")
    if found and found.get("links"):
        leaves = [str(found["leaves"][leaf]) for leaf in tree.placed(found["links"]).order]
        names = [name for name in leaves if name in set(names)]
    place = {name: at for at, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(matrix, 0)
    for one in pairs:
        a, b = place.get(str(one["a"])), place.get(str(one["b"]))
        if a is not None and b is not None:
            matrix[a, b] = matrix[b, a] = float(one["distance"])
    return names, matrix


def heat_section(comparison: Any) -> Component:
    """Return the part with the heat map, and in words what it shows."""
    names, matrix = arranged(comparison.meta)
    title = "How far groups lie apart"
    if len(names) < 2:
        return card(title, parts.nothing(
            "A distance needs two groups that have two units or more each."
        ))  # fmt: skip
    return card(title, html.P(sentence(comparison.meta), className="vt-lead"),
                heat_map(comparison, names, matrix))  # fmt: skip


def sentence(meta: Mapping[str, Any]) -> str:
    """Return which groups lie nearest and farthest, and what a distance is."""
    pairs = [one for one in meta["distances"] if parts.known(one["distance"]) is not None]
    told = (
        "The distance between the means of two groups, less what their spread alone would make: "
        "0 where they cannot be told apart."
    )
    if not pairs:
        return told
    near = min(pairs, key=lambda one: float(one["distance"]))
    far = max(pairs, key=lambda one: float(one["distance"]))
    if near is far:
        return f"{_pair(near)} lie {parts.value(near['distance'])} apart. {told}"
    return (
        f"Nearest are {_pair(near)} ({parts.value(near['distance'])}), farthest {_pair(far)} "
        f"({parts.value(far['distance'])}). {told}"
    )


def _pair(one: Mapping[str, Any]) -> str:
    """Return the two groups of a pair, in words."""
    return f"{one['a']} and {one['b']}"


def heat_map(comparison: Any, names: Sequence[str], matrix: np.ndarray) -> Component:
    """Return the distances as colours, similar groups beside each other."""
    m = len(names)
    cells = [
        [None if a == b or not np.isfinite(matrix[a, b]) else round(float(matrix[a, b]), 4)
         for b in range(m)]
        for a in range(m)
    ]  # fmt: skip
    words = [[f"{drawn.short(names[a])} – {drawn.short(names[b])}" for b in range(m)]
             for a in range(m)]  # fmt: skip
    known = {value for row in cells for value in row if value is not None}
    data: list[dict[str, Any]] = [{
        "type": "heatmap", "z": cells, "text": words, "colorscale": scale(),
        "xgap": 1, "ygap": 1, "hoverongaps": False,
        "showscale": len(known) > 1,
        "hovertemplate": "%{text}: %{z:.3f}<extra></extra>",
        "colorbar": {"title": {"text": "distance", "side": "right"}, "thickness": 10, "len": 0.75,
                     "outlinewidth": 0, "y": 1, "yanchor": "top"},
    }]  # fmt: skip
    if m <= WRITTEN:
        data.append(numbers(cells))
    axis: dict[str, Any] = drawn.names_axis(names) if m <= NAMED else {"visible": False}
    longest = max(len(name) for name in names)
    layout = {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "showlegend": False,
        "xaxis": {**axis, "tickangle": 0 if longest <= BRIEF else -45, "range": [-0.5, m - 0.5],
                  "constrain": "domain"},
        "yaxis": {**axis, "range": [m - 0.5, -0.5], "scaleanchor": "x", "constrain": "domain",
                  "constraintoward": "top"},
    }  # fmt: skip
    size = 120 + min(40 * m, 420 if m <= BESIDE else 760)
    label = f"Heat map of the distances between {m} groups; the table of pairs tells the same."
    return drawn.figure(
        "morph-heat", "Distances between groups", data, layout, label=label, height=size,
        file=parts.file_name(comparison, "distances"), wide=size + 150,
        least=100 + 7 * min(longest, drawn.LONGEST) + min(26 * m, 480),
        links=[parts.csv_link(comparison, "matrix", what="The matrix of distances")],
    )  # fmt: skip


def scale() -> list[list[Any]]:
    """Return the colour scale, without the end that would vanish into white."""
    tones = number_palette()[1:]
    return [[at / 10, tones[round(at * (len(tones) - 1) / 10)]] for at in range(11)]


def numbers(cells: Sequence[Sequence[float | None]]) -> dict[str, Any]:
    """Return the numbers in the cells of a heat map, each black or white as its colour needs."""
    known = [(b, a, z) for a, row in enumerate(cells) for b, z in enumerate(row) if z is not None]
    low, high = min(z for *_, z in known), max(z for *_, z in known)
    tones = number_palette()[1:]
    span = (high - low) or 1.0
    colours = [tones[round((len(tones) - 1) * (z - low) / span)] for *_, z in known]
    inks = ["#000000" if contrast("#000000", c) >= contrast("#ffffff", c) else "#ffffff"
            for c in colours]  # fmt: skip
    return {
        "type": "scatter", "mode": "text", "hoverinfo": "skip",
        "x": [x for x, *_ in known], "y": [y for _, y, _ in known],
        "text": [f"{z:.2f}".replace("0.", ".", 1) if z < 1 else f"{z:.2f}" for *_, z in known],
        "textfont": {"size": 11, "color": inks},
    }  # fmt: skip


# -- the pairs -------------------------------------------------------------------------------------


def pairs(comparison: Any, keys: Mapping[str, str]) -> Component:
    """Return every pair of groups with its distance, interval and test."""
    meta = comparison.meta
    order = keys.get("order", "")
    order = order if order in ORDERS else ""
    found = joined(meta, order)
    tested = any(one.get("p") is not None for one in found)
    head = ["Groups", "Distance", "95 % interval"]
    head += ["Effect (ω²)", "F2", "p", "p adjusted"] if tested else []
    rows = [row(one, tested) for one in found]
    notes = [
        "Intervals are jackknife intervals over units. A distance whose square came out below 0 is "
        "written as 0: sampling alone explains it." if any(o.get("truncated") for o in found) else
        "Intervals are jackknife intervals over units.",
        f"p is adjusted for {plural(len([o for o in found if o.get('p') is not None]), 'pair')} "
        f"(Benjamini and Hochberg). {least(found)}" if tested else "",
    ]  # fmt: skip
    return card(
        f"Pairs of groups ({number(len(found))})",
        html.P(" ".join(note for note in notes if note), className="vt-small"),
        parts.chips("Order", list(ORDERS.items()), order, keys, "order"),
        parts.listing(comparison, head, rows, name="Pairs of groups", csv="distances"),
    )


def least(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the smallest p that so many arrangements can give, in words."""
    known = [value for one in found if (value := parts.known(one.get("p_min"))) is not None]
    return f"It cannot be below {p_text(min(known))} with these arrangements." if known else ""


def joined(meta: Mapping[str, Any], order: str = "") -> list[dict[str, Any]]:
    """Return the pairs of groups, each distance with its test where there is one, in an order."""
    tests = {frozenset((one["a"], one["b"])): one for one in meta.get("pairwise") or []}
    found = [{**tests.get(frozenset((one["a"], one["b"])), {}), **one} for one in meta["distances"]]
    if order == "name":
        return sorted(found, key=lambda one: (str(one["a"]), str(one["b"])))

    def far(one: Mapping[str, Any]) -> float:
        distance = parts.known(one["distance"])
        return float("inf") if distance is None else -distance if order == "far" else distance

    return sorted(found, key=far)


def row(one: Mapping[str, Any], tested: bool) -> list[Any]:
    """Return the cells of one pair."""
    cells = [
        f"{one['a']} – {one['b']}",
        parts.value(one["distance"]),
        parts.interval(one.get("ci")),
    ]
    if tested:
        cells += [parts.value(one.get("effect"), 2), parts.value(one.get("statistic")),
                  p_text(parts.known(one.get("p"))),
                  p_text(parts.known(one.get("p_adjusted")))]  # fmt: skip
    return cells
