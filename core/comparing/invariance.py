"""How far changes that a form does not know move the vectors of this very set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from core.checking.pieces import in_pieces
from core.comparing.pictures import load_row, with_picture
from core.config import Settings
from core.encoders import open_encoder
from core.encoders.base import Encoder
from core.errors import DecodeError, EncoderUnavailableError
from core.imaging.decode import Limits, Picture
from core.imaging.files import FileHashes
from core.imaging.nuisance import changes, ground_of, on_ground, shift_of
from core.keys import artefact_key
from core.morphology.metric import found_again
from core.opened.openset import OpenSet
from core.progress import Progress
from core.space import unit_rows
from core.storage.catalog import Catalog
from core.storage.records import region_of
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

STAGE = "invariance"
#: Raised when pictures are changed otherwise.
FORMAT = 2
#: Images that are changed: of an encoder made by hand, and of a network, which takes longer.
SAMPLE, NETWORK_SAMPLE = 500, 200
#: Pictures in hand at a time; each gets the ground of the next, the last that of the first.
BATCH = 8
#: Share of them that must be readable for the result to be kept for good.
ENOUGH = 0.9
COLUMNS = {"row": "int64", "transform": "string", "distance": "float64", "own": "bool"}


@dataclass(frozen=True, slots=True)
class Invariances:
    """How far changes move vectors.

    Attributes
    ----------
    key
        The artefact's.
    distances
        One row a changed picture: `row` int64, `transform` (a name in
        `core.imaging.nuisance.NUISANCES`), `distance` float64, chordal, from the picture's vector
        to that of the changed one, and `own` bool, whether no other image of the set is nearer.
    notice
        Why it is empty, in words; "" where it is not.
    """

    key: str
    distances: pd.DataFrame
    notice: str = ""


def invariance_of(
    opened: OpenSet,
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
    seed: int = 0,
) -> Invariances:
    """Change pictures of a set in ways that leave the form as it is, and encode them as it was.

    Parameters
    ----------
    opened
        A set or part.
    workspace, settings
        Where vectors and the result lie; the device and limits on pictures.
    progress
        Told about stage "invariance"; may cancel.
    seed
        Seed of the sample: 500 pictures, 200 where the encoder is a network; items that share a
        picture are one.

    Raises
    ------
    JobCancelled
        `progress` was cancelled.
    """
    progress = progress or Progress()
    key = _key(opened, seed)
    if workspace.has("invariance", key):
        return open_invariance(workspace, key)
    progress.report(STAGE)
    with workspace.lock(f"invariance/{key}", progress):
        if workspace.has("invariance", key):
            return open_invariance(workspace, key)
        table, notice, lasting = _measure(opened, workspace, settings, progress, seed)
        if not lasting:  # what was missing may be there the next time: kept under another key
            key = _key(opened, seed, [notice, table["row"].to_numpy()])
        meta = {"imageset": opened.key, "encoder": opened.spec.key, "seed": seed, "notice": notice}
        workspace.write("invariance", key, meta=meta, tables={"distances": table})
    return open_invariance(workspace, key)


def open_invariance(workspace: Workspace, key: str) -> Invariances:
    """Return what is stored under an artefact's key; `NotFoundError` if nothing is."""
    stored = workspace.read("invariance", key)
    return Invariances(key, stored.tables["distances"].astype(COLUMNS), stored.meta["notice"])


def _key(opened: OpenSet, seed: int, only: Sequence[object] = ()) -> str:
    return artefact_key("invariance", opened.key, opened.embeddings, seed, _size(opened), FORMAT,
                        *only)  # fmt: skip


def _size(opened: OpenSet) -> int:
    """Return how many pictures are changed: by the kind of encoder, never by its speed."""
    return SAMPLE if opened.spec.model_type == "hand-made" else NETWORK_SAMPLE


def _measure(
    opened: OpenSet, workspace: Workspace, settings: Settings, progress: Progress, seed: int
) -> tuple[pd.DataFrame, str, bool]:
    """Return the table, the notice, and whether it would be the same the next time."""
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    if opened.spec.model_type == "given":
        return empty, "The vectors came with the set, so no changed picture can be encoded.", True
    rows = with_picture(opened)
    if not len(rows):
        return empty, "The set has no pictures, so none can be changed and encoded.", True
    # in any order, since a picture gets its ground from the next: seldom one of its own kind
    rows = np.random.default_rng(seed).permutation(rows)[: _size(opened)]
    try:
        encoder = open_encoder(
            opened.spec.name, memo=workspace.root / "encoders", device=settings.device
        )
        if encoder.spec.key != opened.spec.key:
            raise EncoderUnavailableError("it has other weights or options now; run the set again")
    except EncoderUnavailableError as error:
        return empty, f"The set's encoder cannot be opened: {error}", False
    cache = VectorCache(workspace.root / "vectors" / opened.spec.key, opened.spec)
    unit = unit_rows(cache.load(opened.items["item_id"].tolist()))
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    with Catalog(workspace.root / "catalog.sqlite") as hashes:

        def work(part: Sequence[int]) -> pd.DataFrame:
            return _changed(opened, encoder, unit, part, limits, hashes)

        workers = settings.n_workers if encoder.concurrent else 1
        parts: list[pd.DataFrame] = []
        for found in in_pieces(rows.tolist(), BATCH, workers, work):
            parts.append(found)
            progress.report(STAGE, min(BATCH * len(parts), len(rows)), len(rows))
    table = pd.concat(parts, ignore_index=True).astype(COLUMNS)
    table = table.sort_values(["row", "transform"], ignore_index=True)
    if not len(table):
        return table, "None of the pictures that were drawn could be read and encoded.", False
    return table, "", table["row"].nunique() >= ENOUGH * len(rows)


def _changed(
    opened: OpenSet,
    encoder: Encoder,
    unit: np.ndarray,
    rows: Sequence[int],
    limits: Limits,
    hashes: FileHashes,
) -> pd.DataFrame:
    """Return the lines of some rows; pictures that cannot be read or encoded are left out."""
    shown: list[tuple[int, Picture, Image.Image | None]] = []
    for row in rows:
        try:
            shown.append(_shown(opened, row, limits, hashes, encoder.at_least))
        except (DecodeError, OSError, MemoryError):
            continue
    about: list[tuple[int, str]] = []
    inputs: list[np.ndarray] = []
    seen = encoder.spec.input_size
    for place, (row, picture, _) in enumerate(shown):
        step = shift_of(picture.image.width, seen[1] if seen else None)
        made = {
            name: change.of(picture) for name, change in changes(1 - 2 * (row % 2), step).items()
        }
        other = shown[(place + 1) % len(shown)][2]
        if other is not None and len(shown) > 1 and picture.alpha is not None:
            made["background"] = on_ground(picture, other)
        about += [(row, name) for name in made]
        inputs += [encoder.prepare(one) for one in made.values()]
    if not inputs:
        return pd.DataFrame(columns=list(COLUMNS))
    vectors = np.asarray(encoder.encode(np.stack(inputs)), np.float64)
    table = pd.DataFrame(about, columns=["row", "transform"])
    length = np.linalg.norm(vectors, axis=1)
    good = np.isfinite(length) & (length > 0)
    table = table[good]
    distance, own = found_again(unit, table["row"].to_numpy(), unit_rows(vectors[good]))
    return table.assign(distance=distance, own=own)


def _shown(
    opened: OpenSet, row: int, limits: Limits, hashes: FileHashes, at_least: int | None
) -> tuple[int, Picture, Image.Image | None]:
    """Return a row, its picture, and the ground around what its mask shows (None without one)."""
    picture = load_row(opened, row, limits, hashes, at_least)
    values = {str(k): v for k, v in opened.items.iloc[row].to_dict().items()}
    if picture.alpha is None or region_of(values).mask is None:
        return row, picture, None
    whole = load_row(opened, row, limits, hashes, at_least, masked=False)
    return row, picture, ground_of(whole.image, picture.alpha)
