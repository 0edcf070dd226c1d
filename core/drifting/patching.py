"""Features by place of the pictures of two sides: read, encoded, made compact, and kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.checking.pieces import in_pieces
from core.comparing.pictures import load_row, with_picture
from core.config import Settings
from core.drift.bags import apart, bank_of
from core.drift.compact import COMPONENTS, Axes, axes_of
from core.drifting.exposing import encoder_of
from core.drifting.pool import Pool
from core.encoders.base import Encoder
from core.encoders.framing import framed
from core.encoders.places import check_places, patches_of
from core.errors import DecodeError, EncoderUnavailableError
from core.imaging.decode import Limits
from core.imaging.files import FileHashes
from core.keys import artefact_key
from core.progress import Progress
from core.storage.catalog import Catalog
from core.storage.store import Artefact

STAGE, FORMAT = "patches", 1
#: Pictures encoded together, those from which components are found, the side of mean pictures,
#: and pairs of images from which usual distances are taken.
BATCH, FIRST, MEAN, PAIRS = 8, 64, 160, 300


@dataclass(frozen=True)
class Wanted:
    """Which images of a pool are read.

    Attributes
    ----------
    tested
        Places in the pool of the images that are tested, one of a unit.
    shown
        Places of others that are shown: the most drifted, exemplars, and their counterparts.
    """

    tested: np.ndarray
    shown: np.ndarray

    @property
    def places(self) -> np.ndarray:
        """All of them, the tested first."""
        return np.concatenate([self.tested, self.shown])


def tested_places(pool: Pool, most: int) -> np.ndarray:
    """Return places of up to `most` images of each side with a picture, one of a unit, shuffled."""
    chosen = []
    for side, part in enumerate(pool.parts):
        start = len(pool.parts[0].rows) if side else 0
        stands = pool.stands[start : start + len(part.rows)]
        there = np.flatnonzero(stands & np.isin(part.rows, with_picture(part.opened)))
        order = np.random.default_rng(pool.asked.seed).permutation(there)
        _, at = np.unique(part.units[order], return_index=True)
        chosen.append(start + order[np.sort(at)][:most])
    return np.concatenate(chosen)


def patches_for(pool: Pool, wanted: Wanted, progress: Progress) -> Artefact | str:
    """Return the compact patches of the wanted images, from the workspace or made now.

    Returns
    -------
    Artefact or str
        Arrays patches `(n, h, w, k)` float16, strange `(n, h, w)` float16 (how far each patch is
        from the nearest of the other side's tested images), axes, middle, mean_a and mean_b; the
        table images (side, row, item_id, unit, tested). Or why there are none.
    """
    encoder = encoder_of(pool)
    if isinstance(encoder, str):
        return encoder
    key = _key(pool, wanted)
    if not pool.workspace.has("patches", key):
        with pool.workspace.lock(f"patches/{key}", progress):
            if not pool.workspace.has("patches", key):
                made = _made(pool, encoder, wanted, progress)
                if isinstance(made, str):
                    return made
                meta, arrays, images = made
                pool.workspace.write(
                    "patches", key, meta=meta, arrays=arrays, tables={"images": images}
                )
    return pool.workspace.read("patches", key)


def _key(pool: Pool, wanted: Wanted) -> str:
    ids = np.array(pool.item_ids, dtype=object)
    return artefact_key(
        "patches", FORMAT, pool.parts[0].opened.spec.key, pool.asked.seed,
        [(bool(pool.second[place]), ids[place]) for place in wanted.tested.tolist()],
        [(bool(pool.second[place]), ids[place]) for place in wanted.shown.tolist()],
        [int(pool.units[place]) for place in wanted.places.tolist()],
    )  # fmt: skip


def _made(
    pool: Pool, encoder: Encoder, wanted: Wanted, progress: Progress
) -> tuple[dict[str, Any], dict[str, np.ndarray], pd.DataFrame] | str:
    """Return meta, arrays and table of the patches, or why there are none."""
    read = _Reading(pool, encoder, progress)
    try:
        check_places(encoder)
        axes, compact = read.all(wanted)
    except EncoderUnavailableError as error:
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    if axes is None:
        return "None of the pictures could be read."
    places = np.array(list(compact), np.int64)
    patches = np.stack(list(compact.values()))
    tested = np.isin(places, wanted.tested)
    second, units = pool.second[places], pool.units[places]
    strange, usual = _strange(patches, second, units, tested, pool.asked.seed, progress)
    rows = np.concatenate([part.rows for part in pool.parts])[places]
    ids = np.array(pool.item_ids, dtype=object)[places]
    images = pd.DataFrame({
        "side": np.where(second, "b", "a"), "row": rows, "item_id": ids.astype(str),
        "unit": units, "tested": tested,
    })  # fmt: skip
    meta = {
        "format": FORMAT, "grid": list(patches.shape[1:3]), "dims": int(patches.shape[3]),
        "of_dims": len(axes.middle), "scale": axes.scale, "kept": axes.kept, "usual": usual,
        "encoder": pool.parts[0].opened.spec.key, "unread": len(wanted.places) - len(places),
    }  # fmt: skip
    arrays = {"patches": patches, "strange": strange, "axes": axes.axes, "middle": axes.middle}
    return meta, arrays | read.means(), images


class _Reading:
    """Pictures read and encoded, and the mean picture of each side."""

    def __init__(self, pool: Pool, encoder: Encoder, progress: Progress):
        self._pool, self._encoder, self._progress = pool, encoder, progress
        settings: Settings = pool.used_settings
        self._limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
        self._workers = settings.n_workers if encoder.concurrent else 1
        self._sums: list[Any] = [0.0, 0.0]
        self._counts = [0, 0]

    def all(self, wanted: Wanted) -> tuple[Axes | None, dict[int, np.ndarray]]:
        """Return the components of the patches, and each picture's compact patches by its place.

        Components are those of the first 64 tested pictures that could be read, half of each side.
        """
        order = np.concatenate([_mixed(wanted.tested, self._pool.second), wanted.shown])
        axes: Axes | None = None
        compact: dict[int, np.ndarray] = {}
        held: list[tuple[int, np.ndarray]] = []
        tested = set(wanted.tested.tolist())
        for place, frame, patches in self._read(order.tolist()):
            if place in tested:
                side = int(self._pool.second[place])
                self._sums[side] = self._sums[side] + frame.astype(np.float64)
                self._counts[side] += 1
            if axes is not None:
                compact[place] = axes.compact(patches)
                continue
            held.append((place, patches))
            if len(held) == FIRST:
                axes, held = self._fitted(held, compact), []
        if axes is None and held:
            axes = self._fitted(held, compact)
        return axes, {place: compact[place] for place in sorted(compact)}

    def _fitted(
        self, held: Sequence[tuple[int, np.ndarray]], compact: dict[int, np.ndarray]
    ) -> Axes:
        """Return the components of these pictures' patches, which are made compact."""
        rows = np.concatenate([one.reshape(-1, one.shape[-1]) for _, one in held])
        axes = axes_of(rows, COMPONENTS, self._pool.asked.seed)
        for place, patches in held:
            compact[place] = axes.compact(patches)
        return axes

    def means(self) -> dict[str, np.ndarray]:
        """Return the mean picture of each side as the encoder sees it, uint8 `(h, w, 3)`."""
        return {
            f"mean_{side}": np.asarray(np.round(total / count), np.uint8)
            for side, total, count in zip("ab", self._sums, self._counts, strict=True)
            if count
        }

    def _read(self, places: Sequence[int]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield place, picture as seen, and patches of each image; what cannot be read is not."""
        encoder, at_least = self._encoder, self._encoder.at_least
        wanted = None if at_least is None else at_least
        spec = encoder.spec
        with Catalog(self._pool.workspace.root / "catalog.sqlite") as hashes:

            def work(some: Sequence[int]) -> list[tuple[int, np.ndarray, np.ndarray]]:
                kept, frames, inputs = [], [], []
                for place in some:
                    try:
                        picture = self._load(place, wanted, hashes)
                        inputs.append(encoder.prepare(picture))
                    except (DecodeError, OSError, MemoryError):
                        continue
                    kept.append(place)
                    frames.append(np.asarray(framed(picture.image, spec, MEAN)))
                if not kept:
                    return []
                found = patches_of(check_places(encoder), np.stack(inputs))
                return [
                    one for one in zip(kept, frames, found, strict=True)
                    if np.isfinite(one[2]).all()
                ]  # fmt: skip

            done = 0
            for piece in in_pieces(places, BATCH, self._workers, work):
                self._progress.report(STAGE, min(done, len(places)), len(places))
                done += BATCH
                yield from piece

    def _load(self, place: int, at_least: int | None, hashes: FileHashes) -> Any:
        side = int(self._pool.second[place])
        part = self._pool.parts[side]
        row = int(part.rows[place - side * len(self._pool.parts[0].rows)])
        return load_row(part.opened, row, self._limits, hashes, at_least)


def _mixed(places: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return places of both sides in turn, each side in its order."""
    rank = np.empty(len(places), np.int64)
    for side in (False, True):
        mine = second[places] == side
        rank[mine] = np.arange(int(mine.sum()))
    return places[np.lexsort((second[places], rank))]


def _strange(
    patches: np.ndarray,
    second: np.ndarray,
    units: np.ndarray,
    tested: np.ndarray,
    seed: int,
    progress: Progress,
) -> tuple[np.ndarray, dict[str, float | None]]:
    """Return how far each patch is from the other side's nearest, and what is usual in A.

    Usual are, of A's tested images, distances of a patch to the nearest of other images of A, and
    to the nearest of one other image.
    """
    found = np.full(patches.shape[:3], np.inf, np.float32)
    for side in (False, True):
        there = tested & (second != side)
        if there.any():
            bank, _ = bank_of(patches[there], units[there], seed)
            found[second == side] = apart(patches[second == side], bank, progress=progress)
    mine = np.flatnonzero(tested & ~second)
    bank, of = bank_of(patches[mine], units[mine], seed)
    among = apart(patches[mine], bank, (units[mine], of), progress)
    rng, pairs = np.random.default_rng(seed), []
    for _ in range(PAIRS if len(mine) > 1 else 0):
        one, two = rng.choice(mine, 2, replace=False)
        pairs.append(apart(patches[one], patches[two].reshape(-1, patches.shape[3]).astype("f4")))
    usual = {
        "among": _high(among), "pair": _high(np.stack(pairs)) if pairs else None,
        "among_median": _middle(among), "pair_median": _middle(np.stack(pairs)) if pairs else None,
    }  # fmt: skip
    return np.asarray(np.minimum(found, 6e4), np.float16), usual


def _high(values: np.ndarray) -> float | None:
    """Return the value that 95 % of patches stay below; None where there are none."""
    known = values[np.isfinite(values)]
    return float(np.quantile(known, 0.95)) if known.size else None


def _middle(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None
