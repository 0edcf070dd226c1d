"""Figures beside those of random choices: bands, and the four figures of the first page."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.report.measure import Measured
from core.report.verdict import Place
from core.report.words import about, between, count, figure

#: Name, title, unit of each band, in the order of the report.
BANDS = (
    ("mean_distance", "Mean distance to the nearest chosen image", "chordal distance, 0 to 2"),
    ("q95_distance", "Distance within which 95 % have a chosen image", "chordal distance, 0 to 2"),
    ("coverage_radius", "Coverage radius: the farthest from any chosen image",
     "chordal distance, 0 to 2"),
    ("mmd2", "Difference from the whole (MMD²)", "squared MMD, 0 to 2"),
    ("label_js", "Difference in the shares of labels", "Jensen–Shannon divergence, bits, 0 to 1"),
    ("near_duplicates", "Near-duplicate pairs inside", "pairs"),
)  # fmt: skip

#: What each of the four figures means, in a sentence.
EXPLAIN = {
    "covered": "Micro-clusters with at least one chosen {noun}. A choice made to cover them does "
    "so by design, so this figure alone proves nothing.",
    "independent": "Groups of an independent k-means with at least one chosen {noun}. The choice "
    "was not made with them, so this is the figure that the verdict rests on.",
    "mean_distance": "How far an average {noun} is from the nearest chosen one: 0 is a copy, 1.41 "
    "is unrelated.",
    "coverage_radius": "How far the worst served {noun} is from the nearest chosen one. It hangs "
    "on one {noun}.",
}
TITLES = {
    "covered": "Clusters covered",
    "independent": "Independent groups covered",
    "mean_distance": "Mean distance to the nearest chosen",
    "coverage_radius": "Farthest from any chosen",
}


def bands_of(measured: Measured, places: Mapping[str, Place], noun: str) -> list[dict[str, Any]]:
    """Return a band for every measured figure; see `docs/methods/report.md`."""
    found = []
    for name, title, unit in BANDS:
        if name not in measured.chosen:
            continue
        random, place = measured.random[name], places[name]
        low, high = np.quantile(random, [0.025, 0.975])
        found.append(
            {
                "name": name, "title": title.replace("image", noun), "unit": unit,
                "better": "lower", "curated": measured.chosen[name],
                "random": {
                    "mean": float(random.mean()), "low": float(low), "high": float(high),
                    "draws": [float(value) for value in random],
                },
                "standing": place.standing,
                "percentile": place.percentile,
                "beats": place.beaten, "p_better": place.p_better, "p_worse": place.p_worse,
            }
        )  # fmt: skip
    return found


def figures_of(
    coverage: Mapping[str, Any],
    bands: list[dict[str, Any]],
    places: Mapping[str, Place],
    noun: str,
) -> list[dict[str, Any]]:
    """Return the four figures: clusters, independent groups, and two distances."""
    named = {band["name"]: band for band in bands}
    found = []
    for name, title in TITLES.items():
        if name in named:
            value: float = named[name]["curated"]
            random, text = named[name]["random"], figure(value)
            beside = f"{figure(random['mean'])} ({between(random, counts=False)})"
        else:
            block = coverage if name == "covered" else coverage["independent"]
            value, random = block["covered"], block["random"]
            text = f"{count(value)} of {count(block['clusters'])}"
            beside = f"{about(random['mean'])} ({between(random, counts=True)})"
        found.append(
            {
                "name": name, "title": title, "value": value, "text": text,
                "random_text": beside, "standing": places[name].standing,
                "beats": places[name].beaten, "explain": EXPLAIN[name].format(noun=noun),
            }
        )  # fmt: skip
    return found
