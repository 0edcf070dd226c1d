"""Where two sets differ, with pictures: groups, images beside their counterparts, the map."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from core.drifts.report import figures, tables
from core.report.minute import data_uri
from core.report.text import absent, count, measure, plain, plural, share

Meta = Mapping[str, Any]
#: Gives the picture of a row as a JPEG or PNG file, None where there is none.
Pictures = Callable[[int], bytes | None]

#: Groups with pictures, pictures of each side of one, and drifted images of each side.
CLUSTERS, SHOWN, DRIFTED = 8, 6, 12
SAID = {
    "new": "New in B",
    "gone": "Gone from B",
    "grew": "Larger in B",
    "shrank": "Smaller in B",
}


def picture(row: int, side: str, pictures: Pictures) -> str:
    """Return a picture, or a box that says there is none."""
    data = pictures(row)
    name = f"{side.upper()}, row {row}"
    if data:
        return f'<span class="picture"><img src="{data_uri(data)}" alt="{name}"></span>'
    return f'<span class="picture"><span class="no-picture">no<br>picture<br>{row}</span></span>'


def clusters(meta: Meta, first: Pictures, second: Pictures) -> str:
    """Return the groups whose share changed, with exemplars from both sides."""
    found: Sequence[Meta] = meta.get("clusters") or []
    if not found:
        return ""
    changed = [one for one in found if one["state"] in SAID]
    told = (
        f"{plural(len(changed), 'group')} of {count(len(found))} changed after adjustment for "
        "their number" if changed else "No group changed beyond what chance gives"
    )  # fmt: skip
    order = "; those that add most to the difference come first" if len(changed) > 1 else ""
    lead = (
        f'<p class="lead">Groups are of alike images of both sets. {plain(told)}{order}. '
        "Pictures are those nearest to the middle of a group.</p>"
    )
    drawn = f'<div class="card"><h3>Shares</h3>{figures.cluster_shares(found)}</div>'
    cards = "".join(_cluster(one, first, second) for one in pictured(changed))
    more = len(changed) - CLUSTERS
    rest = f'<p class="small">And {count(more)} more under All numbers.</p>' if more > 0 else ""
    return lead + drawn + (f'<div class="two">{cards}</div>' if cards else "") + rest


def pictured(changed: Sequence[Meta]) -> list[Meta]:
    """Return the groups that get pictures: half grew and half shrank, where there are so many."""
    ways = [[one for one in changed if one["state"] in states]
            for states in (("new", "grew"), ("gone", "shrank"))]  # fmt: skip
    spare = [max(0, CLUSTERS // 2 - len(way)) for way in ways]
    kept = [one for way, more in zip(ways, spare[::-1], strict=True)
            for one in way[: CLUSTERS // 2 + more]]  # fmt: skip
    return [one for one in changed if one in kept]


def _cluster(one: Meta, first: Pictures, second: Pictures) -> str:
    """Return one changed group."""
    part = "" if absent(one.get("part")) else f" · {tables.part(one['part'])} of MMD²"
    sides = "".join(
        f'<div class="row-of"><p class="small">{name}: {plural(one[f"count_{side}"], "image")}, '
        f"{share(one[f'share_{side}'])}</p>"
        + "".join(picture(int(row), side, pictures) for row in one[f"exemplars_{side}"][:SHOWN])
        + "</div>"
        for name, side, pictures in (("A", "a", first), ("B", "b", second))
    )
    said = SAID[one["state"]]
    return (
        f'<article class="card group"><div class="group-head"><h3>{said} '
        f'<span class="soft">· group {int(one["id"])}{plain(part)}</span></h3></div>'
        f'<p class="small">B − A: {tables.points(one.get("ci"))} points (95 %), p '
        f"{tables.chance(one.get('p_adjusted'))}</p>{sides}</article>"
    )


def images(shown: pd.DataFrame, first: Pictures, second: Pictures) -> str:
    """Return the images of each side least like the other, each with its nearest counterpart."""
    if not len(shown):
        return ""
    sides = "".join(
        _drifted(shown, side, name, here, there)
        for side, name, here, there in (("b", "B", second, first), ("a", "A", first, second))
    )
    lead = (
        '<p class="lead">Images that are most like their own set and least like the other; beside '
        "each the nearest image of the other set and how far away it is (0 the same, 1.41 "
        "unrelated).</p>"
    )
    return f'{lead}<div class="two">{sides}</div>'


def _drifted(shown: pd.DataFrame, side: str, name: str, here: Pictures, there: Pictures) -> str:
    mine = shown[shown["side"] == side].sort_values(
        ["score", "row"], ascending=[False, True], kind="stable"
    )
    other = "a" if side == "b" else "b"
    lines = "".join(
        f'<li class="match">{picture(int(one["row"]), side, here)}'
        f"{picture(int(one['counterpart']), other, there)}"
        f'<span class="small">{plain(_name(one))} · {measure(float(one["distance"]))}'
        "</span></li>"
        for one in mine.head(DRIFTED).to_dict("records")
    )
    return f'<div class="card"><h3>In {name}</h3><ul class="matches">{lines}</ul></div>'


def _name(one: Mapping[Any, Any]) -> str:
    """Return the name of an image's file, where it is known, else the beginning of its id."""
    return str(one.get("name") or str(one["item_id"])[:10])


def shared_map(meta: Meta, shown: pd.DataFrame) -> str:
    """Return both sides on the shared map, and how many images lie in changed regions."""
    panels = "".join(
        f'<div class="card"><h3>{name}</h3>{drawn}</div>'
        for side, name in (("a", "A"), ("b", "B"))
        if (drawn := figures.map_panel(shown, side, name))
    )
    if not panels:
        return ""
    local = meta.get("local") or {}
    umap = (meta.get("request") or {}).get("map") == "umap"
    axes = "UMAP map" if umap else "First two principal components"
    told = ""
    if local:
        told = (
            f" Of {count(local['tested'])} images {count(local['new'])} have more neighbours from "
            f"B than chance gives, {count(local['vanished'])} more from A "
            f"({count(local['k'])} neighbours each, false discovery rate 5 %); those of the own "
            "side are larger dots."
        )
    lead = (
        f'<p class="lead">{axes} of both sets; each side over both in grey.'
        f"{told} Regions are tested in all dimensions, not on this picture.</p>"
    )
    return f'{lead}<div class="two">{panels}</div>'
