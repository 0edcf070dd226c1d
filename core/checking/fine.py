"""Small things in the wrong place: how unlike a part of a picture is to all parts of the others.

A vector of a whole picture averages over its places, so that a scratch or a spot hardly moves it.
Here each place of a picture is held against the places of other units, and the most unlike counts.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from core.checking.pieces import in_pieces
from core.comparing.pictures import load_row, with_picture
from core.config import Settings
from core.encoders import open_encoder
from core.encoders.base import Encoder
from core.encoders.places import check_places, patches_of
from core.errors import DecodeError, EncoderUnavailableError, InputError
from core.imaging.decode import Limits
from core.opened.openset import OpenSet
from core.progress import Progress
from core.storage.catalog import Catalog
from core.storage.store import Workspace

STAGE = "patches"
#: Raised when scores change.
VERSION = 3
#: Pictures encoded together, units whose places stand for the set, and places that stand for it.
BATCH, BANKED, BANK = 8, 500, 20_000
#: Bytes of places of those units that are held, so that their pictures are encoded once.
HELD = 2**28
#: Which of the nearest units counts, and which share of them where that is more: fewer with the
#: same fault do not excuse one another.
NTH, FAULTY = 5, 0.03
#: A place that hardly varies over the set is taken to vary by this share of what is usual.
LEAST = 0.1
#: Median absolute deviation to standard deviation, of a normal distribution.
SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class Fine:
    """The most unlike place of each picture.

    Attributes
    ----------
    score
        `(n,)`: how many standard deviations further its most unlike place is from those of other
        units than is usual there, and in this picture; 0 where there is no picture to read.
    across, down
        `(n,)`: where it lies in what the encoder sees, 0 to 1; NaN where nothing was read.
    notice
        How many pictures could not be read, in words; "" where all could.
    """

    score: np.ndarray
    across: np.ndarray
    down: np.ndarray
    notice: str


def fine_of(
    opened: OpenSet,
    workspace: Workspace,
    settings: Settings,
    units: np.ndarray,
    vouching: np.ndarray,
    seed: int = 0,
    progress: Progress | None = None,
) -> Fine:
    """Find the most unlike place of each picture of a set.

    Parameters
    ----------
    opened, workspace, settings
        The set or part, its workspace, the limits on pictures and the device.
    units
        Unit of each row `(n,)`: places are held against those of other units only.
    vouching
        Whose places the others are held against, bool `(n,)`.
    seed
        Of the draw of up to 500 units, and of 20,000 of their places, that stand for the set.

    Raises
    ------
    InputError
        The encoder has no features by place, or is not the set's any more; or no picture of two
        units can be read.

    Notes
    -----
    The distance to the nearest patch of a memory bank of features of several depths, and its
    largest for an image, after Roth et al. (2022), "Towards total recall in industrial anomaly
    detection", doi:10.1109/CVPR52688.2022.01392. Here the set is its own bank, without the unit
    that is looked at; the bank is drawn and not thinned by coreset, which would keep every fault;
    and it is not the nearest that counts but the nearest place of a further unit, the fifth or 3 %
    of them on. From each place's distance its median over those units is taken, since borders are
    unlike anything, and it is told in parts of their median absolute deviation; then the median of
    the picture is taken away, so that a picture that is unusual all over is not a small defect.
    """
    encoder = _encoder(opened, workspace, settings)
    read = _Reading(opened, workspace, settings, encoder)
    rows = with_picture(opened)
    order = np.random.default_rng(seed).permutation(rows[vouching[rows]])
    _, first = np.unique(units[order], return_index=True)
    chosen = order[np.sort(first)][:BANKED]
    progress = progress or Progress()
    bank = _Bank(seed, len(chosen))
    for done, (row, patches) in enumerate(read.all(chosen.tolist())):
        progress.report(STAGE, done, len(chosen), "those that stand for the set")
        bank.add(row, int(units[row]), patches)
    if len(bank.rows) < 2:
        raise InputError(
            "outliers=places: pictures of two or more units are needed that can be read"
        )
    bank.close()
    far: dict[int, np.ndarray] = {}
    later = np.setdiff1d(bank.rows, list(bank.held)).tolist()
    for row, patches in chain(bank.held.items(), read.all(later)):
        progress.report(STAGE, len(far), len(rows))
        far[row] = bank.far(patches, int(units[row]))
    usual, n = _Usual.of(np.stack(list(far.values()))), len(opened)
    found = Fine(np.zeros(n), np.full(n, np.nan), np.full(n, np.nan), "")
    for row, one in far.items():
        _note(found, row, usual.beyond(one))
    rest = np.setdiff1d(rows, bank.rows).tolist()
    for done, (row, patches) in enumerate(read.all(rest)):
        progress.report(STAGE, min(len(far) + done, len(rows)), len(rows))
        _note(found, row, usual.beyond(bank.far(patches, int(units[row]))))
    _share(found, opened)
    missed = int(np.isnan(found.across).sum())
    told = "" if not missed else f"Without a score, as their pictures cannot be read: {missed:,}."
    return Fine(found.score, found.across, found.down, told)


class _Bank:
    """Places of some units that stand for the set.

    Attributes
    ----------
    rows
        Whose pictures could be read, one a unit.
    held
        Places `(h, w, c)` of as many of them as there is room for, by row.
    """

    def __init__(self, seed: int, pictures: int):
        self.rows: list[int] = []
        self.held: dict[int, np.ndarray] = {}
        self._random, self._each = np.random.default_rng(seed), -(-BANK // max(1, pictures))
        self._room = HELD
        self._drawn: list[np.ndarray] = []
        self._which: dict[int, int] = {}
        self._places, self._length = np.zeros((0, 0), np.float32), np.zeros(0, np.float32)

    def add(self, row: int, unit: int, patches: np.ndarray) -> None:
        """Draw places of a unit's picture, as many of each, and hold all while there is room."""
        flat = patches.reshape(-1, patches.shape[-1])
        picked = self._random.permutation(len(flat))[: self._each]
        self._which[unit] = len(self.rows)
        self._drawn.append(flat[np.sort(picked)])
        self.rows.append(row)
        if patches.nbytes <= self._room:
            self.held[row] = patches
            self._room -= patches.nbytes

    def close(self) -> None:
        """Put together what was drawn; nothing is added any more."""
        self._places = np.concatenate(self._drawn)
        self._length = np.einsum("ij,ij->i", self._places, self._places)

    def far(self, patches: np.ndarray, unit: int) -> np.ndarray:
        """Return how far the places of a picture `(h, w, c)` are from those of other units."""
        flat, each = patches.reshape(-1, patches.shape[-1]), len(self._drawn[0])
        square = self._length[None] - 2 * flat @ self._places.T
        units, own = len(self.rows), self._which.get(unit)
        nearest = square.reshape(len(flat), units, each).min(2)
        if own is not None:
            nearest[:, own] = np.inf
        others = units - (own is not None)
        place = min(max(NTH, math.ceil(FAULTY * others)), others) - 1
        found = np.partition(nearest, place, axis=1)[:, place] + np.einsum("ij,ij->i", flat, flat)
        return np.sqrt(np.maximum(found, 0)).reshape(patches.shape[:2])


@dataclass(frozen=True, slots=True)
class _Usual:
    """The usual distance of each place over a set `(h, w)`, and how much it varies."""

    middle: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, far: np.ndarray) -> "_Usual":
        """Return it of the distances of some pictures `(n, h, w)`."""
        middle = np.median(far, 0)
        spread = SIGMA * np.median(np.abs(far - middle), 0)
        usual = np.median(spread) or far.std() or 1.0
        return cls(middle, np.maximum(spread, LEAST * usual))

    def beyond(self, far: np.ndarray) -> np.ndarray:
        """Return how far beyond what is usual the places of a picture lie `(h, w)`."""
        found = (far - self.middle) / self.spread
        return np.asarray(found - np.median(found))


def _encoder(opened: OpenSet, workspace: Workspace, settings: Settings) -> Encoder:
    spec, what = opened.spec, "outliers=places"
    if spec.model_type == "given":
        raise InputError(f"{what}: these vectors were given; nothing is known of parts of pictures")
    try:
        encoder = open_encoder(spec.name, memo=workspace.root / "encoders", device=settings.device)
        check_places(encoder)
    except EncoderUnavailableError as error:
        raise InputError(f"{what}: {error}") from error
    if encoder.spec.key != spec.key:
        raise InputError(f"{what}: {spec.name} has other weights or options now; run the set again")
    return encoder


def _note(found: Fine, row: int, far: np.ndarray) -> None:
    """Write down the most unlike place of a picture, `far` being the distances of all `(h, w)`."""
    down, across = np.unravel_index(int(np.argmax(far)), far.shape)
    high, wide = far.shape
    found.score[row] = float(far[down, across])
    found.across[row], found.down[row] = (int(across) + 0.5) / wide, (int(down) + 0.5) / high


def _share(found: Fine, opened: OpenSet) -> None:
    """Give items that show one picture the values of the one that was read."""
    ids = opened.items["item_id"].to_numpy(dtype=object)
    _, first, of = np.unique(ids.astype(str), return_index=True, return_inverse=True)
    for values in (found.score, found.across, found.down):
        values[:] = values[first[of]]


class _Reading:
    """Pictures of a set, read and encoded by place."""

    def __init__(self, opened: OpenSet, workspace: Workspace, settings: Settings, encoder: Encoder):
        self._opened, self._encoder = opened, encoder
        self._catalog = workspace.root / "catalog.sqlite"
        self._limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
        self._workers = settings.n_workers if encoder.concurrent else 1

    def all(self, rows: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield row and patches `(h, w, c)` of each picture; what cannot be read is not."""
        with Catalog(self._catalog) as hashes:

            def work(some: Sequence[int]) -> list[tuple[int, np.ndarray]]:
                kept, inputs = [], []
                for row in some:
                    try:
                        picture = load_row(
                            self._opened, row, self._limits, hashes, self._encoder.at_least
                        )
                        inputs.append(self._encoder.prepare(picture))
                    except (DecodeError, OSError, MemoryError):
                        continue
                    kept.append(row)
                if not kept:
                    return []
                found = patches_of(check_places(self._encoder), np.stack(inputs), detailed=True)
                return [one for one in zip(kept, found, strict=True) if np.isfinite(one[1]).all()]

            for piece in in_pieces(rows, BATCH, self._workers, work):
                yield from piece
