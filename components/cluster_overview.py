"""All clusters of a set: the tabs, what the clustering is, and whether it may be believed."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import cluster_cards, figures, notices
from components.attributes import attrs
from components.cluster_cards import Purities, is_noise
from components.cluster_jobs import MEASURE
from components.notices import button_link
from components.state import link, noun
from components.words import column_name, listed, number, plural, score, share
from core.clusters.sparse import CROWDS, crowd_of

#: Columns that say how an image is kept or was treated, not what it shows; and how many others are
#: looked at for one that says something.
TECHNICAL = {"mode", "format", "frame", "mask", "unit", "placement", "decision", "slice"}
TRIED = 4


def counts(found: Any) -> dict[str, int]:
    """Return how many clusters each tab has, of those whose clustering is there."""
    made: dict[str, int] = {}
    themes, micro = found.clustering("themes"), found.clustering("micro")
    if themes is not None:
        made["themes"] = sum(not is_noise(card) for card in found.cluster_cards("themes"))
    if micro is not None:
        made["micro"] = len(micro.table)
        made |= {kind: len(crowd_of(micro.table, kind)) for kind in CROWDS}
    return made


def head(found: Any, tab: str, by: str, many: Mapping[str, int]) -> Component:
    """Return the title and the tabs, each with how many clusters it has."""
    tabs = []
    for value, text in cluster_cards.TABS.items():
        here = value == tab
        count = html.Span(number(many[value]), className="vt-tab-count") if value in many else None
        told = html.Span(" (this list)", className="visually-hidden") if here else None
        tabs.append(
            dcc.Link(
                [part for part in (text, count, told) if part is not None],
                href=link("/clusters", set=found.name, kind=value, by=by),
                className="vt-tab" + (" vt-tab-here" if here else ""),
            )
        )
    return html.Div(
        [
            html.H1(f"Clusters of {found.title}"),
            html.Nav(tabs, className="vt-tabs vt-cluster-tabs",
                     **attrs(aria_label="Kind of clusters")),
        ],
        className="vt-page-head",
    )  # fmt: skip


def told(found: Any, tab: str, cards: Sequence[Any]) -> str:
    """Return one sentence on the themes or the micro-clusters."""
    one = noun(found)
    real = [card for card in cards if not is_noise(card)]
    if tab == "micro":
        single = sum(card.size == 1 for card in real)
        return (
            f"{plural(len(real), 'micro-cluster')} of {one}s that are much alike; "
            f"{number(single)} hold{'s' if single == 1 else ''} a single {one}."
        )
    noise = next((card for card in cards if is_noise(card)), None)
    rest = f"{plural(noise.size, one)} ({share(noise.share)})" if noise else f"no {one}"
    return f"{plural(len(real), 'theme')} in {plural(len(found), one)}; {rest} unassigned."


def no_structure(
    found: Any, structure: Mapping[str, Any] | None, notice: str, size: int | None = None
) -> Component | None:
    """Return what is said of a set without groups, and what can be done; None if it has some.

    `size` is the least size of a theme where a person chose it: then nothing is said of the set.
    """
    if not structure or structure.get("verdict") != "no structure":
        return None
    one = noun(found)
    if size is not None:
        return html.Section(
            [
                html.H2("No themes of this size"),
                html.P(f"With a least size of {number(size)} no theme is left in "
                       f"{plural(len(found), one)}. This says nothing of the set: go back to the "
                       "usual size, or take a smaller one."),
            ],
            className="vt-card vt-panel vt-no-structure",
        )  # fmt: skip
    reason = notice.removeprefix("No structure: ") or (
        f"The {one}s of this set do not fall into groups: what looks like one is no more than "
        "chance makes."
    )
    parts = [
        html.H2("No structure"),
        html.P(reason[:1].upper() + reason[1:]),
        html.P(
            "So no theme is shown, since none could be trusted. This is a finding, and may be "
            "right: a set can be one continuum. Another encoder may see differences that this one "
            "does not. Micro-clusters need no structure: they tell what is nearly the same.",
            className="vt-soft",
        ),
        tested(structure),
        html.Div(
            [
                button_link("Micro-clusters", link("/clusters", set=found.name, kind="micro"),
                            primary=True),
                button_link("Look around in Explore", link("/explore", set=found.name)),
            ],
            className="vt-actions",
        ),
    ]  # fmt: skip
    return html.Section([part for part in parts if part is not None],
                        className="vt-card vt-panel vt-no-structure")  # fmt: skip


def tested(structure: Mapping[str, Any]) -> Component | None:
    """Return how the question was put to the set; None where it was not."""
    p, method = structure.get("p"), str(structure.get("method") or "")
    parts = [method[:1].upper() + method[1:]] if method else []
    if structure.get("statistic") is not None:
        parts.append(f"statistic {score(float(structure['statistic']))}")
    if p is not None:
        parts.append(f"p = {score(float(p))}")
    return html.P(", ".join(parts) + ".", className="vt-small") if parts else None


def notes(cards: Sequence[Any], structure: Mapping[str, Any] | None) -> dict[int, list[str]]:
    """Return, for each theme that does not lie apart from its neighbour, that it does not."""
    apart = (structure or {}).get("separated") or []
    return {
        int(card.cluster): ["Not clearly apart from its nearest theme."]
        for card in cards
        if 0 <= int(card.cluster) < len(apart) and not apart[int(card.cluster)]
    }


def firmness(trust: Any, tab: str, cards: Sequence[Any], at_work: bool) -> Component:
    """Return how firm the clusters are in all, or the button that measures it."""
    if trust is None:
        return html.Div(
            [
                html.Button("Measure stability", id=MEASURE, type="button",
                            className="btn btn-quiet btn-sm", disabled=at_work),
                html.Span("Are these clusters found again in 20 subsamples of the set?",
                          className="vt-small"),
            ],
            className="vt-form-line",
        )  # fmt: skip
    if trust.notice and not trust.stability:
        return notices.hint(trust.notice)
    states = [card.stability.state for card in cards if card.stability]
    parts = [f"{number(states.count(s))} {s}" for s in cluster_cards.STATES if states.count(s)]
    told: list[Any] = [
        html.Strong(listed(parts) or "Not measured"),
        f", in {number(trust.runs)} subsamples of {number(trust.used)}.",
    ]
    if trust.ari is not None:
        told.append(f" Whole groupings agree by {score(trust.ari, 2)} "
                    "(adjusted Rand index, 1 is the same).")  # fmt: skip
    if trust.notice:
        told.append(f" {trust.notice}")
    return html.P(told, className="vt-firmness")


def purity_columns(found: Any) -> list[tuple[str, str]]:
    """Return the columns that purity can be told against: name, and what a page calls it."""
    return [
        (column.name, column_name(column.name, column.label))
        for column in found.columns()
        if column.kind == "category" and column.name != "cluster"
    ]


def purity_of(found: Any, base: str, wanted: str, columns: Sequence[str]) -> tuple[str, Purities]:
    """Return the column by which purity is told, and what it tells of each cluster.

    It is the wanted one; else the label, as a person edited it, or the first column of the set's
    own that says anything; "" where there is none.
    """
    if wanted in columns:
        return wanted, found.purity(base, wanted)
    first = [name for name in ("label, edited", "label") if name in columns]
    rest = [name for name in columns if name not in first and name not in TECHNICAL]
    for name in [*first, *rest][:TRIED]:
        purity = found.purity(base, name)
        if purity and cluster_cards.informative(purity):
            return name, purity
    return "", {}


def sizes(cards: Sequence[Any]) -> Component | None:
    """Return how many micro-clusters have which size; None for a few."""
    if len(cards) < 4:
        return None
    return html.Section(
        [
            html.H2("Sizes of all micro-clusters"),
            figures.size_histogram("clusters-sizes", [c.size for c in cards], "micro-clusters"),
        ],
        className="vt-card vt-panel",
    )
