"""Every figure of one encoder of a court, each found as the page that it belongs to finds it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.checking.pieces import in_pieces
from core.clusters.micro import find_micro_clusters
from core.clusters.stability import Measured, micro_stability, theme_stability
from core.clusters.themes import FEWEST, find_themes, theme_space
from core.comparing.card import metric_card
from core.comparing.pictures import load_row, with_picture
from core.config import Settings
from core.encoders import open_encoder
from core.errors import DecodeError, EncoderUnavailableError, InputError
from core.imaging.decode import Limits, Picture
from core.judging.bench import Case, Seat
from core.judging.copies import found_copies, named_copies
from core.judging.detail import fine_detail
from core.judging.figure import Figure, between, nothing, parts_of, percent, share_of_means
from core.judging.planted import planted_drift
from core.keys import artefact_key
from core.model import Clustering
from core.morphology.metric import agreement
from core.progress import Progress
from core.quality.probe import linear_probe
from core.space import SAME, spread
from core.storage.catalog import Catalog
from core.storage.store import Workspace

#: Neighbours that retrieval looks at, runs of stability, and pictures timed.
K, RUNS, TIMED = 10, 5, 16


@dataclass(frozen=True, slots=True)
class Bench:
    """What every figure needs."""

    case: Case
    workspace: Workspace
    settings: Settings
    progress: Progress
    seed: int


def probed(seat: Seat, bench: Bench) -> Figure:
    """Return how well a linear classifier tells the labels, whole units held out."""
    case = bench.case
    if not case.labelled:
        return nothing("No labels say which images are alike.")
    if spread(seat.unit) < SAME:
        return nothing("This encoder sees all images as the same.")
    try:
        found = linear_probe(
            seat.unit, case.codes, units=case.units, seed=bench.seed, progress=bench.progress
        )
    except InputError as error:
        return nothing(str(error))
    text = (
        f"Balanced accuracy {percent(found.accuracy)}{between(found.low, found.high)} over "
        f"{len(found.recall)} labels; always the largest {percent(found.majority)}, shuffled "
        f"labels {percent(found.shuffled)}."
    )
    details = {"shuffled": found.shuffled, "n_used": found.n_used, "notes": list(found.notes)}
    return Figure(found.accuracy, found.low, found.high, max(found.majority, found.shuffled),
                  found.n_units, text, details)  # fmt: skip


def retrieved(seat: Seat, bench: Bench) -> Figure:
    """Return how often the ten nearest images of other units share the label."""
    case = bench.case
    if not case.labelled:
        return nothing("No labels say which images are alike.")
    near = agreement(seat.neighbors, case.codes, case.units, K, own=False)
    first = agreement(seat.neighbors, case.codes, case.units, 1, own=False)
    if near is None or first is None:
        return nothing("Too few labelled images of other units.")
    parts = _shares(seat, case)
    value, low, high, count = share_of_means(np.array(list(parts.values())))
    text = (
        f"Of the {K} nearest images of other units {percent(value)}{between(low, high)} share the "
        f"label, {percent(near.chance)} by chance; of the nearest alone {percent(first.share)}."
    )
    details = {"first": first.share, "k": K, "kappa": near.kappa}
    return Figure(value, low, high, near.chance, count, text, details, parts)


def _shares(seat: Seat, case: Case) -> dict[int, float]:
    """Return of each unit the share of nearest images of other units with its label."""
    near, codes, units = np.asarray(seat.neighbors.indices), case.codes, case.units
    looked = units[near] != units[:, None]
    looked &= (looked.cumsum(axis=1) <= K) & (codes[near] >= 0)
    with np.errstate(invalid="ignore"):
        shares = ((codes[near] == codes[:, None]) & looked).sum(axis=1) / looked.sum(axis=1)
    good = (codes >= 0) & np.isfinite(shares)
    return parts_of(shares[good], units[good])


def firm(seat: Seat, bench: Bench, kind: str) -> Figure:
    """Return how much of the clusters is found again when a fifth of the units is left out."""
    case, progress = bench.case, bench.progress
    if kind == "none":
        return nothing("Clusters were not asked for.")
    units = case.units if len(np.unique(case.units)) < len(case.units) else None
    if kind == "themes":
        if len(seat.unit) < FEWEST:
            return nothing(f"Fewer than {FEWEST} images have no themes.")
        found, measured = _themes(seat, bench, units)
    else:
        found = find_micro_clusters(
            seat.unit, key="", seed=bench.seed, neighbors=seat.neighbors, progress=progress
        )
        measured = micro_stability(
            seat.unit, found, units=units, seed=bench.seed, runs=RUNS, progress=progress
        )
    count = len(found.table)
    if measured.ari_mean is None:
        return nothing(found.notice or measured.notice or "No clusters were found.")
    states = measured.table.merge(found.table[["cluster", "size"]], on="cluster")
    whole = max(1, int(states["size"].sum()))
    share = float(states.loc[states["state"] == "firm", "size"].sum()) / whole
    noise = float((found.labels < 0).mean())
    text = (
        f"{count:,} {'themes' if kind == 'themes' else 'micro-clusters'}; in {measured.runs} runs "
        f"without a fifth of the images they agree by {measured.ari_mean:.2f} (adjusted Rand "
        f"index), and {percent(share)} of the images in them are in a firm one"
    )
    text += f"; {percent(noise)} are unassigned." if noise else "."
    details = {"count": count, "firm": share, "noise": noise, "labels": _with_labels(found, case)}
    return Figure(float(measured.ari_mean), None, None, 0.0, measured.runs, text, details)


def _themes(seat: Seat, bench: Bench, units: np.ndarray | None) -> tuple[Clustering, Measured]:
    """Return the themes of one encoder and how firm they are, as Clusters finds both."""
    key = artefact_key("clustering", seat.neighbors.key, "court", bench.seed)
    space = theme_space(seat.unit, seat.neighbors, bench.seed, bench.progress)
    found = find_themes(seat.unit, seat.neighbors, key=key, seed=bench.seed, space=space,
                        progress=bench.progress)  # fmt: skip
    return found, theme_stability(seat.unit, seat.neighbors, found, space, units=units,
                                  seed=bench.seed, runs=RUNS, progress=bench.progress)  # fmt: skip


def _with_labels(found: Clustering, case: Case) -> float | None:
    """Return how far clusters go with the labels: adjusted mutual information."""
    from sklearn.metrics import adjusted_mutual_info_score

    both = (found.labels >= 0) & (case.codes >= 0)
    if not case.labelled or both.sum() < 10:
        return None
    return float(adjusted_mutual_info_score(case.codes[both], found.labels[both]))


def costs(seat: Seat, bench: Bench) -> dict[str, Any]:
    """Return what one encoder costs: bytes of a vector, and seconds of 1,000 pictures.

    A few pictures are prepared and encoded again in one thread, after one that is not counted.
    Seconds are the processor's, which other work on the machine hardly changes.
    """
    dims = int(seat.unit.shape[1])
    told: dict[str, Any] = {
        "dims": dims, "bytes": 4 * dims, "bytes_all": 4 * dims * len(seat.unit),
        "encoded": seat.encoded, "cpu_seconds": None, "timed": 0,
    }  # fmt: skip
    if seat.spec.model_type == "given":
        return told
    try:
        encoder = open_encoder(
            seat.spec.name, memo=bench.workspace.root / "encoders", device=bench.settings.device
        )
    except EncoderUnavailableError:
        return told
    limits = Limits(bench.settings.max_pixels, bench.settings.max_file_mb * 2**20)
    pictures = []
    with Catalog(bench.workspace.root / "catalog.sqlite") as hashes:
        for row in with_picture(seat.opened)[: TIMED + 1].tolist():
            try:
                pictures.append(load_row(seat.opened, row, limits, hashes, encoder.at_least))
            except (DecodeError, OSError, MemoryError):
                continue
    if len(pictures) < 2:
        return told

    def work(some: Sequence[Picture]) -> float:
        encoder.encode(encoder.prepare(some[0])[None])  # what is set up once does not count
        before = time.thread_time()
        encoder.encode(np.stack([encoder.prepare(one) for one in some[1:]]))
        return time.thread_time() - before

    spent = sum(in_pieces(pictures, len(pictures), 1, work))
    count = len(pictures) - 1
    return told | {"cpu_seconds": 1000 * spent / count, "timed": count}


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything about one encoder.

    Attributes
    ----------
    seat
        The encoder.
    card
        Key, verdict and text of its metric card.
    cost
        What it costs (`costs`).
    figures
        Its figures by name.
    """

    seat: Seat
    card: dict[str, Any]
    cost: dict[str, Any]
    figures: dict[str, Figure]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        spec = self.seat.spec
        return {
            "name": self.seat.name, "key": spec.key, "model_type": spec.model_type,
            "metric": spec.metric, "good_for": spec.good_for, "card": self.card,
            "cost": self.cost,
            "figures": {name: one.to_json() for name, one in self.figures.items()},
        }  # fmt: skip


def heard(seat: Seat, bench: Bench, pixels: Any, asked: Any, copies: Any) -> Heard:
    """Return everything about one encoder.

    Parameters
    ----------
    pixels
        What thumbnails tell of the pictures.
    asked
        The request of the court.
    copies
        The column of known copies; None without one.
    """
    case, progress = bench.case, bench.progress
    where = (bench.workspace, bench.settings)
    labels = case.codes if case.labelled else None
    units = case.units if len(np.unique(case.units)) < len(case.units) else None
    found = metric_card(seat.opened, *where, labels, units, progress, bench.seed)
    figures = {
        "probe": probed(seat, bench),
        "retrieval": retrieved(seat, bench),
        "copies": found_copies(seat, pixels, case.units, *where, progress, bench.seed),
        "named_copies": nothing("No column of known copies was named.")
        if copies is None
        else named_copies(seat, copies, case.rows),
        "drift": planted_drift(seat.unit, case.codes, case.units, seed=bench.seed),
        "detail": fine_detail(seat, *where, progress, bench.seed),
        "clusters": firm(seat, bench, asked.clusters),
    }
    told = {"key": found.key, "verdict": found.verdict, "text": found.text}
    return Heard(seat, told, costs(seat, bench), figures)
