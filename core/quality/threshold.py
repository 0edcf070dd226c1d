"""The distance up to which two pictures of a set are copies, learned from known changes.

Known small changes say how far copies lie from their originals; how near different pictures of
this very set lie says how far one may go. Both the reasons and the measured figures are in
`docs/methods/pictures.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from core.errors import InputError
from core.imaging.perturb import TRANSFORMS
from core.model import Neighbors
from core.quality.unlike import FLOOR, Nearest, Pictures, nearest_different

#: Share of known changes that the threshold is to reach, and of images that may have a different
#: picture within it.
REACHED, SPOILT = 0.99, 0.001
#: Share of the images below which plain ones, or all but plain ones, do not matter.
A_FEW = 0.05
#: Images from which a threshold is learned at least.
LEAST_IMAGES = 10
#: A cap lies this share below the distance that it must not reach: graphs hold float32.
BELOW = 1e-5

Source = Literal["learned", "capped", "fallback", "given"]


class Changes(Protocol):
    """What is known of small changes (`core.checking.perturbations.Perturbations`)."""

    @property
    def distances(self) -> pd.DataFrame:
        """One row a changed picture: row, transform, distance."""

    @property
    def notice(self) -> str:
        """Why there are none; "" where there are."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Up to which distance two pictures are near-duplicates, and why.

    Attributes
    ----------
    tau
        The chordal distance.
    source
        "learned" from known changes, "capped" by how near different pictures are, "fallback"
        where no change could be encoded, "given" by a person.
    q99
        99 % of known changes move a picture at most this far; NaN where unknown.
    cap
        Nearer than this hardly any different pictures of the set lie; NaN where unknown.
    per_transform
        For each change {"median", "q99"} of the distances it moves pictures, and "within", the
        share of them up to `tau`.
    n
        Changed pictures that it was learned from.
    text
        All of this in a few sentences.
    """

    tau: float
    source: Source
    q99: float = np.nan
    cap: float = np.nan
    per_transform: dict[str, dict[str, float]] = field(default_factory=dict)
    n: int = 0
    text: str = ""


def learned_threshold(
    perturbed: Changes | None,
    neighbors: Neighbors,
    unit: np.ndarray,
    units: np.ndarray | None = None,
    *,
    pixels: Pictures | None = None,
    near: Nearest | None = None,
) -> Threshold:
    """Learn the distance up to which two pictures of a set are near-duplicates.

    τ is the 99 % quantile of the distances by which known small changes move the set's pictures,
    but not larger than a cap, up to which hardly any image (0.1 %) has a different picture.

    Parameters
    ----------
    perturbed
        The known changes; None, or empty ones, give a threshold from the neighbours alone.
    neighbors, unit
        The set's neighbour graph, and its unit vectors `(n, d)`.
    units
        Known units `(n,)`, such as specimens: rows of two units are different pictures, rows of
        one are not. The cap is then exact.
    pixels
        What is known of the pictures. Without `units` their pixels and perceptual hashes tell
        which neighbours surely are copies, and which surely are not; where neither is sure, the
        cap is a third of the usual distance to the nearest image.
    near
        What `nearest_different` returns of all these, where it is known already.

    Returns
    -------
    Threshold
        At least 1e-6, so that equal vectors are always within it.
    """
    near = nearest_different(neighbors, unit, units, pixels) if near is None else near
    cap, told = _cap(near)
    table = perturbed.distances if perturbed is not None else pd.DataFrame(columns=["row"])
    if table["row"].nunique() < LEAST_IMAGES:
        return _fallback(near, cap, told, perturbed, len(table))
    return _learned(table, cap, told)


def cap_of(near: Nearest) -> float:
    """Return up to where the threshold may go at most, whatever known changes tell."""
    return _cap(near)[0]


def surely_capped(table: pd.DataFrame, cap: float) -> bool:
    """Tell by the first known changes whether the cap is the threshold, whatever the others say.

    It is where many more of them move a picture beyond it than the 1 % that may: four standard
    deviations more, the changes of one picture counted as one.
    """
    changed, pictures = len(table), table["row"].nunique()
    if pictures < LEAST_IMAGES:
        return False
    expected = (1 - REACHED) * changed
    spread = (expected * changed / pictures) ** 0.5
    return bool((table["distance"] > cap).sum() > expected + 4 * spread)


def _learned(table: pd.DataFrame, cap: float, told: str) -> Threshold:
    """Return the threshold by known changes, below a cap."""
    q99 = float(np.quantile(table["distance"], REACHED))
    source: Source = "learned" if q99 <= cap else "capped"
    tau = max(min(q99, cap), FLOOR)
    per = _per_transform(table, tau)
    text = f"99 % of {len(table):,} known small changes move a picture by at most {q99:.4f}"
    if source == "capped":
        within = float((table["distance"] <= tau).mean())
        text = f"{text}, but {told}. {_missed_text(per, within)}"
    else:
        text = f"{text}, which is the threshold."
    return Threshold(tau, source, q99, cap, per, len(table), text)


def given_threshold(tau: float) -> Threshold:
    """Return a threshold that a person gave.

    Raises
    ------
    InputError
        It is no distance above 0 and at most 2.
    """
    if not 0 < tau <= 2:
        raise InputError(f"tau: a distance above 0 and at most 2, not {tau:g}")
    return Threshold(float(tau), "given", text=f"The threshold {tau:.4g} was given by hand.")


def _cap(near: Nearest) -> tuple[float, str]:
    """Return how near different pictures hardly ever lie, and why, to go after "but".

    Plain pictures, of which hashes tell nothing, may lie much nearer than others: where there are
    more than a few of them they have a say of their own.
    """
    found = []
    for part in (near.told, ~near.told):
        if len(part) and part.mean() >= A_FEW:
            found.append(_cap_of(near, part))
    return min(found) if found else (2.0, "")


def _cap_of(near: Nearest, part: np.ndarray) -> tuple[float, str]:
    """Return the cap by some of the rows, and why.

    Never above what surely different pictures allow, nor below what all unexplained ones would.
    Between these, where hashes leave most pictures undecided, it is a third of the usual distance.
    """
    unlike = near.unlike[part & np.isfinite(near.unlike)]
    if not len(unlike):
        return 2.0, ""
    sure = near.different[part & np.isfinite(near.different)]
    decided = bool(near.decided[part].all())
    third = float(np.median(unlike)) / 3
    low = _least(unlike, int(part.sum()))
    high = max(low, _least(sure, int(part.sum())))
    if not decided and low < third < high:
        return third, (
            f"nearer pictures may or may not be copies, so the threshold is {third:.4f}, a third "
            "of the usual distance to the nearest image"
        )
    cap = high if decided else min(max(low, third), high)
    return cap, f"different pictures of this set lie nearer, so the threshold is {cap:.4f}"


def _least(distances: np.ndarray, total: int) -> float:
    """Return below which distance at most 0.1 % of `total` rows have one; 2 where none has."""
    allowed = int(SPOILT * total)
    if allowed >= len(distances):
        return 2.0
    return float(np.partition(distances, allowed)[allowed]) * (1 - BELOW)


def _fallback(
    near: Nearest, cap: float, told: str, perturbed: Changes | None, changed: int
) -> Threshold:
    """Return the threshold where no changes are known: a third of the usual distance."""
    known = near.unlike[np.isfinite(near.unlike)]
    third = float(np.median(known)) / 3 if len(known) else 0.0
    tau = max(min(third, cap), FLOOR)
    why = perturbed.notice if perturbed is not None else ""
    if not why and changed:
        why = f"Fewer than {LEAST_IMAGES} pictures could be changed and encoded."
    if third <= cap:
        text = f"The threshold is {tau:.4f}, a third of the usual distance to the nearest image."
    else:
        text = f"A third of the usual distance to the nearest image is {third:.4f}, but {told}."
    return Threshold(tau, "fallback", cap=cap, text=f"{why} {text}".strip())


def _per_transform(table: pd.DataFrame, tau: float) -> dict[str, dict[str, float]]:
    """Return of each change how far it moves pictures, and how often up to τ."""
    found = {}
    for name, values in table.groupby("transform", observed=True)["distance"]:
        found[str(name)] = {
            "median": float(values.median()),
            "q99": float(values.quantile(REACHED)),
            "within": float((values <= tau).mean()),
        }
    return found


def _missed_text(per: Mapping[str, Mapping[str, Any]], within: float) -> str:
    """Return how many of the known changes are within τ, and of which few are."""
    few = [
        TRANSFORMS[name].title if name in TRANSFORMS else name
        for name, told in per.items()
        if told["within"] < 0.5
    ]
    text = f"{100 * within:.0f} % of the known changes are within it"
    return f"{text}; of these most are not: {', '.join(few)}." if few else f"{text}."
