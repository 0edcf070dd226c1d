"""Small subjects of reports, and what a report says beside its numbers."""

from typing import Any

import numpy as np
import pandas as pd

from core.clusters.partition import independent_labels
from core.clusters.table import cluster_table
from core.neighbors import find_neighbors
from core.progress import Progress
from core.report.build import About
from core.report.subject import Subject
from core.space import unit_rows


def subject(vectors: np.ndarray, micro: np.ndarray, chosen: Any, **fields: Any) -> Subject:
    """Return a choice of some rows of some vectors; `k` neighbours are known, all by default."""
    unit = unit_rows(np.asarray(vectors))
    k = fields.pop("k", len(unit))
    already = np.asarray(fields.pop("already", []), np.int64)
    pool = np.setdiff1d(fields.pop("pool", np.arange(len(unit))), already)
    chosen = np.asarray(chosen, np.int64)
    universe = np.union1d(pool, already)
    other = independent_labels(unit, micro, universe, len(chosen) + len(already))
    neighbors = find_neighbors(unit, key="0" * 32, k=k)
    return Subject(unit, neighbors, np.asarray(micro), other, chosen, pool, already, **fields)


def clusters(one: Subject) -> pd.DataFrame:
    """Return the table of a subject's micro-clusters."""
    ones = np.ones(len(one.unit), np.float32)
    return cluster_table(
        one.unit, one.micro, ones, one.neighbors, stage="table", progress=Progress()
    )


def about(one: Subject, **fields: Any) -> About:
    """Return what a report on a subject says beside its numbers."""
    told = {
        "id": "1" * 32, "created": "2026-11-01T10:00:00Z",
        "set": {"name": "set", "title": "set", "items": len(one.unit), "kind": "folder",
                "noun": "image"},
        "choice": {"key": None, "slice": "mine", "strategy": "", "strategy_title": "By hand",
                   "budget": None, "pool": {"title": "all images"}, "scenario": None, "seed": None,
                   "taken_out": {"near_duplicates": 0, "quality": 0}},
        "table": clusters(one), "addresses": [f"{row:064x}" for row in range(len(one.unit))],
        "encoder": {"name": "given", "weights_digest": "", "model_type": "given", "good_for": ""},
        "hashes": {"imageset": "2" * 32, "embeddings": "3" * 32, "micro": "4" * 32,
                   "partition": "5" * 32, "pool": "6" * 32},
        "settings": {"draws": one.draws, "seed": one.seed}, "versions": {},
        "label_column": None if one.labels is None else "label",
    }  # fmt: skip
    return About(**(told | fields))
