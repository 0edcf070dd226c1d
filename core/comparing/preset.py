"""The preset of Lürig and others: its observations are a unit's images of one side or sex."""

from typing import Any

import numpy as np

from core.comparing.result import plain
from core.comparing.subject import Subject, means_of
from core.errors import InputError
from core.labelled.values import label_column
from core.morphology.design import TESTED
from core.progress import Progress


def preset(subject: Subject, progress: Progress) -> dict[str, Any] | None:
    """Return what the preset finds as JSON values; None where it is not asked for.

    Where it cannot be done, {"status": "undefined", "why"}.
    """
    from core.morphology.lurig import lurig

    asked, design = subject.asked, subject.design
    if asked.preset != "lurig":
        return None
    codes = design.tested
    if len(codes) < 2:
        return {"status": "undefined", "why": "fewer than two groups have three units"}
    stray = [pole for pole in asked.poles if pole not in {design.names[code] for code in codes}]
    if stray:
        return {"status": "undefined", "why": f"{stray[0]!r} has fewer than {TESTED} units"}
    names = tuple(design.names[code] for code in codes.tolist())
    inside = np.isin(design.group[design.place], codes)
    rows, place = design.rows[inside], design.place[inside]
    sides, values = _sides(subject, rows)
    kinds, part = np.unique(np.stack([place, sides], axis=1), axis=0, return_inverse=True)
    points = means_of(subject.unit, rows, part.reshape(-1), len(kinds))
    groups = np.searchsorted(codes, design.group[kinds[:, 0]])
    poles = (names.index(asked.poles[0]), names.index(asked.poles[1])) if asked.poles else None
    try:
        found = lurig(
            points, groups, kinds[:, 1] if values else None, poles, asked.seed,
            units=design.unit[kinds[:, 0]], progress=progress,
        )  # fmt: skip
    except InputError as error:
        return {"status": "undefined", "why": str(error)}
    told = found.to_json(names, values)
    for line in told["exemplars"]:  # an observation of the preset is part of one of the design
        line["row"] = int(subject.heads[kinds[line["unit"], 0]])
        line["unit"] = int(kinds[line["unit"], 0])
    return plain({"status": "ok", "pair": asked.pair, **told})


def _sides(subject: Subject, rows: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the code of each row's side, −1 for none, and the names of the sides."""
    asked = subject.asked
    if asked.pair is None:
        return np.full(len(rows), -1, np.int64), ()
    found = label_column(subject.opened, subject.view, asked.pair)
    return found.codes[rows], found.names
