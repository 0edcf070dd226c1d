"""The top of a report: what was chosen, the verdict in a sentence, four figures, the downloads."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import attrs
from components.notices import button_link
from components.state import link
from components.words import ago, number, plural, share

#: What a report says of a figure beside random ones of the same size.
STANDINGS = {"better": ("▲", "better than random"), "same": ("●", "as random"),
             "worse": ("▼", "worse than random")}  # fmt: skip

LEVELS = {
    "better": "Better than random",
    "no better": "No better than random",
    "worse": "Worse than random",
    "mixed": "Mixed",
}

FILES = (("html", "HTML, one file"), ("pdf", "PDF"), ("json", "JSON"))


def page_link(report_id: str, set_name: str = "", **query: Any) -> str:
    """Return the address of a report's page."""
    return link(f"/report/{report_id}", set=set_name, **query)


def file_link(report_id: str, kind: str) -> str:
    """Return where a report is downloaded as "html", "pdf" or "json"."""
    return f"/api/report/{report_id}.{kind}"


def choice_name(report: Mapping[str, Any]) -> str:
    """Return what a report's choice is called: its slice, else its strategy."""
    choice = report["choice"]
    by = choice.get("strategy_title") if choice.get("strategy") else ""
    return str(choice.get("slice") or by or f"selected {report['set'].get('noun') or 'image'}s")


def badge(standing: str | None) -> Component:
    """Return how a figure stands beside random ones, as a coloured word."""
    if standing not in STANDINGS:
        return html.Span("not compared", className="vt-standing")
    sign, word = STANDINGS[standing]
    return html.Span([html.Span(f"{sign} ", **attrs(aria_hidden="true")), word],
                     className=f"vt-standing vt-standing-{standing}")  # fmt: skip


def heading(report: Mapping[str, Any]) -> Component:
    """Return the title of a report with one line on what it is about."""
    of, choice = report["set"], report["choice"]
    one = of.get("noun") or "image"
    told = [f"{number(choice['count'])} of {plural(of['items'], one)} ({share(choice['share'])})"]
    by = choice.get("strategy_title") if choice.get("strategy") else "hand"
    if by:
        told.append(f"chosen by {by}")
    told.append(f"made {ago(report['created'])}")
    everything = dcc.Link("All reports of " + str(of["title"]),
                          href=link("/report", set=of["name"]), className="vt-back")  # fmt: skip
    return html.Div(
        [everything, html.H1(f"Report on {choice_name(report)}"),
         html.P(" · ".join(told), className="vt-lead")],
        className="vt-page-head vt-report-title",
    )  # fmt: skip


def verdict(report: Mapping[str, Any]) -> Component:
    """Return the verdict: one sentence that may say "no better than random", and its grounds."""
    found = report["verdict"]
    level = str(found["level"])
    word, sentence = LEVELS.get(level, level), str(found["sentence"])
    grounds = [html.Li(line) for line in found.get("detail") or []]
    said = sentence.lower().startswith((word.lower(), "partly"))
    return html.Section(
        [
            None if said else html.Span(word, className="vt-verdict-level"),
            html.P(sentence, className="vt-verdict-sentence"),
            html.Ul(grounds, className="vt-verdict-detail") if grounds else None,
        ],
        className="vt-card vt-verdict vt-verdict-" + level.replace(" ", "-"),
        **attrs(aria_label="Verdict"),
    )


def _random(text: Any) -> str:
    """Return what random choices reach, said to be that."""
    told = str(text or "")
    return told if not told or "random" in told.lower() else f"random: {told}"


def figures(report: Mapping[str, Any]) -> Component:
    """Return the four figures, each beside what random choices of the same size reach."""
    cards = [
        html.Li(
            [
                html.H2(one["title"], className="vt-figure-title"),
                html.P(one["text"], className="vt-figure-value"),
                html.P(_random(one.get("random_text")), className="vt-figure-random"),
                badge(one.get("standing")),
                html.P(one.get("explain") or "", className="vt-small"),
            ],
            className="vt-card vt-report-figure",
        )
        for one in report["figures"]
    ]
    return html.Ul(cards, className="vt-report-figures", **attrs(aria_label="Four figures"))


def downloads(report: Mapping[str, Any], explore: str | None) -> Component:
    """Return the ways on from a report: files, print, the images themselves."""
    files = [
        html.A(text, href=file_link(report["id"], kind), className="btn btn-quiet")
        for kind, text in FILES
    ]
    print_it = html.Button("Print", type="button", className="btn btn-quiet",
                           **attrs(data_vt_print="1"))  # fmt: skip
    see = button_link("See the images", explore, primary=True) if explore else None
    parts: Sequence[Component | None] = (see, *files, print_it)
    advice = html.P(
        "The HTML file opens anywhere, without this program and without a network. Print gives "
        "this page on paper; the PDF is made with the Chromium of this computer.",
        className="vt-small",
    )
    return html.Div(
        [html.Div([p for p in parts if p is not None], className="vt-actions"), advice],
        className="vt-report-downloads",
    )
