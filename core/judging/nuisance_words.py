"""What a test of nuisances found, in words, by a fixed rule."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.findings.wording import listed
from core.judging.factors import Factor
from core.judging.figure import between, percent

#: Share of the clusters from which a factor explains them, alone and beyond the labels; the level
#: of every test; and how far a classifier must be above chance for vectors to hold a factor.
MUCH, BEYOND, ALPHA, ABOVE = 0.1, 0.05, 0.05, 0.1
#: What is said of a factor, the most serious first.
STATES = {
    "explains": "Explains the clusters",
    "with labels": "Goes with the labels",
    "held": "In the vectors, not in the clusters",
    "none": "No sign",
    "unknown": "Not tested",
}


def told_factor(factor: Factor, labels: np.ndarray) -> dict[str, Any]:
    """Return what a factor is as JSON values, with the number of images of each kind."""
    known = factor.codes[factor.codes >= 0]
    counts = np.bincount(known, minlength=len(factor.kinds))
    order = np.argsort(-counts, kind="stable")
    return {
        "name": factor.name, "title": factor.title, "what": factor.text,
        "kinds": [{"name": factor.kinds[at], "count": int(counts[at])} for at in order.tolist()],
        "n": len(known),
    }  # fmt: skip


def judged(line: Mapping[str, Any], labelled: bool) -> dict[str, Any]:
    """Return the state of a factor and what is to be said of it: `state`, `text`, `advice`."""
    if line["before"] is None:
        why = line["what"] if not line["kinds"] else "Fewer than two kinds have five images."
        return {"state": "unknown", "text": why, "advice": ""}
    state = state_of(line["before"], labelled)
    text = _text(line["before"], state, len(line["kinds"]))
    after = line.get("after")
    if after is not None:
        text += f" After: {_after(line['before'], after, labelled)}"
    return {"state": state, "text": text, "advice": _advice(line, state),
            "state_after": None if after is None else state_of(after, labelled)}  # fmt: skip


def state_of(found: Mapping[str, Any], labelled: bool) -> str:
    """Return what a factor does: "explains", "with labels", "held", "none" or "unknown".

    It explains the clusters where it has a tenth of them or more, surely, and, with labels, a
    twentieth or more of them among images of one label, surely. Where the labels account for it,
    it goes with them.
    """
    clusters, probe = found["clusters"], found["probe"]
    if clusters is None and probe is None:
        return "unknown"
    if clusters is not None and clusters["share"] >= MUCH and clusters["p_adjusted"] <= ALPHA:
        beyond = clusters["beyond"]
        if not labelled or beyond is None:
            return "explains"
        sure = clusters["beyond_p_adjusted"] <= ALPHA
        return "explains" if beyond >= BEYOND and sure else "with labels"
    if probe is not None and probe["low"] > max(probe["majority"], probe["shuffled"]) + ABOVE:
        return "held"
    return "none"


def _text(found: Mapping[str, Any], state: str, kinds: int) -> str:
    clusters, probe = found["clusters"], found["probe"]
    parts = []
    if clusters is not None:
        part = (
            f"{percent(max(0.0, clusters['share']))}{between(clusters['low'], clusters['high'])} "
            f"of which cluster an image is in, p {clusters['p_adjusted']:.2g}"
        )
        if clusters["beyond"] is not None:
            part += (
                f"; beyond the labels {percent(max(0.0, clusters['beyond']))}, "
                f"p {clusters['beyond_p_adjusted']:.2g}"
            )
        parts.append(part)
    if probe is not None:
        parts.append(
            f"a linear classifier tells its {kinds} kinds with "
            f"{percent(probe['accuracy'])}{between(probe['low'], probe['high'])}, by chance "
            f"{percent(max(probe['majority'], probe['shuffled']))}"
        )
    return f"{STATES[state]}: {'; '.join(parts)}."


def _after(before: Mapping[str, Any], after: Mapping[str, Any], labelled: bool) -> str:
    parts = []
    for name, field, what in (("clusters", "share", "of the clusters"),
                              ("probe", "accuracy", "told by a classifier")):  # fmt: skip
        one, two = before[name], after[name]
        if one is not None and two is not None:
            parts.append(f"{percent(max(0.0, two[field]))} {what} "
                         f"(before {percent(max(0.0, one[field]))})")  # fmt: skip
    return f"{STATES[state_of(after, labelled)].lower()}, {', '.join(parts)}."


def _advice(line: Mapping[str, Any], state: str) -> str:
    """Return what to do about a factor that explains the clusters."""
    if state not in {"explains", "with labels"}:
        return ""
    if state == "with labels":
        return (
            "Each label has its own: photograph some of each label otherwise, or test inside one."
        )
    name = str(line["name"])
    if name == "ground":
        return (
            "Look whether objects reach the rim, then it shows them too; else encode what masks "
            "show (cut out), or photograph on one ground."
            if "rim" in line["what"]
            else "Encode what the masks show (cut out), or photograph on one ground."
        )
    if name.startswith("column:") or name == "source":
        column = name.partition(":")[2] or "source"
        return f"Regress the column {column} out: an encoder residual:…, or the button below."
    if name in {"size", "shape"}:
        return "Bring pictures to one size and shape, or cut out what counts."
    return "Even out the exposure, or take an encoder that does not see it."


def level_of(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return the most serious state of all factors."""
    states = {line["state"] for line in lines}
    return next((one for one in STATES if one in states), "unknown")


def sentence(meta: Mapping[str, Any]) -> str:
    """Return in a sentence or two what explains the clusters."""
    mine = [one for one in meta["factors"] if one["state"] == "explains"]
    mine.sort(key=lambda one: -one["before"]["clusters"]["share"])
    label = meta["label"]
    against = ""
    if label is not None and label["before"]["clusters"] is not None:
        against = f"; the labels explain {percent(max(0.0, label['before']['clusters']['share']))}"
    if mine:
        told = listed(
            [f"{one['title'].lower()} {percent(one['before']['clusters']['share'])}"
             for one in mine]
        )  # fmt: skip
        return f"Something else than what pictures show explains the clusters: {told}{against}."
    alike = [one["title"].lower() for one in meta["factors"] if one["state"] == "with labels"]
    if alike:
        names = listed(alike)
        go = "goes" if len(alike) == 1 else "go"
        return (
            f"No factor explains the clusters beyond the labels; {names} {go} with them{against}."
        )
    tested = [one for one in meta["factors"] if one["state"] != "unknown"]
    if not tested:
        return "Nothing could be tested: no factor has two kinds of five images."
    names = listed([one["title"].lower() for one in tested])
    held = listed([one["title"].lower() for one in tested if one["state"] == "held"])
    still = f" The vectors hold {held} all the same: a classifier tells them." if held else ""
    verb = "explains" if len(tested) == 1 else "explain"
    return f"No sign that {names} {verb} the clusters{against}.{still}"
