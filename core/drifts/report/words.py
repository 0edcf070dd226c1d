"""How two sets were compared, in words for a methods section, from what was asked for."""

from collections.abc import Mapping
from typing import Any

from core.report.text import plural

Meta = Mapping[str, Any]

_UNITS = {
    "copies": "groups of near-duplicates of the last check",
    "file": "single images",
}
CITATIONS = (
    "Gretton, A. and others (2012). A kernel two-sample test. Journal of Machine Learning Research "
    "13, 723–773.",
    "Lopez-Paz, D. and Oquab, M. (2017). Revisiting classifier two-sample tests. arXiv:1610.06545.",
    "DeLong, E., DeLong, D. and Clarke-Pearson, D. (1988). Comparing the areas under two or more "
    "correlated ROC curves. Biometrics 44, 837–845.",
    "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian "
    "Journal of Statistics 6, 65–70.",
    "Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the "
    "Royal Statistical Society B 57, 289–300.",
    "Newcombe, R. (1998). Interval estimation for the difference between independent proportions. "
    "Statistics in Medicine 17, 873–890.",
)


def unit_of(meta: Meta) -> str:
    """Return what a unit is, in words."""
    if meta["request"].get("unit"):
        return f"values of {meta['request']['unit']!r}"
    kinds = [str(meta[side].get("unit_kind")) for side in ("a", "b")]
    told = [_UNITS.get(kind, kind) for kind in kinds]
    return told[0] if told[0] == told[1] else f"{told[0]} in A, {told[1]} in B"


def methods(meta: Meta) -> str:
    """Return how the comparison was made, as a paragraph."""
    request, tested = meta["request"], meta.get("units_tested") or [None, None]
    sides = [meta[side]["n_units"] for side in ("a", "b")]
    sampled = any(one is not None and one < all_ for one, all_ in zip(tested, sides, strict=True))
    drawn = (
        f" Of {sides[0]:,} and {sides[1]:,} units {tested[0]:,} and {tested[1]:,} were drawn for "
        "the tests." if sampled else ""
    )  # fmt: skip
    features = " MMD² is by random Fourier features of all units." if request["approximate"] else ""
    exposure = meta.get("exposure") or {}
    changed = (
        " To tell exposure from content, pictures of a sample were changed until both sides had "
        "the same median brightness and fineness, encoded again and tested again."
        if exposure.get("remains") is not None else ""
    )  # fmt: skip
    return (
        f"{plural(meta['a']['n_images'], 'image')} (A) and "
        f"{plural(meta['b']['n_images'], 'image')} (B), encoded by {meta['encoder']['name']} "
        f"({meta['encoder']['dims']} dimensions, vectors of length 1). Units that belong together "
        f"are {unit_of(meta)}; tests are on the means of units.{drawn}{features} The verdict rests "
        "on three tests of the pool: the maximum mean discrepancy with a Gaussian kernel of median "
        "width, the area under the curve of a logistic regression on units it has not seen, and "
        "the occupancy of groups (k-means) of both sets together; p-values are by other splits of "
        f"the units, {request['permutations']:,} unless the table says otherwise, or exact, and "
        f"adjusted by Holm's procedure.{changed}{_places(meta)} Intervals of shares are "
        "Newcombe's; regions of the shared map are tested image by image at a false discovery rate "
        "of 5 %. "
        f"Seed {meta['seed']}."
    )


def _places(meta: Meta) -> str:
    """Return how places of the frame were compared; "" where they were not."""
    found = meta.get("spatial") or {}
    if "effect" not in found:
        return ""
    high, wide = found["grid"]
    one, two = found["images"]
    return (
        f" Features by place ({high} × {wide}, {found['dims']} principal components of both sets) "
        f"of {one:,} and {two:,} images were compared place by place against the largest effect "
        "over the frame in other splits, and as bags of patches by their mean kernel."
    )
