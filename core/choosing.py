"""The job that chooses images: from a request to a stored choice with reasons, and a slice.

A choice is computed once: its key covers the request, the data and the rows it may choose from.
Killed at any moment, either nothing is stored or the whole choice is; the slice comes last.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.choices import (
    Choice,
    Choices,
    CurateRequest,
    Pool,
    parse_budget,
    pool_of,
    slice_of,
)
from core.choices.cleaning import Known, known_of
from core.choices.slices import first_name, has_slice, make_slice
from core.config import Settings
from core.curation import Desk
from core.errors import InputError, NotFoundError
from core.keys import artefact_key
from core.library import Library, OpenSet
from core.model import Clustering, Neighbors
from core.progress import Progress
from core.storage.store import Workspace, library_versions, now
from core.storage.vectors import VectorCache

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Data:
    """What choosing from a set needs of it."""

    opened: OpenSet
    view: Any
    neighbors: Neighbors
    micro: Clustering
    themes: Clustering | None

    def unit(self, workspace: Workspace) -> np.ndarray:
        """Return the unit vectors `(n, d)` float32 of all rows."""
        from core.space import unit_rows

        folder = workspace.root / "vectors" / self.opened.spec.key
        ids = self.opened.items["item_id"].tolist()
        return unit_rows(VectorCache(folder, self.opened.spec).load(ids))

    def keys(self) -> dict[str, Any]:
        """Return the keys of what a choice is made from."""
        return {
            "imageset": self.opened.key,
            "embeddings": self.opened.embeddings,
            "encoder": self.opened.spec.key,
            "neighbors": self.neighbors.key,
            "micro": self.micro.key,
            "themes": None if self.themes is None else self.themes.key,
        }


def data_of(name: str, workspace: Workspace) -> Data:
    """Open a set or part for choosing, with what was decided about it.

    Raises
    ------
    NotFoundError
        There is no such set, or it has no neighbours and micro-clusters yet.
    """
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open(name)
    neighbors, micro = opened.neighbors, opened.clustering("micro")
    if neighbors is None or micro is None:
        raise NotFoundError(f"{name!r} has no neighbours and clusters yet: run the set first")
    return Data(opened, desk.view(opened), neighbors, micro, opened.clustering("themes"))


def run_curate(
    request: dict[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Choose images as a request asks, keep the choice, and make its slice.

    Parameters
    ----------
    request
        As `CurateRequest.to_json` returns it.

    Returns
    -------
    dict
        {"set", "choice": its key, "slice": the name of its slice or "", "count", "pool", "total",
        "objective", "clusters", "covered", "ceiling", "random", "bins", "independent", "verdict",
        "saturation", "notes", "seconds"}; `choice_json` adds the images.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done; nothing is stored then.
    """
    progress = progress or Progress()
    asked = CurateRequest.from_json(request)
    workspace.sweep()
    progress.report("pool")
    data = data_of(asked.name, workspace)
    pool = pool_of(asked, data.opened, data.view, workspace)
    labels = _strata(asked, data.opened)
    known = known_of(data.opened, data.view, workspace)
    key = _key(asked, data, pool, labels, known)
    if not workspace.has("choice", key):
        if asked.slice and slice_of(key, data.view) != asked.slice:  # its own, where made again
            has_slice(asked.slice, data.view, None)
        with workspace.lock(f"choice/{key}", progress):
            if not workspace.has("choice", key):
                _compute(asked, data, pool, labels, known, key, workspace, progress)
    choice = Choices(workspace).open(key)
    with workspace.lock(f"slices/{asked.name}", progress):  # two that ask alike make one slice
        name = make_slice(asked, choice, data.opened, workspace)
    return result_of(choice, name) | {"seconds": progress.finish()}


def result_of(choice: Choice, name: str) -> dict[str, Any]:
    """Return what a job says of a choice: all but the images."""
    told = ("total", "objective", "clusters", "covered", "ceiling", "random", "bins",
            "independent", "verdict", "saturation", "notes", "taken_out")  # fmt: skip
    meta = choice.meta
    found = {"set": meta["name"], "choice": choice.key, "slice": name, "count": meta["n"]}
    return found | {"pool": meta["n_pool"]} | {field: meta[field] for field in told}


def choice_json(choice: Choice, opened: OpenSet) -> dict[str, Any]:
    """Return the images of a choice as `curate --json` prints them, in the order of choice."""
    ids = opened.items["item_id"]
    lines = choice.chosen.drop(columns=["address"]).rename(columns={"reason": "text"})
    return {
        "rows": choice.rows.tolist(),
        "selected": [str(ids.iat[row]) for row in choice.rows],
        "reasons": lines.to_dict("records"),
    }


def _strata(asked: CurateRequest, opened: OpenSet) -> np.ndarray | None:
    """Return what "balanced" balances by, "" where a row has no value; None for the others."""
    if asked.strategy != "balanced":
        return None
    known = {column.name: column.kind for column in opened.columns()}
    own = "label, edited" if "label, edited" in known else "label"
    name = asked.column or own
    if not asked.column and name not in known:
        raise InputError("balanced: the set has no labels; name the column to balance by")
    if opened.column(name).kind != "category":
        raise InputError(
            f"column {name!r} does not hold categories: balance by one that does, such as a label"
        )
    return opened.values(name).astype("string").fillna("").to_numpy(dtype=object)


def coded(values: pd.Series) -> list[Any]:
    """Return a column as a key can hold it: the number of each row's value, and the values."""
    codes, held = pd.factorize(values)
    return [codes, [str(value) for value in held]]


def _key(
    asked: CurateRequest,
    data: Data,
    pool: Pool,
    labels: np.ndarray | None,
    known: Known | None,
) -> str:
    """Return the key of a choice: of what is asked, of the data, and of the rows."""
    plain = {name: value for name, value in asked.to_json().items() if name != "slice"}
    strata = None if labels is None else coded(pd.Series(labels))
    themes = None if data.themes is None else np.asarray(data.themes.labels)
    cleaned = known.key if known is not None and _cleans(asked, pool, known) else None
    return artefact_key(
        "choice", plain, data.keys(), pool.rows, pool.already, pool.apart, strata, themes, cleaned
    )


def _cleans(asked: CurateRequest, pool: Pool, known: Known | None) -> bool:
    """Tell whether near-duplicates matter: taken out, or kept apart from."""
    wanted = known is not None if asked.clean is None else asked.clean
    return bool(wanted) or len(pool.apart) > 0


def _compute(
    asked: CurateRequest,
    data: Data,
    pool: Pool,
    labels: np.ndarray | None,
    known: Known | None,
    key: str,
    workspace: Workspace,
    progress: Progress,
) -> None:
    """Choose, explain, compare, and store it all as one artefact."""
    from core.curate.duplicates import duplicate_threshold
    from core.curate.reasons import chosen_table

    progress.report("vectors")
    unit = data.unit(workspace)
    tau = duplicate_threshold(data.neighbors) if known is None else known.tau
    rows, out = _cleaned(asked, data, pool, unit, tau, known)
    notes = [*pool.notes, *_said(out)]
    count = _count(asked, len(rows), out)
    picks = _picked(asked, data, unit, rows, pool.already, count, labels, progress)
    themes = None if data.themes is None else np.asarray(data.themes.labels)
    table = chosen_table(
        unit, data.neighbors, data.micro, themes, picks.rows, picks.gains, pool.already
    )
    named = data.opened.addresses
    table.insert(2, "address", [named[row] for row in picks.rows])
    measured, curve = _measured(
        data, workspace, unit, picks.rows, rows, pool.already, asked.seed, progress
    )
    meta = {
        "format": FORMAT, "request": asked.to_json(), "name": asked.name, **data.keys(),
        "slice": first_name(asked, len(table), data.view), "n": len(table), "n_pool": len(rows),
        "n_already": len(pool.already), "pool": pool.title, "budget": asked.budget,
        "strategy": asked.strategy, "objective": picks.objective, "total": picks.total,
        "tau": tau, "taken_out": out, "notes": [*notes, *picks.notes], "seed": asked.seed,
        "versions": library_versions(), "created": now(), **measured,
    }  # fmt: skip
    tables = {"chosen": table} | ({} if curve is None else {"saturation": curve})
    arrays = {"pool": rows, "already": pool.already}
    progress.report("storing")
    workspace.write("choice", key, meta=meta, arrays=arrays, tables=tables)


def _picked(
    asked: CurateRequest,
    data: Data,
    unit: np.ndarray,
    rows: np.ndarray,
    already: np.ndarray,
    count: int | None,
    labels: np.ndarray | None,
    progress: Progress,
) -> Any:
    """Return the picks of the strategy that is asked for (`core.curate.picks.Picks`)."""
    from core.curate.picks import PickSpace
    from core.curate.strategies import choose

    budget = parse_budget(asked.budget)
    return choose(
        asked.strategy,
        PickSpace(unit, data.neighbors, data.micro, labels),
        count,
        candidates=rows,
        already=already,
        seed=asked.seed,
        options=_options(asked),
        until=budget.value if budget.kind == "until" else None,
        progress=progress,
    )


def _options(asked: CurateRequest) -> Any:
    """Return the settings of the strategies; what is not given keeps its default."""
    from core.curate.picks import StrategyOptions

    fields = ("alpha", "beta", "gamma", "edge_share", "column", "inside")
    given = {name: getattr(asked, name) for name in fields}
    return StrategyOptions(**{name: value for name, value in given.items() if value is not None})


def _count(asked: CurateRequest, pool: int, out: Mapping[str, int]) -> int | None:
    """Return how many to choose; None where the gains tell."""
    if not pool:
        raise InputError(
            "the pool is empty: all of it are near-duplicates of what was chosen, or faulty"
        )
    try:
        return parse_budget(asked.budget).items(pool)
    except InputError as error:
        said = "".join(f"; {note}" for note in _said(out))
        raise InputError(f"{error}{said}") from None


def _cleaned(
    asked: CurateRequest,
    data: Data,
    pool: Pool,
    unit: np.ndarray,
    tau: float,
    known: Known | None,
) -> tuple[np.ndarray, dict[str, int]]:
    """Return the pool without copies and faulty pictures, and how many were taken out.

    The check of the set says what they are; without one, near-duplicates are estimated where they
    are asked for. A test pool also loses what is a copy of the images it must be apart from.
    """
    from core.curate.duplicates import duplicate_groups, keepers

    rows, out = pool.rows, {"near_duplicates": 0, "quality": 0}
    clean = known is not None if asked.clean is None else asked.clean
    if not clean and not len(pool.apart):
        return rows, out
    groups = duplicate_groups(data.neighbors, tau, unit) if known is None else known.groups
    if len(pool.apart):
        for near in (duplicate_groups(data.neighbors, tau), groups):  # a chain is cut in groups
            rows = rows[~np.isin(near[rows], near[pool.apart])]
        out["near_duplicates"] += len(pool.rows) - len(rows)
    if clean:
        if known is not None:
            good = np.setdiff1d(rows, known.faulty)
            out["quality"], rows = len(rows) - len(good), good
        inside, taken = np.zeros((2, len(unit)), bool)
        inside[rows], inside[pool.already], taken[pool.already] = True, True, True
        kept = keepers(unit, np.where(inside, groups, -1), taken)
        left = np.intersect1d(rows, kept)
        out["near_duplicates"] += len(rows) - len(left)
        rows = left
    return rows, out


def _said(out: Mapping[str, int]) -> list[str]:
    """Return in words what was taken out."""
    copies, faulty = out["near_duplicates"], out["quality"]
    notes = []
    if copies:
        notes.append(
            f"{copies:,} near-duplicate{'s were' if copies > 1 else ' was'} taken out first"
        )
    if faulty:
        word = "pictures were" if faulty > 1 else "picture was"
        notes.append(f"{faulty:,} too dark, too light or almost empty {word} taken out first")
    return notes


def _measured(
    data: Data,
    workspace: Workspace,
    unit: np.ndarray,
    chosen: np.ndarray,
    pool: np.ndarray,
    already: np.ndarray,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Any], pd.DataFrame | None]:
    """Return what a choice covers, on our groups and on independent ones, and its edge cases."""
    from core.curate.saturation import saturation
    from core.report.covering import coverage_of, groups_of
    from core.report.subject import Subject
    from core.report.verdict import quick_verdict
    from core.reporting import data as reporting

    taken, micro = np.concatenate([chosen, already]), np.asarray(data.micro.labels)
    about = reporting.Data(data.opened, data.view, data.neighbors, data.micro, workspace)
    universe = np.union1d(pool, already)
    _, other = reporting.independent_of(about, unit, universe, len(taken), seed, progress)
    subject = Subject(unit, data.neighbors, micro, other, chosen, pool, already)
    found = coverage_of(groups_of(subject, micro), chosen)
    independent = coverage_of(groups_of(subject, other), chosen)
    found["independent"] = {
        "method": "k-means", "groups": int(other.max()) + 1, "seed": seed,
        "random_mean": independent["random"]["mean"], **independent,
    }  # fmt: skip
    edges = saturation(unit, data.neighbors, data.micro, chosen=taken, pool=pool, progress=progress)
    curve, told = None, None
    if edges is not None:
        values = asdict(edges)
        lists = [name for name, value in values.items() if isinstance(value, list)]
        curve = pd.DataFrame({name: values.pop(name) for name in lists})
        told = values
    return found | {"verdict": quick_verdict(found), "saturation": told}, curve
