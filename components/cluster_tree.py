"""The condensed tree: how dense regions split as density rises, as a chart and as a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from components import figures
from components.cluster_sweep import GREY
from components.state import link, noun
from components.words import number, plural, score

#: Branches drawn and listed at most, the largest first; a theme and what leads to it always are.
DRAWN = 400

#: Colours of a theme, of a branch that leads to themes, and of what lies inside a theme.
THEME, BRANCH, INSIDE = "#1f7a85", GREY, "#7fb3b9"


@dataclass(frozen=True, slots=True)
class Branch:
    """One node of the tree as it is drawn: from `birth` to `death`, `left` to `right`."""

    node: int
    parent: int
    birth: float
    death: float
    left: float
    right: float
    size: int
    theme: int
    inside: bool


def branches(tree: pd.DataFrame) -> list[Branch]:
    """Return the nodes of a tree with their places, parents first.

    A child lies within its parent's width; widths are sizes in items. `inside` tells that a node
    is below a theme.
    """
    kept = _kept(tree)
    places: dict[int, Branch] = {}
    free: dict[int, float] = {}
    for line in tree[tree["node"].isin(kept)].to_dict("records"):
        node, parent, size = int(line["node"]), int(line["parent"]), int(line["size"])
        above = places.get(parent)
        left = free.get(parent, 0.0)
        inside = above is not None and (above.theme >= 0 or above.inside)
        made = Branch(node, parent, float(line["birth"]), float(line["death"]), left, left + size,
                      size, int(line["selected"]), inside)  # fmt: skip
        places[node] = made
        free[parent] = left + size
        own = tree.loc[(tree["parent"] == node) & tree["node"].isin(kept), "size"].sum()
        free[node] = left + (size - float(own)) / 2  # what its children leave lies at both sides
    return list(places.values())


def _kept(tree: pd.DataFrame) -> set[int]:
    """Return the nodes that are drawn: all themes, what leads to them, and the largest others."""
    parents = dict(zip(tree["node"].tolist(), tree["parent"].tolist(), strict=True))
    kept: set[int] = set()

    def add(node: int) -> None:
        while node >= 0 and node not in kept:
            kept.add(node)
            node = parents[node]

    for node in tree.loc[tree["selected"] >= 0, "node"].tolist():
        add(node)
    for node in tree.sort_values("size", ascending=False, kind="stable")["node"].tolist():
        if len(kept) >= DRAWN:
            break
        add(node)
    return kept


def section(found: Any, tree: pd.DataFrame | None, names: Sequence[str]) -> Component | None:
    """Return the part of the page with the tree; None where there is none to show."""
    if tree is None or len(tree) < 2:
        return None
    placed = branches(tree)
    shown = "" if len(placed) == len(tree) else (
        f" The {number(len(placed))} largest of {number(len(tree))} branches are shown."
    )  # fmt: skip
    return html.Section(
        [
            html.H2("How the themes split", id="tree"),
            html.P(
                f"From top to bottom the {noun(found)}s must lie ever closer together to stay "
                "connected. Where a block splits, one dense region falls into two. A long block "
                "lasts over many densities; a short one would vanish with a small change." + shown,
                className="vt-lead",
            ),
            chart(placed, names),
            html.Details(
                [html.Summary("The tree as a list", className="vt-link"),
                 listed(found, placed, names)],
                className="vt-tree-fold",
            ),
        ],
        className="vt-card vt-panel",
    )  # fmt: skip


def chart(placed: Sequence[Branch], names: Sequence[str]) -> Component:
    """Return the tree as blocks: as wide as they are large, as long as they last."""
    top = _top(placed)
    groups = (
        ("branch", BRANCH, [b for b in placed if b.theme < 0 and not b.inside]),
        ("theme", THEME, [b for b in placed if b.theme >= 0]),
        ("inside a theme", INSIDE, [b for b in placed if b.theme < 0 and b.inside]),
    )
    traces = [_bars(word, colour, part, names, top) for word, colour, part in groups if part]
    total = placed[0].size
    layout = {
        "barmode": "overlay", "showlegend": False,
        "margin": {"l": 60, "r": 12, "t": 8, "b": 36},
        "xaxis": {"range": [0, total], "showticklabels": False, "showgrid": False,
                  "title": {"text": f"{number(total)} items, wide blocks hold many"}},
        "yaxis": {"range": [top, 0], "title": {"text": "density (1 / distance)"}},
        "uniformtext": {"mode": "hide", "minsize": 9},
    }  # fmt: skip
    themes = [b for b in placed if b.theme >= 0]
    label = f"Condensed tree of {plural(len(themes), 'theme')}; the list below tells the same."
    return figures.graph("clusters-tree", {"data": traces, "layout": layout},
                         label=label, height=340)  # fmt: skip


def _top(placed: Sequence[Branch]) -> float:
    """Return the density down to which is drawn: where the last block splits off, and some more."""
    births = max(b.birth for b in placed)
    ends = max(b.death for b in placed)
    return float(min(ends, 1.6 * births)) if births > 0 else float(ends)


def _bars(
    word: str, colour: str, part: Sequence[Branch], names: Sequence[str], top: float
) -> dict[str, Any]:
    """Return the blocks of one colour."""
    ends = np.minimum([b.death for b in part], top)
    called = [_called(b, names) for b in part]
    return {
        "type": "bar", "name": word,
        "x": [(b.left + b.right) / 2 for b in part],
        "width": [max(b.right - b.left, 1.0) for b in part],
        "base": [b.birth for b in part],
        "y": [max(float(end) - b.birth, 0.0) for b, end in zip(part, ends, strict=True)],
        "text": called if word == "theme" else None,
        "textposition": "inside", "insidetextanchor": "middle", "textangle": 0,
        "customdata": [[c, b.size, score(b.death, 2)] for c, b in zip(called, part, strict=True)],
        "hovertemplate": "%{customdata[0]}: %{customdata[1]:,d} items, density %{base:.2f} to "
                         "%{customdata[2]}<extra></extra>",
        "marker": {"color": colour, "line": {"width": 1, "color": "rgba(127,127,127,0.55)"}},
        "insidetextfont": {"color": "#ffffff"},
    }  # fmt: skip


def _called(branch: Branch, names: Sequence[str]) -> str:
    """Return what a block is called."""
    if 0 <= branch.theme < len(names):
        return names[branch.theme]
    if branch.parent < 0:
        return "everything"
    return "part of a theme" if branch.inside else "branch"


def listed(found: Any, placed: Sequence[Branch], names: Sequence[str]) -> Component:
    """Return the tree as nested lists, down to the themes."""
    below: dict[int, list[Branch]] = {}
    for branch in placed:
        if not branch.inside:
            below.setdefault(branch.parent, []).append(branch)
    made: dict[int, Component] = {}
    for branch in reversed([b for b in placed if not b.inside]):  # children before parents
        told: list[Any] = [_line(found, branch, names)]
        inner = [made[child.node] for child in below.get(branch.node, [])]
        made[branch.node] = html.Li([*told, *([html.Ul(inner)] if inner else [])])
    return html.Ul([made[b.node] for b in below.get(-1, [])], className="vt-tree-list")


def _line(found: Any, branch: Branch, names: Sequence[str]) -> Component:
    """Return one entry of the list."""
    lasts = f"density {score(branch.birth, 2)} to {score(branch.death, 2)}"
    held = f" · {plural(branch.size, 'item')} · {lasts}"
    if 0 <= branch.theme < len(names):
        href = link("/clusters", set=found.name, kind="themes", cluster=branch.theme)
        return html.Span([dcc.Link(names[branch.theme], href=href), held])
    return html.Span([_called(branch, names).capitalize(), held])
