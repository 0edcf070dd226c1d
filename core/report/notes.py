"""What a report does not show, and how its numbers were made, in words."""

from collections.abc import Mapping
from typing import Any

from core.report.verdict import CONTRADICT, TAIL
from core.report.words import count, nouns, percent

Report = Mapping[str, Any]


def limits_of(report: Report, context: Mapping[str, Any]) -> list[str]:
    """Return what keeps the report from saying more.

    Parameters
    ----------
    report
        The report, but for its limits and method.
    context
        "asked", "of": items whose nearest chosen one was looked for; "exact": the neighbour graph;
        "metric": whether the encoder's distances are meant to be meaningful.
    """
    encoder, noun, choice = report["encoder"], report["set"]["noun"], report["choice"]
    said = [
        f"Everything here is seen through the encoder {encoder['name']}: what it does not tell "
        "apart, no figure here tells apart.",
        "Covering more groups does not prove that a model trained on the choice is better; only "
        "training it and testing on other data does.",
        "The comparison is with random choices of the same size from the same pool, not with "
        "another way of choosing.",
    ]
    if not context["metric"]:
        said.append(f"The distances of {encoder['name']} are not meant to be meaningful.")
    noise = (report["maps"] or {}).get("noise_share")
    if noise:
        said.append(
            f"{percent(noise)} of the set belong to no theme; micro-clusters and independent "
            "groups hold them all the same."
        )
    if context["asked"] < context["of"]:
        said.append(
            f"Distances to the nearest chosen {noun} are those of a sample of "
            f"{count(context['asked'])} of {nouns(noun, context['of'])}, the same for every choice."
        )
    if not context["exact"]:
        said.append(
            "The neighbour graph of so large a set is approximate, and so are the distances and "
            "near-duplicates taken from it, for the choice and random ones alike."
        )
    if choice["count"] < 10:
        said.append(f"With {nouns(noun, choice['count'])} hardly any difference shows.")
    if not report["curve"]["ordered"]:
        said.append(
            f"The choice has no order of its own: the curve takes its {noun}s in a random order."
        )
    if report["labels"] is None:
        said.append("The set has no labels, so nothing is said about their balance.")
    if choice["already"]:
        both = "count as taken already, in the choice and in every random choice alike."
        said.append(f"{nouns(noun, choice['already'])} {both}")
    return said


def method_of(report: Report) -> list[dict[str, str]]:
    """Return how the numbers were made, a titled paragraph each."""
    settings, other = report["settings"], report["coverage"]["independent"]
    each = TAIL / len(CONTRADICT)
    return [
        {"title": "Clusters covered", "text":
            "A random choice of n of N misses a cluster of s with chance C(N − s, n) / C(N, n). "
            "Expectation and variance follow from it exactly; 95 % of random choices lie within "
            "1.96 standard deviations."},
        {"title": "Independent groups", "text":
            f"{other['method']}, {count(other['clusters'])} groups. As many as there are "
            "micro-clusters, but not more than images chosen: with more, every choice would hit "
            "about one group an image."},
        {"title": "Random choices", "text":
            f"{count(settings['draws'])} random choices of the same size from the same pool, "
            f"seed {settings['seed']}. Bands hold 95 % of them."},
        {"title": "Verdict", "text":
            "Declared beforehand: the independent groups decide, at "
            f"{percent(TAIL)} to each side; the three distances may contradict, at "
            f"{percent(each)} to each side each. A random choice is called better in at most "
            f"{percent(TAIL)} of cases, better or partly better in at most {percent(2 * TAIL)}. "
            "Clusters covered, MMD², labels and near-duplicates "
            "describe and do not decide."},
        {"title": "Distances", "text":
            "Between unit vectors, √(2 − 2 cos): 0 is the same, √2 unrelated, 2 opposite."},
        {"title": "MMD²", "text":
            "Gaussian kernel exp(−d²/m²) with m the median distance, by 512 random Fourier "
            "features. It is above 0 for random choices as well."},
        {"title": "Near-duplicates", "text":
            f"Pairs no further apart than {settings['tau']:.3g}."},
        {"title": "Sparse and dense", "text":
            "Sparse are clusters of three or fewer and the least dense tenth, dense the densest "
            "tenth; ten of each are listed by density, whatever was chosen. Density is one over "
            "the mean distance to the ten nearest."},
    ]  # fmt: skip
