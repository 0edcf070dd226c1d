"""The part of a quality check that is about labels: wrong ones, sizes of classes, least error."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.keys import artefact_key
from core.labelled.check import LabelCheck, read_label_check
from core.labelled.values import LabelColumn, label_column
from core.progress import Progress
from core.quality.balance import class_balance, error_curve
from core.quality.labels import LabelIssues, find_label_issues
from core.storage.store import Workspace

__all__ = ["LabelCheck", "labels_of", "read_label_check"]

FORMAT = 1

#: Names of classes with too few units that a check tells one by one.
TOLD = 1000


def labels_of(
    opened: Any,
    view: Any,
    workspace: Workspace,
    unit: np.ndarray,
    units: np.ndarray | None = None,
    column: str | None = None,
    *,
    target: Mapping[str, float] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> LabelCheck:
    """Check the labels of a set or part, unless just this was checked before.

    Images that a person excluded or dropped are not looked at and vouch for no label.

    Parameters
    ----------
    opened, view
        The set or part, and what was decided about it (`Desk.view`).
    unit
        Unit vectors of all rows `(n, d)`.
    units
        Unit of each row `(n,)`, such as its group of near-duplicates; each is its own if None.
    column
        The column to check; None is the label, as edited.
    target
        Wanted share of each class, by label; equal shares if None.

    Returns
    -------
    LabelCheck
        With status "undefined" and a notice where there are no two classes to tell apart.

    Raises
    ------
    NotFoundError
        There is no such column.
    InputError
        It holds no categories, or the target does not name the classes there are.
    """
    progress = progress or Progress()
    labels = label_column(opened, view, column)
    looked = np.zeros(len(labels.codes), bool)
    looked[view.working] = True
    codes = np.where(looked, labels.codes, -1)
    places = np.arange(len(codes)) if units is None else np.asarray(units, dtype=np.int64)
    key = artefact_key(
        "labelcheck", FORMAT, opened.key, opened.embeddings, opened.spec.key, labels.name,
        list(labels.names), codes, places, None if target is None else dict(target), seed,
    )  # fmt: skip
    if not workspace.has("labelcheck", key):
        with workspace.lock(f"labelcheck/{key}", progress):
            if not workspace.has("labelcheck", key):
                _check(opened, workspace, key, unit, places, labels, codes, target, seed, progress)
    return read_label_check(workspace, key)


def _check(
    opened: Any,
    workspace: Workspace,
    key: str,
    unit: np.ndarray,
    places: np.ndarray,
    labels: LabelColumn,
    codes: np.ndarray,
    target: Mapping[str, float] | None,
    seed: int,
    progress: Progress,
) -> None:
    """Look for wrong labels, measure the classes, and store it all as one artefact."""
    found = find_label_issues(unit, codes, units=places, seed=seed, progress=progress)
    balance, told = balance_of(labels, codes, places, target)
    rows = np.flatnonzero(np.isin(codes, found.judged)) if len(found.judged) > 1 else places[:0]
    curve = error_curve(unit[rows], codes[rows], places[rows], seed, progress)
    issues = pd.DataFrame(
        {
            "row": found.rows,
            "given": pd.Series(labels.texts(found.given), dtype="string"),
            "proposed": pd.Series(labels.texts(found.proposed), dtype="string"),
            "score": found.score,
            "wrong": found.wrong,
        }
    )
    ber = None if curve.empty else {n: _plain(v) for n, v in curve.iloc[-1].items()}
    known = codes >= 0
    meta = {
        "format": FORMAT, "name": opened.name, "imageset": opened.key, "seed": seed,
        "column": labels.name, "classes": len(np.unique(codes[known])),
        "judged": len(found.judged), "left_out": labels.texts(found.left_out[:TOLD]),
        "labelled": int(known.sum()), "looked": len(rows), "issues": len(issues), **told,
        "noise": None if found.status == "undefined" else found.noise,
        "ber": ber, "status": found.status, "notice": _notice(found, bool(known.any())),
    }  # fmt: skip
    progress.report("storing")
    workspace.write(
        "labelcheck", key, meta=meta, arrays={"quality": found.quality},
        tables={"issues": issues, "balance": balance, "ber": curve},
    )  # fmt: skip


def _notice(found: LabelIssues, any_known: bool) -> str:
    if not any_known:
        return "Nothing in the working set has a label: give some, or name another column."
    return found.notice


def balance_of(
    labels: LabelColumn,
    codes: np.ndarray,
    places: np.ndarray,
    target: Mapping[str, float] | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the table of classes, the largest first, and what it comes to.

    Counts are of images; residuals and tests are about units, of which images are copies.
    """
    held, counts = np.unique(codes[codes >= 0], return_counts=True)
    pairs = np.unique(np.stack([codes[codes >= 0], places[codes >= 0]]), axis=1)
    units = np.unique(pairs[0], return_counts=True)[1] if pairs.size else counts
    if not len(held):
        empty = {"label": pd.Series(dtype="string")} | {
            name: pd.Series(dtype=kind) for name, kind in _BALANCE.items()
        }
        return pd.DataFrame(empty), {"effective": 0.0, "ratio": None, "statistic": None, "p": None}
    names = labels.texts(held)
    shares = None if target is None else np.array([target.get(name, 0.0) for name in names])
    found = class_balance(units, shares)
    wanted = np.full(len(held), 1 / len(held)) if shares is None else shares / shares.sum()
    table = pd.DataFrame(
        {
            "label": pd.Series(names, dtype="string"), "count": counts, "units": units,
            "share": units / units.sum(), "target": wanted, "residual": found.residual,
            "residual_p": found.residual_p,
        }
    )  # fmt: skip
    order = np.lexsort((np.arange(len(table)), -counts))
    told = {name: getattr(found, name) for name in ("effective", "ratio", "statistic", "p")}
    return table.iloc[order].reset_index(drop=True), told


_BALANCE = {"count": "int64", "units": "int64", "share": "float64", "target": "float64",
            "residual": "float64", "residual_p": "float64"}  # fmt: skip


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
