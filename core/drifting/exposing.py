"""Pictures of both sides, read, changed and encoded: anchors of the scale, and exposure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image

from core.checking.pieces import in_pieces
from core.comparing.pictures import load_row, with_picture
from core.drift.exposure import GONE, Match, Remaining, gained, matching, remaining, small, softened
from core.drifting.pool import Pool
from core.encoders import open_encoder
from core.encoders.base import Encoder
from core.errors import DecodeError, EncoderUnavailableError
from core.imaging.decode import Limits, Picture
from core.imaging.files import FileHashes
from core.imaging.modes import flatten
from core.imaging.perturb import TRANSFORMS
from core.progress import Progress
from core.storage.catalog import Catalog

STAGE = "changed pictures"
#: Pictures of each side, of which so many are changed for the scale, and encoded together.
SAMPLE, ANCHORED, BATCH = 200, 60, 8
#: Fewest pictures that say something.
FEWEST = 20
Change = Callable[[Image.Image], Image.Image]


def _blurred(image: Image.Image) -> Image.Image:
    return softened(image, 0.01)


#: Changes of the scale by what they are called.
ANCHORS: dict[str, Change] = {
    "blurred by 1 % of the shorter side": _blurred,
    "darker by 30 %": TRANSFORMS["darker"],
    "saved as JPEG at quality 60": TRANSFORMS["jpeg60"],
}


@dataclass(frozen=True)
class Exposed:
    """What changed pictures say.

    Attributes
    ----------
    changed
        By name of the change: vectors as they are, and changed `(k, d)` each, for the scale.
    exposure
        Whether the difference is one of exposure, as JSON values; None where that was not asked.
    """

    changed: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    exposure: dict[str, Any] | None = None


@dataclass(frozen=True)
class _Bench:
    """What pictures are read and encoded with."""

    pool: Pool
    encoder: Encoder
    limits: Limits
    hashes: FileHashes
    workers: int
    progress: Progress

    def load(self, side: int, place: int, at_least: int | None = None) -> Any:
        """Return the picture of an image, by its place in the pool."""
        part = self.pool.parts[side]
        start = len(self.pool.parts[0].rows) if side else 0
        row = int(part.rows[place - start])
        return load_row(part.opened, row, self.limits, self.hashes, at_least)


def exposed(pool: Pool, drifts: bool, progress: Progress) -> Exposed:
    """Change pictures and encode them as the sets were.

    Parameters
    ----------
    pool
        Both sides.
    drifts
        Whether the sides differ, so that exposure may be why.

    Returns
    -------
    Exposed
        Without any change, and with a notice, where pictures or the encoder are missing.
    """
    if not pool.asked.explain:
        return Exposed()
    progress.report(STAGE)
    encoder = encoder_of(pool)
    if isinstance(encoder, str):
        return Exposed(exposure={"text": "", "notice": encoder})
    settings = pool.used_settings
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    with Catalog(pool.workspace.root / "catalog.sqlite") as hashes:
        workers = settings.n_workers if encoder.concurrent else 1
        bench = _Bench(pool, encoder, limits, hashes, workers, progress)
        first, second = (_sample(pool, side) for side in (0, 1))
        if min(len(first), len(second)) < FEWEST:
            told = f"Fewer than {FEWEST} images of a side have pictures, so none were changed."
            return Exposed(exposure={"text": "", "notice": told})
        exposure = _exposure(bench, first, second) if drifts else None
        found = _encoded(bench, 0, first[:ANCHORED], ANCHORS)
        places = np.array(list(found), np.int64)
        if len(places) < FEWEST:
            return Exposed(exposure=exposure)
        after = np.stack(list(found.values()))
        as_is = pool.points[places].astype(np.float64)
        changed = {name: (as_is, after[:, at]) for at, name in enumerate(ANCHORS)}
    return Exposed(changed, exposure)


def encoder_of(pool: Pool) -> Encoder | str:
    """Return the encoder of both sides, or why no picture can be encoded."""
    spec = pool.parts[0].opened.spec
    if spec.model_type == "given":
        return "The vectors came with the set, so no changed picture can be encoded."
    if not all(len(with_picture(part.opened)) for part in pool.parts):
        return "A side has no pictures, so none can be changed and encoded."
    memo = pool.workspace.root / "encoders"
    try:
        encoder = open_encoder(spec.name, memo=memo, device=pool.used_settings.device)
    except EncoderUnavailableError as error:
        return f"The encoder cannot be opened: {error}"
    if encoder.spec.key != spec.key:
        return "The encoder has other weights or options now; run the sets again."
    return encoder


def _sample(pool: Pool, side: int) -> np.ndarray:
    """Return places in the pool of up to 200 images with a picture, one of a unit, shuffled."""
    part = pool.parts[side]
    start = len(pool.parts[0].rows) if side else 0
    stands = pool.stands[start : start + len(part.rows)]
    there = np.flatnonzero(stands & np.isin(part.rows, with_picture(part.opened)))
    order = np.random.default_rng(pool.asked.seed).permutation(there)
    _, at = np.unique(part.units[order], return_index=True)
    return start + order[np.sort(at)][:SAMPLE]


def _exposure(bench: _Bench, first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    """Return whether the difference is gone once brightness and sharpness are matched."""
    thumbs = [_thumbs(bench, side, places) for side, places in enumerate((first, second))]
    if min(len(one) for one in thumbs) < FEWEST:
        return {"text": "", "notice": "Too few of the pictures could be read."}
    match = matching(*(list(one.values()) for one in thumbs))
    told = {
        "brightness": list(match.brightness), "fineness": list(match.fineness),
        "gain": match.gain, "blur": match.blur, "blurred": match.blurred,
    }  # fmt: skip
    if match.nothing:
        return told | {"remains": None, "gone": False, "text": words(match, None)}
    points = bench.pool.points
    sides = [np.array(list(one), np.int64) for one in thumbs]
    as_is, matched = [], []
    for side, places in enumerate(sides):
        change = change_of(match, side)
        found = points[places].astype(np.float64)
        if change is None:
            as_is.append(found)
            matched.append(found)
            continue
        after = _encoded(bench, side, places, {"matched": change})
        if len(after) < FEWEST:
            return {"text": "", "notice": "Too few of the pictures could be encoded."}
        as_is.append(points[list(after)].astype(np.float64))
        matched.append(np.stack(list(after.values()))[:, 0])
    asked = bench.pool.asked
    left = remaining(
        (as_is[0], as_is[1]), (matched[0], matched[1]), permutations=asked.permutations,
        seed=asked.seed,
    )  # fmt: skip
    return told | {
        "remains": left.share, "gone": left.gone, "p_before": left.before.p,
        "p_after": left.after.p, "images": [len(one) for one in as_is], "text": words(match, left),
    }  # fmt: skip


def change_of(match: Match, side: int) -> Change | None:
    """Return what pictures of a side go through; None for nothing."""
    gain = match.gain if side == 0 else 1.0
    blur = match.blur if match.blurred == side + 1 else 0.0
    if gain == 1.0 and blur == 0.0:
        return None
    return lambda image: softened(gained(image, gain), blur)


def words(match: Match, left: Remaining | None) -> str:
    """Return what matching says, in words."""
    if left is None:
        return "Both sets are equally bright and sharp: the difference is not exposure."
    if left.before.p is None or left.before.p >= 0.05:
        return ("The pictures that were changed are too few to show the difference, so whether it "
                "is exposure is not known.")  # fmt: skip
    done = []
    if match.gain != 1.0:
        done.append("brightness")
    if match.blur:
        done.append("sharpness")
    what = " and ".join(done)
    once = f"once {what} {'are' if len(done) > 1 else 'is'} matched"
    if left.gone:
        return f"The difference is gone {once}: it is exposure."
    part = min(1.0, left.share)
    if part < GONE:
        return f"{100 * part:.0f} % of the difference remains {once}: most of it is exposure."
    return f"{100 * part:.0f} % of the difference remains {once}: exposure does not explain it."


def _thumbs(bench: _Bench, side: int, places: np.ndarray) -> dict[int, Image.Image]:
    """Return small pictures by place, in the order given; what cannot be read is left out."""

    def work(some: Sequence[int]) -> list[tuple[int, Image.Image]]:
        found = []
        for place in some:
            try:
                found.append((place, small(bench.load(side, place, 256).image)))
            except (DecodeError, OSError, MemoryError):
                continue
        return found

    return _counted(bench, places, BATCH, bench.pool.used_settings.n_workers, work)


def _encoded(
    bench: _Bench, side: int, places: np.ndarray, changes: Mapping[str, Change]
) -> dict[int, np.ndarray]:
    """Return the unit vectors `(changes, d)` of changed pictures, by place.

    Pictures that cannot be read, or not be encoded in one of the changes, are left out.
    """
    encoder = bench.encoder
    wanted = None if encoder.at_least is None else 2 * encoder.at_least

    def work(some: Sequence[int]) -> list[tuple[int, np.ndarray]]:
        kept, inputs = [], []
        for place in some:
            try:
                picture = bench.load(side, place, wanted)
                inputs += [encoder.prepare(_through(change, picture))
                           for change in changes.values()]  # fmt: skip
            except (DecodeError, OSError, MemoryError):
                continue
            kept.append(place)
        if not kept:
            return []
        found = np.asarray(encoder.encode(np.stack(inputs)), np.float64)
        length = np.linalg.norm(found, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            by_place = (found / length[:, None]).reshape(len(kept), len(changes), -1)
        return [(place, rows) for place, rows in zip(kept, by_place, strict=True)
                if np.isfinite(rows).all()]  # fmt: skip

    size = max(1, BATCH // len(changes))
    return _counted(bench, places, size, bench.workers, work)


def _through(change: Change, picture: Picture) -> Picture:
    image = change(picture.image.convert("RGB"))
    if picture.alpha is not None:
        image = flatten(image, picture.alpha)
    return replace(picture, image=image)


def _counted(
    bench: _Bench,
    places: np.ndarray,
    size: int,
    workers: int,
    work: Callable[[Sequence[int]], list[tuple[int, Any]]],
) -> dict[int, Any]:
    """Return what work on the pictures gives, by place, in their order."""
    found: dict[int, Any] = {}
    for at, piece in enumerate(in_pieces(places.tolist(), size, workers, work)):
        bench.progress.report(STAGE, min(len(places), size * at), len(places))
        found.update(piece)
    return found
