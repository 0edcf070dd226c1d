"""The job that divides a set into train, validation and test, and proves that nothing leaks.

What belongs together stays together: images of one unit, and near-duplicates. After dividing,
every pair of images in different splits is searched for near-duplicates again; what the neighbour
graph did not know is joined, and the set divided anew, until there is none.
"""

from typing import Any

import numpy as np
import pandas as pd

from core.choices import Choices, Pool, SplitRequest, pool_of
from core.choices.cleaning import Known, known_of
from core.choices.slices import free_prefix, split_slices
from core.choices.stored import SPLITS as NAMES
from core.choosing import Data, coded, data_of
from core.config import Settings
from core.errors import InputError
from core.keys import artefact_key
from core.progress import Progress
from core.storage.store import Workspace, library_versions, now

FORMAT = 1

#: Times the set is divided again because near-duplicates turned up across splits.
ROUNDS = 20


def run_split(
    request: dict[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Divide a set as a request asks, keep the division and its proof, and make its slices.

    Parameters
    ----------
    request
        As `SplitRequest.to_json` returns it.

    Returns
    -------
    dict
        {"set", "splits": its key, "slices": names by split, "counts", "shares", "groups",
        "largest_group", "tau", "proof", "seed", "candidates", "max_mmd2", "uncovered",
        "stratified_by", "micro", "notes", "seconds"}.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done; nothing is stored then.
    """
    progress = progress or Progress()
    asked = SplitRequest.from_json(request)
    workspace.sweep()
    progress.report("pool")
    data = data_of(asked.name, workspace)
    pool = pool_of(asked, data.opened, data.view, workspace)
    column, values = _column(asked, data)
    units = _units(asked, data)
    known = known_of(data.opened, data.view, workspace) if asked.tau is None else None
    key = _key(asked, data, pool, values, units, known)
    if not workspace.has("splits", key):
        with workspace.lock(f"splits/{key}", progress):
            if not workspace.has("splits", key):
                _compute(asked, data, pool, column, values, units, known, key, workspace, progress)
    kept = Choices(workspace).open_splits(key)
    with workspace.lock(f"slices/{asked.name}", progress):  # two that ask alike make them once
        slices = split_slices(asked, kept, data.opened, workspace)
    told = ("counts", "shares", "groups", "largest_group", "tau", "proof", "seed", "candidates",
            "max_mmd2", "uncovered", "stratified_by", "micro", "notes")  # fmt: skip
    found = {"set": asked.name, "splits": key, "slices": slices}
    return found | {name: kept.meta[name] for name in told} | {"seconds": progress.finish()}


def _column(asked: SplitRequest, data: Data) -> tuple[str, pd.Series | None]:
    """Return the column to stratify by and its values; "" and None where there is none."""
    known = {column.name: column.kind for column in data.opened.columns()}
    name = asked.column
    if name is None:
        own = [one for one in ("label, edited", "label") if known.get(one) == "category"]
        name = own[0] if own else ""
    if not name:
        return "", None
    if data.opened.column(name).kind != "category":
        raise InputError(
            f"column {name!r} does not hold categories: stratify by one that does, such as a label"
        )
    return name, data.opened.values(name).astype("string").fillna("")


def _units(asked: SplitRequest, data: Data) -> np.ndarray | None:
    """Return the unit of every row, −1 where it has none; None where the set has no units."""
    items = data.opened.items
    if asked.unit is None and ("unit" not in items or items["unit"].isna().all()):
        return None
    if asked.unit == "":
        return None
    name = asked.unit or "unit"
    texts = (items[name] if name in items else data.opened.values(name)).astype("string")
    return np.asarray(pd.factorize(texts.mask(texts == ""))[0], np.int64)


def _key(
    asked: SplitRequest,
    data: Data,
    pool: Pool,
    values: pd.Series | None,
    units: np.ndarray | None,
    known: Known | None,
) -> str:
    """Return the key of a division: of what is asked, of the data, and of the rows."""
    plain = {name: value for name, value in asked.to_json().items() if name != "slices"}
    strata = None if values is None else coded(values)
    themes = None if data.themes is None else np.asarray(data.themes.labels)
    copies = None if known is None else [known.tau, known.groups]
    return artefact_key("splits", plain, data.keys(), pool.rows, strata, units, themes, copies)


def _tau(asked: SplitRequest, data: Data, known: Known | None) -> float:
    """Return how near is too near: as asked, as the check of the set learned it, or estimated."""
    from core.curate.duplicates import duplicate_threshold

    if asked.tau is not None:
        return float(asked.tau)
    return duplicate_threshold(data.neighbors) if known is None else known.tau


def _compute(
    asked: SplitRequest,
    data: Data,
    pool: Pool,
    column: str,
    values: pd.Series | None,
    units: np.ndarray | None,
    known: Known | None,
    key: str,
    workspace: Workspace,
    progress: Progress,
) -> None:
    """Divide, prove, describe, and store it all as one artefact."""
    rows = pool.rows
    progress.report("vectors")
    unit = data.unit(workspace)[rows]
    tau = _tau(asked, data, known)
    own = [] if units is None else [units[rows]]
    own += [] if known is None else [known.groups[rows]]
    classes = _classes(data, rows, column, values)
    found, groups, proof = _apart(asked, data, unit, rows, own, classes, tau, progress)
    sizes = np.bincount(groups)
    strata = _strata(found.split, groups, classes, asked.shares)
    line = found.search[found.search["seed"] == found.seed].iloc[0]
    counts = {name: int((found.split == at).sum()) for at, name in enumerate(NAMES)}
    meta = {
        "format": FORMAT, "request": asked.to_json(), "name": asked.name, **data.keys(),
        "slices": _first_names(asked, data), "counts": counts, "n_pool": len(rows),
        "pool": pool.title, "shares": dict(zip(NAMES, asked.shares, strict=True)),
        "groups": len(sizes), "largest_group": int(sizes.max()), "tau": tau, "proof": proof,
        "seed": found.seed, "candidates": len(found.search), "max_mmd2": float(line["max_mmd2"]),
        "uncovered": int(line["uncovered"]), "stratified_by": list(classes),
        "micro": _micro(data, rows, found.split),
        "notes": [*pool.notes, *_notes(asked, sizes, counts, strata, line["uncovered"])],
        "versions": library_versions(), "created": now(),
    }  # fmt: skip
    split, group = np.full(len(data.opened), -1, np.int8), np.full(len(data.opened), -1, np.int64)
    split[rows], group[rows] = found.split, groups
    progress.report("storing")
    workspace.write(
        "splits", key, meta=meta, arrays={"split": split, "group": group},
        tables={"search": found.search, "strata": strata},
    )  # fmt: skip


def _classes(
    data: Data, rows: np.ndarray, column: str, values: pd.Series | None
) -> dict[str, tuple[np.ndarray, list[str]]]:
    """Return what is stratified by: for each, a code of every row of the pool, and its names."""
    found = {}
    if data.themes is not None and len(data.themes.table):
        names = [*data.opened.theme_names(), "unassigned"]
        labels = np.asarray(data.themes.labels)[rows]
        codes, held = pd.factorize(np.where(labels < 0, len(names) - 1, labels), sort=True)
        found["theme"] = (codes, [names[int(label)] for label in held])
    if values is not None:
        codes, texts = pd.factorize(values.iloc[rows], sort=True)
        found[column] = (codes, [str(text) or "no value" for text in texts])
    return found


def _apart(
    asked: SplitRequest,
    data: Data,
    unit: np.ndarray,
    rows: np.ndarray,
    own: list[np.ndarray],
    classes: dict[str, tuple[np.ndarray, list[str]]],
    tau: float,
    progress: Progress,
) -> tuple[Any, np.ndarray, dict[str, Any]]:
    """Return a division with no near-duplicates across splits, its groups, and the proof."""
    from core.curate.duplicates import cross_pairs, graph_pairs, join
    from core.curate.splits import divide, whole_groups

    place = np.full(len(data.opened), -1, np.int64)
    place[rows] = np.arange(len(rows))
    first, second = (place[end] for end in graph_pairs(data.neighbors, tau))
    inside = (first >= 0) & (second >= 0)
    near = join(first[inside], second[inside], len(rows))
    added = 0
    for _ in range(ROUNDS):
        groups = whole_groups(len(rows), near, *own)
        found = divide(
            unit, groups, tuple(codes for codes, _ in classes.values()), asked.shares,
            seed=asked.seed, candidates=asked.candidates, progress=progress,
        )  # fmt: skip
        pairs = cross_pairs(unit, found.split, tau, progress)
        if not len(pairs):
            return found, groups, _proof(found.split, groups, own, tau, added)
        added += len(pairs)
        links = np.concatenate([_links(near), pairs])
        near = join(links[:, 0], links[:, 1], len(rows))
    raise InputError(
        f"near-duplicates within {tau:.4f} keep turning up across splits: take a smaller distance"
    )


def _links(groups: np.ndarray) -> np.ndarray:
    """Return pairs `(m, 2)` that hold every group together."""
    order = np.argsort(groups, kind="stable")
    same = groups[order[1:]] == groups[order[:-1]]
    return np.stack([order[:-1][same], order[1:][same]], axis=1)


def _proof(
    split: np.ndarray, groups: np.ndarray, own: list[np.ndarray], tau: float, added: int
) -> dict[str, Any]:
    """Return what was checked of the division as it is: groups, units, and every pair across."""
    sizes = np.bincount(split, minlength=len(NAMES)).astype(int)
    pairs = (int(sizes.sum()) ** 2 - int((sizes**2).sum())) // 2

    def cut(key: np.ndarray) -> int:
        known = key >= 0
        together = np.unique(np.stack([key[known], split[known].astype(np.int64)]), axis=1)
        return int(together.shape[1] - len(np.unique(key[known])))

    return {
        "method": "exact search of all pairs of images in different splits, in float64",
        "tau": tau, "pairs_across": pairs, "pairs_within_tau": 0, "groups_cut": cut(groups),
        "units_cut": sum(cut(key) for key in own), "joined_after_search": added,
    }  # fmt: skip


def _strata(
    split: np.ndarray,
    groups: np.ndarray,
    classes: dict[str, tuple[np.ndarray, list[str]]],
    shares: tuple[float, ...],
) -> pd.DataFrame:
    """Return how the images of every theme and value are divided, a row each."""
    used = [at for at, share in enumerate(shares) if share > 0]
    lines = []
    for kind, (codes, names) in classes.items():
        held = np.unique(np.stack([codes, groups]), axis=1)[0]
        wholes = np.bincount(held, minlength=len(names))
        counts = np.stack([np.bincount(codes[split == at], minlength=len(names))
                           for at in range(len(NAMES))])  # fmt: skip
        for code, name in enumerate(names):
            enough = int(wholes[code]) >= len(used)
            lines.append((kind, name, *counts[:, code].tolist(), int(wholes[code]), enough,
                          bool((counts[used, code] > 0).all())))  # fmt: skip
    columns = ["kind", "value", *NAMES, "groups", "enough", "in_all"]
    return pd.DataFrame(lines, columns=columns)


def _micro(data: Data, rows: np.ndarray, split: np.ndarray) -> dict[str, int]:
    """Return how many micro-clusters the pool has and how many each split holds a part of."""
    labels = np.asarray(data.micro.labels)[rows]
    held = {name: len(np.unique(labels[split == at])) for at, name in enumerate(NAMES)}
    return {"clusters": len(np.unique(labels)), **held}


def _first_names(asked: SplitRequest, data: Data) -> dict[str, str]:
    """Return the names that the slices are first given; {} where none are wanted."""
    if asked.slices == "":
        return {}
    prefix = asked.slices or free_prefix("Split", data.view)
    return {name: f"{prefix} {name}" for name, share in zip(NAMES, asked.shares, strict=True)
            if share > 0}  # fmt: skip


def _notes(
    asked: SplitRequest,
    sizes: np.ndarray,
    counts: dict[str, int],
    strata: pd.DataFrame,
    uncovered: float,
) -> list[str]:
    """Return what a person should know of a division."""
    notes, total = [], int(sizes.sum())
    for name, share in zip(NAMES, asked.shares, strict=True):
        if share > 0 and sizes.max() > share * total:
            notes.append(
                f"one group of {int(sizes.max()):,} images that must stay whole is larger than "
                f"{name} was to be ({share * total:,.0f})"
            )
        if share > 0 and abs(counts[name] / total - share) > 0.02:
            here = 100 * counts[name] / total
            notes.append(f"{name} has {here:.1f} % where {100 * share:.1f} % was wanted")
    if uncovered:
        notes.append(
            f"{int(uncovered):,} times a theme or value with enough groups is missing in a split: "
            "what would have to move holds others together"
        )
    few = int((~strata["enough"]).sum()) if len(strata) else 0
    if few:
        notes.append(f"{few:,} themes or values have too few groups to be in every split")
    if not len(strata):
        notes.append("the set has neither themes nor labels: divided by chance")
    return notes
