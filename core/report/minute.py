"""What a report says in its first minute: verdict, four figures, two maps, the sentences."""

import base64
from collections.abc import Mapping
from typing import Any

from core.report.charts import coverage_curve, legend, size_bins
from core.report.text import absent, count, moment, named, plain, plural, share

Report = Mapping[str, Any]

#: How a figure stands beside random choices: a sign that is no colour, and words.
STANDINGS = {
    "better": ("▲", "better than random"),
    "same": ("●", "as random"),
    "worse": ("▼", "worse than random"),
}

LEVELS = {
    "better": ("▲", "Better than random"),
    "no better": ("●", "No better than random"),
    "worse": ("▼", "Worse than random"),
    "mixed": ("◆", "Mixed"),
}

SCENARIOS = {
    "first": "first set to label",
    "next": "next batch, given what is labelled",
    "test": "validation or test set",
}


def noun_of(report: Report) -> str:
    """Return what an item is called, in the singular."""
    return str(report["set"].get("noun") or "image")


def standing(value: Any) -> str:
    """Return how something stands beside random choices, as a sign and words."""
    if value not in STANDINGS:
        return ""
    sign, words = STANDINGS[value]
    return f'<p class="standing {value}"><span aria-hidden="true">{sign}</span> {words}</p>'


def head(report: Report) -> list[str]:
    """Return the head of the report: what it is about, the verdict, the figures, the facts."""
    return [_mast(report), _verdict(report["verdict"]), _figures(report), _facts(report)]


def _mast(report: Report) -> str:
    of, choice = report["set"], report["choice"]
    noun = noun_of(report)
    name = choice.get("slice") or plural(choice["count"], noun)
    return (
        f'<header class="mast"><h1>Report on {named(name)} of '
        f"{named(of.get('title') or of['name'])}</h1>"
        f"<p>{plain(plural(choice['count'], noun))} of {count(of['items'])}"
        f" · {moment(report.get('created'))}</p></header>"
    )


def _verdict(verdict: Mapping[str, Any]) -> str:
    level = str(verdict["level"])
    grounds = "".join(f"<li>{plain(line)}</li>" for line in verdict.get("detail") or [])
    sign, words = LEVELS.get(level, ("", level))
    sentence = str(verdict["sentence"])
    told = sentence.lower().startswith((words.lower(), "partly"))
    above = "" if told else f'<p class="level">{sign} {plain(words)}</p>'
    sign = f'<span class="level" aria-hidden="true">{sign}</span> ' if told and sign else ""
    return (
        f'<div class="card verdict {plain(level.replace(" ", "-"))}">'
        f'{above}<p class="sentence">{sign}{plain(sentence)}</p>'
        + (f"<ul>{grounds}</ul>" if grounds else "")
        + "</div>"
    )


def _figures(report: Report) -> str:
    cards = "".join(
        f'<li class="card"><h2>{plain(one["title"])}</h2>'
        f'<p class="figure-value">{plain(one["text"])}</p>'
        f'<p class="small">{_beside(one.get("random_text"))}</p>{standing(one.get("standing"))}'
        f'<p class="small">{plain(one.get("explain") or "")}</p></li>'
        for one in report.get("figures") or []
    )
    return f'<ul class="four figures" aria-label="Four figures">{cards}</ul>' if cards else ""


def _beside(text: Any) -> str:
    """Return what random choices reach, said to be theirs."""
    told = str(text or "")
    return plain(told if not told or "random" in told.lower() else f"random: {told}")


def _facts(report: Report) -> str:
    """Return what was chosen, from what and how, in one line of facts."""
    choice, noun = report["choice"], noun_of(report)
    taken = choice.get("taken_out") or {}
    left_out = [
        f"{plural(taken[key], one, many)}"
        for key, one, many in (
            ("near_duplicates", "near-duplicate", ""),
            ("quality", f"{noun} of poor quality", f"{noun}s of poor quality"),
        )
        if taken.get(key)
    ]
    pool = choice.get("pool") or {}
    already = choice.get("already")
    known = already if isinstance(already, int) else len(already or [])
    part = "" if absent(choice.get("share")) else f" ({share(choice['share'])})"
    facts = [
        ("How", choice.get("strategy_title") or choice.get("strategy")),
        ("Chosen", count(choice["count"]) + part),
        ("Asked for", choice.get("budget")),
        ("From", f"{pool['title']}, {plural(pool['count'], noun)}" if pool.get("title") else None),
        ("For", SCENARIOS.get(choice.get("scenario") or "", choice.get("scenario"))),
        ("Counted as taken", plural(known, noun) if known else None),
        ("Taken out first", " and ".join(left_out) or None),
        ("Seed", choice.get("seed")),
    ]
    told = "".join(
        f"<div><dt>{name}</dt><dd>{named(value) if isinstance(value, str) else plain(value)}</dd>"
        "</div>"
        for name, value in facts
        if value not in (None, "")
    )
    return f'<dl class="facts">{told}</dl>'


# -- maps and coverage -----------------------------------------------------------------------------


def sections(report: Report, maps: Mapping[str, bytes]) -> list[str]:
    """Return the maps, the coverage and the sentences, each "" where it is missing."""
    return [_maps(report, maps), _coverage(report), _sentences(report)]


def _maps(report: Report, maps: Mapping[str, bytes]) -> str:
    if not (maps.get("curated") and maps.get("random")):
        return ""
    noun, size = noun_of(report), report["choice"]["count"]
    titles = {"curated": ("chosen", "This choice"), "random": ("random", "One random choice")}
    cards = "".join(
        f'<figure class="card map"><figcaption><span class="key key-{look}" aria-hidden="true">'
        f"</span><strong>{words}</strong> of {plain(plural(size, noun))}</figcaption>"
        f'<img src="{data_uri(maps[which])}" alt="{words} of {plain(plural(size, noun))} in colour '
        'on the map of the whole set, which is grey"></figure>'
        for which, (look, words) in titles.items()
    )
    noise = (report.get("maps") or {}).get("noise_share")
    method = (report.get("maps") or {}).get("method")
    name = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}.get(str(method), method)
    told = f"The same {plain(name)} map twice" if name else "The same map twice"
    extra = (
        f" {share(noise)} of the set belongs to no theme." if noise and not absent(noise) else ""
    )
    return (
        f'<section id="maps"><h2>Where the {plain(noun)}s lie</h2><p class="lead">{told}; grey is '
        f"the whole set. Near on the map is alike; far tells little.{extra}</p>"
        f'<div class="two maps">{cards}</div></section>'
    )


def data_uri(picture: bytes) -> str:
    """Return a JPEG or PNG file as an address that holds it."""
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"


def _coverage(report: Report) -> str:
    coverage, curve, noun = report.get("coverage"), report.get("curve"), noun_of(report)
    cards = []
    if curve:
        cards.append(
            f'<div class="card"><h3>Clusters covered against budget</h3>'
            f"{coverage_curve(curve, noun)}"
            + legend(("chosen", "chosen"), ("band", "random, 95 %"), ("ceiling", "most possible"))
            + "</div>"
        )
    if coverage and coverage.get("bins"):
        cards.append(
            '<div class="card"><h3>By size of the cluster</h3>'
            + size_bins(coverage["bins"], "bins", noun)
            + legend(("bar", "chosen"), ("bar-random", "random, 95 %"))
            + "</div>"
        )
    if not cards:
        return ""
    return (
        '<section id="coverage"><h2>Coverage</h2><p class="lead">A cluster is a small group of '
        f"{plain(noun)}s that look alike; it is covered when one of them was chosen.</p>"
        f'<div class="two">{"".join(cards)}</div></section>'
    )


def _sentences(report: Report) -> str:
    said = "".join(f"<li>{plain(line)}</li>" for line in report.get("sentences") or [])
    if not said:
        return ""
    return f'<section id="words"><h2>In plain words</h2><ul class="said keep">{said}</ul></section>'
