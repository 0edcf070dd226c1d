"""A report in plain sentences, made from its numbers: they say what the numbers say, and no more.

Every sentence is a function of the report's JSON; a number in it is written by `core.report.words`
from a value that is in that JSON.
"""

from collections.abc import Mapping
from typing import Any

from core.report.words import about, between, count, figure, joined, nouns, percent, plural

Report = Mapping[str, Any]

#: The distances to the nearest chosen item that a verdict looks at: which of them.
NAMES = {
    "mean_distance": "the mean",
    "q95_distance": "the 95 %",
    "coverage_radius": "the largest",
}


def _random(report: Report) -> str:
    """Return "360 random images", or "360 random images and the same 40"."""
    n, noun, had = report["choice"]["count"], report["set"]["noun"], report["choice"]["already"]
    return f"{count(n)} random {plural(noun, n)}" + (f" and the same {count(had)}" if had else "")


def _choice(report: Report) -> str:
    """Return "The 360 chosen images", or "The 360 chosen images and the 40 taken before"."""
    n, noun, had = report["choice"]["count"], report["set"]["noun"], report["choice"]["already"]
    also = f" and the {count(had)} taken before" if had else ""
    many = "" if n == 1 else f"{count(n)} "
    return f"The {many}chosen {plural(noun, n)}{also}"


def _reach(report: Report) -> str:
    """Return the verb that follows."""
    return "reaches" if report["choice"]["count"] + report["choice"]["already"] == 1 else "reach"


def _band(report: Report, name: str) -> Mapping[str, Any] | None:
    return next((band for band in report["bands"] if band["name"] == name), None)


def _beats(report: Report, one: Mapping[str, Any]) -> str:
    """Return "better than 190 of 200 random choices", or "better than none of 200 …"."""
    draws, beaten = report["settings"]["draws"], one["beats"]
    return f"better than {count(beaten) if beaten else 'none'} of {count(draws)} random choices"


def verdict_sentence(report: Report) -> str:
    """Return the verdict in one sentence; it needs all parts but `verdict` and `sentences`."""
    level, found = report["verdict"]["level"], report["coverage"]["independent"]
    n, pool = report["choice"]["count"], report["choice"]["pool"]["count"]
    noun = report["set"]["noun"]
    if n == pool:
        return (
            f"No better than random: all {nouns(noun, pool)} of the pool are chosen, so every "
            "choice of this size is the same."
        )
    start = {
        "better": "Better than random", "worse": "Worse than random",
        "mixed": "Mixed against random", "no better": "No better than random",
    }[level]  # fmt: skip
    if level == "mixed" and not _is_worse(report):
        start = "Partly better than random"
    reach = _reach(report)
    said = (
        f"{start}: {_choice(report)[0].lower()}{_choice(report)[1:]} {reach} "
        f"{count(found['covered'])} of {count(found['clusters'])} independent groups, "
        f"{_random(report)} {reach} {about(found['random']['mean'])} on average "
        f"({between(found['random'], counts=True)} in 95 % of cases)"
    )
    if start.startswith("Partly"):
        said += ", which is not clearly better"
    return said + _but(report) + "."


def _is_worse(report: Report) -> bool:
    """Tell whether anything that the verdict looks at is worse than in random choices."""
    looked = [one for one in report["figures"] if one["name"] == "independent"]
    looked += [band for name in NAMES if (band := _band(report, name))]
    return any(one["standing"] == "worse" for one in looked)


def _but(report: Report) -> str:
    """Return what keeps a mixed or worse verdict from being simpler; "" where nothing does."""
    if report["verdict"]["level"] not in {"mixed", "worse"}:
        return ""
    parts = []
    for standing in ("better", "worse"):
        said = [t for n, t in NAMES.items() if (_band(report, n) or {}).get("standing") == standing]
        if said:
            verb = "is" if len(said) == 1 else "are"
            parts.append(
                f"{joined(said)} distance to the nearest chosen one {verb} {standing} than in "
                "random choices"
            )
    return "; " + "; ".join(parts) if parts else ""


def verdict_detail(report: Report) -> list[str]:
    """Return what stands behind the verdict, a sentence each."""
    found = {one["name"]: one for one in report["figures"]}
    detail = [
        "The independent grouping decides: the choice was not made with it. On it the choice is "
        f"{_beats(report, found['independent'])}."
    ]
    words = {
        "better": "",
        "same": "within what random choices reach, ",
        "worse": "worse than random, ",
    }
    for name in NAMES:
        band = _band(report, name)
        if band is not None:
            detail.append(f"{band['title']}: {words[band['standing']]}{_beats(report, band)}.")
    return detail


def sentences_of(report: Report) -> list[str]:
    """Return the report in plain sentences, the important ones first."""
    said = [
        *_clusters(report), *_needs(report), *_distances(report), *_rare(report),
        *_redundancy(report), *_differences(report), *_labels(report), *_next(report),
        *_listed(report),
    ]  # fmt: skip
    return said


def _clusters(report: Report) -> list[str]:
    found, choice = report["coverage"], report["choice"]
    by_design = (
        " Choosing looks at these clusters, or at what they come from, so this figure favours it."
        if choice["key"] else ""
    )  # fmt: skip
    reach = _reach(report)
    told = (
        f"{_choice(report)} {reach} {count(found['covered'])} of {count(found['clusters'])} "
        f"micro-clusters; {_random(report)} {reach} {about(found['random']['mean'])} on average "
        f"({between(found['random'], counts=True)} in 95 % of cases).{by_design}"
    )
    if found["ceiling"] < found["clusters"]:
        told += f" No choice of this size can reach more than {count(found['ceiling'])}."
    return [told]


def _needs(report: Report) -> list[str]:
    found, choice = report["coverage"]["independent"], report["choice"]
    needs, noun = found["random_needs"], report["set"]["noun"]
    if needs is None or needs <= choice["count"]:
        return []
    return [
        f"To reach {count(found['covered'])} independent groups on average, a random choice needs "
        f"{nouns(noun, needs)} instead of {count(choice['count'])}."
    ]


def _distances(report: Report) -> list[str]:
    said, noun = [], report["set"]["noun"]
    starts = {
        "mean_distance": f"On average the nearest chosen {noun} is {{}} away",
        "coverage_radius": f"The {noun} that is served worst has its nearest chosen one {{}} away",
    }
    for name, start in starts.items():
        band = _band(report, name)
        if band is not None:
            random = band["random"]
            said.append(
                f"{start.format(figure(band['curated']))}; with random choices it is "
                f"{figure(random['mean'])} ({between(random, counts=False)}). The choice is "
                f"{_beats(report, band)}."
            )
    return said


def _rare(report: Report) -> list[str]:
    bins = report["coverage"]["bins"]
    noun = report["set"]["noun"]
    if not bins or bins[0]["size"] != "1":
        return []
    one = bins[0]
    return [
        f"Of {count(one['clusters'])} {plural('cluster', one['clusters'])} of a single {noun} the "
        f"choice has {count(one['covered'])}; random choices have {about(one['random_mean'])} on "
        "average."
    ]


def _redundancy(report: Report) -> list[str]:
    band = _band(report, "near_duplicates")
    if band is None or (band["curated"] == 0 and band["random"]["high"] == 0):
        return []
    pairs = band["curated"]
    return [
        f"{'No pair' if not pairs else nouns('pair', pairs)} of near-duplicates "
        f"{'is' if pairs <= 1 else 'are'} in the choice; random choices hold "
        f"{about(band['random']['mean'])} on average ({between(band['random'], counts=True)})."
    ]


def _differences(report: Report) -> list[str]:
    band = _band(report, "mmd2")
    if band is None or band["standing"] == "same":
        return []
    if band["standing"] == "better":
        return [
            "The choice is spread more like the whole than random choices are: its MMD² is "
            f"{figure(band['curated'])}, theirs {between(band['random'], counts=False)}."
        ]
    return [
        "The choice is not spread as the whole is: its MMD² is "
        f"{figure(band['curated'])}, that of random choices {between(band['random'], counts=False)}"
        ". Shares and averages counted in it do not hold for the whole."
    ]


def _labels(report: Report) -> list[str]:
    band, labels = _band(report, "label_js"), report["labels"]
    if band is None or labels is None:
        return []
    words = {
        "better": "nearer to those of the whole than in random choices",
        "same": "as near to those of the whole as in random choices",
        "worse": "farther from those of the whole than in random choices",
    }
    said = [f"The shares of labels are {words[band['standing']]}."]
    missing = labels["without"]
    if labels["values"]:
        said[0] += (
            f" {count(labels['values'] - missing)} of {count(labels['values'])} labels are in the "
            "choice."
        )
    return said


def _next(report: Report) -> list[str]:
    chance, noun = report["coverage"]["next_random"], report["set"]["noun"]
    if report["choice"]["count"] == report["choice"]["pool"]["count"]:
        return []
    return [
        f"One more random {noun} would open a micro-cluster that the choice lacks with chance "
        f"{percent(chance)}."
    ]


def _listed(report: Report) -> list[str]:
    sparse = report["sparse"]
    if not sparse:
        return []
    reached = [one for one in sparse if one["chosen_count"] or one["already"]]
    random = sum(1 - one["missed_by_random"] for one in sparse)
    return [
        f"Of the {count(len(sparse))} sparse clusters listed below the choice reaches "
        f"{count(len(reached))}; random choices reach {about(random)} on average."
    ]
