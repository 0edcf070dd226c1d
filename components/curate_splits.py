"""Train, validation and test: the form, and the division with the proof that nothing leaks."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components import pickers, tables
from components.attributes import attrs
from components.notices import button_link
from components.state import link, noun
from components.words import ago, column_name, listed, number, plural, score, share
from core.choices import SplitRequest
from core.errors import InputError

FIELDS = ("train", "validation", "test", "pool", "column", "unit", "slices", "seed")
GO, TOLD = "split-go", "split-told"
PARTS = ("train", "validation", "test")

#: Stands for "as the program finds it"; "" is not possible in a select.
AUTO, NONE = "-", "none"


def field_id(field: str) -> str:
    """Return the id of a field."""
    return f"split-{field}"


def _share(value: Any, field: str) -> float:
    """Return a percentage from its text field."""
    text = str(value if value is not None else "").strip().rstrip("%").strip() or "0"
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{field.capitalize()}: {text[:40]!r} is no number.") from None


def _choice(value: Any) -> str | None:
    """Return a column's name; None for the program's own choice, "" for none."""
    return {None: None, "": None, AUTO: None, NONE: ""}.get(value, value)


def request(set_name: str, given: Mapping[str, Any], seed: int = 0) -> SplitRequest:
    """Return what the form's fields ask for; `InputError` names a field that cannot be used."""
    shares = {part: _share(given.get(part), part) for part in PARTS}
    text = str(given.get("seed") if given.get("seed") is not None else "").strip()
    if text and not text.isdigit():
        raise InputError(f"Seed: {text[:40]!r} is no whole number.")
    return SplitRequest(
        name=set_name,
        train=shares["train"],
        validation=shares["validation"],
        test=shares["test"],
        pool=str(given.get("pool") or "all"),
        seed=int(text) if text else seed,
        column=_choice(given.get("column")),
        unit=_choice(given.get("unit")),
        slices=str(given.get("slices") or "").strip() or None,
    )


def title(wanted: SplitRequest) -> str:
    """Return a job's title from its request."""
    shares = ", ".join(f"{100 * part:.0f}" for part in wanted.shares)
    return f"Divide {wanted.name}: {shares} %"


def _shares() -> list[Component]:
    """Return the three fields of the shares."""
    defaults = {"train": "70", "validation": "15", "test": "15"}
    return [
        html.Label([html.Span(f"{part.capitalize()}, %"),
                    dbc.Input(id=field_id(part), type="text", size="sm", value=value,
                              inputMode="decimal", autoComplete="off")])
        for part, value in defaults.items()
    ]  # fmt: skip


def form(columns: Sequence[Any], pools: Sequence[Any], pool: str, seed: int) -> Component:
    """Return the form; everything has a default."""
    by = [{"label": column_name(c.name, c.label), "value": c.name} for c in columns
          if c.kind == "category" and c.name not in {"decision", "slice", "cluster"}]  # fmt: skip
    own = [{"label": "nothing", "value": NONE}, *by]
    strata = [{"label": "the label, where there is one", "value": AUTO}, *own]
    units = [{"label": "the column “unit”, where there is one", "value": AUTO}, *own]
    known = [option["value"] for option in pools]
    name = dbc.Input(id=field_id("slices"), type="text", size="sm", maxLength=60,
                     autoComplete="off")  # fmt: skip
    lot = dbc.Input(id=field_id("seed"), type="text", size="sm", value=str(seed),
                    autoComplete="off")  # fmt: skip
    return html.Section(
        [
            html.H2("How to divide", className="vt-card-title"),
            html.Fieldset([html.Legend("Shares", className="form-label"),
                           html.Div(_shares(), className="vt-shares")], className="vt-field"),
            pickers.select(field_id("pool"), "Out of", pools, pool if pool in known else "all"),
            pickers.select(field_id("column"), "Same balance in each of", strata, AUTO),
            pickers.select(field_id("unit"), "Never part what has the same", units, AUTO),
            html.Details(
                [html.Summary("Advanced"),
                 pickers.labelled("First word of the slices' names", name),
                 pickers.labelled("First of the 200 seeds that are tried", lot)],
                className="vt-advanced",
            ),
            html.Div(id=TOLD, role="status"),
            html.Div(html.Button("Divide", id=GO, type="button", className="btn btn-primary"),
                     className="vt-actions"),
            html.P("Near-duplicates and images of one unit stay together, so that no test image "
                   "has a twin in training.", className="vt-small"),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="How to divide"),
    )  # fmt: skip


def proof(meta: Mapping[str, Any], one: str) -> Component:
    """Return the proof that no near-duplicates are in two parts, as it was computed."""
    found = meta["proof"]
    within = int(found["pairs_within_tau"])
    told = (
        f"Of {number(found['pairs_across'])} pairs of {one}s in different parts, "
        f"{number(within) if within else 'none'} {'is' if within == 1 else 'are'} within "
        f"{score(found['tau'], 4)}, the distance of near-duplicates."
    )
    cut = int(found["groups_cut"]) + int(found["units_cut"])
    facts = [
        ("Groups that stayed whole", f"{number(meta['groups'])}, the largest of "
         f"{plural(int(meta['largest_group']), one)}"),
        ("Groups of near-duplicates cut", number(found["groups_cut"])),
        ("Units cut", number(found["units_cut"])),
        ("Checked by", str(found["method"])),
        ("Seed", f"{meta['seed']}, of {plural(int(meta['candidates']), 'candidate')}"),
        ("Balanced by", listed(meta.get("stratified_by") or []) or "nothing"),
    ]  # fmt: skip
    return html.Section(
        [html.H2("Proof that nothing leaks"),
         html.P(told, className="vt-proof-" + ("broken" if within or cut else "sound")),
         tables.facts(facts, "vt-facts vt-record")],
        className="vt-card vt-proof",
    )  # fmt: skip


def shown(found: Any, splits: Any, view: Any) -> list[Component]:
    """Return a division: its parts, the proof, the balance and how it was searched for."""
    meta, there = splits.meta, {one.name for one in view.slices}
    kept = {part: name for part, name in (meta.get("slices") or {}).items() if name in there}
    total = sum(meta["counts"].values())
    cards = [
        html.Li(
            [
                html.H2(part.capitalize(), className="vt-card-title"),
                html.P(number(meta["counts"][part]), className="vt-figure-value"),
                html.P(share(meta["counts"][part] / max(1, total)), className="vt-small"),
                button_link("See them", link("/explore", set=found.name,
                                             slice=kept[part]))
                if part in kept else html.P("Its slice was taken back.", className="vt-small"),
            ],
            className="vt-card vt-report-figure",
        )
        for part in PARTS if meta["counts"].get(part)
    ]  # fmt: skip
    tried = plural(len(splits.search), "division")
    note = [html.P(str(line), className="vt-hint") for line in meta.get("notes") or []]
    back = link("/curate", set=found.name, view="split")
    return [
        html.Div([dcc.Link("Divide again", href=back, className="vt-back"),
                  html.H1(f"{plural(total, noun(found))} in {len(cards)} parts"),
                  html.P(f"The best of {tried} that were tried: a test set found by a search is "
                         "more like the whole than a random one.", className="vt-lead")],
                 className="vt-page-head"),
        html.Ul(cards, className="vt-report-figures"),
        *note,
        proof(meta, noun(found)),
        _balance(splits),
    ]  # fmt: skip


def _balance(splits: Any) -> Component:
    """Return how the images of each theme and value are divided."""
    columns = ["kind", "value", *PARTS]
    rows = [
        [str(kind), str(value), *map(number, counts)]
        for kind, value, *counts in splits.strata[columns].head(200).to_numpy().tolist()
    ]
    head = ("By", "Value", "Train", "Validation", "Test")
    return html.Section(
        [html.H2("Balance"), tables.table(head, rows, caption="Images of each group in each part")],
        className="vt-report-section",
    )  # fmt: skip


def explained() -> Component:
    """Return what the division promises, beside the form."""
    lines = (
        "Every theme and every label with enough images gets its share in each part.",
        "Near-duplicates, and what has the same unit, stay in one part: a test image never has a "
        "twin in training.",
        "Of 200 divisions the one whose parts resemble the whole most is taken; the search is "
        "recorded.",
        "All pairs across parts are then searched, exactly, and the proof is kept with it.",
        "The three parts become slices, ready for export.",
    )
    return html.Section(
        [html.H2("What comes out", className="vt-card-title"),
         html.Ul([html.Li(line) for line in lines], className="vt-report-lines")],
        className="vt-card",
    )  # fmt: skip


def recent(found: Any, lines: Sequence[Any]) -> Component | None:
    """Return the divisions made so far; None where there is none."""
    if not lines:
        return None
    rows = [
        [dcc.Link(" / ".join(number(line.counts.get(p, 0)) for p in PARTS),
                  href=link("/curate", set=found.name, splits=line.key)),
         ago(line.created)]
        for line in lines[:12]
    ]  # fmt: skip
    return html.Section(
        [html.H2("Earlier divisions", className="vt-card-title"),
         tables.table(("Train / validation / test", "When"), rows, caption="Earlier divisions")],
        className="vt-card vt-recent",
    )  # fmt: skip
