"""The metric card: whether distances of this encoder mean anything for these images."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import morphology_figures, tables
from components.attributes import attrs
from components.morphology_frame import address, between, by_name, card, sentence, statistic
from components.morphology_tables import csv_link
from components.stacked import stacked
from components.state import services
from components.words import encoder_name, number, plural, share
from core.errors import VitrineError
from core.morphology.card import Card, CardCheck

#: The state of a check, or the verdict: a sign and a word.
STATES = {"pass": ("✓", "Pass"), "caution": ("!", "Caution"), "fail": ("✗", "Fail"),
          "unknown": ("?", "Not known")}  # fmt: skip

#: What to do about a change that moves pictures, where the check itself does not say.
ADVICE = {"fail": "Use an encoder that does not see this.",
          "caution": "Read nothing into differences of this size."}  # fmt: skip

#: Checks by their topics: what they ask together, and why.
TOPICS = (
    (("invariance",), "Do changes that no form knows move a picture?",
     "Pictures of this set were changed and encoded again. A change should move a picture little, "
     "against how far two of one label lie apart, and leave it nearest to itself."),
    (("calibration", "agreement"), "Do distances go with what is known?",
     "Held against the set's own labels."),
    (("dimension", "hubness"), "What shape do the vectors have?", ""),
)  # fmt: skip


def read(comparison: Any) -> Card | None:
    """Return the card that a comparison was made with; None where none is kept."""
    key = (comparison.meta.get("card") or {}).get("key")
    if not key:
        return None
    try:
        return Card.from_json(services().library.workspace.read("metriccard", key).meta)
    except VitrineError:  # its verdict is with the comparison; the checks can be made again
        return None


def badge(status: str) -> Component:
    """Return a verdict or the state of a check as a sign with its word."""
    sign, word = STATES.get(status, STATES["unknown"])
    return html.Span([html.Span(f"{sign} ", **attrs(aria_hidden="true")), word],
                     className=f"vt-morph-badge vt-morph-badge-{status}")  # fmt: skip


def split(text: str) -> tuple[str, str]:
    """Return the first sentence of a text, and the rest."""
    first, dot, rest = str(text).strip().partition(". ")
    return (first + dot.strip(), rest.strip())


def badge_line(meta: Mapping[str, Any], keys: Mapping[str, str], *, whole: bool = False) -> Any:
    """Return the verdict of the card in one line, with the way to it; it is beside every result.

    `whole` gives its reasons too.
    """
    found = meta.get("card") or {}
    if not found.get("verdict"):
        return html.P("Whether distances mean anything here was not looked at.",
                      className="vt-morph-metric vt-warned")  # fmt: skip
    first, rest = split(found.get("text") or "")
    told: list[Any] = ["Metric card: ", badge(str(found["verdict"])), " ", html.Span(first), " ",
                       html.Span(f"{rest} ", className="vt-soft") if rest and whole else None,
                       dcc.Link("See why", href=address(keys, view="card"),
                                className="vt-link")]  # fmt: skip
    return html.P(told, className="vt-morph-metric")


def body(found: Any, comparison: Any, made: Card | None) -> list[Component]:
    """Return the card of a comparison.

    Parameters
    ----------
    found
        The open set.
    comparison
        The comparison that the card was made for.
    made
        The card with its checks; None where it is not kept.
    """
    held = comparison.meta.get("card") or {}
    verdict = made.verdict if made else held.get("verdict")
    if not verdict:
        return [card(
            "Is this encoder metric here?",
            html.P("This was not looked at when the comparison was made. Compare again to look.",
                   className="vt-lead"),
        )]  # fmt: skip
    encoder = encoder_name(str((comparison.meta.get("encoder") or {}).get("name") or ""))
    first, rest = split(made.text if made else held.get("text") or "")
    top = card(
        "Is this encoder metric here?",
        html.P([badge(str(verdict)), " ", html.Strong(first)], className="vt-morph-effect"),
        html.P(rest, className="vt-lead") if rest else None,
        html.P(["Seen through ", html.Strong(encoder), ": measured on the vectors of these images, "
                "never on a map. It is looked at anew for every set and encoder."],
               className="vt-small"),
        look=f"vt-morph-verdict vt-morph-verdict-{verdict}",
    )  # fmt: skip
    if made is None:
        return [top, html.P("The checks themselves are no longer kept; compare again to make them.",
                            className="vt-hint")]  # fmt: skip
    topics = (_topic(made, comparison, *one) for one in TOPICS)
    links = html.Div(
        [csv_link(comparison, "card", "Checks as CSV"),
         csv_link(comparison, "card-distances", "Labels by distance as CSV")],
        className="vt-actions",
    )  # fmt: skip
    return [top, *(part for part in topics if part is not None), links]


def _topic(
    made: Card, comparison: Any, topics: Sequence[str], title: str, told: str
) -> Component | None:
    """Return the checks of some topics; None where there are none."""
    checks = [one for one in made.checks if one.topic in topics]
    if not checks:
        return None
    lines = _changes(checks) if "invariance" in topics and checks[0].details else _checks(checks)
    curve = next((one for one in checks if one.name == "calibration" and one.details), None)
    count = checks[0].details.get("pictures")
    if count:
        told += f" {plural(int(count), 'picture')} of the set were used. Passes: {checks[0].limit}."
    return card(
        title,
        html.P(told.strip(), className="vt-small") if told else None,
        lines,
        *((_curve(curve, comparison), ) if curve is not None else ()),
        look="vt-morph-checks",
    )  # fmt: skip


def _changes(checks: Sequence[CardCheck]) -> Component:
    """Return what each change of the pictures does; `_topic` says what passes."""
    rows = [
        [html.Strong(sentence(one.title.removeprefix("Pictures "))[:-1]), badge(one.status),
         _value(one), share(one.details.get("retrieval")),
         split(one.text)[1] or ADVICE.get(one.status, "")]
        for one in checks
    ]  # fmt: skip
    head = ("Change", "State", "Moves a picture", "Found again", "What to do")
    return stacked(head, rows, caption="What changes of the pictures do")


def _checks(checks: Sequence[CardCheck]) -> Component:
    """Return checks with value, limit and words."""
    rows = [[html.Strong(one.title), badge(one.status), _value(one, one.limit), one.text]
            for one in checks]  # fmt: skip
    return stacked(("Check", "State", "Value", "In words"), rows, caption="Checks")


def _value(one: CardCheck, limit: str = "") -> Component:
    """Return the value of a check with its interval, and what passes."""
    told: list[Any] = [statistic(one.value)]
    under = [between(one.ci), f"passes: {limit}" if limit else ""]
    told += [html.Span(text, className="vt-small vt-morph-ci") for text in under if text]
    return html.Span(told)


def _curve(one: CardCheck, comparison: Any) -> Component:
    """Return how often two images share a label, by how far they lie apart."""
    edges, same = one.details["edges"], one.details["same"]
    bands = [f"{statistic(low)} to {statistic(high)}"
             for low, high in pairwise(edges)]  # fmt: skip
    trace = {"type": "bar", "x": bands, "y": [100 * value for value in same],
             "hovertemplate": "%{x}: %{y:.0f} %<extra></extra>"}  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "distance (tenths of all pairs)"},
                  "type": "category", "automargin": True},
        "yaxis": {"title": {"text": "share a label, %"}, "rangemode": "tozero"},
        "bargap": 0.3, "margin": {"l": 56, "r": 8, "t": 8, "b": 60},
    }  # fmt: skip
    label = "Share of pairs with one label, by distance: " + "; ".join(
        f"{band}: {share(value)}" for band, value in zip(bands, same, strict=True)
    )
    key = comparison.key[:8]
    chart = morphology_figures.figure(
        "morph-calibration", "Pairs that share a label, by distance", [trace], layout,
        label=label, height=280, file=f"calibration-{by_name(comparison.meta['request'])}-{key}",
    )  # fmt: skip
    rows = [[number(at + 1), band, share(value)]
            for at, (band, value) in enumerate(zip(bands, same, strict=True))]  # fmt: skip
    table = tables.table(
        ("Tenth", "Distance", "Share a label"), rows, caption="The same, in numbers"
    )
    return html.Div([chart, html.Details([html.Summary("As a table"), table])])
