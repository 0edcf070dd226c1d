"""A comparison put together: every number of it, from a set and its design; nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.columns import as_numbers, column_kind
from core.comparing.forms import Axes, Distances, Unusual, distances, ordination, unusual, variety
from core.comparing.preset import preset
from core.comparing.result import headline, plain
from core.comparing.subject import Subject
from core.comparing.tests import Tested, compared, tested
from core.config import Settings
from core.curation.source import portable_name
from core.morphology.design import Told
from core.morphology.request import SLICES
from core.progress import Progress
from core.storage.store import library_versions, now

#: Columns of numbers that say where a region lies, or count frames, and nothing of a form.
_PLACES = {"frame", "box_x", "box_y", "box_w", "box_h"}


@dataclass(frozen=True, slots=True)
class Made:
    """A comparison as it is stored: `meta` lacks format and seconds."""

    meta: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    arrays: dict[str, np.ndarray]


def make(subject: Subject, settings: Settings, progress: Progress) -> Made:
    """Compute every number of a comparison.

    Raises
    ------
    JobCancelled
        Somebody asked to stop.
    """
    progress.report("vectors")
    card = card_of(subject, settings, progress)
    held = compared(subject)
    tests = tested(subject, held, progress)
    apart = distances(subject, progress)
    axes = ordination(subject, held, lambda: _columns(subject, settings, progress), progress)
    varied = variety(subject, held, axes.scores, progress)
    odd = unusual(subject, held, progress)
    extra = preset(subject, progress)
    progress.report("report")
    meta = _meta(subject, tests, card) | {
        "distances": apart.lines, "tree": apart.tree, "disparity": varied,
        "distinct": {"groups": odd.groups}, "ordination": axes.told, "lurig": extra,
    }  # fmt: skip
    meta |= {"headline": headline(meta), "methods": "", "citations": []}
    meta |= _written(meta)
    return Made(plain(meta), _tables(subject, meta, odd, axes), _arrays(apart, axes))


def card_of(subject: Subject, settings: Settings, progress: Progress) -> dict[str, Any] | None:
    """Return the card of the encoder's distances for this set: key, verdict, text, checks.

    None for a single image, which has no distance to anything.
    """
    from core.comparing.card import metric_card

    if len(subject.opened) < 2:
        return None

    found = metric_card(
        subject.opened, subject.workspace, settings, subject.labels, subject.units_of_all(),
        progress, subject.asked.seed,
    )  # fmt: skip
    card: dict[str, Any] = plain(found.to_json())
    return card


def _columns(subject: Subject, settings: Settings, progress: Progress) -> pd.DataFrame:
    """Return what is held against the axes: columns of numbers, and colours of the pictures."""
    from core.comparing.colours import colours_of

    opened = subject.opened
    given = {
        str(name): as_numbers(values)
        for name, values in opened.items.items()
        if name not in _PLACES and column_kind(values) == "number"
    }
    colours = colours_of(opened, subject.workspace, settings, progress)
    shown = {str(name): colours[name].to_numpy(np.float64) for name in colours.columns}
    return pd.DataFrame({**shown, **given})


def _meta(subject: Subject, tests: Tested, card: dict[str, Any] | None) -> dict[str, Any]:
    """Return what is told of a comparison but for its forms."""
    asked, opened = subject.asked, subject.opened
    spec, neighbors = opened.spec, opened.neighbors
    design = dict(subject.told)
    warnings = [*design["warnings"], *(one.to_json() for one in tests.warnings)]
    if card is not None and card["verdict"] != "pass":
        level = "fail" if card["verdict"] == "fail" else "caution"
        warnings.append(Told("metric", level, str(card["text"])).to_json())
    design |= {"warnings": warnings, "notes": [*design["notes"], *tests.notes]}
    return {
        "name": opened.name, "title": title_of(subject), "imageset": opened.key,
        "embeddings": opened.embeddings, "neighbors": None if neighbors is None else neighbors.key,
        "encoder": {"name": portable_name(spec.name), "key": spec.key, "type": spec.model_type,
                    "dims": spec.dims, "metric": spec.metric},
        "request": asked.to_json(), "seed": asked.seed, "noun": subject.view.noun,
        "design": design, "tests": tests.tests, "pairwise": tests.pairwise,
        "dispersion": tests.dispersion, "card": card, "versions": library_versions(),
        "created": now(),
    }  # fmt: skip


def title_of(subject: Subject) -> str:
    """Return what a comparison is called: "species, 10 groups, by specimen"."""
    asked, names = subject.asked, subject.design.names
    what = " and ".join(names) if len(names) == 2 else f"{len(names)} groups"
    parts = [f"{'slices' if asked.by == SLICES else asked.by}: {what}"]
    if asked.unit:
        parts.append("by its own units" if asked.unit == "unit" else f"unit {asked.unit}")
    if asked.within:
        parts.append(f"within “{asked.within}”")
    return ", ".join(parts)


def _written(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the methods paragraph and what it cites."""
    from core.morphology.methods import cited, paragraph

    return {"methods": paragraph(meta), "citations": list(cited(meta))}


# -- tables ----------------------------------------------------------------------------------------


def _tables(
    subject: Subject, meta: Mapping[str, Any], odd: Unusual, axes: Axes
) -> dict[str, pd.DataFrame]:
    """Return the tables of a comparison."""
    design = subject.design
    units = pd.DataFrame(
        {"unit": pd.Series(unit_names(subject), dtype="string"), "group": design.group,
         "images": design.images, "head": subject.heads, **odd.columns,
         "centroid": odd.columns["specialisation"]}
    )  # fmt: skip
    for at in range(axes.scores.shape[1]):
        units[f"axis{at + 1}"] = axes.scores[:, at]
    rows = pd.DataFrame({"row": design.rows, "unit": design.place})
    return {
        "units": units, "rows": rows, "groups": _group_table(meta, units),
        "distances": _flat(meta["distances"], ["a", "b", "distance", "ci", "truncated"]),
        "pairwise": _flat(meta["pairwise"], ["a", "b", "effect", "effect_name", "r2", "statistic",
                          "p", "p_adjusted", "p_min", "n_units", "status"]),
        "disparity": _flat(meta["disparity"]["pairs"],
                           ["a", "b", "estimate", "ci", "p", "p_adjusted"]),
    }  # fmt: skip


def unit_names(subject: Subject) -> list[str]:
    """Return what each observation is called: its unit, or the path of its most typical image."""
    heads, opened, unit = subject.heads, subject.opened, subject.asked.unit
    none = pd.Series(pd.NA, index=opened.items.index)
    parts = [
        opened.items.get(name, none).astype("string").fillna("").to_numpy(dtype=object)[heads]
        for name in ("path", "frame")
    ]
    shown = [
        (f"{path} #{frame}" if path and frame else path) or f"row {row}"
        for path, frame, row in zip(*parts, heads.tolist(), strict=True)
    ]
    if unit is None:
        return shown
    values = opened.values(unit).astype("string").fillna("").to_numpy(dtype=object)[heads]
    return [str(value) or name for value, name in zip(values, shown, strict=True)]


def _group_table(meta: Mapping[str, Any], units: pd.DataFrame) -> pd.DataFrame:
    """Return one line a group: sizes, spread, variety, means, and its most typical image."""
    spread = {one["name"]: one["distance"] for one in meta["dispersion"]["groups"]}
    lines = []
    for group, varied, odd in zip(
        meta["design"]["groups"], meta["disparity"]["groups"], meta["distinct"]["groups"],
        strict=True,
    ):  # fmt: skip
        mine = units[units["group"] == group["code"]]
        known = mine["centroid"].notna().any()
        typical = int(mine.loc[mine["centroid"].idxmin(), "head"]) if known else -1
        low, high = varied["variance_ci"] or (None, None)
        near, far = varied["distance_ci"] or (None, None)
        lines.append(
            {"group": group["name"], "units": group["units"], "images": group["images"],
             "tested": group["tested"], "spread": spread.get(group["name"]),
             "variance": varied["variance"], "variance_low": low, "variance_high": high,
             "distance": varied["distance"], "distance_low": near, "distance_high": far,
             "distinctiveness": odd["distinctiveness"], "uniqueness": odd["uniqueness"],
             "originality": odd["originality"], "specialisation": odd["specialisation"],
             "distinctiveness_p": odd["p"], "distinctiveness_p_adjusted": odd["p_adjusted"],
             "typical": typical}
        )  # fmt: skip
    table = pd.DataFrame(lines)
    numbers = [name for name in table.columns if name not in {"group", "tested"}]
    return table.astype(
        {name: "float64" for name in numbers if name not in {"units", "images", "typical"}}
    )


def _flat(lines: list[dict[str, Any]], names: list[str]) -> pd.DataFrame:
    """Return lines as a table; an interval becomes two columns."""
    columns: dict[str, Any] = {}
    for name in names:
        values = [line[name] for line in lines]
        if name == "ci":
            columns["low"] = [None if one is None else one[0] for one in values]
            columns["high"] = [None if one is None else one[1] for one in values]
        else:
            columns[name] = values
    table = pd.DataFrame(columns)
    texts = {"a", "b", "effect_name", "status", "truncated"}
    kinds = {name: "float64" for name in table.columns if name not in texts}
    return table.astype(kinds | dict.fromkeys(set(table.columns) & (texts - {"truncated"}), "str"))


def _arrays(apart: Distances, axes: Axes) -> dict[str, np.ndarray]:
    return {"matrix": apart.matrix, "axes": axes.axes}
