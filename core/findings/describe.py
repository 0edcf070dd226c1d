"""One case as a page shows it: its images, why it is listed, and the values behind it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from core.findings.cases import Cases
from core.findings.model import CONFIDENCES, LEVELS, STATES, Case
from core.findings.wording import WAYS, below, counted, distance, part_of_frame, quoted, share
from core.opened.values import is_missing
from core.quality.pictures import ISSUES

#: Neighbours that are told of an image.
NEIGHBOURS = 12

#: Vectors nearer than this are the same but for rounding.
EQUAL = 1e-6


def label_now(opened: Any, view: Any, row: int) -> str | None:
    """Return the label that an image has now, edits applied; None where it has none."""
    edited = view.label_of(row)
    if edited is not None:
        return edited or None
    if "label" not in opened.items:
        return None
    return _text(opened.items["label"].iat[row])


def _text(value: Any) -> str | None:
    """Return a value of a column as a text; None where it is missing."""
    return None if is_missing(value) else str(value)


def label_codes(opened: Any, view: Any) -> np.ndarray:
    """Return a number for the label of each image, edits applied: int64 `(n,)`, −1 for none."""
    texts = np.full(len(opened), None, dtype=object)
    if "label" in opened.items:
        texts[:] = opened.items["label"].astype("string").fillna("").to_numpy(dtype=object)
    for row, label in view.labels.items():
        texts[row] = label
    texts[texts == ""] = None
    return np.asarray(pd.factorize(texts)[0], np.int64)


def describe(opened: Any, view: Any, check: Any, cases: Cases, at: int, state: int) -> Case:
    """Return one case.

    Parameters
    ----------
    opened, view, check
        The set or part, what was decided about it, and what its check found.
    cases
        All cases of the topic.
    at
        Which of them.
    state
        What became of it, as a place in `STATES`.
    """
    fields = {
        "key": cases.key(at), "topic": cases.topic, "kind": cases.kinds[cases.kind[at]],
        "rows": [int(row) for row in cases.members(at)], "score": float(cases.score[at]),
        "confidence": CONFIDENCES[cases.confidence[at]], "state": STATES[state],
    }  # fmt: skip
    return Case(**{**fields, **_TELL[cases.topic](opened, view, check, cases, at)})


# -- copies ----------------------------------------------------------------------------------------


def masks(view: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return which images are out of the working set, and which a person kept: bool `(n,)`."""
    out, pinned = np.zeros(len(view), bool), np.zeros(len(view), bool)
    out[view.excluded] = True
    pinned[view.decisions["keep"]] = True
    return out, pinned


def _group(opened: Any, view: Any, check: Any, cases: Cases, at: int) -> dict[str, Any]:
    """Return what is told of a group of copies; the image to keep comes first."""
    line = check.duplicates.tables["groups"].iloc[int(cases.table[at])]
    span = slice(int(cases.starts[at]), int(cases.starts[at + 1]))
    rows, keeper = cases.rows[span], int(check.keepers(view)[at])
    order = np.argsort(rows != keeper, kind="stable")
    table = check.duplicates.tables["members"].iloc[cases.places[span][order]]
    members = _members(opened, view, table, check.out(view))
    labels: dict[str, int] = {}
    for one in members:
        if one["label"] is not None and not one["out"]:
            labels[one["label"]] = labels.get(one["label"], 0) + 1
    gone = [one["row"] for one in members if one["out"]]
    detail = {
        "level": str(line["level"]), "diameter": float(line["diameter"]), "members": members,
        "distinct": int(line["distinct"]), "labels": labels, "conflict": len(labels) > 1,
        "keeper_reason": _keeper_reason(line, keeper, view, gone),
    }  # fmt: skip
    reason = _why_copies(line, len(rows), check, view.noun, members)
    return {
        "rows": [one["row"] for one in members], "keeper": keeper, "detail": detail,
        "reason": " ".join([reason, *_conflict(labels), *_left_out(len(gone), len(rows))]),
    }  # fmt: skip


def _members(opened: Any, view: Any, table: pd.DataFrame, out: np.ndarray) -> list[dict[str, Any]]:
    """Return what is known of the members of a group."""
    names = ("row", "distance", "way", "bits", "apart")
    columns = [table[name].tolist() for name in names]
    return [
        {
            "row": row, "distance": far if far == far else None, "way": way,
            "turned": WAYS[way] if 0 < way < len(WAYS) else "",
            "bits": bits if bits >= 0 else None, "apart": apart if apart == apart else None,
            "label": label_now(opened, view, row), "out": bool(out[row]),
        }
        for row, far, way, bits, apart in zip(*columns, strict=True)
    ]  # fmt: skip


def _keeper_reason(line: Any, keeper: int, view: Any, gone: list[int]) -> str:
    """Return why an image is the one to keep, as things are now."""
    if keeper == int(line["keeper"]):
        return str(line["keeper_reason"])
    told = view.decision_of(keeper)
    if told is not None and told[0] == "keep":
        return "a person kept it"
    return "the first of those that are not left out" if int(line["keeper"]) in gone else ""


def _why_copies(line: Any, size: int, check: Any, noun: str, members: list[dict[str, Any]]) -> str:
    """Return why images are listed as copies of each other."""
    level, many = str(line["level"]), counted(size, noun)
    if level == LEVELS[0]:
        return f"{many} with the same bytes."
    if level == LEVELS[1]:
        return f"{many} with the same pixels, stored in different files."
    tau = float((check.threshold or {}).get("tau") or np.nan)
    ways = list(dict.fromkeys(one["turned"] for one in members if one["turned"]))
    turned = f", {either(ways)}" if ways else ""
    if level == "turned":
        return f"{many} that show the same{turned}."
    furthest = max((one["distance"] or 0.0 for one in members), default=0.0)
    if any(_by_pixels(one, tau) for one in members):
        return f"{many} that are almost the same{turned}: laid over each other, their pixels match."
    width = max(furthest, float(line["diameter"]))
    if width < EQUAL:
        return f"{many} with the same vector."
    far = f"{'at most ' if size > 2 else ''}{distance(width)} apart"
    bound = f"; pairs up to {distance(tau)} apart count as near-duplicates" if tau == tau else ""
    return f"{many} that are almost the same{turned}, {far}{bound}."


def _by_pixels(one: dict[str, Any], tau: float) -> bool:
    """Tell whether a member is a copy by its pixels where its vector alone would not tell."""
    return (one["distance"] or 0.0) > tau and one["apart"] is not None and one["apart"] <= 1


def either(words: list[str]) -> str:
    """Join words as choices: "mirrored or turned by 90°"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _conflict(labels: dict[str, int]) -> list[str]:
    return [f"Their labels differ: {quoted(list(labels))}."] if len(labels) > 1 else []


def _left_out(gone: int, size: int) -> list[str]:
    if not gone:
        return []
    return [f"{gone:,} of the {size:,} {'is' if gone == 1 else 'are'} left out already."]


# -- single images ---------------------------------------------------------------------------------


def _outlier(opened: Any, view: Any, check: Any, cases: Cases, at: int) -> dict[str, Any]:
    """Return what is told of an outlier."""
    row, stored = int(cases.rows[at]), check.outliers
    detail: dict[str, Any] = {}
    for name, value in stored.tables["outliers"].iloc[row].items():
        plain = value.item() if isinstance(value, np.generic) else value
        if plain is not None and plain == plain and not isinstance(plain, bool):
            detail[str(name)] = plain
    # of other units and in the working set: those it was compared with
    near = zip(stored.arrays["near"][row].tolist(), stored.arrays["near_distance"][row].tolist(),
               strict=True)  # fmt: skip
    detail["neighbours"] = [
        {"row": other, "distance": far, "label": label_now(opened, view, other)}
        for other, far in near
        if other >= 0 and far < np.inf
    ]
    return {"reason": _why_alone(check, detail, view.noun), "detail": detail}


def _why_alone(check: Any, detail: dict[str, Any], noun: str) -> str:
    """Return why an image is listed as an outlier."""
    meta, place = check.outliers.meta, ""
    near = meta.get("method", "rank") == "rank"
    if "across" in detail:
        place = f" Least like the others: the {part_of_frame(detail['across'], detail['down'])}."
    if meta.get("reference") and "p" in detail:
        verb = "lie as far from their neighbours" if near else "stand out as much"
        return (
            f"At most {share(float(detail['p']))} of the clean {noun}s of “{meta['reference']}” "
            f"{verb} (p = {float(detail['p']):.2g}).{place}"
        )
    one, more = "lies further from its neighbours", "lie further from their neighbours"
    if not near:
        one, more = "stands out more", "stand out more"
    among = " Compared within its own label." if "class_score" in detail else place
    higher, known = check.higher(float(detail["score"]))
    if not higher:
        return f"No {noun} {one}.{among}"
    return f"Only {higher:,} of {counted(known, noun)} {one if higher == 1 else more}.{among}"


def _picture(opened: Any, view: Any, check: Any, cases: Cases, at: int) -> dict[str, Any]:
    """Return what is told of a faulty picture."""
    row, told = int(cases.rows[at]), []
    line = check.pixels.tables["measures"].iloc[row]
    sides = f" ({line['width']:,.0f} × {line['height']:,.0f} pixels)"
    issues = []
    for place, (name, issue) in enumerate(ISSUES.items()):
        found = check.pictures.get(name)
        if found is None or found.score[row] != found.score[row]:
            continue
        value, flagged = float(found.score[row]), bool(cases.flags[at, place])
        issues.append(
            {"name": name, "title": issue.title, "value": value, "threshold": found.threshold,
             "explain": issue.explain, "flagged": flagged, "unsuited": found.unsuited}
        )  # fmt: skip
        if flagged and (not found.unsuited or not cases.usual[at]):
            size = sides if name in {"odd_aspect", "odd_size"} else ""
            told.append(f"{issue.title}{size}: {below(value, found.threshold)}")
    measures = {
        str(name): value.item() if isinstance(value, np.generic) else value
        for name, value in line.items()
        if value is not None and value == value and name != "digest"
    }
    reason = f"{'; '.join(told)}." if told else ""
    return {"reason": reason, "detail": {"issues": issues, "measures": measures}}


def _label(opened: Any, view: Any, check: Any, cases: Cases, at: int) -> dict[str, Any]:
    """Return what is told of a label that is probably wrong."""
    line = check.labels.tables["issues"].iloc[int(cases.table[at])]
    row, given, proposed = int(cases.rows[at]), str(line["given"]), str(line["proposed"])
    column = str(check.labels.meta.get("column") or "label")
    values = None
    if column != "label":
        values = check.once(f"column {column}", lambda: opened.values(column))

    def named(other: int) -> str | None:
        return label_now(opened, view, other) if values is None else _text(values.iat[other])

    detail: dict[str, Any] = {
        "neighbours": _voters(opened, check, view, row, named), "label_now": named(row),
        "column": column,
    }  # fmt: skip
    wrong = float(line["wrong"])
    detail["wrong"] = wrong
    reason = (
        f"Labelled “{given}”, but the {view.noun}s most like it speak for “{proposed}”. The chance "
        f"that the label is wrong is {share(wrong)}."
    )
    return {"given": given, "proposed": proposed, "reason": reason, "detail": detail}


def _voters(
    opened: Any, check: Any, view: Any, row: int, named: Callable[[int], str | None]
) -> list[dict[str, Any]]:
    """Return the nearest images that may vote on a label: in use, labelled, and no copies of it."""
    found: list[dict[str, Any]] = []
    if opened.neighbors is None:
        return found
    rows, far = opened.neighbors.indices[row], opened.neighbors.distances[row]
    may = ~check.out(view)[rows] & (check.copies[rows] != check.copies[row])
    for other, away in zip(rows[may].tolist(), far[may].tolist(), strict=True):
        label = named(other)
        if label is not None:
            found.append({"row": other, "distance": away, "label": label})
        if len(found) == NEIGHBOURS:
            break
    return found


_TELL = {"duplicates": _group, "outliers": _outlier, "pictures": _picture, "labels": _label}
