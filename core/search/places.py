"""Where two images of a set differ: features by place, made on demand by the encoding process.

A picture's features are kept while it is among those looked at last. They are told in parts of
what is usual between two images of the set, learned once a set from some of its images.
"""

import shutil
from dataclasses import dataclass, replace

import numpy as np

from core.drift.bags import apart
from core.drifts.patches import ramp
from core.encoders.base import Encoder
from core.encoders.places import check_places, patches_of
from core.errors import DecodeError, InputError, NotFoundError
from core.imaging.decode import ItemFile, Limits, load_picture
from core.imaging.files import FileHashes
from core.imaging.same import CHANGED, is_other
from core.keys import digest
from core.opened.openset import OpenSet
from core.search.encoding import EncoderProcess
from core.storage.catalog import Catalog
from core.storage.records import region_of
from core.storage.store import Workspace

KIND = "places"

#: Images from whose pairs it is learned what is usual, and pictures that are kept.
YARDSTICK, KEPT = 12, 200

#: The share of the patches of two images that stays below what is told as 1.
USUAL = 0.95

#: Where colour begins and is full at least: a JPEG of quality 60 stays about where it begins.
FLOOR = (0.5, 0.9)

_VERSION = 4


@dataclass(frozen=True, slots=True)
class Differing:
    """How far each place of two images is from the nearest of the other, wherever that lies.

    Attributes
    ----------
    one, two
        `(h, w)` of each image; 1 is what 95 % of the places of two images of the set stay below.
    usual
        The distance that is told as 1; None where the set has too few images to know one, and
        distances are told as they are.
    middle
        What half of the places of two images of the set stay below; None as for `usual`.
    low, high
        Where colour begins and is full, the same for both images.
    """

    one: np.ndarray
    two: np.ndarray
    usual: float | None
    middle: float | None
    low: float
    high: float

    @property
    def largest(self) -> float:
        """The largest distance in either image."""
        return float(max(self.one.max(), self.two.max()))

    @property
    def half(self) -> float:
        """What half of the places of these two stay below."""
        return float(np.median(np.concatenate([self.one.ravel(), self.two.ravel()])))

    def heat(self, second: bool) -> np.ndarray:
        """Return how strongly the places of an image are coloured `(h, w)`, 0 to 1."""
        return ramp(self.two if second else self.one, self.low, self.high)

    def most(self, second: bool) -> tuple[float, float, float]:
        """Return the largest distance in an image, and where: across and down in 0..1."""
        found = self.two if second else self.one
        down, across = np.unravel_index(int(np.argmax(found)), found.shape)
        high, wide = found.shape
        return float(found[down, across]), (int(across) + 0.5) / wide, (int(down) + 0.5) / high


def differing(
    workspace: Workspace,
    process: EncoderProcess,
    opened: OpenSet,
    row: int,
    beside: int,
    seconds: float,
) -> Differing:
    """Return where two images of a set differ; what is not kept is encoded in another process.

    Parameters
    ----------
    workspace, process
        Where features are kept, and what makes them.
    opened, row, beside
        The set or part, and two of its rows.
    seconds
        How long to wait. The work goes on, and asking again waits for it.

    Raises
    ------
    InputError
        The set's vectors came without an encoder.
    NotFoundError
        There is no such row, or it has no picture.
    DecodeError
        A picture cannot be read, or is another than the one that was encoded.
    EncoderUnavailableError
        The encoder cannot be loaded, or has no features by place.
    EncoderBusyError
        It takes longer than `seconds`: ask again.
    """
    rows = [opened.check_row(row), opened.check_row(beside)]
    if opened.spec.model_type == "given":
        raise InputError(
            f"the vectors of {opened.name!r} were given and not made by an encoder, so nothing is "
            "known of parts of its pictures; run the pictures with a timm model or pixels"
        )
    for one in rows:
        _file(opened, one)
    if not is_kept(workspace, opened, rows):
        spec = opened.spec
        process.look(spec.name, spec.key, opened.name, opened.key, rows, seconds)
    return kept(workspace, opened, rows[0], rows[1])


def kept(workspace: Workspace, opened: OpenSet, row: int, beside: int) -> Differing:
    """Return where two images differ whose features are kept.

    Raises
    ------
    NotFoundError
        Those of one of them are not.
    """
    try:
        first, second = (_patches(workspace, opened, one) for one in (row, beside))
        meta = workspace.read(KIND, _usual_key(opened)).meta
    except NotFoundError:
        raise NotFoundError("the features of these two are not kept: ask for them again") from None
    usual, middle = meta["usual"], meta["middle"]
    unit = usual or 1.0
    one = apart(first, second.reshape(-1, second.shape[-1])) / unit
    two = apart(second, first.reshape(-1, first.shape[-1])) / unit
    found = Differing(one, two, usual, middle and middle / unit, *FLOOR)
    return replace(found, low=max(FLOOR[0], found.half), high=max(FLOOR[1], found.largest))


def is_kept(workspace: Workspace, opened: OpenSet, rows: list[int]) -> bool:
    """Tell whether all is kept that it takes to compare these rows."""
    keys = [_key(opened.spec.key, opened.item_id(row)) for row in rows]
    return all(workspace.has(KIND, key) for key in (*keys, _usual_key(opened)))


# -- in the encoding process -----------------------------------------------------------------------


def look(
    workspace: Workspace, encoder: Encoder, opened: OpenSet, rows: list[int], limits: Limits
) -> None:
    """Read these rows, and what is usual in their set, and keep their features.

    Raises
    ------
    DecodeError
        A picture cannot be read, or is another than the one that was encoded.
    EncoderUnavailableError
        The encoder has no features by place.
    """
    check_places(encoder)
    with Catalog(workspace.root / "catalog.sqlite") as hashes:
        for row in dict.fromkeys(rows):
            key = _key(encoder.spec.key, opened.item_id(row))
            if workspace.has(KIND, key):
                _used(workspace, key)
            else:
                found = _encoded(encoder, opened, row, limits, hashes)
                workspace.write(KIND, key, meta={"of": "picture"},
                                arrays={"patches": found.astype(np.float16)})  # fmt: skip
        if not workspace.has(KIND, _usual_key(opened)):
            middle, usual = usual_of(encoder, opened, limits, hashes)
            meta = {"of": "set", "usual": usual, "middle": middle}
            workspace.write(KIND, _usual_key(opened), meta=meta)
        _used(workspace, _usual_key(opened))
    _forget_old(workspace)


def yardstick(opened: OpenSet) -> list[int]:
    """Return up to twelve rows spread over a set, no picture twice, one of a unit where it can."""
    items = opened.items
    there = items["path"].notna() & (items["path"].astype("string").fillna("") != "")
    there &= ~items["item_id"].duplicated()
    rows = np.flatnonzero(there.to_numpy(bool))
    if "unit" in items:
        first = ~items["unit"].iloc[rows].duplicated() | items["unit"].iloc[rows].isna()
        rows = rows[first.to_numpy(bool)] if int(first.sum()) >= YARDSTICK else rows
    if len(rows) <= YARDSTICK:
        return [int(row) for row in rows]
    return [int(rows[at * len(rows) // YARDSTICK]) for at in range(YARDSTICK)]


def usual_of(
    encoder: Encoder, opened: OpenSet, limits: Limits, hashes: FileHashes
) -> tuple[float | None, float | None]:
    """Return what half and 95 % of the places of two images stay below; None where not known."""
    found = []
    for row in yardstick(opened):
        try:
            found.append(_encoded(encoder, opened, row, limits, hashes))
        except (DecodeError, OSError):  # another picture's fault
            continue
    far = [
        apart(one, two.reshape(-1, two.shape[-1])).ravel()
        for at, one in enumerate(found) for other, two in enumerate(found) if at != other
    ]  # fmt: skip
    if not far:
        return None, None
    middle, usual = np.quantile(np.concatenate(far), [0.5, USUAL]).tolist()
    return (middle, usual) if usual else (None, None)


def _encoded(
    encoder: Encoder, opened: OpenSet, row: int, limits: Limits, hashes: FileHashes
) -> np.ndarray:
    """Return the features of a row by place, float32 `(h, w, c)`."""
    file = _file(opened, row)
    try:
        if is_other(file, opened.kind, hashes):
            raise DecodeError(f"image {row} {CHANGED}")
    except OSError as error:
        raise DecodeError(f"image {row} cannot be read: {error}") from error
    picture = load_picture(
        file.path, file.region, root=file.root, at_least=encoder.at_least, limits=limits
    )
    inputs = np.stack([encoder.prepare(picture)])
    found = patches_of(check_places(encoder), inputs, detailed=True)[0]
    if not np.isfinite(found).all():
        raise DecodeError(f"image {row}: the encoder gives no finite numbers for it")
    return found


# -- what is kept ----------------------------------------------------------------------------------


def _file(opened: OpenSet, row: int) -> ItemFile:
    values = {str(k): v for k, v in opened.items.iloc[row].to_dict().items()}
    path = values.get("path")
    if not isinstance(path, str) or not path:
        raise NotFoundError("this item has a vector and no picture")
    root = opened.root
    return ItemFile(str(values["item_id"]), root / path, region_of(values), root)


def _key(encoder_key: str, item: str) -> str:
    return digest("vitrine", KIND, _VERSION, encoder_key, item)[:32]


def _usual_key(opened: OpenSet) -> str:
    return digest("vitrine", KIND, _VERSION, "usual", opened.spec.key, opened.key)[:32]


def _patches(workspace: Workspace, opened: OpenSet, row: int) -> np.ndarray:
    stored = workspace.read(KIND, _key(opened.spec.key, opened.item_id(row)))
    return np.asarray(stored.arrays["patches"], np.float32)


def _used(workspace: Workspace, key: str) -> None:
    """Tell that something was wanted now, so that it is not the next to be forgotten."""
    (workspace.root / "artefacts" / KIND / key).touch()


def _forget_old(workspace: Workspace) -> None:
    """Delete what was wanted longest ago, where more than the last ones are kept."""
    made = []
    for path in (workspace.root / "artefacts" / KIND).glob("[!.]*"):
        try:
            made.append((path.stat().st_mtime, path))
        except OSError:  # another process was faster
            continue
    for _, path in sorted(made, reverse=True)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
