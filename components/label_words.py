"""Labels proposed by words, for encoders with a text tower: the form, and what is known of them."""

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, html, no_update
from dash.development.base_component import Component

from components import fields, follow_up, label_frame, notices, pickers, shell, tables
from components.state import noun, services
from components.words import encoder_name, number, plural, score, share
from core.encoders.prompts import DEFAULT, TITLES, has_text
from core.errors import InputError
from core.labelled.values import label_column
from core.quality.words_request import WordsRequest, labels_in

LABELS, OTHERS, TEMPLATE, OWN_TEXT, COLUMN, POOL, PRECISION, LEAST, GO = (
    "words-labels", "words-others", "words-template", "words-own", "words-column", "words-pool",
    "words-precision", "words-least", "words-go",
)  # fmt: skip
FIELDS = (LABELS, OTHERS, TEMPLATE, OWN_TEXT, COLUMN, POOL, PRECISION, LEAST)

#: The value of the choice of templates that stands for a text of one's own.
OWN = "own"

#: Labels that are written into the form before a person changes them.
MOST = 100


def request(name: str, given: Mapping[str, Any], seed: int) -> WordsRequest:
    """Return what the form asks for.

    Raises
    ------
    InputError
        A label, a template or a number cannot be used.
    """
    template = str(given.get(TEMPLATE) or DEFAULT)
    own = [part.strip() for part in str(given.get(OWN_TEXT) or "").split(";") if part.strip()]
    if template == OWN and not own:
        raise InputError("Read as: write a text of your own, with {} for the words.")
    others = [part.strip() for part in str(given.get(OTHERS) or "").split(",") if part.strip()]
    return WordsRequest(
        name,
        labels_in(str(given.get(LABELS) or "").splitlines(), ":"),
        tuple(others),
        tuple(own) if template == OWN else (template,),
        fields.named(given.get(COLUMN)),
        str(given.get(POOL) or "all"),
        fields.percent(given.get(PRECISION), "Promised precision", 95.0),
        fields.percent(given.get(LEAST), "Least confidence", 90.0),
        seed,
    )


def form(found: Any, view: Any, keys: Mapping[str, str]) -> Component:
    """Return the form that asks for labels by words, or why a set has none."""
    if found.spec.model_type == "given" or not has_text(found.spec):
        return label_frame.card(
            "Propose by words",
            html.P("Labels can be told by words where the encoder has a text tower: in sets "
                   "encoded with open_clip:<model>:<weights> (CLIP, SigLIP, MobileCLIP, BioCLIP). "
                   f"{_shown(found)} has none.", className="vt-hint"),
        )  # fmt: skip
    known = label_column(found, view, fields.named(keys["column"])).names
    if len(known) > MOST or any(":" in name for name in known):
        known = ()  # left empty, all of them are asked for as they are
    area = dbc.Textarea(
        id=LABELS, rows=6, size="sm", value="\n".join(known), spellCheck="false",
        placeholder="cat: cat, kitten\ndog",
    )  # fmt: skip
    options = [{"label": title, "value": name} for name, title in TITLES.items()]
    whole = f"all {noun(found)}s without a label"
    return label_frame.card(
        "Propose by words",
        label_frame.field("Labels, one a line, with words for each", area,
                          "As in “cat: cat, kitten”. Without words a label is its own; without "
                          "any, the labels that there are."),
        fields.text(OTHERS, "Words for what gets no label", "",
                    "Apart by commas, as in “something else, an empty picture”."),
        pickers.select(TEMPLATE, "Read as",
                       [*options, {"label": "a text of my own", "value": OWN}], DEFAULT),
        fields.text(OWN_TEXT, "A text of my own, with {} for the words", "",
                    "Used where “a text of my own” is chosen."),
        label_frame.columns(COLUMN, "Measure with", found, keys),
        label_frame.pool_field(POOL, "Propose for", found, view, keys, whole),
        fields.text(PRECISION, "Promised precision, %", "95",
                    "Kept where enough images have a known label to measure it with."),
        fields.text(LEAST, "Least confidence, %", "90",
                    "Used where too few have one; then nothing is promised."),
        fields.go("Propose by words", GO, f"{GO}-told"),
        form=True,
    )  # fmt: skip


def _shown(found: Any) -> str:
    given = found.spec.model_type == "given"
    return "This set of given vectors" if given else encoder_name(found.spec.name)


def is_by_words(meta: Mapping[str, Any]) -> bool:
    """Tell whether labels were told by words."""
    return meta.get("by") == "words"


def promise(meta: Mapping[str, Any], one: str = "image") -> str:
    """Return what is known of labels told by words: what was promised, or that nothing is."""
    if meta["threshold"] is None:
        return str(meta["notice"])
    told = f"{number(meta['proposed'])} of {plural(meta['waiting'], one)} get a label by words"
    if not meta["learned"]:
        return f"{told}. {meta['notice']}"
    return (
        f"{told}, {share(meta['precision'])} of them right as promised: of "
        f"{number(meta['tried'])} {one}s with a known label that were told as surely, "
        f"{share(meta['found'])} were told right (at least {share(meta['low'])}, with 90 % "
        "confidence)."
    )


def measured(meta: Mapping[str, Any]) -> Component | None:
    """Return how well words tell each label of which some are known; None where none is."""
    lines = meta["by_label"]
    if not lines:
        return None
    rows = [
        (one["label"], number(one["known"]), number(one["told"]),
         score(one["told"] / one["known"], 2))
        for one in sorted(lines, key=lambda line: line["told"] / line["known"])
    ]  # fmt: skip
    return html.Details(
        [
            html.Summary(f"How well words tell known labels: {share(meta['accuracy'])} of "
                         f"{number(meta['known'])}"),
            tables.table(("Label", "Known", "Told", "Share"), rows,
                         caption="Known labels that the words tell, the worst first"),
        ]
    )  # fmt: skip


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(follow_up.STORE, "data", allow_duplicate=True),
        Output(f"{GO}-told", "children"),
    ),
    inputs={"clicks": Input(GO, "n_clicks")},
    state={
        "given": {field: State(field, "value") for field in FIELDS},
        "keys": State(label_frame.PLACE, "data"),
    },
    prevent_initial_call=True,
)
def begin(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the job; a wrong field is told beside it."""
    if not clicks:
        return no_update, no_update, no_update
    try:
        wanted = request(keys["set"], given, services().settings.seed)
    except InputError as error:
        return no_update, no_update, notices.alert(str(error))
    found = services().library.open(keys["set"])
    job = services().jobs.submit("label", wanted.to_json(), f"Labels of {found.title} by words")
    return job.id, follow_up.expect(job.id, "/quality"), notices.alert("Started.", "success")
