"""A report as core writes it, in all its parts, with the names that people give at their worst."""

import copy
import math

import numpy as np

#: Names that must neither run, nor leave their place, nor break the page.
NAMES = (
    '<script>alert("1")</script>',
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd",
    "\U0001f98b\U0001f41b" * 5,
    "x" * 200,
    "a & b \"quoted\" 'single'",
    "nul\x00 bell\x07 half\ud83d",
)


def _coverage(clusters: int, covered: int, mean: float) -> dict:
    sizes = [("1", 10), ("2–3", 20), ("4–7", 40), ("8–15", clusters - 70)]
    bins = [
        {"size": size, "clusters": many, "covered": round(many * part), "random_mean": many * 0.4,
         "random_sd": 2.0, "random_low": many * 0.3, "random_high": many * 0.5}
        for (size, many), part in zip(sizes, (0.2, 0.5, 0.8, 1.0), strict=True)
    ]  # fmt: skip
    random = {"mean": mean, "sd": 3.0, "low": mean - 6, "high": mean + 6}
    return {"clusters": clusters, "covered": covered, "ceiling": 60, "random": random, "bins": bins}


def _bands() -> list[dict]:
    draws = (1 + 0.1 * np.random.default_rng(0).standard_normal(200)).tolist()
    spread = {"mean": 1.0, "low": 0.8, "high": 1.2, "draws": draws}
    return [
        {"name": "mean_distance", "title": "Mean distance to the nearest chosen image",
         "unit": "chordal distance", "better": "lower", "curated": 0.61, "random": spread,
         "standing": "better", "percentile": 0.0},
        {"name": "near_duplicates", "title": "Near-duplicate pairs inside", "unit": "pairs",
         "better": "lower", "curated": 0, "standing": "same", "percentile": 100.0,
         "random": {"mean": 0, "low": 0, "high": 0, "draws": [0] * 200}},
    ]  # fmt: skip


def _groups(rows: list[list[int]]) -> list[dict]:
    return [
        {"cluster": at, "size": len(mine), "density": 1.5, "rows": mine, "ids": ["00"] * len(mine),
         "chosen": mine[:1] if at % 2 else [], "chosen_count": at % 2,
         "missed_by_random": 0.25 * at, "text": "Told.", "advice": f"Advice {at}."}
        for at, mine in enumerate(rows)
    ]  # fmt: skip


def _curve() -> dict:
    budgets = list(range(5, 61, 5))
    return {
        "budgets": budgets, "curated": [round(0.9 * b) for b in budgets],
        "random_mean": [0.7 * b for b in budgets], "random_low": [0.6 * b for b in budgets],
        "random_high": [0.8 * b for b in budgets], "ceiling": budgets,
        "independent_curated": [round(0.8 * b) for b in budgets],
        "independent_random_mean": [0.7 * b for b in budgets], "independent_clusters": 90,
        "chosen": 60, "clusters": 120,
    }  # fmt: skip


def _saturation() -> dict:
    budgets = [10, 20, 30, 40, 50, 60]
    return {
        "edges": 30, "radius": 0.31, "budgets": budgets, "s": [b / 100 for b in budgets],
        "gain_next": [0.05] * 6, "drift": [0.2] * 6, "suggested": 40,
        "new_cluster_probability": [1 - b / 100 for b in budgets], "taken": 25, "taken_s": 0.2,
        "text": "From 40 images on, more add little.",
    }  # fmt: skip


_EXAMPLE = {
    "kind": "vitrine.report", "format": 1, "id": "ab" * 16, "created": "2026-11-21T13:05:00Z",
    "set": {"name": "moths", "title": "moths", "items": 600, "kind": "folder", "noun": "image"},
    "choice": {
        "key": "c" * 32, "slice": "first sixty", "count": 60, "share": 0.1,
        "strategy": "representative", "strategy_title": "Representative", "budget": "10%",
        "pool": {"title": "the whole set", "count": 600}, "scenario": "first", "seed": 3,
        "already": 0, "taken_out": {"near_duplicates": 2, "quality": 1},
        "rows": list(range(0, 600, 10)), "ids": [f"{r:064x}" for r in range(0, 600, 10)],
    },
    "verdict": {
        "level": "better", "sentence": "The 60 chosen images reach 70 of 90 independent groups.",
        "detail": ["Better than 200 of 200 random choices."],
    },
    "figures": [
        {"name": f"f{at}", "title": f"Figure {at}", "value": at, "text": f"{at} of 9",
         "random_text": "5 (4 to 6)", "standing": standing, "explain": "What it means."}
        for at, standing in enumerate(("better", "same", "worse", "better"))
    ],
    "coverage": {**_coverage(120, 100, 60.5), "independent": {"method": "k-means",
                                                             **_coverage(90, 70, 55.0)}},
    "bands": _bands(),
    "curve": _curve(),
    "labels": {
        "column": "species",
        "rows": [
            {"value": name, "set": 90, "curated": 9 + at, "random_mean": 9.0, "random_low": 4.0,
             "random_high": 14.0}
            for at, name in enumerate(NAMES)
        ],
    },
    "maps": {"method": "umap", "projection": "p" * 32, "random_rows": list(range(60)),
             "noise_share": 0.04},
    "sparse": _groups([[0], [10, 11], [20, 21, 22]]),
    "dense": _groups([list(range(30, 39)), list(range(40, 49))]),
    "saturation": _saturation(),
    "sentences": ["Sentence one.", "Sentence two."],
    "limits": ["What it does not show."],
    "method": [{"title": "Clusters covered", "text": "C(N − s, n) / C(N, n)."}],
    "settings": {"draws": 200, "source": "/home/ann/private/moths", "nested": {"tau": 0.08}},
    "hashes": {"imageset": "1" * 32, "weights": "", "choice": "c" * 32},
    "encoder": {"name": "timm:local-dir:/home/ann/weights/mobilenet", "weights_digest": "d" * 64,
                "model_type": "classification", "good_for": "photographs"},
    "versions": {"numpy": "2.4.6"},
    "seeds": {"random": 3},
    "checksum": "e" * 64,
}  # fmt: skip


def example(**changes) -> dict:
    """Return a report of one's own, with some parts changed."""
    return {**copy.deepcopy(_EXAMPLE), **changes}


def least() -> dict:
    """Return a report of which all is missing that can be."""
    choice = {"key": None, "slice": None, "count": 1, "share": math.nan, "strategy": None,
              "strategy_title": None, "budget": None, "pool": None, "scenario": None, "seed": None,
              "already": None, "taken_out": None, "rows": [0], "ids": ["00"]}  # fmt: skip
    kept = {"kind", "format", "id", "created", "set", "verdict"}
    empty = {name: None for name in _EXAMPLE if name not in kept}
    return {**example(), **empty, "choice": choice}


def of_set(opened, **changes) -> dict:
    """Return a report about a set that is there: its key, its first map, rows that it has."""
    report = example(**changes)
    n, projection = len(opened), next(iter(opened.projections.values()))
    rows = np.linspace(0, n - 1, 60).astype(int).tolist()
    report["set"] |= {"name": opened.name, "title": opened.title, "items": n}
    report["choice"] |= {"rows": rows}
    report["maps"] |= {"projection": projection, "random_rows": rows[::-1]}
    report["hashes"] |= {"imageset": opened.key}
    return report
