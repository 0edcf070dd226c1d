"""Whether known copies are found: pictures changed a little, and copies that a column names."""

import numpy as np

from core.checking.glances import glanced_pixels
from core.checking.perturbations import perturbed
from core.checking.pixels import Pixels
from core.config import Settings
from core.imaging.perturb import TRANSFORMS
from core.judging.bench import Seat
from core.judging.figure import Figure, between, nothing, parts_of, percent, share_of_means
from core.labelled.values import LabelColumn
from core.progress import Progress
from core.quality.threshold import cap_of
from core.quality.unlike import nearest_different
from core.storage.store import Workspace


def pictures_of(seat: Seat, workspace: Workspace, settings: Settings, progress: Progress) -> Pixels:
    """Return what thumbnails tell of the pictures; the same for every encoder."""
    return glanced_pixels(seat.opened, workspace, settings, progress)


def found_copies(
    seat: Seat,
    pixels: Pixels,
    units: np.ndarray,
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
    seed: int,
) -> Figure:
    """Return the share of small known changes that are nearer than nearly any other picture.

    Up to 300 pictures are saved as JPEG, made smaller, brighter, darker and cropped, and encoded.
    A change is found where it moves its picture less than the distance within which one image in
    a thousand has a different picture, which is where Quality would put its threshold at most.
    """
    if seat.spec.model_type == "given":
        return nothing("The vectors came with the set, so no changed picture can be encoded.")
    changed = perturbed(seat.opened, workspace, settings, progress, seed)
    if not len(changed.distances):
        return nothing(changed.notice)
    told = units if len(np.unique(units)) < len(units) and not pixels.known.any() else None
    cap = cap_of(nearest_different(seat.neighbors, seat.unit, told, pixels))
    lines = changed.distances
    inside = (lines["distance"].to_numpy() <= cap).astype(float)
    value, low, high, count = share_of_means(inside, lines["row"].to_numpy())
    by_change = {
        TRANSFORMS[str(name)].title: float((mine["distance"] <= cap).mean())
        for name, mine in lines.groupby("transform", sort=False)
    }
    worst = min(by_change, key=lambda name: by_change[name])
    text = (
        f"{percent(value)}{between(low, high)} of known copies are found below {cap:.3f}, where "
        f"one image in a thousand has a different picture; fewest of “{worst}” "
        f"({percent(by_change[worst])})."
    )
    return Figure(value, low, high, None, count, text, {"within": cap, "by_change": by_change},
                  parts_of(inside, lines["row"].to_numpy()))  # fmt: skip


def named_copies(seat: Seat, column: LabelColumn, rows: np.ndarray) -> Figure:
    """Return how often the nearest image of one with known copies is one of them.

    Parameters
    ----------
    column
        Images that share a value are copies of each other.
    rows
        Rows of the set that are looked at, for `column`'s codes.
    """
    codes = column.codes[rows]
    sizes = np.bincount(codes[codes >= 0], minlength=1)
    several = np.flatnonzero((codes >= 0) & (sizes[np.maximum(codes, 0)] > 1))
    if not len(several) or seat.neighbors.indices.shape[1] == 0:
        return nothing(f"No two images share a value in column {column.name!r}.")
    nearest = codes[np.asarray(seat.neighbors.indices)[several, 0]] == codes[several]
    value, low, high, count = share_of_means(nearest.astype(float), codes[several])
    text = (
        f"The nearest image of {percent(value)}{between(low, high)} of the images with known "
        f"copies is one of these ({len(several):,} images in {count:,} groups)."
    )
    return Figure(value, low, high, None, count, text, {}, parts_of(nearest, codes[several]))
