"""The most drifted images of each side, each beside its nearest counterpart in the other."""

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from components import drift_closely, drift_pictures
from components.attributes import attrs
from components.drift_clusters import name_of
from components.drift_frame import address, chips, csv_link, label_of, side_mark
from components.drift_pictures import Pair
from components.drift_places import HEATS, heated
from components.morphology_frame import card, statistic
from components.morphology_tables import nothing
from components.notices import hint
from components.state import link, services, whole
from components.words import number, plural, share
from core.errors import InputError

#: Pairs shown at first and at each step, and at most.
STEP, MOST = 12, 96

#: Orders of the list, by the address's "order".
ORDERS = (("", "Most drifted"), ("spread", "Spread over groups"))

#: Images of a slice where no other number suggests itself.
USUAL = 50


def slice_id(part: str, side: Any) -> dict[str, Any]:
    """Return the id of a part of the form that makes a slice of a side's images."""
    return {"component": "drift", "part": f"slice-{part}", "side": side}


def body(pair: Pair, keys: Mapping[str, str]) -> list[Component]:
    """Return the most drifted images of a side with their counterparts."""
    drift = pair.drift
    side = keys.get("side", "")
    side = side if side in {"a", "b"} else telling(drift)
    group = group_of(drift, keys)
    now = {**keys, "key": drift.key}
    found = most_drifted(drift, side, group)
    spread = keys.get("order") == "spread" and group is None
    if spread:
        found = over_groups(found)
    count = min(MOST, max(STEP, whole(keys.get("count"), STEP) or STEP))
    shown = found.head(count)
    heat = _heat(keys) if pair.patches is not None else ""
    other = label_of(drift, "b" if side == "a" else "a")
    title = f"Images of {label_of(drift, side)} that are least like {other}"
    more = min(MOST, len(found))
    inside: list[Component | None] = [
        html.P(_sentence(drift, side, found), className="vt-lead"),
        _choices(pair, now, side, group, "spread" if spread else "", heat),
        hint(_explained(spread, heat)),
        _pairs(pair, side, shown, heat, now) if len(shown) else nothing("No image is here."),
        html.Div(
            [
                dcc.Link("Show more", className="btn btn-quiet",
                         href=address(now, count=min(more, count + 2 * STEP)))
                if count < more else None,
                html.Span(f"{number(len(shown))} of {number(len(found))} shown.",
                          className="vt-small"),
                csv_link(drift, "images", "All images with their counterparts",
                         "All images as CSV"),
            ],
            className="vt-actions",
        ),
    ]  # fmt: skip
    near = drift_closely.closely(pair, now, side)
    parts = [near, card(title, *inside, look="vt-drift-images"), _slice(pair, side, found, group)]
    return [part for part in parts if part is not None]


def telling(drift: Any) -> str:
    """Return the side that is shown at first: B, but A where only it has images of its own."""
    local = drift.meta.get("local") or {}
    return "a" if local.get("vanished_images") and not local.get("new_images") else "b"


def _choices(
    pair: Pair, keys: Mapping[str, str], side: str, group: int | None, order: str, heat: str
) -> Component:
    """Return what can be chosen: the side, the order, and how pictures are shown."""
    options = [(one, f"{one.upper()}: {label_of(pair.drift, one)}") for one in ("b", "a")]
    away = {"count": "", "row": "", "beside": ""}
    return html.Div(
        [
            chips("Images of", options, side, keys, "side", **away),
            chips("Order", ORDERS, order, keys, "order", count="") if group is None else None,
            chips("Show", HEATS, heat, keys, "heat") if pair.patches is not None else None,
            _groups(pair.drift, keys, group),
        ],
        className="vt-drift-choices",
    )


def _heat(keys: Mapping[str, str]) -> str:
    """Return what the address says pictures are shown as; "" for as they are."""
    return keys.get("heat", "") if keys.get("heat") in dict(HEATS) else ""


def _explained(spread: bool, heat: str) -> str:
    """Return how the list is to be read."""
    told = "Each beside the image of the other set that is nearest to it. "
    if heat == "pair":
        told += ("In colour: what of each is furthest from anything in the other one; two alike "
                 "images stay without. ")  # fmt: skip
    elif heat == "set":
        told += ("In colour: what of each is further from anything in the whole other set than "
                 "95 % of A's own parts are from other images of A. ")  # fmt: skip
    if heat:
        told += "What the encoder does not see is cut off. "
    if spread:
        return told + ("Each group gives its most drifted image in turn, the group with the most "
                       "drifted first.")  # fmt: skip
    return told + ("The first are those whose surroundings hold most of their own set and least "
                   "of the other.")  # fmt: skip


def over_groups(found: pd.DataFrame) -> pd.DataFrame:
    """Return images so that no group crowds out the others: the first of each group, the second …

    Parameters
    ----------
    found
        Images, the most drifted first.
    """
    turn = found.groupby("cluster", sort=False).cumcount().to_numpy()
    first = {group: at for at, group in enumerate(found["cluster"].drop_duplicates())}
    order = np.lexsort((found["cluster"].map(first).to_numpy(), turn))
    spread: pd.DataFrame = found.iloc[order]
    return spread


def group_of(drift: Any, keys: Mapping[str, str]) -> int | None:
    """Return the group of images in the address; None for all of them."""
    wanted = whole(keys.get("group"))
    return wanted if wanted in {int(one["id"]) for one in drift.meta["clusters"]} else None


def most_drifted(drift: Any, side: str, group: int | None = None) -> pd.DataFrame:
    """Return the images of a side, or of one group of it, the most drifted first."""
    images = drift.of(side)
    if group is not None:
        images = images[images["cluster"] == group]
    found: pd.DataFrame = images.sort_values(["score", "row"], ascending=[False, True],
                                             kind="stable")  # fmt: skip
    return found


def _sentence(drift: Any, side: str, found: pd.DataFrame) -> str:
    """Return how many images there are, and how many of them chance does not explain."""
    state = 1 if side == "b" else -1
    count, noun = int((found["local"] == state).sum()), str(drift.meta[side].get("noun", "image"))
    region = "new" if side == "b" else "vanished"
    told = plural(count, noun)
    return f"{told} of {number(len(found))} {'lies' if count == 1 else 'lie'} in {region} regions."


def _groups(drift: Any, keys: Mapping[str, str], group: int | None) -> Component | None:
    """Return the group that is shown alone, with the way back to all."""
    if group is None:
        return None
    one = next(one for one in drift.meta["clusters"] if int(one["id"]) == group)
    back = dcc.Link("All groups", href=address(keys, group="", count=""), className="vt-link")
    return html.P([f"Only {name_of(one)}. ", back], className="vt-small")


def _pairs(
    pair: Pair, side: str, shown: pd.DataFrame, heat: str, keys: Mapping[str, str]
) -> Component:
    """Return images beside their counterparts."""
    lines = [{str(name): value for name, value in one.items()} for one in shown.to_dict("records")]
    items = [html.Li(_pair(pair, side, one, heat, keys)) for one in lines]
    return html.Ul(items, className="vt-drift-pairs",
                   **attrs(aria_label="Images beside their counterparts"))  # fmt: skip


def _pair(
    pair: Pair, side: str, one: Mapping[str, Any], heat: str, keys: Mapping[str, str]
) -> Component:
    """Return one image beside the nearest of the other side."""
    other = "b" if side == "a" else "a"
    row, beside = int(one["row"]), int(one["counterpart"])
    own = f"Group {int(one['cluster'])}"
    told = [f"{statistic(float(one['distance']))} apart", own]
    part = float(one["share"])
    if part > 0:
        total = float(pair.drift.meta.get("total") or 0)
        told.append(f"{share(part / total)} of the difference" if total > 0 else "")
    return html.Div(
        [
            html.Div([_shown(pair, side, row, beside, heat),
                      _shown(pair, other, beside, row, heat)], className="vt-drift-pair-pictures"),
            html.P([
                f"{' · '.join(text for text in told if text)} · ",
                dcc.Link(["Closer", html.Span(f": no. {row + 1}", className="visually-hidden")],
                         href=address(keys, side=side, row=row, beside="", heat=heat or "pair"),
                         className="vt-link"),
            ], className="vt-small"),
        ],
        className="vt-drift-pair",
    )  # fmt: skip


def _shown(pair: Pair, side: str, row: int, beside: int, heat: str) -> Component:
    """Return one image of a pair, with what is unlike in colour where that was chosen."""
    if heat:
        return heated(pair, side, row, beside=beside if heat == "pair" else -1)
    return drift_pictures.picture(pair, side, row, _note(pair, side, row))


def _note(pair: Pair, side: str, row: int) -> Component:
    """Return what stands under an image: its side, and what it is called."""
    return side_mark(side, pair.word(side, row))


# -- a slice of them -------------------------------------------------------------------------------


def _slice(pair: Pair, side: str, found: pd.DataFrame, group: int | None) -> Component:
    """Return the form that keeps the most drifted images as a slice of their set."""
    title = "Keep them as a slice"
    opened = pair.sets[side]
    if opened is None or not len(found):
        why = "The set has changed since this comparison: compare again first."
        return card(title, html.P(why if opened is None else "There is nothing to keep.",
                                  className="vt-hint"))  # fmt: skip
    state = 1 if side == "b" else -1
    count = min(int((found["local"] == state).sum()) or USUAL, len(found), 4 * USUAL)
    other = label_of(pair.drift, "b" if side == "a" else "a")
    name = f"unlike {other}"[:60] + ("" if group is None else f", group {group}")
    box = dbc.Input(id=slice_id("count", side), type="text", size="sm", value=str(count),
                    inputMode="numeric", autoComplete="off")  # fmt: skip
    named = dbc.Input(id=slice_id("name", side), type="text", size="sm", value=name,
                      autoComplete="off")  # fmt: skip
    return card(
        title,
        html.P(f"In {opened.title}: to look at in Explore, to label, or to leave out. It can be "
               "undone there.", className="vt-small"),
        html.Div(
            [_field("How many, from the most drifted", box), _field("Name", named),
             html.Button("Save as slice", id=slice_id("go", side), type="button",
                         className="btn btn-quiet")],
            className="vt-drift-slice",
        ),
        dcc.Store(id=slice_id("group", side), data=group),
        html.Div(id=slice_id("told", side), role="status"),
    )  # fmt: skip


def _field(label: str, box: Component) -> Component:
    """Return a field inside its label: ids of parts cannot be pointed at."""
    return html.Label([html.Span(label, className="form-label"), box], className="vt-field")


def keep(pair: Pair, side: str, name: str, count: str, group: int | None) -> Component:
    """Save the most drifted images of a side as a slice of its set, and tell the way to it.

    Raises
    ------
    InputError
        A field cannot be used, or the set has changed since; nothing is saved.
    """
    opened, drift = pair.sets[side], pair.drift
    if opened is None:
        raise InputError("The set has changed since this comparison: compare again first.")
    found = most_drifted(drift, side, group)
    wanted = whole(str(count or "").replace(",", "").strip())
    if wanted is None or not 1 <= wanted <= len(found):
        raise InputError(f"How many: enter a whole number from 1 to {number(len(found))}.")
    rows = np.sort(found["row"].to_numpy(np.int64)[:wanted])
    other = label_of(drift, "b" if side == "a" else "a")
    how = f"the {number(wanted)} least like {other}, by comparison {drift.key[:8]}"
    services().curation.act(opened, "slice.create", rows, name=str(name or "").strip(), how=how)
    where = link("/explore", set=opened.name, slice=str(name).strip())
    return html.P([f"Saved {plural(wanted, 'image')} as “{str(name).strip()}”. ",
                   dcc.Link("Explore it", href=where, className="vt-link")])  # fmt: skip
