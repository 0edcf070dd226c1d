"""A report as `core.reports` opens it, with numbers a test knows, over the set of `tests.fakes`."""

from dataclasses import dataclass
from typing import Any

from core.curate.coverage import random_coverage
from tests.fakes import item_id


@dataclass
class Line:
    """One line of a set's history of reports."""

    id: str = "r1"
    created: str = "2026-11-01T10:00:00Z"
    slice: str = "best four"
    n: int = 4
    verdict: str = "Better: 4 of 8 clusters; random 2.9 ± 0.6."
    strategy: str = "Representative"
    choice: str = "c1"


def _bins(covered: int) -> list[dict[str, Any]]:
    return [
        {"size": "1", "clusters": 5, "covered": covered, "random_mean": 1.7, "random_sd": 0.9,
         "random_low": 0.0, "random_high": 3.4},
        {"size": "2–3", "clusters": 3, "covered": 2, "random_mean": 1.9, "random_sd": 0.7,
         "random_low": 0.6, "random_high": 3.0},
    ]  # fmt: skip


def _part(covered: int) -> dict[str, Any]:
    random = random_coverage([3, 2, 2, 1, 1, 1, 1, 1], 12, 4)
    return {
        "clusters": 8, "covered": covered, "ceiling": 4,
        "random": {"mean": random.mean, "sd": random.sd, "low": random.mean - 1.96 * random.sd,
                   "high": random.mean + 1.96 * random.sd},
        "bins": _bins(2),
    }  # fmt: skip


def _figure(name: str, standing: str) -> dict[str, Any]:
    return {"name": name, "title": name.capitalize(), "value": 0.5, "text": "50 %",
            "random_text": "random 36 %", "standing": standing,
            "explain": "what it means"}  # fmt: skip


def _band(name: str, better: str, standing: str, unit: str = "") -> dict[str, Any]:
    return {"name": name, "title": name.replace("_", " "), "unit": unit, "better": better,
            "curated": 0.4, "standing": standing, "percentile": 2.0,
            "random": {"mean": 0.6, "low": 0.5, "high": 0.7, "draws": [0.5, 0.6, 0.7]}}  # fmt: skip


def _cluster(cluster: int, rows: list[int], chosen: list[int]) -> dict[str, Any]:
    return {"cluster": cluster, "size": len(rows), "density": 0.4, "rows": rows,
            "ids": [item_id(r) for r in rows], "chosen": chosen, "missed_by_random": 0.67,
            "text": "A cluster of one.", "advice": "collect more like it"}  # fmt: skip


def report(report_id: str = "r1", level: str = "better", **given: Any) -> dict[str, Any]:
    """Return a report on four of the twelve moths."""
    rows = [0, 5, 10, 11]
    made: dict[str, Any] = {
        "kind": "vitrine.report", "format": 1, "id": report_id, "created": "2026-11-01T10:00:00Z",
        "set": {"name": "moths", "title": "moths", "items": 12, "kind": "folder", "noun": "image"},
        "choice": {
            "key": "c1", "slice": "best four", "count": 4, "share": 1 / 3,
            "strategy": "representative", "strategy_title": "Representative", "budget": "4",
            "pool": {"title": "the whole set", "count": 12}, "scenario": "first", "seed": 0,
            "already": 0, "taken_out": {"near_duplicates": 0, "quality": 0}, "rows": rows,
            "ids": [item_id(r) for r in rows],
        },
        "verdict": {"level": level, "sentence": "The choice covers 4 of 8 clusters; random 2.9.",
                    "detail": ["It is nearer to the rest."]},
        "figures": [_figure("coverage", "better"), _figure("other", "same"),
                    _figure("distance", "worse"), _figure("balance", "better")],
        "coverage": {**_part(4), "independent": {**_part(3), "method": "k-means, 8 groups"}},
        "bands": [_band("mean_distance", "lower", "better"),
                  _band("near_duplicates", "lower", "same", "share")],
        "curve": {"budgets": [0, 4, 8, 12], "curated": [0, 4, 7, 8],
                  "random_mean": [0, 2.9, 5.5, 8], "random_low": [0, 2, 5, 8],
                  "random_high": [0, 4, 6, 8], "ceiling": [0, 4, 8, 8],
                  "independent_curated": [0, 3, 6, 8], "independent_random_mean": [0, 2.9, 5.5, 8],
                  "chosen": 4, "clusters": 8},
        "labels": {"column": "label", "rows": [
            {"value": v, "set": 6, "curated": 2, "random_mean": 2.0, "random_low": 0.0,
             "random_high": 4.0} for v in ("moth", "wasp")]},
        "maps": {"method": "umap", "projection": "umap-key", "random_rows": [1, 2, 6, 7],
                 "noise_share": 1 / 6},
        "sparse": [_cluster(3, [10], [10])], "dense": [_cluster(0, [0, 1, 2], [0])],
        "saturation": {"edges": 5, "radius": 0.3, "budgets": [1, 2, 4], "s": [0.2, 0.4, 0.8],
                       "gain_next": [0.1, 0.1, 0.01], "drift": [0.3, 0.2, 0.1],
                       "new_cluster_probability": [0.9, 0.5, 0.2], "suggested": 4,
                       "text": "Four images reach 80 % of the edge cases."},
        "sentences": ["It covers 4 of 8 clusters."], "limits": ["Nothing is said of new images."],
        "method": [{"title": "Coverage", "text": "Clusters with at least one chosen image."}],
        "settings": {"draws": 200, "column": None}, "seeds": {"report": 0},
        "hashes": {"imageset": "key-moths", "embeddings": "e"},
        "encoder": {"name": "pixels", "weights_digest": "", "model_type": "hand-made",
                    "good_for": "small pictures"},
        "versions": {"vitrine": "0.4"}, "checksum": "abc",
    }  # fmt: skip
    return {**made, **given}
