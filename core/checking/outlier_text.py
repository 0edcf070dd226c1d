"""What a list of outliers is and what it is not, in words."""

from collections.abc import Mapping
from typing import Any

#: Most images that are listed.
MOST = 1000

TITLES = {
    "rank": "mean rank of distance to neighbours and local outlier factor",
    "glosh": "GLOSH",
    "isolation": "isolation forest",
    "places": "the most unlike place of a picture",
}


def text_of(meta: Mapping[str, Any]) -> str:
    """Return what is listed and what that means, from the `meta` of an artefact "outliers"."""
    out = meta["listed_out"]
    count, also = meta["listed"] - out, ""
    if out:
        also = f" {_images(out)} taken out before {'lies' if out == 1 else 'lie'} as far."
    if meta["reference"]:
        are = "is" if count == 1 else "are"
        return (
            f"{_images(count)} {are} unlike slice “{meta['reference']}”, of which "
            f"{meta['n_clean']:,} were held out: at most {meta['q'] * 100:g} % of what is listed "
            f"is expected to be false.{also}"
        )
    if meta["status"] == "undefined":
        return "No image is more alone than another, so none is listed."
    among = "those of its label" if meta["per_class"] else "the set"
    more = f" ({meta['share'] * 100:g} %)" if count < MOST else f" (at most {MOST:,} are)"
    most = "most alone image" if count == 1 else f"{count:,} most alone images"
    are = "is" if count == 1 else "are"
    if meta["method"] == "places":
        many = f"{count:,} images with the most unlike places"
        return (
            f"The {'image with the most unlike place' if count == 1 else many} {are} listed{more}: "
            f"a ranking, not a test. Some place is always the most unlike; look and decide.{also}"
        )
    return (
        f"The {most} among {among} {are} listed{more}: a ranking, not a test. Some image is always "
        f"the most alone; look and decide.{also}"
    )


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
