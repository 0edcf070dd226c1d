"""Before anything is chosen: what a random choice of the same size would cover, exactly.

The expectation has a closed form (`core.curate.coverage`), so it is there at once, without a job.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import figures, report_charts
from components.attributes import attrs
from components.words import number, plural, score, share
from core.curate.coverage import BINS, bin_name, miss_probability, random_coverage, size_bin

#: Budgets at which the curve is computed.
STEPS = 24


@dataclass(frozen=True, slots=True)
class Prospect:
    """What random choices out of a pool would give.

    Attributes
    ----------
    pool
        Images there are to choose from.
    sizes
        Images of the pool in each micro-cluster that is not covered yet `(K,)`, each 1 or more.
    covered
        Micro-clusters that what is there already covers.
    """

    pool: int
    sizes: np.ndarray
    covered: int = 0


def prospect(labels: np.ndarray, pool: np.ndarray, already: np.ndarray) -> Prospect:
    """Return the prospect of choosing from the rows `pool` beside the rows `already` there."""
    count = int(labels.max(initial=-1)) + 1
    inside, there = labels[pool], labels[already]
    sizes = np.bincount(inside[inside >= 0], minlength=count)
    hit = np.zeros(count, bool)
    hit[there[there >= 0]] = True
    return Prospect(len(pool), sizes[(sizes > 0) & ~hit], int(hit.sum()))


def sentence(found: Prospect, n: int, noun: str, title: str) -> list[Component]:
    """Return in words what n random images of the pool would cover."""
    random = random_coverage(found.sizes, found.pool, n)
    there = f" that the {number(found.covered)} covered already leave" if found.covered else ""
    lines: list[Component] = [
        html.P(
            [f"{plural(n, f'random {noun}')}, out of {number(found.pool)} ({title}), would cover ",
             html.Strong(f"{score(random.mean, 1)} ± {score(random.sd, 1)}"),
             f" of {plural(len(found.sizes), 'micro-cluster')}{there}, "
             f"{share(random.mean / max(1, len(found.sizes)))}."],
            className="vt-preview-sentence",
        ),
        html.P(f"The most that any {plural(n, noun)} can cover is {number(random.ceiling)}.",
               className="vt-lead"),
    ]  # fmt: skip
    return lines


def curve(found: Prospect, n: int | None, noun: str) -> Component:
    """Return what random choices cover against their size, with the ceiling and the budget."""
    last = min(found.pool, 4 * n) if n else found.pool
    budgets = sorted({int(b) for b in np.linspace(0, last, STEPS)} | ({n} if n else set()))
    drawn = [random_coverage(found.sizes, found.pool, b) for b in budgets]
    mean = [r.mean for r in drawn]
    low = [max(0.0, r.mean - 1.96 * r.sd) for r in drawn]
    high = [min(float(r.ceiling), r.mean + 1.96 * r.sd) for r in drawn]
    data = [
        *report_charts.band("random, 95 %", budgets, low, high),
        report_charts.grey("random, expected", budgets, mean),
        report_charts.line("ceiling", budgets, [r.ceiling for r in drawn],
                           line={"width": 2, "dash": "dash"}),
    ]  # fmt: skip
    marked = report_charts.mark(n, f" {number(n)}") if n else {}
    layout = report_charts.axes(f"{noun}s taken", "micro-clusters covered", **marked)
    told = "Micro-clusters that random choices cover, against how many are taken."
    return figures.graph("curate-curve", {"data": data, "layout": layout}, label=told, height=260)


def bins(found: Prospect, n: int) -> Component:
    """Return what n random images cover by size of micro-cluster, as a table."""
    missed = miss_probability(found.sizes, found.pool, n)
    at = size_bin(found.sizes)
    rows = [
        [bin_name(b), number(int((at == b).sum())), score(float((1 - missed[at == b]).sum()), 1),
         share(float((1 - missed[at == b]).mean()))]
        for b in range(len(BINS)) if (at == b).any()
    ]  # fmt: skip
    head = ("Size", "Micro-clusters", "Random covers", "Share")
    return report_charts.with_table(html.Div(), head, rows, "What random covers by size of cluster")


def preview(
    found: Prospect, n: int | None, noun: str, title: str, notes: Sequence[str] = ()
) -> Component:
    """Return the card that tells what is to be beaten; `title` names the pool."""
    said = [html.P(f"{note[:1].upper()}{note[1:]}.", className="vt-small") for note in notes]
    if not len(found.sizes):
        return card(html.P("What is there already covers every micro-cluster.",
                           className="vt-lead"), *said)  # fmt: skip
    if n is None:
        told = (
            f"How many of {title} ({number(found.pool)}) are taken is found while choosing; the "
            "curve shows what random choices of any size cover."
        )
        return card(html.P(told, className="vt-lead"), *said, curve(found, None, noun))
    return card(*sentence(found, n, noun, title), *said, curve(found, n, noun), bins(found, n))


def card(*inside: Component) -> Component:
    """Return the frame of the preview."""
    title = html.H2("To beat: a random choice", className="vt-card-title")
    return html.Section([title, *inside], className="vt-card vt-preview",
                        **attrs(aria_label="What a random choice would cover"))  # fmt: skip


def unknown(why: str) -> Component:
    """Return the preview where a field cannot be used."""
    return card(html.P(why, className="vt-job-error"))
