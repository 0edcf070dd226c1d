"""Quality at a glance: what was found, what is decided, what is left, and the way on."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import gallery, notices, quality_form, quality_leaks
from components.attributes import attrs
from components.quality_frame import VIEWS, step
from components.state import noun, services
from components.words import ago, number, plural, share
from core.findings.model import TITLES, TOPICS

#: What a topic's cases are called.
CASES = {
    "duplicates": ("group", "groups"),
    "pictures": ("picture", "pictures"),
    "labels": ("label", "labels"),
}

#: Pictures on the card of a topic.
FIRST = 6

#: What became of cases, in the order in which it is told.
OUTCOMES = {
    "kept": "kept",
    "out": "taken out",
    "part": "taken out in part",
    "relabelled": "relabelled",
}


def form_of(found: Any, check: Any, *, again: bool = False) -> Component:
    """Return the form that asks for a check of a set, as the last check was asked for."""
    library = services().library
    others = [name for name in library.names() if name != found.base.name]
    last: Mapping[str, Any] = check.request if check is not None else {}
    view = services().curation.view(found)
    seed = int(found.request.get("seed", services().settings.seed))
    return quality_form.form(found, view, others, last, seed, again=again)


def unchecked(found: Any, check: Any) -> list[Component]:
    """Return the page of a set that was not checked yet, or in another state: the form of a check.

    `check` is the one of the other state; None where there was none.
    """
    told = [
        ("Copies", "Identical files, identical pixels, and near-duplicates, by a threshold that is "
         "learned from this very set. For each group: which image to keep, and why."),
        ("Outliers", f"The {noun(found)}s most unlike all others, each beside its neighbours."),
        ("Faulty pictures", "Dark, bright, blurred, nearly empty, odd in shape or size, with a "
         "border, turned. Raw values are shown, and thresholds can be moved."),
        ("Wrong labels", "Labels that the neighbours contradict, each with the one they propose."),
    ]  # fmt: skip
    steps = html.Section(
        [
            html.H2("What is wrong with this set?", className="vt-card-title"),
            html.P("A check looks for four kinds of trouble. You go through what it finds, case by "
                   "case or many at once; every decision is kept with its reason and can be "
                   "undone.", className="vt-lead"),
            html.Dl([html.Div([html.Dt(name), html.Dd(text)]) for name, text in told],
                    className="vt-facts vt-quality-told"),
        ],
        className="vt-card",
    )  # fmt: skip
    beside: list[Component] = [steps]
    if check is not None:
        beside.insert(0, notices.hint(html.Strong("Not up to date. "), check.stale))
    return [html.Div([form_of(found, check), html.Div(beside, className="vt-curate-beside")],
                     className="vt-curate")]  # fmt: skip


def unlooked(keys: Mapping[str, str], check: Any) -> Component:
    """Return the view of a topic that the last check did not look at."""
    why = check.notice(keys["view"]) if keys["view"] in TOPICS else ""
    return html.Div(
        [html.H2(f"{VIEWS[keys['view']]}: not checked"),
         html.P(why or "The last check did not look for these. Check again and tick them.",
                className="vt-lead"),
         html.Div(step("To the check", keys, "btn btn-primary", view="overview"),
                  className="vt-actions")],
        className="vt-card vt-case-none",
    )  # fmt: skip


def overview(found: Any, check: Any, summary: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return one card a topic, the set before and after, and the form to check again."""
    cards = []
    for topic in list(VIEWS)[1:]:
        one = summary.topics.get(topic)
        worst = first(found, check, topic) if one is not None and one.open else []
        cards.append(card(found, check, topic, one, keys, worst))
    return [
        sentence(check, summary),
        html.Div(
            [html.Div(cards, className="vt-topics"), form_of(found, check, again=True)],
            className="vt-quality-overview",
        ),
    ]


def first(found: Any, check: Any, topic: str) -> list[int]:
    """Return the images of the first open cases of a topic, one of each."""
    view = services().curation.view(found)
    cases = services().findings.worklist(found, view, check, topic, limit=FIRST).cases
    return [case.rows[0] for case in cases]


def sentence(check: Any, summary: Any) -> Component:
    """Return the set before and after what was decided, and how much is left, in words."""
    lines = summary.topics.values()
    left, decided = sum(one.open for one in lines), sum(one.decided for one in lines)
    total = left + decided
    told = (
        f"{plural(left, 'case')} left of {number(total)}; {share(decided / total)} decided."
        if total
        else "The check found nothing to decide."
    )
    bar = html.Progress(
        f"{number(decided)} of {number(total)}", value=str(decided), max=str(max(total, 1)),
        className="vt-progress", **attrs(aria_label="Cases decided"),
    )  # fmt: skip
    when = ago(check.updated)
    return html.Section(
        [
            html.P(summary.before, className="vt-preview-sentence"),
            html.P(summary.after, className="vt-preview-sentence vt-after")
            if summary.acted
            else None,
            bar if total else None,
            html.P([told, html.Span(f" Checked {when}." if when else "")], className="vt-small"),
        ],
        className="vt-card vt-quality-sentence",
        **attrs(aria_label="Before and after"),
    )  # fmt: skip


def card(
    found: Any, check: Any, topic: str, one: Any, keys: Mapping[str, str], worst: Sequence[int]
) -> Component:
    """Return a topic: how many cases of each kind, what was decided, and the way to the next.

    Parameters
    ----------
    found, check, keys
        The open set, its check, and what the page shows.
    topic, one
        The topic, and how many cases it has; None where it was not looked for.
    worst
        Images of its first open cases.
    """
    title = html.H2(VIEWS[topic], className="vt-card-title")
    if one is None:
        return html.Article(
            [title, html.P("Not looked for in the last check.", className="vt-small")],
            className="vt-card vt-topic",
        )
    case = (noun(found),) if topic == "outliers" else CASES[topic]
    left = html.P(
        [html.Strong(number(one.open)), f" of {plural(one.found, *case)} to decide"]
        if one.found
        else "Nothing found.",
        className="vt-topic-left",
    )
    go = step(
        "Go on" if one.decided else "Begin", keys, "btn btn-primary", view=topic,
        aria_label=f"{'Go on' if one.decided else 'Begin'} with {VIEWS[topic].lower()}",
    )  # fmt: skip
    look = step("Look again", keys, "btn btn-quiet", view=topic, state="all",
                aria_label=f"Look again at {VIEWS[topic].lower()}")  # fmt: skip
    parts: list[Component | None] = [
        title,
        left,
        gallery.mosaic(found, worst, "The first of them") if worst else None,
        kinds(topic, one, keys),
        leaking(check, keys) if topic == "duplicates" else None,
        outcomes(one),
        *[notices.hint(html.Strong(TITLES.get(kind, kind)), f": {told}")
          for kind, told in one.unsuited.items()],
        notices.hint(one.notice) if one.notice else None,
        html.Div([go] if one.open else [look] if one.found else [], className="vt-actions"),
    ]  # fmt: skip
    return html.Article([p for p in parts if p is not None], className="vt-card vt-topic")


def kinds(topic: str, one: Any, keys: Mapping[str, str]) -> Component | None:
    """Return the kinds of cases of a topic, each a link to those; None where there is one kind."""
    known = {kind: counts for kind, counts in one.kinds.items() if counts[0]}
    if len(one.kinds) < 2 or not known:
        return None
    rows = [
        html.Li(
            [step(TITLES.get(kind, kind), keys, view=topic, kind=kind, state="" if left else "all"),
             html.Span(f"{number(left)} of {number(found)} left" if left else
                       f"all {number(found)} decided", className="vt-small")]
        )
        for kind, (found, left) in known.items()
    ]  # fmt: skip
    return html.Ul(rows, className="vt-topic-kinds")


def leaking(check: Any, keys: Mapping[str, str]) -> Component | None:
    """Return how many copies lie across splits, slices or sets; None where none do."""
    count = quality_leaks.count(check)
    if not count:
        return None
    way = step(
        "Look at them", keys, view="duplicates", kind="leaks", aria_label="Look at the leaks"
    )
    told = f"{plural(count, 'leak')}: copies across splits, slices or sets. "
    return html.P([html.Strong(told, className="vt-warned"), way], className="vt-small")


def outcomes(one: Any) -> Component | None:
    """Return what was decided of a topic's cases; None where nothing was."""
    told = [f"{number(getattr(one, name, 0))} {word}" for name, word in OUTCOMES.items()
            if getattr(one, name, 0)]  # fmt: skip
    return html.P(f"Decided: {', '.join(told)}.", className="vt-small") if told else None
