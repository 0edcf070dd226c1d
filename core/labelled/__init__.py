"""The read side of labels: what was checked, proposed, probed or chosen to be labelled next."""

from core.labelled.accept import accept, open_proposals, relabel_each
from core.labelled.check import LabelCheck, read_label_check
from core.labelled.stored import Labelled, LabelledLine, NextBatch, ProbeResult, Propagation
from core.labelled.values import LabelColumn, label_column

__all__ = [
    "LabelCheck", "LabelColumn", "Labelled", "LabelledLine", "NextBatch", "ProbeResult",
    "Propagation", "accept", "label_column", "open_proposals", "read_label_check", "relabel_each",
]  # fmt: skip
