"""A comparison as it is stored, written by hand: what pages show when its numbers are known."""

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from core.columns import Column, find_categories, name_counts
from core.errors import NotFoundError
from core.morphology.card import Card
from tests.fakes import FakeServices, FakeSet

KEY = "c" * 32

TEST = {
    "name": "PERMANOVA, unequal spread", "term": "group", "statistic": 8.25, "statistic_name": "F₂",
    "p": 0.001, "p_min": 0.001, "p_error": 0.001, "p_adjusted": None, "effect": 0.55,
    "effect_name": "ω²", "effect_null": 0.0, "ci": [0.49, 0.61], "permutations": 999,
    "n_units": 12, "status": "ok", "warnings": [], "headline": True, "descriptive": False,
}  # fmt: skip
CLASSIC = {**TEST, "name": "PERMANOVA", "statistic_name": "F", "effect": 0.56, "effect_name": "R²",
           "effect_null": 0.0909, "ci": None, "headline": False}  # fmt: skip
SPREAD = {**CLASSIC, "name": "PERMDISP", "effect": 0.2, "effect_name": "η²", "p": 0.4,
          "statistic": 1.2}  # fmt: skip
ANOSIM = {**CLASSIC, "name": "ANOSIM", "effect": 0.8, "effect_name": "R", "effect_null": 0.0,
          "statistic_name": "R", "descriptive": True}  # fmt: skip

META: dict[str, Any] = {
    "name": "moths", "title": "moths by label", "noun": "image", "imageset": "key-moths",
    "embeddings": "e1", "created": "2026-11-21T10:00:00Z", "seed": 0,
    "encoder": {"name": "pixels", "key": "k", "type": "hand-made", "dims": 64},
    "request": {"name": "moths", "by": "label", "groups": [], "slices": [], "unit": None,
                "block": None, "covariates": [], "aggregate": "unit", "within": None,
                "preset": None, "pair": None, "poles": [], "permutations": 999, "draws": 1000,
                "seed": 0},
    "design": {
        "unit": "image (copies count as one)", "unit_kind": "copies", "by": "label",
        "paired": False, "n_images": 12, "n_units": 12, "specimens": 12, "left_out": {},
        "groups": [{"name": "moth", "code": 0, "units": 6, "images": 6, "tested": True},
                   {"name": "wasp", "code": 1, "units": 6, "images": 6, "tested": True}],
        "blocks": None, "block": None, "covariates": [], "within": None,
        "warnings": [{"code": "copies_unchecked", "level": "caution",
                      "text": "Copies were not looked for."}],
        "notes": [],
    },
    "tests": [TEST, CLASSIC, SPREAD, ANOSIM],
    "pairwise": [{"a": "moth", "b": "wasp", "effect": 0.55, "statistic": 8.25, "p": 0.001,
                  "p_adjusted": 0.001, "p_min": 0.001, "n_units": 12, "status": "ok",
                  "warnings": []}],
    "dispersion": {"test": SPREAD, "groups": [{"name": "moth", "distance": 0.4, "units": 6},
                                              {"name": "wasp", "distance": 0.3, "units": 6}]},
    "distances": [{"a": "moth", "b": "wasp", "distance": 0.91, "ci": [0.8, 1.02],
                   "truncated": False}],
    "disparity": {"groups": [], "pairs": []}, "distinct": {"groups": []}, "tree": None,
    "ordination": {"method": "PCA", "explained": [0.5, 0.2], "axes": 2, "supplementary": [],
                   "note": ""},
    "lurig": None,
    "card": {"key": "card-key", "verdict": "caution",
             "text": "Distances can be read with care here. Not known: changed pictures."},
    "methods": "Groups were compared by the means of their unit vectors.",
    "citations": ["Anderson (2001), doi:10.1111/j.1442-9993.2001.01070.pp.x"],
    "headline": "label explains 56 %", "seconds": 1.0, "versions": {"vitrine": "0"},
}  # fmt: skip


def comparison(key: str = KEY, **changes: Any) -> Any:
    """Return the comparison, with some fields of its meta replaced."""
    meta = {**copy.deepcopy(META), **changes}
    units = pd.DataFrame({"group": [0, 0, 1], "head": [3, 4, 7], "centroid": [0.2, 0.1, 0.3]})
    tables = {"groups": pd.DataFrame(), "units": units}
    return SimpleNamespace(key=key, created=meta["created"], meta=meta, tables=tables, arrays={})


def designed(**changes: Any) -> dict[str, Any]:
    """Return its design, with some fields replaced."""
    return {**copy.deepcopy(META["design"]), **changes}


class FakeComparisons:
    """Comparisons by key."""

    def __init__(self, *made: Any, old: str = ""):
        self.made = {one.key: one for one in made}
        self.old = old

    def list(self, name: str) -> Any:
        return [
            SimpleNamespace(
                key=one.key, created=one.created, title=one.meta["title"],
                by=one.meta["request"]["by"], groups=len(one.meta["design"]["groups"]),
                units=one.meta["design"]["n_units"], headline=one.meta["headline"],
                imageset=one.meta["imageset"],
            )
            for one in self.made.values() if one.meta["name"] == name
        ]  # fmt: skip

    def open(self, key: str) -> Any:
        if key not in self.made:
            raise NotFoundError("no comparison with this id is kept here; make it again")
        return self.made[key]

    def stale(self, one: Any, opened: Any) -> str:
        return self.old

    def list_gradients(self, name: str) -> Any:
        return []


class FormSet(FakeSet):
    """Twelve pictures with a column of specimens, each seen twice, and one of weights."""

    def __init__(self, name: str = "moths"):
        super().__init__(name)
        self.embeddings = "e1"
        self.items["label"] = ["moth"] * 6 + ["wasp"] * 6
        self.items["specimen"] = [f"s{row // 2}" for row in range(12)]
        self.items["weight"] = np.linspace(1.5, 2.5, 12)

    def columns(self) -> Any:
        more = [Column("specimen", "specimen", "category"), Column("weight", "weight", "number")]
        return [*super().columns(), *more]

    def values(self, by: str) -> pd.Series:
        if by == "cluster":
            names = [*self.theme_names(), None]
            return pd.Series([names[code] for code in self.labels], dtype="string")
        return self.items[by]

    def categories(self, by: str, text: str = "", limit: int = 40) -> Any:
        return find_categories(name_counts(self.values(by)), text, limit)


class FakeCards:
    """A workspace that holds metric cards only."""

    def __init__(self, made: Card | None = None):
        self.made = made

    def read(self, kind: str, key: str) -> Any:
        if self.made is None or kind != "metriccard":
            raise NotFoundError("no such artefact")
        return SimpleNamespace(meta=self.made.to_json())


def serving(*made: Any, found: Any = None, card: Card | None = None, old: str = "") -> Any:
    """Return services over the set with these comparisons."""
    services = FakeServices(found or FormSet())
    services.comparisons = FakeComparisons(*made, old=old)
    services.library.workspace = FakeCards(card)
    return services
