"""What a check found and what became of it, counted and in words."""

from typing import Any

import numpy as np

from core.findings.cases import KEPT, OPEN, OUT, PART, RELABELLED, Cases
from core.findings.describe import masks
from core.findings.model import KINDS, TOPICS, Summary, TopicLine
from core.findings.wording import counted, listed


def summarise(opened: Any, view: Any, check: Any) -> Summary:
    """Count what was found and decided of each topic, and tell the set before and after."""
    lines: dict[str, TopicLine] = {}
    for topic in TOPICS:
        cases = check.cases(topic)
        if cases is not None:
            lines[topic] = topic_line(view, check, topic, cases)
    if not lines:
        return Summary({}, "", "")
    done = _done(opened, view, lines)
    acted = bool(done) or any(line.decided for line in lines.values())
    return Summary(lines, _before(view, check), _after(view, check, lines, done), acted)


def topic_line(view: Any, check: Any, topic: str, cases: Cases) -> TopicLine:
    """Count the cases of one topic."""
    states = check.states(topic, view)
    usual = states[cases.usual]
    count = np.bincount(usual, minlength=RELABELLED + 1).tolist()
    kinds = {}
    for place, kind in enumerate(KINDS[topic]):
        mine = cases.flags[:, place]
        kinds[kind] = (int(mine.sum()), int((states[mine] == OPEN).sum()))
    unsuited = {}
    if topic == "pictures":
        unsuited = {name: one.unsuited for name, one in check.pictures.items() if one.unsuited}
    return TopicLine(
        found=len(usual), open=count[OPEN], decided=len(usual) - count[OPEN], kept=count[KEPT],
        out=count[OUT], relabelled=count[RELABELLED], kinds=kinds, unsuited=unsuited,
        notice=check.notice(topic), part=count[PART],
    )  # fmt: skip


# -- before and after ------------------------------------------------------------------------------


def _before(view: Any, check: Any) -> str:
    """Return what the check found in the whole set, in words."""
    everywhere = np.ones(len(view), bool)
    found = _faults(view, check, everywhere, undecided=False)
    told = f" with {listed(found)}" if found else ", and nothing to decide was found"
    return f"Before: {counted(len(view), view.noun)}{told}."


def edited(opened: Any, view: Any) -> tuple[int, int]:
    """Return how many images in use have another label than they came with, and a first one.

    It is counted in the log, so that it stays when a new check does not list these images any more.
    """
    rows = np.fromiter(view.labels, np.int64, len(view.labels))
    if not len(rows):
        return 0, 0
    words = np.array(list(view.labels.values()), dtype=object)
    own = np.full(len(rows), "", dtype=object)
    if "label" in opened.items:
        texts = opened.items["label"].astype("string").fillna("")
        own = texts.to_numpy(dtype=object)[rows]
    other = (words != own) & ~masks(view)[0][rows]
    return int((other & (own != "")).sum()), int((other & (own == "")).sum())


def _done(opened: Any, view: Any, lines: dict[str, TopicLine]) -> list[str]:
    """Return what people did to the set so far, a phrase each."""
    gone, (changed, given) = int(masks(view)[0].sum()), edited(opened, view)
    kept = sum(line.kept + line.part for line in lines.values())
    told = [f"{gone:,} left out"] if gone else []
    told += [f"{counted(changed, 'label')} changed"] if changed else []
    told += [f"{counted(given, 'label')} given"] if given else []
    return told + ([f"{counted(kept, 'finding')} looked at and kept"] if kept else [])


def _after(view: Any, check: Any, lines: dict[str, TopicLine], done: list[str]) -> str:
    """Return what is in the working set now, in words."""
    out, _ = masks(view)
    told = [f"{counted(len(view) - int(out.sum()), view.noun)} in use", *done]
    open_cases = sum(line.open for line in lines.values())
    if not open_cases:
        return f"Now: {', '.join(told)}; everything is decided."
    rest = _faults(view, check, ~out, undecided=True)
    return f"Now: {', '.join(told)}. Still to decide: {listed(rest)}."


def _faults(view: Any, check: Any, here: np.ndarray, *, undecided: bool) -> list[str]:
    """Return what is found among some images, a phrase a topic: all of it, or what is open."""
    told = []
    for topic in TOPICS:
        cases = check.cases(topic)
        if cases is None or not len(cases):
            continue
        mask = cases.usual
        if undecided:
            mask = mask & (check.states(topic, view) == OPEN)
        number = int(mask.sum())
        if not number:
            continue
        if topic == "duplicates":
            rows = cases.rows[mask[cases.owner]]
            rows = np.unique(rows[here[rows]])
            spare = len(rows) - len(np.unique(check.copies[rows]))
            groups = counted(number, "group")
            told.append(f"{spare:,} {'copy' if spare == 1 else 'copies'} to spare in {groups}")
        else:
            told.append(counted(number, *_PHRASE[topic]))
    return told


_PHRASE = {
    "outliers": ("outlier",),
    "pictures": ("picture that may be faulty", "pictures that may be faulty"),
    "labels": ("label that may be wrong", "labels that may be wrong"),
}
