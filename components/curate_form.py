"""The form that asks for images to be chosen, and the request it makes."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import fields, pickers
from components.attributes import attrs
from components.words import column_name, number
from core.choices import CurateRequest
from core.curate.strategies import STRATEGIES
from core.errors import InputError

#: The form's fields, in the order in which a person meets them.
FIELDS = ("amount", "unit", "strategy", "column", "edge", "scenario", "labelled", "pool", "slice",
          "without", "seed", "clean", "alpha", "beta", "gamma", "inside")  # fmt: skip

GO, GO_REPORT, TOLD = "curate-go", "curate-go-report", "curate-told"

UNITS = {"share": "% of the pool", "count": "{}s", "until": "% gain, then stop"}

SCENARIOS = {
    "first": ("First {}s to label", "Nothing is labelled yet."),
    "next": ("Next batch", "Adds what is missing to what is labelled already."),
    "test": ("Test set", "Stands for the whole, apart from what was chosen before."),
}


def field_id(field: str) -> str:
    """Return the id of a field."""
    return f"curate-{field}"


def budget_text(amount: Any, unit: str) -> str:
    """Return a budget from the form's two fields: 10 and "share" is "10%".

    Raises
    ------
    InputError
        No number was given.
    """
    text = str(amount if amount is not None else "").strip().rstrip("%").strip()
    if not text:
        raise InputError("How many: give a number.")
    return {"share": f"{text}%", "until": f"until {text}%"}.get(unit, text)


def request(set_name: str, given: Mapping[str, Any], seed: int = 0) -> CurateRequest:
    """Return what the form's fields ask for.

    Raises
    ------
    InputError
        A field cannot be used; the message names it and says what to enter.
    """
    strategy = str(given.get("strategy") or "representative")
    edge = fields.number(given.get("edge"), "Share of edge cases", 20.0)
    return CurateRequest(
        name=set_name,
        strategy=strategy,
        budget=budget_text(given.get("amount"), str(given.get("unit") or "share")),
        pool=str(given.get("pool") or "all"),
        without=tuple(given.get("without") or ()),
        scenario=str(given.get("scenario") or "first"),
        labelled=fields.named(given.get("labelled")) if given.get("scenario") != "first" else None,
        seed=fields.seed(given.get("seed"), seed),
        column=fields.named(given.get("column")) if strategy == "balanced" else None,
        alpha=float(fields.number(given.get("alpha"), "α", 0.5) or 0.0),
        beta=fields.number(given.get("beta"), "β", None),
        gamma=fields.number(given.get("gamma"), "γ", None),
        edge_share=float(edge or 0.0) / 100,
        inside=str(given.get("inside") or "representative"),
        clean={"yes": True, "no": False}.get(str(given.get("clean") or fields.AUTO)),
        slice=(str(given.get("slice") or "").strip() or None),
    )


def strategy_title(name: str | None) -> str:
    """Return what a strategy is called; a choice without one was made by hand."""
    if not name:
        return "by hand"
    return STRATEGIES[name].title if name in STRATEGIES else name


def title(wanted: CurateRequest) -> str:
    """Return a job's title from its request."""
    return f"Choose {wanted.budget} of {wanted.name}: {STRATEGIES[wanted.strategy].title}"


# -- the fields ------------------------------------------------------------------------------------


def pool_options(view: Any, selection: tuple[str, str] | None) -> list[dict[str, str]]:
    """Return where images may be chosen from: a selection, the whole set, the rest of it."""
    options = [{"label": "the whole set", "value": "all"},
               {"label": "images without a label", "value": "unlabelled"}]  # fmt: skip
    options += [
        {"label": f"slice: {one.name} ({number(one.count)})", "value": f"slice:{one.name}"}
        for one in view.slices
    ]
    if selection:
        options.insert(
            0, {"label": f"selection: {selection[1]}", "value": f"selection:{selection[0]}"}
        )
    return options


def _radio(field: str, legend: str, choices: Mapping[str, tuple[str, str]], value: str) -> Any:
    """Return a choice of one, each with a line on it."""
    shown = {
        key: html.Span(
            [html.Strong(name), html.Span(told, className="vt-small")], className="vt-choice"
        )
        for key, (name, told) in choices.items()
    }
    options = [{"value": key, "label": label} for key, label in shown.items()]
    return html.Fieldset(
        [
            html.Legend(legend, className="form-label"),
            dbc.RadioItems(id=field_id(field), options=options, value=value,
                           className="vt-choices"),
        ],
        className="vt-field",
    )  # fmt: skip


def _text(field: str, label: str, value: Any = "", help_text: str = "", **look: Any) -> Component:
    """Return a labelled text field that is read while one types, for the line that tells before."""
    return fields.text(field_id(field), label, value, help_text, debounce=0.4, **look)


def budget(amount: str = "10", unit: str = "share", one: str = "image") -> Component:
    """Return the question how many."""
    box = dbc.Input(id=field_id("amount"), type="text", size="sm", value=amount, debounce=0.4,
                    inputMode="decimal", autoComplete="off")  # fmt: skip
    options = [{"label": text.format(one), "value": value} for value, text in UNITS.items()]
    of = dbc.Select(id=field_id("unit"), options=options, value=unit, size="sm")
    return html.Fieldset(
        [
            html.Legend("How many", className="form-label"),
            html.Div(
                [html.Label([html.Span("Number", className="visually-hidden"), box]),
                 html.Label([html.Span("Of what", className="visually-hidden"), of])],
                className="vt-budget",
            ),
        ],
        className="vt-field",
    )  # fmt: skip


def strategies(value: str, columns: Sequence[Any], one: str = "image") -> Component:
    """Return the choice of a strategy, with what only some of them ask."""
    presets = {key: (one.title, one.best_for) for key, one in STRATEGIES.items()}
    by = [{"label": "the label", "value": fields.AUTO}]
    by += [{"label": column_name(c.name, c.label), "value": c.name} for c in columns
           if c.kind == "category" and c.name not in {"label", "decision", "slice"}]  # fmt: skip
    return html.Div([
        _radio("strategy", f"Which {one}s", presets, value),
        html.Div(pickers.select(field_id("column"), "Balance by", by, fields.AUTO),
                 id="curate-column-field", hidden=value != "balanced"),
        html.Div(_text("edge", "Share of edge cases, %", "20"),
                 id="curate-edge-field", hidden=value != "edges"),
    ])  # fmt: skip


def scenario(view: Any, value: str = "first") -> Component:
    """Return what the images are for, and what is there already."""
    options = [{"label": "found by the program", "value": fields.AUTO}]
    options += [{"label": one.name, "value": one.name} for one in view.slices]
    told = {key: (name.format(view.noun), about) for key, (name, about) in SCENARIOS.items()}
    return html.Div([
        _radio("scenario", "What for", told, value),
        html.Div(pickers.select(field_id("labelled"), "Labelled or chosen already", options,
                                fields.AUTO),
                 id="curate-labelled-field", hidden=value == "first"),
    ])  # fmt: skip


def advanced(view: Any, seed: int) -> Component:
    """Return what few people need, folded."""
    slices = [{"label": one.name, "value": one.name} for one in view.slices]
    without = html.Fieldset(
        [html.Legend("Leave out these slices", className="form-label"),
         dbc.Checklist(id=field_id("without"), options=slices, value=[])],
        className="vt-field", hidden=not slices,
    )  # fmt: skip
    cleaning = [{"label": "if the set was checked (Quality)", "value": fields.AUTO},
                {"label": "yes", "value": "yes"}, {"label": "no", "value": "no"}]  # fmt: skip
    inside = [{"label": one.title, "value": key} for key, one in STRATEGIES.items()
              if key != "balanced"]  # fmt: skip
    return html.Details(
        [
            html.Summary("Advanced"),
            without,
            pickers.select(field_id("clean"), "Take copies and faulty pictures out first",
                           cleaning, fields.AUTO),
            _text("seed", "Seed", str(seed),
                  f"The same seed and settings choose the same {view.noun}s."),
            _text("alpha", "α: how far large clusters get more", "0.5",
                  "Full coverage: 0 gives each cluster the same, 1 its share of the set."),
            _text("beta", "β: pull towards dense places", "", "Density-weighted; empty: default."),
            _text("gamma", "γ: how far large groups get more", "",
                  "Balanced: 0 gives each group the same; empty: default."),
            pickers.select(field_id("inside"), "Balanced: how to choose inside a group", inside,
                           "representative"),
        ],
        className="vt-advanced",
    )  # fmt: skip


def form(view: Any, columns: Sequence[Any], pools: Sequence[Any], pool: str, seed: int) -> Any:
    """Return the form; everything has a default, so that one click is enough."""
    known = [option["value"] for option in pools]
    return html.Section(
        [
            html.H2("What to choose", className="vt-card-title"),
            budget(one=view.noun),
            pickers.select(field_id("pool"), "Out of", pools, pool if pool in known else "all"),
            strategies("representative", columns, view.noun),
            scenario(view),
            _text("slice", "Name of the slice", maxLength=80,
                  help_text=f"Where the {view.noun}s are kept; empty: named after what was asked."),
            advanced(view, seed),
            html.P(
                "Nothing is changed or copied: what is chosen becomes a slice, and undo takes it "
                "back.",
                className="vt-small vt-promise",
            ),
            html.Div(
                [
                    html.Div(id=TOLD, role="status"),
                    html.Div(
                        [
                            html.Button("Choose and report", id=GO_REPORT, type="button",
                                        className="btn btn-primary"),
                            html.Button("Choose only", id=GO, type="button",
                                        className="btn btn-quiet"),
                        ],
                        className="vt-actions",
                    ),
                ],
                className="vt-go",
            ),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="What to choose"),
    )  # fmt: skip
