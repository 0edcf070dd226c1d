"""Results of a comparison as JSON values, and in one sentence."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from core.morphology.result import TestResult

#: What a job and `morphology --json` say, beside set, comparison, by and seed.
TOLD = ("design", "tests", "distances", "dispersion", "pairwise", "disparity", "distinct", "tree",
        "ordination", "lurig")  # fmt: skip
KIND = "vitrine.morphology"


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: arrays as lists, what is not a finite number as None."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def between(low: float, high: float) -> list[float] | None:
    """Return an interval; None where it has no end."""
    ends = [float(low), float(high)]
    return ends if all(math.isfinite(end) for end in ends) else None


def told_test(
    found: TestResult,
    term: str,
    *,
    ci: tuple[float, float] | None = None,
    headline: bool = False,
    descriptive: bool = False,
) -> dict[str, Any]:
    """Return a test as JSON values."""
    value = asdict(found)
    value["warnings"] = list(found.warnings)
    return plain(
        {**value, "term": term, "p_adjusted": None, "ci": None if ci is None else between(*ci),
         "headline": headline, "descriptive": descriptive}
    )  # fmt: skip


def headline(meta: Mapping[str, Any]) -> str:
    """Return in one sentence what was found, effect first.

    >>> test = {"status": "ok", "effect": 0.55, "effect_null": 0.01, "p": 0.001}
    >>> tests = [{**test, "effect_name": "ω²"}, {**test, "effect": 0.56}]
    >>> headline({"request": {"by": "species"}, "tests": tests, "design": {"paired": False}})
    'Groups of species explain 56 % of the differences (chance 1 %, ω² 0.55, p 0.001).'
    """
    by, (first, classic) = meta["request"]["by"], meta["tests"][:2]
    if first["status"] != "ok":
        return f"Nothing can be tested: {'; '.join(first['warnings'])}."
    share, chance = (f"{100 * classic[name]:.0f} %" for name in ("effect", "effect_null"))
    what = "The slices" if by == "slices" else f"Groups of {by}"
    within = " within units" if meta["design"]["paired"] else ""
    return (
        f"{what} explain {share} of the differences{within} (chance {chance}, "
        f"{first['effect_name']} {first['effect']:.2f}, "
        f"p {first['p']:.2g})."
    )


def result_of(key: str, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a job and the command say of a stored comparison: JSON values."""
    return {
        "kind": KIND, "format": meta["format"], "set": meta["name"], "comparison": key,
        "by": meta["request"]["by"], "seed": meta["seed"], "request": meta["request"],
        "hashes": {
            "imageset": meta["imageset"], "embeddings": meta["embeddings"],
            "encoder": meta["encoder"]["key"],
        },
        "encoder": meta["encoder"], "headline": meta["headline"],
        **{name: meta[name] for name in TOLD},
        "metric_card": meta["card"], "methods": meta["methods"], "citations": meta["citations"],
        "versions": meta["versions"], "created": meta["created"], "seconds": meta["seconds"],
    }  # fmt: skip
