"""The form that asks for a check, the request it makes, and how far its job is."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import fields, job_panel, job_results, pickers
from components.attributes import attrs
from components.words import column_name, number
from core.errors import InputError
from core.findings.model import TOPICS
from core.quality.request import QualityRequest

GO, TOLD = "quality-check", "quality-check-told"

#: The form's fields, in the order in which a person meets them.
FIELDS = ("topics", "column", "turned", "tau", "method", "share", "reference", "q", "per_class",
          "unit", "others", "seed")  # fmt: skip

LOOKED_FOR = {
    "duplicates": ("Copies", "identical files, identical pixels, near-duplicates"),
    "outliers": ("Outliers", "images unlike all others"),
    "pictures": ("Faulty pictures", "dark, blurred, odd sizes and the like"),
    "labels": ("Wrong labels", "labels that their neighbours contradict"),
}

METHODS = {
    "rank": "distance to neighbours and local density (usual)",
    "glosh": "GLOSH, from the themes",
    "isolation": "isolation forest",
    "places": "small defects: the most unlike place of a picture",
}

#: Seconds for which a job's end is told on the page of the set it was about.
TOLD_FOR = 180


def field_id(field: str) -> str:
    """Return the id of a field."""
    return f"quality-{field}"


# -- what the fields ask for -----------------------------------------------------------------------


def request(set_name: str, given: Mapping[str, Any], seed: int = 0) -> QualityRequest:
    """Return what the form's fields ask for.

    Raises
    ------
    InputError
        A field cannot be used; the message names it and says what to enter.
    """
    wanted = [topic for topic in TOPICS if topic in (given.get("topics") or ())]
    if not wanted:
        raise InputError("Look for: tick at least one.")
    share = fields.number(given.get("share"), "Share listed as outliers", 1.0)
    rate = fields.number(given.get("q"), "False discoveries", 5.0)
    return QualityRequest(
        name=set_name,
        tau=fields.number(given.get("tau"), "Threshold", None),
        turned=bool(given.get("turned")),
        column=fields.named(given.get("column")),
        unit=fields.named(given.get("unit")),
        reference=fields.named(given.get("reference")),
        outliers=str(given.get("method") or "rank"),
        per_class=bool(given.get("per_class")),
        others=tuple(given.get("others") or ()),
        q=float(rate or 0.0) / 100,
        share=float(share or 0.0) / 100,
        seed=fields.seed(given.get("seed"), seed),
        topics=tuple(wanted),
    )


def title(name: str, tau: float | None = None) -> str:
    """Return the title of a check's job."""
    return f"Check of {name}" + (f", copies up to {tau:.4g}" if tau is not None else "")


# -- the fields ------------------------------------------------------------------------------------


def _text(field: str, label: str, value: Any, help_text: str, **look: Any) -> Component:
    """Return a labelled text field."""
    return fields.text(field_id(field), label, value, help_text, **look)


def _switch(field: str, label: str, value: bool) -> Component:
    return html.Div(dbc.Switch(id=field_id(field), label=label, value=value), className="vt-field")


def _ticks(field: str, legend: str, options: list[dict[str, Any]], value: list[str]) -> Component:
    """Return a choice of several."""
    return html.Fieldset(
        [html.Legend(legend, className="form-label"),
         dbc.Checklist(id=field_id(field), options=options, value=value)],
        className="vt-field", hidden=not options,
    )  # fmt: skip


def _topics(last: Mapping[str, Any], labelled: bool) -> Component:
    options = [
        {"value": topic,
         "label": html.Span([html.Strong(name), html.Span(told, className="vt-small")],
                            className="vt-choice")}
        for topic, (name, told) in LOOKED_FOR.items()
    ]  # fmt: skip
    plain = [topic for topic in TOPICS if labelled or topic != "labels"]
    return _ticks("topics", "Look for", options, list(last.get("topics") or plain))


def _columns(columns: Sequence[Any], first: str) -> list[dict[str, str]]:
    """Return the columns of words that a set came with as options, after the usual one."""
    made = {"decision", "slice", "cluster", "label", "placement", "duplicate group"}
    return [{"label": first, "value": fields.AUTO}] + [
        {"label": column_name(c.name, c.label), "value": c.name}
        for c in columns
        if c.kind == "category" and c.name not in made
    ]


def _folded(
    columns: Sequence[Any], view: Any, others: Sequence[str], last: Mapping[str, Any], seed: int
) -> Component:
    """Return what few people need, folded."""
    slices = [{"label": "none: rank them", "value": fields.AUTO}]
    slices += [{"label": f"{one.name} ({number(one.count)})", "value": one.name}
               for one in view.slices]  # fmt: skip
    methods = [{"label": text, "value": value} for value, text in METHODS.items()]
    tau = last.get("tau")
    return html.Details(
        [
            html.Summary("Options"),
            _text("tau", "Near-duplicates up to a distance of", "" if tau is None else f"{tau:.4g}",
                  "Empty: learned from how far small changes move the vectors of this very set.",
                  inputMode="decimal"),
            _ticks("others", "Look for copies in other sets too",
                   [{"label": name, "value": name} for name in others],
                   [name for name in last.get("others") or () if name in others]),
            pickers.select(field_id("method"), "Outliers by", methods,
                           last.get("outliers", "rank")),
            _text("share", "Share listed as outliers, %", f"{100 * last.get('share', 0.01):g}",
                  "The most alone are listed, whether or not anything is wrong with them.",
                  inputMode="decimal"),
            pickers.select(field_id("reference"), "Slice that is known to be clean", slices,
                           last.get("reference") or fields.AUTO),
            _text("q", "False discoveries, %", f"{100 * last.get('q', 0.05):g}",
                  "Only with a clean slice: outliers are then tested against it.",
                  inputMode="decimal"),
            _switch("per_class", "Compare each image with its own label",
                    last.get("per_class", False)),
            pickers.select(field_id("unit"), "What belongs together",
                           _columns(columns, "as the set says"), last.get("unit") or fields.AUTO),
            _text("seed", "Seed", str(last.get("seed", seed)), "The same seed finds the same."),
        ],
        className="vt-advanced",
    )  # fmt: skip


def form(
    found: Any, view: Any, others: Sequence[str], last: Mapping[str, Any], seed: int,
    *, again: bool = False,
) -> Component:  # fmt: skip
    """Return the form; everything has a default, so that one click is enough.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    others
        Names of the other sets of the workspace.
    last
        The request of the check before, in its JSON form; {} where there was none.
    """
    columns = found.columns()
    labelled = "label" in found.items
    labels = _columns(columns, "label, with its edits" if labelled else "none chosen")
    look = "btn btn-quiet" if again else "btn btn-primary"
    return html.Section(
        [
            html.H2("Check again" if again else "What to check", className="vt-card-title"),
            _topics(last, labelled),
            pickers.select(field_id("column"), "Labels to check", labels,
                           last.get("column") or fields.AUTO),
            _switch("turned", "Also find mirrored and turned copies", last.get("turned", False)),
            _folded(columns, view, others, last, seed),
            html.P("Nothing is changed: a check only looks. What you decide can be undone.",
                   className="vt-small vt-promise"),
            html.Div(
                [html.Div(id=TOLD, role="status"),
                 html.Button("Check again" if again else "Check this set", id=GO, type="button",
                             className=look)],
                className="vt-go",
            ),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="What to check"),
    )  # fmt: skip


# -- the job ---------------------------------------------------------------------------------------


def progress(
    jobs: Sequence[Any], now: float | None = None, seen: Sequence[str] = ()
) -> list[Component]:
    """Return the cards of the jobs that wait or run, and how the last of them ended.

    `seen` are the kinds of jobs whose results the page shows anyway.
    """
    at = time.time() if now is None else now
    running = [job_panel.card(job, heading=html.H2) for job in jobs if job_panel.is_live(job)]
    ended = [job for job in jobs if job.ended and at - job.ended < TOLD_FOR][:1]
    return running or [part for job in ended for part in [_ended(job, seen)] if part is not None]


def _ended(job: Any, seen: Sequence[str]) -> Component | None:
    """Return what is said of a job that ended; None where its page tells it anyway."""
    if job.state != "done":
        return job_panel.card(job, heading=html.H2)
    if job.kind != "stream" or job.kind in seen:
        return None
    return html.Article([html.H2(job_panel.title(job), className="vt-job-title"),
                         job_results.result(job)], className="vt-card vt-job")  # fmt: skip
