"""Encoders, tuning: the encoders tuned to a set's images, before and after, and the form."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from components import encoder_sets, figures, follow_up, notices, shell, tuning_form
from components.attributes import attrs
from components.encoder_frame import PLACE, SAID, badge, card
from components.stacked import stacked
from components.state import link, services
from components.tables import facts
from components.words import ago, encoder_name, number, plural, score
from core.encoders.tuned import Tuned, tuned_encoders
from core.errors import NotFoundError, VitrineError
from core.request import RunRequest
from core.tuning.progress import Unfinished, unfinished

_BADGES = {"better": ("pass", "better"), "not better": ("caution", "not better"),
           "worse": ("fail", "not better, worse"), "not told": ("unknown", "not told")}  # fmt: skip
_METHODS = {"simclr": "SimCLR", "vicreg": "VICReg", "byol": "BYOL"}
TELLS = (
    "A network learns from your images alone, without labels: two views of one picture should be "
    "near each other.",
    "A part of the images is held out. On it, the new encoder is compared with the one it began "
    "as, with intervals; it says so where it is not better.",
    "Training takes minutes on a processor, can be stopped, and goes on from where it was.",
)


def view(app: Any, keys: Mapping[str, str]) -> Component:
    """Return the view: encoders tuned to the set that is shown, and the form for another.

    Parameters
    ----------
    app
        The app's services.
    keys
        The keys of the address; `set` names the set, `key` the encoder to show first.
    """
    found = app.library.open(keys["set"])
    memo = app.library.workspace.root / "encoders"
    every = tuned_encoders(memo)
    mine = [one for one in every if one.lineage.get("set") == found.name]
    mine.sort(key=lambda one: (one.lineage.get("key") != keys.get("key"),
                               _reversed(str(one.lineage.get("created", "")))))  # fmt: skip
    last = dict(mine[0].lineage.get("request", {})) if mine else {}
    form = tuning_form.form(found, last, app.settings.seed)
    begun = [_begun(one) for one in unfinished(memo) if one.request.get("name") == found.name]
    parts: list[Any] = [*begun, *(_result(one) for one in mine)]
    if mine:
        parts.append(html.Details([html.Summary("Tune another"), form], className="vt-again"))
        return html.Div(parts, className="vt-tunings")
    told = card("What this does", html.Ul([html.Li(one) for one in TELLS],
                                          className="vt-morph-explained"))  # fmt: skip
    return html.Div([*parts, html.Div([form, told], className="vt-encoders-begin")],
                    className="vt-tunings")  # fmt: skip


def _reversed(text: str) -> list[int]:
    """Return what sorts later texts first."""
    return [-ord(one) for one in text]


# -- one tuned encoder ----------------------------------------------------------------------------


def _result(one: Tuned) -> Component:
    """Return what was made: the verdict, before and after, the loss, and its lineage."""
    made, compared = one.lineage, one.lineage["comparison"]
    look, word = _BADGES[compared["verdict"]]
    first, colon, rest = str(compared["text"]).partition(": ")
    text = f"{rest[:1].upper()}{rest[1:]}" if colon and first.lower() == word else compared["text"]
    line = html.P([badge(look, word), " ", text], className="vt-tuning-verdict")
    use = html.Button(
        "Make a set with it", id={"component": "tuning", "part": "use", "name": one.name},
        type="button", className="btn btn-primary btn-sm",
        **attrs(aria_label=f"Make a set with {one.name}"),
    )  # fmt: skip
    return card(
        one.name, line, _table(compared["lines"]), *_notes(made, compared),
        losses(one.name, made["losses"]), _lineage(made), html.Div(use, className="vt-actions"),
        look="vt-tuning",
    )  # fmt: skip


def _table(lines: Sequence[Mapping[str, Any]]) -> Component | None:
    """Return the figures before and after, with the interval of the difference."""
    if not lines:
        return None
    names = ("On images held out", "Before", "After", "Difference, 95 % interval", "So it is")
    rows = [
        [html.Div([html.Strong(line["title"]), *_less(line)]), score(line["before"]),
         score(line["after"]), _interval(line), _word(line["verdict"])]
        for line in lines
    ]  # fmt: skip
    return stacked(names, rows, caption="Before and after")


def _less(line: Mapping[str, Any]) -> list[Component]:
    return [] if line["more"] else [html.Div("Less is better.", className="vt-small")]


def _interval(line: Mapping[str, Any]) -> str:
    if line["low"] is None:
        return f"{line['difference']:+.3f} (too few for an interval)"
    return f"{line['difference']:+.3f} ({line['low']:+.3f} to {line['high']:+.3f})"


def _word(verdict: str) -> Component:
    looks = {"better": "pass", "worse": "fail"}
    return badge(looks.get(verdict, "unknown"), verdict)


def _notes(made: Mapping[str, Any], compared: Mapping[str, Any]) -> list[Component]:
    told = [*made["notes"], *compared["notes"]]
    return [html.Ul([html.Li(f"{one[:1].upper()}{one[1:].rstrip('.')}.") for one in told],
                    className="vt-small")] if told else []  # fmt: skip


def losses(name: str, values: Sequence[float]) -> Component | None:
    """Return the loss of each epoch as a line, with its ends in words."""
    if not values:
        return None
    epochs = list(range(1, len(values) + 1))
    trace = {"type": "scatter", "mode": "lines+markers", "x": epochs, "y": list(values),
             "hovertemplate": "epoch %{x}: %{y:.4g}<extra></extra>"}  # fmt: skip
    step = -(-len(values) // 10)  # ticks at whole epochs, ten at most
    layout = {"xaxis": {"title": {"text": "epoch"}, "tickformat": ",d", "tick0": 1, "dtick": step},
              "yaxis": {"title": {"text": "loss"}}}  # fmt: skip
    text = f"Loss {values[0]:.3g} in the first epoch, {values[-1]:.3g} in the last of {len(values)}"
    chart = figures.graph(f"loss-{name}", {"data": [trace], "layout": layout}, label=text,
                          height=180)  # fmt: skip
    return html.Div([html.P(f"{text}.", className="vt-small"), chart], className="vt-losses")


def _lineage(made: Mapping[str, Any]) -> Component:
    """Return what the encoder was made from."""
    compared = made["comparison"]
    held = f"{plural(compared['images'], 'image')} of {plural(compared['units'], 'unit')}"
    lines = {
        "Begun as": encoder_name(made["base"]),
        "Learned by": _METHODS.get(made["method"], made["method"]),
        "Trained on": f"{plural(made['images'], 'image')} of {plural(made['units'], 'unit')}",
        "Compared on": f"{held}, {number(compared['labels'])} labelled",
        "Epochs": f"{made['epochs']} of {made['planned']}, views of {made['size']} px",
        "Took": f"{made['seconds'] / 60:.1f} minutes", "Seed": str(made["seed"]),
        "Set": f"{made['set']} ({made['imageset'][:8]})", "Made": ago(made["created"]),
    }  # fmt: skip
    made_by = facts(tuple(lines.items()), "vt-facts vt-facts-row")
    return html.Details([html.Summary("How it was made"), made_by])


def _begun(one: Unfinished) -> Component:
    """Return a tuning that is at work, or was stopped and can go on."""
    told = f"Epoch {min(one.epoch + 1, one.epochs)} of {one.epochs}; it is kept every half minute."
    again = html.Button(
        "Go on", id={"component": "tuning", "part": "again", "name": one.name}, type="button",
        className="btn btn-quiet btn-sm", **attrs(aria_label=f"Go on tuning {one.name}"),
    )  # fmt: skip
    return card(f"tuned:{one.name}, not finished", html.P(told), losses(one.name, one.losses),
                html.Div(again, className="vt-actions"), look="vt-tuning")  # fmt: skip


# -- what a person does ---------------------------------------------------------------------------


def _submit(wanted: Any, keys: Mapping[str, str]) -> Any:
    """Start a tuning, and wait for its result here."""
    job = services().jobs.submit("tune", wanted.to_json(), f"{wanted.name}: tune {wanted.to}")
    return job.id, encoder_sets.expect(job.id, keys, "tuning")


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(follow_up.STORE, "data", allow_duplicate=True),
        Output(tuning_form.TOLD, "children"),
    ),
    inputs={"clicks": Input(tuning_form.GO, "n_clicks")},
    state={
        "given": {one: State(tuning_form.field_id(one), "value") for one in tuning_form.FIELDS},
        "keys": State(PLACE, "data"),
    },
    prevent_initial_call=True,
)
def tune(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the tuning that the form describes; a wrong field is told beside it."""
    if not clicks:
        return no_update, no_update, no_update
    from core.tuning.subject import base_of

    try:
        wanted = tuning_form.request(keys["set"], given, services().settings.seed)
        base_of(wanted, services().library.open(keys["set"]).spec.name)
    except VitrineError as error:
        return no_update, no_update, notices.alert(f"{str(error)[:1].upper()}{str(error)[1:]}")
    told = "Tuning; the result opens here when it is done."
    return *_submit(wanted, keys), notices.alert(told, "success")


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Output(SAID, "children", allow_duplicate=True),
    Input({"component": "tuning", "part": "use", "name": ALL}, "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def use(clicks: list[int | None], keys: dict[str, str]) -> Any:
    """Make a set of the same images in a tuned encoder."""
    if not any(clicks):
        return no_update, no_update
    encoder = str(ctx.triggered_id["name"])
    found = services().library.open(keys["set"])
    known = {key: value for key, value in found.base.request.items() if key != "place"}
    name = encoder_sets.free_name(f"{found.base.name} {encoder.removeprefix('tuned:')}")
    wanted = RunRequest.from_json({**known, "name": name, "encoder": encoder})
    job = services().jobs.submit("run", wanted.to_json(), f"{name}: {encoder}")
    told: list[Any] = [f"Making “{name}”; then see it ",
                       dcc.Link("in Explore", href=link("/explore", set=name)), "."]  # fmt: skip
    return job.id, notices.alert(told, "success")  # type: ignore[arg-type]


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Output(follow_up.STORE, "data", allow_duplicate=True),
    Output(SAID, "children", allow_duplicate=True),
    Input({"component": "tuning", "part": "again", "name": ALL}, "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def go_on(clicks: list[int | None], keys: dict[str, str]) -> Any:
    """Go on with a tuning that was stopped; one that is at work is followed."""
    if not any(clicks):
        return no_update, no_update, no_update
    from core.tuning.request import TuneRequest

    memo = services().library.workspace.root / "encoders"
    name = ctx.triggered_id["name"]
    one = next((one for one in unfinished(memo) if one.name == name), None)
    if one is None:
        raise NotFoundError("This tuning is finished, or gone; reload the page.")
    wanted = TuneRequest.from_json(one.request)
    return *_submit(wanted, keys), notices.alert("Going on.", "success")
