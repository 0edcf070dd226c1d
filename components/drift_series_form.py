"""The forms that ask for batches over time, and for a plan: fields, requests, and their jobs."""

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, html, no_update
from dash.development.base_component import Component

from components import drift_sides, fields, follow_up, notices, pickers, shell
from components import morphology_columns as columns
from components.attributes import attrs
from components.drift_frame import PLACE
from components.fields import AUTO
from components.morphology_columns import chosen, option
from components.state import services
from components.words import column_name
from core.drift.periods import PERIODS
from core.drift.request import PERMUTATIONS, SLICE, Side
from core.drift.series_request import SeriesRequest
from core.errors import InputError, VitrineError

#: Fields of the form of batches, and of that of a plan.
TIME = ("reference", "by", "every", "unit", "permutations", "seed")
PLAN = ("reference", "like", "share", "unit", "seed")
#: Values of a column that are each offered as a reference.
OFFERED = 24


def field_id(form: str, field: str) -> str:
    """Return the id of a field of the form "time" or "plan"."""
    return f"drift-{form}-{field}"


# -- what the fields ask for -----------------------------------------------------------------------


def time_request(name: str, given: Mapping[str, Any], seed: int = 0) -> SeriesRequest:
    """Return which batches the form asks for.

    Parameters
    ----------
    name
        The set whose images the batches are.
    given
        The values of the fields `TIME`.

    Raises
    ------
    InputError
        A field cannot be used; the message names it and says what to enter.
    """
    by = fields.named(given.get("by"))
    if by is None:
        raise InputError("Batches: choose the column that tells them apart.")
    low, high = PERMUTATIONS
    permutations = fields.number(given.get("permutations"), "Permutations", 999)
    if permutations is None or permutations % 1 or not low <= permutations <= high:
        raise InputError(f"Permutations: a whole number from {low} to {high:,}.")
    reference = _reference(given)
    if reference == name:
        raise InputError("Reference: choose a part of this set, or another set: all images of this "
                         "one are in the batches.")  # fmt: skip
    return SeriesRequest(
        reference, of=name, by=by, every=fields.named(given.get("every")),
        unit=fields.named(given.get("unit")), permutations=int(permutations),
        seed=fields.seed(given.get("seed"), seed),
    )  # fmt: skip


def plan_request(given: Mapping[str, Any], seed: int = 0) -> SeriesRequest:
    """Return what plan the form asks for; `InputError` names a field that cannot be used."""
    share = fields.percent(given.get("share"), "New images", 5)
    if not share:
        raise InputError("New images: a percentage above 0.")
    reference, like = _reference(given), fields.named(given.get("like"))
    if like == reference:
        raise InputError("What new images look like: choose something other than the reference.")
    return SeriesRequest(
        reference, unit=fields.named(given.get("unit")), share=share, like=like,
        seed=fields.seed(given.get("seed"), seed),
    )  # fmt: skip


def _reference(given: Mapping[str, Any]) -> str:
    text = fields.named(given.get("reference"))
    if text is None:
        raise InputError("Reference: choose what batches are held against.")
    return text


# -- the fields ------------------------------------------------------------------------------------


def time_form(found: Any, view: Any, last: Mapping[str, Any], seed: int) -> Component:
    """Return the form of batches of a set.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    last
        The request to begin with, in its JSON form; {} for what is usual.
    seed
        The seed of the workspace.
    """
    by = [option(AUTO, "choose a column"), *batch_columns(found, view)]
    dates = [option(one.name) for one in found.columns() if one.dates]
    usual = dates[0]["value"] if dates else AUTO
    parts = [option(AUTO, "choose"), *parts_of(found, view), *_sets(found.name)]
    periods = [option(AUTO, "as fits the dates"), *(option(one, one) for one in PERIODS)]
    low, high = PERMUTATIONS
    made = [
        _select("time", "reference", "Reference", parts, last.get("reference"),
                "What stays: the first season, the training images, another set."),
        _select("time", "by", "Batches", by, last.get("by"), "A date, or a column with one value "
                "a batch. Images of the reference are left out.", usual),
        _select("time", "every", "Each", periods, last.get("every"), "For a column of dates."),
        _units("time", found, last),
    ]  # fmt: skip
    more = html.Details([
        html.Summary("More"),
        fields.text(field_id("time", "permutations"), "Permutations",
                    str(last.get("permutations", 999)), f"{low} to {high:,}; more are drawn where "
                    "there are many batches.", inputMode="numeric"),
        _seed("time", last, seed),
    ], className="vt-advanced")  # fmt: skip
    return _form("What to hold against the reference", [*made, more], "time", "Compare batches")


def plan_form(found: Any, view: Any, last: Mapping[str, Any], seed: int) -> Component:
    """Return the form of a plan for batches of a set or its parts; see `time_form`."""
    mine = option(found.name, f"All of {found.title}")
    references = [mine, *parts_of(found, view)]
    likes = [option(AUTO, "a group that the reference lacks"), *_sets(found.name),
             *parts_of(found, view)]  # fmt: skip
    share = f"{100 * float(last.get('share', 0.05)):g}"
    made = [
        _select("plan", "reference", "Reference", references, last.get("reference"),
                "What batches will be held against.", found.name),
        fields.text(field_id("plan", "share"), "New images to be seen, in percent", share,
                    "The share of a batch that is not like the reference.", inputMode="decimal"),
        _select("plan", "like", "What new images look like", likes, last.get("like"),
                "Where nothing is chosen, groups of the reference are held back, one at a time."),
        _units("plan", found, last),
        html.Details([html.Summary("More"), _seed("plan", last, seed)], className="vt-advanced"),
    ]  # fmt: skip
    return _form("What to plan for", made, "plan", "Plan")


def batch_columns(found: Any, view: Any) -> list[dict[str, str]]:
    """Return the columns that may tell batches apart: dates first, then categories."""
    dates = [option(one.name, f"{column_name(one.name)} (dates)") for one in found.columns()
             if one.dates]  # fmt: skip
    known = {one["value"] for one in dates} | {columns.SLICES, "cluster"}
    return [*dates, *(one for one in columns.for_groups(found, view) if one["value"] not in known)]


def parts_of(found: Any, view: Any) -> list[dict[str, str]]:
    """Return the slices of a set, and each value of its columns of few, as sides."""
    made = [Side(found.name, SLICE, one.name) for one in view.slices if one.count]
    lines = [option(side.text, f"Slice {side.value}") for side in made]
    for one in batch_columns(found, view):
        name = one["value"]
        if any(column.dates and column.name == name for column in found.columns()):
            continue
        values = drift_sides.values(found, view, name)
        if len(values) <= OFFERED:
            lines += [
                option(
                    Side(found.name, name, value["value"]).text,
                    f"{column_name(name)}: {value['label']}",
                )
                for value in values
            ]
    return lines


def _sets(name: str) -> list[dict[str, str]]:
    """Return the other sets, and parts of sets, as sides."""
    return [option(one["value"], f"Set {one['label']}") for one in drift_sides.sets()
            if one["value"] != name]  # fmt: skip


def _select(
    form: str,
    field: str,
    label: str,
    options: list[dict[str, str]],
    value: Any,
    help_text: str,
    usual: str = AUTO,
) -> Component:
    made = dbc.Select(id=field_id(form, field), options=options,
                      value=chosen(value, options, usual), size="sm")  # fmt: skip
    return pickers.labelled(label, made, help_text=help_text)


def _units(form: str, found: Any, last: Mapping[str, Any]) -> Component:
    units = [option(AUTO, "images; near-copies together"), *columns.for_units(found)]
    return _select(form, "unit", "What counts as one", units, last.get("unit"),
                   "The column that names what belongs together, such as a specimen.")  # fmt: skip


def _seed(form: str, last: Mapping[str, Any], seed: int) -> Component:
    return fields.text(field_id(form, "seed"), "Seed", str(last.get("seed", seed)),
                       "The same seed gives the same numbers.", inputMode="numeric")  # fmt: skip


def _form(title: str, made: list[Component], form: str, words: str) -> Component:
    end = fields.go(words, field_id(form, "go"), field_id(form, "told"))
    return html.Section(
        [html.H2(title, className="vt-card-title"), *made, end],
        className="vt-card vt-form",
        **attrs(aria_label=title),
    )


# -- the jobs --------------------------------------------------------------------------------------


def submit(wanted: SeriesRequest) -> Any:
    """Start a job for a request whose sets are there, and return it.

    Raises
    ------
    VitrineError
        What is asked for is not there.
    """
    app = services()
    for side in (wanted.side, *((Side.read(wanted.like),) if wanted.like else ())):
        app.library.open(side.name)
    what = (
        "Plan batches of" if wanted.plan_only else f"Batches of {wanted.of} by {wanted.by} against"
    )
    return app.jobs.submit("series", wanted.to_json(), f"{what} {wanted.reference}")


def _on_click(form: str, names: tuple[str, ...]) -> None:
    """Let the button of a form start its job; a wrong field is told beside it."""

    @callback(
        output=(
            Output(shell.NUDGE, "data", allow_duplicate=True),
            Output(follow_up.STORE, "data", allow_duplicate=True),
            Output(field_id(form, "told"), "children"),
        ),
        inputs={"clicks": Input(field_id(form, "go"), "n_clicks")},
        state={"given": {name: State(field_id(form, name), "value") for name in names},
               "keys": State(PLACE, "data")},
        prevent_initial_call=True,
    )  # fmt: skip
    def start(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
        """Start what the form describes."""
        if not clicks:
            return no_update, no_update, no_update
        seed = services().settings.seed
        try:
            wanted = (time_request(keys["set"], given, seed) if form == "time"
                      else plan_request(given, seed))  # fmt: skip
            job = submit(wanted)
        except VitrineError as error:
            return no_update, no_update, notices.alert(str(error))
        told = "At work; the result opens here when it is done."
        return job.id, follow_up.expect(job.id, "/drift"), notices.alert(told, "success")


for _form_name, _names in (("time", TIME), ("plan", PLAN)):
    _on_click(_form_name, _names)
