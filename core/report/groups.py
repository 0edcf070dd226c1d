"""Sparse and dense groups of a report with their pictures, and what random choices miss of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.report.minute import data_uri, noun_of
from core.report.text import absent, count, plain, plural, share

Report = Mapping[str, Any]
Pictures = Callable[[int], bytes | None]

_TICK = (
    '<svg class="tick" viewBox="0 0 17 17" aria-hidden="true"><path d="M4.5 9L7.5 12L12.5 5.5"/>'
    "</svg>"
)

#: A PNG up to this large is a picture of few pixels, shown pixel for pixel.
TINY = 64


def sections(report: Report, pictures: Pictures) -> list[str]:
    """Return the sparse groups and the dense ones, each "" where there are none."""
    sparse = (
        "Sparse clusters: what is rare",
        "The smallest or loneliest micro-clusters of the set; random choices miss these first.",
    )
    dense = (
        "Dense clusters: what repeats",
        "The most crowded micro-clusters of the set; more of these add little.",
    )
    return [
        _groups(report, pictures, "sparse", *sparse),
        _groups(report, pictures, "dense", *dense),
    ]


def _groups(report: Report, pictures: Pictures, which: str, title: str, lead: str) -> str:
    groups = report.get(which) or []
    if not groups:
        return ""
    cards = "".join(_group(group, pictures, noun_of(report)) for group in groups)
    return (
        f'<section id="{which}"><h2>{title}</h2><p class="lead">{lead} A tick '
        f'marks what was chosen.</p><div class="two">{cards}</div></section>'
    )


def _group(group: Mapping[str, Any], pictures: Pictures, noun: str) -> str:
    rows: Sequence[int] = group.get("rows") or []
    taken = set(group.get("chosen") or [])
    held = group.get("chosen_count", len(taken))
    shown = "".join(_picture(row, row in taken, pictures, noun) for row in rows)
    missed = group.get("missed_by_random")
    chance = "" if absent(missed) else f'<p class="missed">Random misses it: {share(missed)}</p>'
    size = f"{plain(plural(group['size'], noun))}, {count(held) if held else 'none'} chosen"
    # the text says again what stands above, but where there is no chance to tell
    said = ("text", "advice") if absent(missed) or group.get("already") else ("advice",)
    words = "".join(f'<p class="small">{plain(group[key])}</p>' for key in said if group.get(key))
    return (
        f'<article class="card group"><div class="group-head"><h3>{_title(group["cluster"])}'
        f' <span class="soft">· {size}</span></h3>{chance}</div><div class="group-body">'
        f'<ul class="pictures">{shown}</ul><div class="group-words">{words}</div></div></article>'
    )


def _title(cluster: Any) -> str:
    """Return what pages call a micro-cluster, which they count from one."""
    return f"Micro-cluster {cluster + 1}" if isinstance(cluster, int) else plain(cluster)


def _picture(row: int, taken: bool, pictures: Pictures, noun: str) -> str:
    data = pictures(row)
    alt = f"{noun} {row}{', chosen' if taken else ''}"
    look = "picture taken" if taken else "picture"
    if not data:
        inside = f'<span class="no-picture">no<br>picture<br>{row}</span>'
    else:
        tiny = ' class="tiny"' if _is_tiny(data) else ""
        inside = f'<img src="{data_uri(data)}" alt="{plain(alt)}"{tiny}>'
    return f'<li class="{look}">{inside}{_TICK if taken else ""}</li>'


def _is_tiny(data: bytes) -> bool:
    """Tell whether a picture has so few pixels that smoothing would blur them."""
    if not data.startswith(b"\x89PNG") or len(data) < 24:
        return False
    return max(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) <= TINY
