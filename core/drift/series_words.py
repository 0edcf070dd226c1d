"""Batches over time in words: which differ, whether there is a trend, and where it changes."""

from collections.abc import Mapping, Sequence
from typing import Any

ALPHA = 0.05
#: Batches that a sentence names.
NAMED = 5


def verdict(reference: str, batches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the verdict on batches: level "drift", "none seen" or "too few", and a sentence.

    Parameters
    ----------
    reference
        What the reference is called.
    batches
        name, outside, p_adjusted (None where a batch could not be tested).
    """
    tested = [one for one in batches if one["p_adjusted"] is not None]
    outside = [str(one["name"]) for one in tested if one["outside"]]
    left = len(batches) - len(tested)
    why = "fewer than 10 units, or all images the same"
    small = f" Not tested: {_count(left, 'batch', 'batches')} ({why})." if left else ""
    if not tested:
        told = f"No batch can be tested against {reference}: {why}."
        return {"level": "too few", "sentence": told}
    of = _count(len(tested), "batch", "batches")
    if not outside:
        any_ = f"any of {of}" if len(tested) > 1 else f"batch {tested[0]['name']}"
        told = f"No evidence that {any_} differs from {reference}"
        return {"level": "none seen", "sentence": f"{told} (Holm's correction).{small}"}
    verb = "differs" if len(outside) == 1 else "differ"
    told = f"{len(outside)} of {of} {verb} from {reference}: {_listed(outside)}"
    return {"level": "drift", "sentence": f"{told}.{small}"}


def trend_words(rho: float | None, p: float | None) -> str:
    """Return whether the distance to the reference grows or falls with time."""
    if rho is None or p is None:
        return "A trend needs four batches that can be tested, not all at one distance."
    told = f"(Spearman's correlation with time {_plain(rho)}, p {_p(p)})"
    if p >= ALPHA:
        return f"No trend is seen {told}."
    way = "grows" if rho > 0 else "falls"
    return f"The distance to the reference {way} with time {told}."


def change_words(before: str, at: str, p: float | None) -> str:
    """Return whether there is a change point.

    Parameters
    ----------
    before, at
        The last batch before the largest step, and the first after it.
    p
        Of the largest step under any order of the batches; None where it cannot be told.
    """
    if p is None:
        return "A change point needs six batches that can be tested, not all at one distance."
    told = f"(p {_p(p)} under any order of the batches)"
    if p >= ALPHA:
        return f"No change point: a step as large as that to {at} comes by chance {told}."
    return f"Change point: the distance steps between {before} and {at} {told}."


def plan_words(share: float, needed: Mapping[str, Any], what: str) -> str:
    """Return how many images a batch needs, in one sentence.

    Parameters
    ----------
    share
        Of new images in the batch.
    needed
        units, images (None where no size is enough), how ("measured", "formula" or "none").
    what
        What the new images are.
    """
    lead = f"For a batch with {percent(share)} new images ({what}) to be seen four times in five"
    units, images = needed["units"], needed["images"]
    if images is None:
        return f"{lead}, no size that can be planned is enough: they look like the others."
    count = (
        f"{images:,} images" if units == images else f"{units:,} units (about {images:,} images)"
    )
    if needed["how"] == "measured":
        return f"{lead}, it needs {count}."
    return (
        f"{lead}, it needs more than this reference can show; a model that tells them apart as "
        f"well as here needs about {count}, and a reference as large."
    )


def percent(share: float) -> str:
    """Return a share as people write it: 5 %, 0.5 %."""
    return f"{100 * share:.3g} %"


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:NAMED])
    if len(names) > NAMED:
        return f"{', '.join(shown)} and {len(names) - NAMED} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _count(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _p(value: float) -> str:
    return f"{value:.2g}"
