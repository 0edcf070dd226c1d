"""What a court recommends for each question, and why, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.courts.suits import QUESTIONS, Question, caution, kind_of, rank_of
from core.findings.wording import listed
from core.judging.figure import behind, between, percent
from core.judging.figures import Heard
from core.model import EncoderSpec

#: Figures nearer than this are the same; the kind made for the question, then the cheaper, wins.
SAME = 0.005
#: Questions that rest on distances, where a card that fails is to be told.
DISTANCES = frozenset({"similar", "copies", "drift"})


def recommendations(told: Sequence[Heard]) -> list[dict[str, Any]]:
    """Return what is recommended for each question.

    Parameters
    ----------
    told
        What was heard of each encoder.

    Returns
    -------
    list
        For each question its name, title, the key and name of the encoder recommended ("" where
        none is), whether it is `clear`ly ahead of the next, `text` (what, why, measured on these
        images), what the table of kinds says, and `order`: every encoder, the best first, with its
        figure and whether it is clearly behind the best.
    """
    return [_recommended(question, told) for question in QUESTIONS]


def _recommended(question: Question, told: Sequence[Heard]) -> dict[str, Any]:
    name = question.figure
    known = [(one.figures[name].value, one) for one in told if one.figures[name].value is not None]
    made = {
        "question": question.name, "title": question.title, "measures": question.measures,
        "key": "", "name": "", "clear": False, "order": [], "table": _by_kind(question, told),
        "why": question.why,
    }  # fmt: skip
    if not known:
        return made | {"text": f"Not measured: {told[0].figures[name].text if told else ''}"}
    top = max(value or 0.0 for value, _ in known)
    first = min(
        (one for value, one in known if top - (value or 0.0) < SAME),
        key=lambda one: (rank_of(question, one.seat.spec), one.cost["dims"]),
    )
    rest = sorted((pair for pair in known if pair[1] is not first), key=lambda one: -(one[0] or 0))
    order = [first, *(one for _, one in rest)]
    best = first.figures[name]
    lines = [_line(one, question, first) for one in order]
    if best.chance is not None and best.low is not None and best.low <= best.chance:
        text = (
            f"None of these: the best, {first.seat.name}, reaches {percent(best.value)}"
            f"{between(best.low, best.high)} where chance gives {percent(best.chance)}."
        )
        return made | {"text": text, "order": lines}
    clear = len(order) > 1 and lines[1]["behind"]
    return made | {
        "key": first.seat.spec.key, "name": first.seat.name, "clear": clear, "order": lines,
        "text": _text(question, order, lines),
    }  # fmt: skip


def _line(one: Heard, question: Question, first: Heard) -> dict[str, Any]:
    """Return one encoder's place in the order of a question."""
    figure, best = one.figures[question.figure], first.figures[question.figure]
    return {
        "key": one.seat.spec.key, "name": one.seat.name, "value": figure.value,
        "low": figure.low, "high": figure.high,
        "behind": one is not first and behind(figure, best),
    }  # fmt: skip


def _text(question: Question, order: Sequence[Heard], lines: Sequence[Mapping[str, Any]]) -> str:
    """Return why the first is recommended, in two or three sentences."""
    first, line = order[0], lines[0]
    text = f"{first.seat.name}: {percent(line['value'])}{between(line['low'], line['high'])}, "
    text += f"{question.measures}"
    if len(order) > 1:
        other = lines[1]
        text += f"; next {other['name']} with {percent(other['value'])}"
        text += "." if other["behind"] else ", which these images do not tell from it."
    else:
        text += "."
    ranks = [rank_of(question, one.seat.spec) for one in order]
    if min(ranks) == len(question.order):
        text += " By its kind none of these is made for this."
    elif ranks[0] == min(ranks):
        text += " Of these its kind is the one made for this."
    else:
        text += " By its kind another would come first; measured here it does not."
    if question.name in DISTANCES and first.card["verdict"] == "fail":
        text += f" With care: {str(first.card['text']).partition('. ')[0].rstrip('.')}."
    return text


def _by_kind(question: Question, told: Sequence[Heard]) -> dict[str, Any]:
    """Return which of these encoders the table of kinds puts first, before anything is measured."""
    if not told:
        return {"key": "", "name": "", "kind": ""}
    first = min(told, key=lambda one: rank_of(question, one.seat.spec)).seat
    return {"key": first.spec.key, "name": first.name, "kind": kind_of(first.spec)}


def warnings(
    spec: EncoderSpec, told: Sequence[Heard], made: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return what speaks against the encoder that the set has: its kind, its card, and figures."""
    found = [text for page in ("/clusters", "/quality/defects") if (text := caution(page, spec))]
    own = next((one for one in told if one.seat.spec.key == spec.key), None)
    if own is not None and own.card["verdict"] == "fail":
        found.append(f"Metric card of this set's encoder: {own.card['text']}")
    for one in made:
        line = next((line for line in one["order"] if line["key"] == spec.key), None)
        if line is not None and line["behind"]:
            found.append(
                f"{one['title']}: this set's encoder reaches {percent(line['value'])}, "
                f"{one['name']} {percent(one['order'][0]['value'])}."
            )
    return found


def headline(made: Sequence[Mapping[str, Any]]) -> str:
    """Return in a sentence what is recommended for what."""
    by_name: dict[str, list[str]] = {}
    for one in made:
        if one["name"]:
            by_name.setdefault(one["name"], []).append(one["title"].lower())
    if not by_name:
        return "No encoder is recommended: nothing could be measured beyond chance."
    parts = [f"{name} for {listed(titles)}" for name, titles in by_name.items()]
    return f"{'; '.join(parts)}."
