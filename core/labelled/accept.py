"""Taking proposed labels over: one act in the curation log, by a person and never by a job."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.labelled.stored import Propagation
from core.labelled.values import OWN, label_column


def open_proposals(
    view: Any,
    opened: Any,
    propagation: Propagation,
    rows: Sequence[int] | np.ndarray | None = None,
    least: float | None = None,
) -> pd.DataFrame:
    """Return the proposals that can be accepted: of rows in the working set without a label now.

    Parameters
    ----------
    rows
        Only these; all if None.
    least
        Only those at or above this confidence.
    """
    table = propagation.proposals
    has = label_column(opened, view, propagation.meta["column"]).codes >= 0
    if propagation.meta["column"] != OWN:  # accepted labels go into the label
        has |= label_column(opened, view).codes >= 0
    free = np.zeros(len(has), bool)
    free[view.working] = True
    free &= ~has
    take = free[table["row"].to_numpy(np.int64)]
    if rows is not None:
        take &= np.isin(table["row"], np.asarray(rows, dtype=np.int64))
    if least is not None:
        take &= table["confidence"].to_numpy() >= least
    return table[take].reset_index(drop=True)


def accept(
    desk: Any,
    opened: Any,
    propagation: Propagation,
    rows: Sequence[int] | np.ndarray | None = None,
    least: float | None = None,
    reason: str | None = None,
) -> Any:
    """Give images the labels that were proposed for them, in one act that can be undone.

    Only images that are in the working set and still have no label get one.

    Parameters
    ----------
    desk
        `core.curation.Desk`.
    rows
        Only these; all proposals if None.
    least
        Only proposals at or above this confidence; those that were made if None.
    reason
        Why, in words; says where the labels come from if None.

    Returns
    -------
    Event
        What was written into the log.

    Raises
    ------
    InputError
        The set has changed since, or nothing is left to accept.
    """
    if propagation.meta["imageset"] != opened.key:
        raise InputError(
            f"{opened.title!r} has changed since these labels were proposed: propagate again"
        )
    table = open_proposals(desk.view(opened), opened, propagation, rows, least)
    if table.empty:
        raise InputError("nothing to accept: none of these images is without a label now")
    words = reason or _reason(propagation)
    return relabel_each(desk, opened, table["row"].to_numpy(np.int64), table["proposed"], words)


def relabel_each(
    desk: Any, opened: Any, rows: np.ndarray, labels: Sequence[str] | pd.Series, reason: str
) -> Any:
    """Give every row its own label in one act; rows with the same label are one part of it."""
    codes, names = pd.factorize(np.asarray(labels, dtype=object))
    order = np.lexsort((rows, codes))
    sizes = np.bincount(codes, minlength=len(names)).tolist()
    return desk.act(
        opened, "relabel.each", rows[order], labels=[str(name) for name in names], sizes=sizes,
        reason=reason,
    )  # fmt: skip


def _reason(propagation: Propagation) -> str:
    meta = propagation.meta
    if meta.get("by") == "words":
        sure = (
            f"promised {100 * meta['precision']:.0f} % right"
            if meta["learned"]
            else (f"from a confidence of {meta['threshold']:.3g}")
        )
        return f"told by words with {meta['encoder']}, {sure}"
    return (
        f"propagated from {meta['known']:,} labels, promised {100 * meta['precision']:.0f} % right"
    )
