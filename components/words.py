"""Numbers, times and names as a person reads them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from core.encoders.fitted.names import is_derived, spoken

MAP_NAMES = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}

#: What pages call the columns that Vitrine computes; a set's own columns keep their names.
COLUMN_NAMES = {
    "cluster": "Theme",
    "cluster probability": "Theme membership",
    "outlier score": "Outlier score",
    "neighbour distance": "Distance to neighbours",
    "micro cluster size": "Micro-cluster size",
    "placement": "Placement",
    "decision": "Decision",
    "slice": "Slice",
    "label, edited": "Label, edited",
}

#: What is measured of every point of a map: the beginning of a column's name, and what to call it.
POINT_COLUMNS = {
    "faithfulness": "Faithfulness of the {} map",
    "torn": "Torn apart ({})",
    "squeezed": "Squeezed together ({})",
}

MODEL_TYPES = {
    "classification": "trained to tell classes apart",
    "self-supervised": "self-supervised model",
    "contrastive": "image and text model",
    "detection": "detection model",
    "segmentation": "segmentation model",
    "hand-made": "hand-made descriptor",
    "given": "vectors as given",
}


def number(value: int | float | None) -> str:
    """Return a count with thousands separated, "–" where there is none."""
    return "–" if value is None else f"{value:,.0f}"


def plural(value: int, one: str, many: str = "") -> str:
    """Return a count with its noun: 1 image, 2 images."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def share(value: float | None) -> str:
    """Return a share as a percentage; small ones keep a decimal, "–" where there is none."""
    if value is None or value != value:
        return "–"
    percent = 100 * value
    return f"{percent:.1f} %" if 0 < round(percent, 1) < 10 else f"{percent:.0f} %"


def score(value: float | None, decimals: int = 3) -> str:
    """Return a score with its decimals, "–" where there is none."""
    return "–" if value is None or value != value else f"{value:.{decimals}f}"


def seconds(value: float) -> str:
    """Return a duration: 42 s, 3 min 5 s, 2 h 10 min."""
    whole = max(0, round(value))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def as_time(value: Any) -> datetime | None:
    """Return a moment given as seconds since 1970, ISO text or datetime; None where absent."""
    if value in (None, ""):
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def ago(value: Any, now: datetime | None = None) -> str:
    """Return how long ago a moment was, or its date after a month; "" where absent."""
    moment = as_time(value)
    if moment is None:
        return ""
    passed = ((now or datetime.now(UTC)) - moment).total_seconds()
    for limit, unit, word in ((60, 1, ""), (3600, 60, "min"), (86_400, 3600, "h")):
        if passed < limit:
            return f"{passed // unit:.0f} {word} ago" if word else "just now"
    if passed < 30 * 86_400:
        return f"{plural(int(passed // 86_400), 'day')} ago"
    return moment.date().isoformat()


def map_name(name: str) -> str:
    """Return a projection's name for people: "umap3d" is "UMAP, 3-D"."""
    base = name.removesuffix("3d")
    return MAP_NAMES.get(base, base) + (", 3-D" if name.endswith("3d") else "")


def column_name(name: str, label: str = "") -> str:
    """Return what a page calls a column; those of the set's own table keep their names."""
    measure, _, of = name.partition(" ")
    if measure in POINT_COLUMNS and of.removesuffix("3d") in MAP_NAMES:
        return POINT_COLUMNS[measure].format(map_name(of))
    return COLUMN_NAMES.get(name, label or name)


def entry_name(label: str, code: int) -> str:
    """Return what a legend calls a category; code 0, no value, begins like a sentence."""
    return label[:1].upper() + label[1:] if code == 0 else label


def encoder_name(name: str) -> str:
    """Return an encoder's name without the folders that its weights lie in.

    One made from others is told by them: "a + b", "a without batch".
    """
    if is_derived(name):
        return spoken(name, encoder_name)
    kind, colon, rest = name.partition("local-dir:")
    if not colon:
        kind, rest = ("timm:", name[5:]) if name.startswith("timm:") else ("", name)
        if "/" not in rest and "\\" not in rest:
            return name
    last = rest.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return f"{kind}{last}"


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def value_text(value: Any) -> str:
    """Return a table cell's text; "" for a missing value."""
    if value is None or value != value or str(value) in {"NaT", "<NA>"}:
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:,.0f}"
    if isinstance(value, list | tuple):
        return "; ".join(value_text(v) for v in value)
    return str(value)
