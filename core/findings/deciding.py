"""Decisions about cases: one at a time, or all of a kind as one act that can be undone."""

from typing import Any

import numpy as np

from core.curation.acts import REASON_LENGTH
from core.errors import InputError, NotFoundError
from core.findings.cases import OPEN, Cases
from core.findings.describe import masks
from core.findings.model import CONFIDENCES, KINDS, TITLES, Case, Preview
from core.findings.wording import counted, quoted

DECISIONS = ("keep", "drop", "relabel")


def decide(
    desk: Any,
    opened: Any,
    case: Case,
    decision: str,
    *,
    keeper: int | None = None,
    label: str | None = None,
) -> Any:
    """Decide one case and return the act that was written.

    Parameters
    ----------
    desk, opened
        Where decisions are written, and the set or part.
    case
        The case, as `Findings.case` gave it.
    decision
        "keep": nothing is wrong; a group is no copies and all of it stays. "drop": take the image
        out, or of a group all but the one to keep. "relabel": give it the proposed label.
    keeper
        Of a group, the image to keep instead of the one proposed.
    label
        Another label than the proposed one; "" takes the label off.

    Raises
    ------
    InputError
        It cannot be decided so; nothing is written.
    """
    if decision not in DECISIONS:
        raise InputError(f"decision {decision!r}: use one of {', '.join(DECISIONS)}")
    about = {"about": case.topic, "reason": case.reason[:REASON_LENGTH]}
    if decision == "relabel":  # about labels, whatever was looked at: copies stay undecided
        return _relabel(desk, opened, case, label, {**about, "about": "labels"})
    if case.topic != "duplicates":
        return desk.act(opened, decision, rows=case.rows, **about)
    out, _ = masks(desk.view(opened))
    if decision == "keep":
        rows = [row for row in case.rows if case.state or not out[row]]
        return desk.act(opened, "keep", rows=rows, **about)
    stays = case.keeper if keeper is None else keeper
    if stays not in case.rows:
        raise InputError(f"keeper {stays}: choose one of the images of this group")
    rows = [row for row in case.rows if row != stays and not out[row]]
    event = None
    if out[stays]:  # it was left out before, and is the one that a person wants now
        event = desk.act(opened, "keep", rows=[stays], **about)
    elif not rows:
        raise InputError("the others of this group are left out already")
    return desk.act(opened, "drop", rows=rows, **about) if rows else event


def _relabel(desk: Any, opened: Any, case: Case, label: str | None, about: dict[str, Any]) -> Any:
    """Give the image of a case a label."""
    if case.topic == "labels" and case.detail.get("column", "label") != "label":
        raise InputError(
            f"the column “{case.detail['column']}” was checked, which cannot be edited here: "
            "check the labels, or keep or drop the image"
        )
    given = case.proposed if label is None else label
    if given is None:
        raise InputError("no label is proposed here: type one")
    if given != case.proposed:  # the case proposes another one: its reason is not this one's
        about = {**about, "reason": "Chosen by a person"}
    return desk.act(opened, "relabel", rows=case.rows, label=given, **about)


# -- many at once ----------------------------------------------------------------------------------


def chosen(
    opened: Any,
    view: Any,
    check: Any,
    topic: str,
    kind: str | None,
    confidence: str | None,
    most: int | None,
) -> tuple[np.ndarray, int]:
    """Return which open cases a bulk decision is about, as listed, and how many it leaves.

    Groups with different labels are left for a person to look at, since the copy that stays may
    have the wrong one; so are those with several images that a person kept.

    Raises
    ------
    NotFoundError
        The topic was not checked, or there is no such kind.
    InputError
        No such confidence, or a number of cases below 1.
    """
    cases = check.cases(topic)
    if cases is None:
        raise NotFoundError(f"{topic} were not checked; check the set first")
    check_filter(topic, kind, confidence)
    if most is not None and most < 1:
        raise InputError(f"most {most}: decide 1 case or more")
    mask = cases.wanted(kind, confidence) & (check.states(topic, view) == OPEN)
    if topic != "duplicates":
        return np.flatnonzero(mask)[:most], 0
    left = mask & (cases.held(*masks(view)) | check.conflicts(opened, view))
    return np.flatnonzero(mask & ~left)[:most], int(left.sum())


def check_filter(topic: str, kind: str | None, confidence: str | None) -> None:
    """Refuse a kind or confidence that there is not."""
    if kind is not None and kind not in KINDS[topic]:
        raise NotFoundError(f"no kind {kind!r} of {topic}: there are {', '.join(KINDS[topic])}")
    if confidence is not None and confidence not in CONFIDENCES:
        raise InputError(f"confidence {confidence!r}: use certain, likely or possible")


def bulk_rows(view: Any, cases: Cases, which: np.ndarray) -> np.ndarray:
    """Return the images that a bulk decision takes out: ascending int64.

    Levels of copies are gone through one after another, as a person would: where the image to keep
    of a group went with a surer level, the next one is kept, so that one image always stays.
    """
    before, pinned = masks(view)
    out = before.copy()
    chosen_cases = np.zeros(len(cases), bool)
    chosen_cases[which] = True
    if cases.topic != "duplicates":
        out[cases.rows[which]] = True
        return np.flatnonzero(out & ~before)
    for level in range(len(cases.kinds)):
        mine = (chosen_cases & (cases.kind == level))[cases.owner]
        if mine.any():
            stays = cases.keepers(out, pinned)[cases.owner]
            out[cases.rows[mine & (cases.rows != stays)]] = True
    return np.flatnonzero(out & ~before)


def bulk(
    desk: Any,
    opened: Any,
    view: Any,
    check: Any,
    topic: str,
    *,
    kind: str | None = None,
    confidence: str | None = None,
    most: int | None = None,
) -> Any:
    """Decide all open cases of a kind and confidence in one act; None where there are none.

    Of groups all but the one to keep are dropped, outliers and faulty pictures are dropped, labels
    become the proposed ones. `most` takes the first so many of the list only.

    Raises
    ------
    NotFoundError, InputError
        See `chosen`; or the labels that were checked cannot be edited.
    """
    which, _ = chosen(opened, view, check, topic, kind, confidence, most)
    if not len(which):
        return None
    cases = check.cases(topic)
    reason = bulk_reason(check, cases, which, kind, confidence)
    if topic == "labels":
        return _relabel_each(desk, opened, check, cases, which, reason)
    rows = bulk_rows(view, cases, which)
    if not len(rows):
        return None
    return desk.act(opened, "drop", rows=rows, about=topic, reason=reason)


def _relabel_each(
    desk: Any, opened: Any, check: Any, cases: Cases, which: np.ndarray, reason: str
) -> Any:
    """Give each image the label that is proposed for it, as one act."""
    column = check.labels.meta.get("column") or "label"
    if column != "label":
        raise InputError(f"the column “{column}” was checked, which cannot be edited here")
    proposed = check.labels.tables["issues"]["proposed"].astype("string").fillna("")
    words = proposed.to_numpy(dtype=object)[cases.table[which]]
    labels, part = np.unique(words.astype(str), return_inverse=True)
    order = np.argsort(part, kind="stable")
    sizes = np.bincount(part).tolist()
    return desk.act(
        opened, "relabel.each", rows=cases.rows[which][order], labels=labels.tolist(), sizes=sizes,
        about="labels", reason=reason,
    )  # fmt: skip


def bulk_reason(
    check: Any, cases: Cases, which: np.ndarray, kind: str | None, confidence: str | None
) -> str:
    """Return why many cases are decided at once, for the log."""
    sure = f", {confidence}" if confidence else ""
    title = TITLES[kind] if kind else _ALL[cases.topic]
    of = f"{len(which):,} at once"
    if cases.topic == "pictures" and kind:
        return f"{title}: below {check.pictures[kind].threshold:.2f} ({of})"
    return f"{title}{sure} ({of})"


_ALL = {"duplicates": "Copies of others", "outliers": "Outliers", "pictures": "Faulty pictures",
        "labels": "The labels that the nearest images have"}  # fmt: skip


def bulk_preview(
    opened: Any,
    view: Any,
    check: Any,
    topic: str,
    *,
    kind: str | None = None,
    confidence: str | None = None,
    most: int | None = None,
) -> Preview:
    """Return how many cases and images `bulk` would decide, and what it would do in words."""
    which, left = chosen(opened, view, check, topic, kind, confidence, most)
    cases, noun = check.cases(topic), view.noun
    rest = _left(left)
    rows = cases.rows[which] if topic == "labels" else bulk_rows(view, cases, which)
    if not len(which) or not len(rows):
        return Preview(0, 0, rest or "Nothing is left to decide here.")
    images = counted(len(rows), noun)
    if topic == "duplicates":
        kept = "one of its group" if len(which) == 1 else f"one of each of {len(which):,} groups"
        sentence = f"Leave out {images} and keep {kept}."
    elif topic == "labels":
        proposed = check.labels.tables["issues"]["proposed"].iloc[cases.table[which]]
        words = list(dict.fromkeys(str(one) for one in proposed))
        each = "the label proposed for it" if len(rows) == 1 else "the labels proposed for them"
        sentence = f"Give {images} {each}: {quoted(words)}."
    else:
        sentence = f"Leave out {images}."
        if topic == "pictures" and kind:
            rest = check.pictures[kind].unsuited
    told = [sentence, rest, "One undo takes it all back."]
    return Preview(len(which), len(rows), " ".join(text for text in told if text))


def _left(count: int) -> str:
    """Return that groups are left to a person, and why; "" for none."""
    if not count:
        return ""
    verb, whose = ("is", "its") if count == 1 else ("are", "their")
    return (
        f"{counted(count, 'group')} {verb} left to look at: {whose} labels differ, or several of "
        f"{whose} images were kept by a person."
    )
