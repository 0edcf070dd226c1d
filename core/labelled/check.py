"""What a check of the labels found, as it is stored."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.storage.store import Workspace


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """What a check of the labels found.

    Attributes
    ----------
    key
        Of the artefact "labelcheck".
    meta
        column, classes (labels that occur), judged (classes with enough units), left_out (labels
        with too few), labelled, looked (rows that were judged), issues, noise (estimated share of
        wrong labels, or None), effective, ratio, statistic, p, ber {lower, upper, low, high, n} or
        None, status ("ok" or "undefined"), notice, seed, imageset.
    issues
        Labels that are probably wrong, the worst first: row, given, proposed, score (how likely the
        given label is, as `quality`), wrong (chance that it is wrong).
    quality
        How likely each row's label is by judges that have not seen it, 0 to 1, `(n,)`; NaN where
        it was not judged.
    balance
        A row a class, the largest first: label, count, units, share, target, residual, residual_p.
    ber
        Least error against n: n, lower, upper, low, high; ascending n.
    """

    key: str
    meta: dict[str, Any]
    issues: pd.DataFrame
    quality: np.ndarray
    balance: pd.DataFrame
    ber: pd.DataFrame

    @property
    def notice(self) -> str:
        """What was left out, or why nothing could be judged; "" where there is nothing to say."""
        return str(self.meta["notice"])


def read_label_check(workspace: Workspace, key: str) -> LabelCheck:
    """Return a check of labels.

    Raises
    ------
    NotFoundError
        It is not there.
    ArtifactCorruptError
        It is damaged.
    """
    stored = workspace.read("labelcheck", key)
    tables = stored.tables
    return LabelCheck(
        key, stored.meta, tables["issues"], stored.arrays["quality"], tables["balance"],
        tables["ber"],
    )  # fmt: skip
