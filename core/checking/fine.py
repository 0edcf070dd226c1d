"""Small things in the wrong place: how unlike a part of a picture is to all parts of the others.

A vector of a whole picture averages over its places, so that a scratch or a spot hardly moves it.
Here each place of a picture is held against the places of other units, and the most unlike counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.checking.pieces import in_pieces
from core.comparing.pictures import load_row, with_picture
from core.config import Settings
from core.drift.bags import apart, bank_of
from core.drift.compact import COMPONENTS, Axes, axes_of
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
#: Pictures encoded together, units whose places stand for the set, and those of them from which
#: the components are found.
BATCH, BANKED, FIRST = 8, 1000, 64
#: Which of the nearest places counts: fewer pictures with the same fault do not excuse one another.
NTH = 5


@dataclass(frozen=True, slots=True)
class Fine:
    """The most unlike place of each picture.

    Attributes
    ----------
    score
        `(n,)`: its distance to the fifth nearest place of other units' pictures, in parts of the
        spread of all places; 0 where there is no picture to read.
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
        Of the draw of up to 1,000 units, and of 10,000 of their places, that stand for the set.

    Raises
    ------
    InputError
        The encoder has no features by place, or is not the set's any more; or no picture of two
        units can be read.

    Notes
    -----
    The distance to the nearest patch of a memory bank, and its largest for an image, after Roth et
    al. (2022), "Towards total recall in industrial anomaly detection",
    doi:10.1109/CVPR52688.2022.01392; here the set is its own bank, without the unit that is looked
    at, the bank is drawn and not thinned by coreset, and the fifth nearest counts.
    """
    encoder = _encoder(opened, workspace, settings)
    read = _Reading(opened, workspace, settings, encoder)
    rows = with_picture(opened)
    order = np.random.default_rng(seed).permutation(rows[vouching[rows]])
    _, first = np.unique(units[order], return_index=True)
    chosen = order[np.sort(first)][:BANKED]
    progress = progress or Progress()
    total = len(rows)
    axes, known = _bank(read, chosen, seed, progress, total)
    if axes is None or len({int(units[row]) for row in known}) < 2:
        raise InputError(
            "outliers=places: pictures of two or more units are needed that can be read"
        )
    held = np.array(list(known), np.int64)
    bank, of = bank_of(np.stack(list(known.values())), units[held], seed)
    n = len(opened)
    found = Fine(np.zeros(n), np.full(n, np.nan), np.full(n, np.nan), "")
    for row, patches in known.items():
        _note(found, row, _far(patches, bank, of, int(units[row])))
    rest = np.setdiff1d(rows, held)
    for done, (row, patches) in enumerate(read.all(rest.tolist())):
        progress.report(STAGE, min(len(held) + done, total), total)
        _note(found, row, _far(axes.compact(patches), bank, of, int(units[row])))
    _share(found, opened)
    missed = int(np.isnan(found.across).sum())
    told = "" if not missed else f"Without a score, as their pictures cannot be read: {missed:,}."
    return Fine(found.score, found.across, found.down, told)


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


def _bank(
    read: "_Reading", chosen: np.ndarray, seed: int, progress: Progress, total: int
) -> tuple[Axes | None, dict[int, np.ndarray]]:
    """Return the components of the first pictures' places, and compact places of all chosen."""
    axes: Axes | None = None
    held: list[tuple[int, np.ndarray]] = []
    known: dict[int, np.ndarray] = {}
    for done, (row, patches) in enumerate(read.all(chosen.tolist())):
        progress.report(STAGE, done, total)
        if axes is not None:
            known[row] = axes.compact(patches)
            continue
        held.append((row, patches))
        if len(held) == min(FIRST, len(chosen)):
            axes = _axes(held, seed)
            known |= {one: axes.compact(found) for one, found in held}
    if axes is None and held:  # some of the first could not be read
        axes = _axes(held, seed)
        known |= {one: axes.compact(found) for one, found in held}
    return axes, known


def _axes(held: Sequence[tuple[int, np.ndarray]], seed: int) -> Axes:
    rows = np.concatenate([one.reshape(-1, one.shape[-1]) for _, one in held])
    return axes_of(rows, COMPONENTS, seed)


def _far(patches: np.ndarray, bank: np.ndarray, of: np.ndarray, unit: int) -> np.ndarray:
    """Return how far the places of a picture `(h, w, k)` are from those of other units."""
    return apart(patches, bank[of != unit], nth=NTH)


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
                found = patches_of(check_places(self._encoder), np.stack(inputs))
                return [one for one in zip(kept, found, strict=True) if np.isfinite(one[1]).all()]

            for piece in in_pieces(rows, BATCH, self._workers, work):
                yield from piece
