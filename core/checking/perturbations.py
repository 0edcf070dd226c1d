"""How far small changes move the vectors of this very set, through its own encoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.checking.pieces import in_pieces
from core.config import Settings
from core.encoders import open_encoder
from core.encoders.base import Encoder
from core.errors import DecodeError, EncoderUnavailableError
from core.imaging.decode import ItemFile, Limits, Picture, load_picture
from core.imaging.files import FileHashes
from core.imaging.perturb import LEARNED, TRANSFORMS
from core.imaging.same import CHANGED, is_other
from core.keys import artefact_key
from core.opened.openset import OpenSet
from core.progress import Progress
from core.quality.threshold import LEAST_IMAGES, REACHED, surely_capped
from core.storage.catalog import Catalog
from core.storage.records import region_of
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

STAGE = "perturbations"
#: Images that are changed, and how many are encoded together.
SAMPLE, BATCH = 300, 8
#: Share of them that must be readable for the result to be kept for good.
ENOUGH = 0.9
COLUMNS = {"row": "int64", "transform": "string", "distance": "float64"}


@dataclass(frozen=True, slots=True)
class Perturbations:
    """How far known changes move vectors.

    Attributes
    ----------
    key
        The artefact's.
    distances
        One row a changed picture: `row` int64, `transform` (a name in
        `core.imaging.perturb.TRANSFORMS`), `distance` float64, chordal, from the picture's vector
        to that of the changed one. Empty where nothing could be encoded.
    notice
        Why it is empty, in words; "" where it is not.
    """

    key: str
    distances: pd.DataFrame
    notice: str = ""


def perturbed(
    opened: OpenSet,
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
    seed: int = 0,
    cap: float | None = None,
) -> Perturbations:
    """Change 300 pictures of a set in five known ways and encode them as the set was.

    Parameters
    ----------
    opened
        A set or part.
    workspace, settings
        Where vectors and the result lie; the device and limits on pictures.
    progress
        Told about stage "perturbations"; may cancel.
    seed
        Seed of the sample; items that share a picture are one.
    cap
        Where only this matters, whether the threshold lies beyond this distance: pictures are
        changed in the order of the draw until it surely does. Where all were changed before, or
        must be, None and any other give the same.

    Raises
    ------
    JobCancelled
        `progress` was cancelled.
    """
    progress = progress or Progress()
    key, short = _key(opened, seed), _key(opened, seed, ["capped", cap])
    for known in (key, short):
        if workspace.has("perturbations", known):
            return open_perturbations(workspace, known)
    progress.report(STAGE)
    with workspace.lock(f"perturbations/{key}", progress):
        for known in (key, short):
            if workspace.has("perturbations", known):
                return open_perturbations(workspace, known)
        table, notice, lasting = _measure(opened, workspace, settings, progress, seed, cap)
        if not lasting:
            if cap is not None and _capped(table, cap, len(_sample(opened, seed))):
                key = short
            else:  # what was missing may be there the next time: kept under another key
                key = _key(opened, seed, [notice, table["row"].to_numpy()])
        meta = {"imageset": opened.key, "encoder": opened.spec.key, "seed": seed, "notice": notice}
        workspace.write("perturbations", key, meta=meta, tables={"distances": table})
    return open_perturbations(workspace, key)


def open_perturbations(workspace: Workspace, key: str) -> Perturbations:
    """Return stored perturbations by their artefact's key; `NotFoundError` if there are none."""
    stored = workspace.read("perturbations", key)
    return Perturbations(key, stored.tables["distances"].astype(COLUMNS), stored.meta["notice"])


def _key(opened: OpenSet, seed: int, only: Sequence[object] = ()) -> str:
    parts = (opened.key, opened.spec.key, seed, SAMPLE, LEARNED)
    return artefact_key("perturbations", *parts, *only)


def _measure(
    opened: OpenSet,
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
    seed: int,
    cap: float | None,
) -> tuple[pd.DataFrame, str, bool]:
    """Return the table, the notice, and whether it would be the same the next time."""
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    rows = _sample(opened, seed)
    if opened.spec.model_type == "given":
        return empty, "The vectors came with the set, so no changed picture can be encoded.", True
    if not len(rows):
        return empty, "The set has no pictures, so none can be changed and encoded.", True
    try:
        encoder = open_encoder(
            opened.spec.name, memo=workspace.root / "encoders", device=settings.device
        )
        if encoder.spec.key != opened.spec.key:
            raise EncoderUnavailableError("it has other weights or options now; run the set again")
    except EncoderUnavailableError as error:
        return empty, f"The set's encoder cannot be opened: {error}", False
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    if cap is not None:
        rows = np.random.default_rng(seed).permutation(rows)
    vectors = _vectors(opened, workspace, rows)
    with Catalog(workspace.root / "catalog.sqlite") as hashes:

        def work(places: Sequence[int]) -> pd.DataFrame:
            part = np.asarray(places)
            return _distances(opened, encoder, rows[part], vectors[part], limits, hashes)

        workers = settings.n_workers if encoder.concurrent else 1
        parts = []
        for part in in_pieces(range(len(rows)), BATCH, workers, work):
            parts.append(part)
            done = min(BATCH * len(parts), len(rows))
            progress.report(STAGE, done, len(rows))
            if cap is not None and _capped(pd.concat(parts, ignore_index=True), cap, len(rows)):
                break
    table = pd.concat(parts, ignore_index=True).astype(COLUMNS)
    if cap is not None:
        table = table.sort_values("row", kind="stable", ignore_index=True)
    if not len(table):
        return table, "None of the pictures that were drawn could be read and encoded.", False
    return table, "", table["row"].nunique() >= ENOUGH * len(rows)


def _capped(table: pd.DataFrame, cap: float, drawn: int) -> bool:
    """Tell by the first changes of some pictures that were drawn whether the threshold is the cap.

    It is, whatever the others are, where more lie beyond it than may of all; or hardly can be
    otherwise (`surely_capped`).
    """
    if table["row"].nunique() < LEAST_IMAGES:
        return False
    total = drawn * len(LEARNED)
    certain = total - int(REACHED * (total - 1))  # then the quantile is among those beyond
    return int((table["distance"] > cap).sum()) >= certain or surely_capped(table, cap)


def _sample(opened: OpenSet, seed: int) -> np.ndarray:
    """Return up to 300 rows with different pictures, ascending."""
    items = opened.items
    there = items["path"].notna() & (items["path"].astype("string").fillna("") != "")
    rows = np.flatnonzero((there & ~items["item_id"].duplicated()).to_numpy(bool))
    if len(rows) > SAMPLE:
        rows = np.sort(np.random.default_rng(seed).choice(rows, SAMPLE, replace=False))
    return rows


def _vectors(opened: OpenSet, workspace: Workspace, rows: np.ndarray) -> np.ndarray:
    """Return the stored vectors of rows `(m, d)` float32."""
    cache = VectorCache(workspace.root / "vectors" / opened.spec.key, opened.spec)
    return cache.load(opened.items["item_id"].iloc[rows].tolist())


def _distances(
    opened: OpenSet,
    encoder: Encoder,
    rows: np.ndarray,
    vectors: np.ndarray,
    limits: Limits,
    hashes: FileHashes,
) -> pd.DataFrame:
    """Return the distances of some rows; pictures that cannot be read or encoded are left out."""
    about: list[tuple[int, str, int]] = []
    inputs = []
    for place, row in enumerate(rows.tolist()):
        try:
            picture = _load(opened, row, encoder, limits, hashes)
            changed = [encoder.prepare(TRANSFORMS[name].of(picture)) for name in LEARNED]
        except (DecodeError, OSError, MemoryError):
            continue
        inputs += changed
        about += [(row, name, place) for name in LEARNED]
    if not inputs:
        return pd.DataFrame(columns=list(COLUMNS))
    found = np.asarray(encoder.encode(np.stack(inputs)), np.float64)
    origins = vectors[[place for _, _, place in about]].astype(np.float64)
    away = _chordal(found, origins)
    table = pd.DataFrame(about, columns=["row", "transform", "place"]).drop(columns="place")
    return table.assign(distance=away)[np.isfinite(away)]


def _load(
    opened: OpenSet, row: int, encoder: Encoder, limits: Limits, hashes: FileHashes
) -> Picture:
    """Decode a row's picture, large enough that half of it is all that the encoder needs.

    Raises
    ------
    DecodeError
        It cannot be decoded, or is another picture than the one that was encoded.
    """
    values: dict[str, Any] = {str(k): v for k, v in opened.items.iloc[row].to_dict().items()}
    root = Path(opened.root)
    file = ItemFile(values["item_id"], root / values["path"], region_of(values), root)
    if is_other(file, opened.kind, hashes):
        raise DecodeError(CHANGED)
    wanted = None if encoder.at_least is None else 2 * encoder.at_least
    return load_picture(file.path, file.region, root=root, at_least=wanted, limits=limits)


def _chordal(found: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """Return the distances `(m,)` of rows scaled to length one; NaN where one has no length."""
    with np.errstate(invalid="ignore", divide="ignore"):
        one = found / np.linalg.norm(found, axis=1, keepdims=True)
        two = origins / np.linalg.norm(origins, axis=1, keepdims=True)
        away: np.ndarray = np.linalg.norm(one - two, axis=1)
    return away
