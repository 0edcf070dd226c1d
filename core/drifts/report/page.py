"""The file of two sets: the verdict first, how different, where, why, then all numbers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.drifts.report import figures, tables, words
from core.drifts.report.places import Places, in_the_frame
from core.drifts.report.shell import page_of
from core.drifts.report.where import Pictures, clusters, images, shared_map
from core.report.text import absent, count, escape, moment, named, plain, plural, share

Meta = Mapping[str, Any]

LEVELS = {
    "drift": ("▲", "They differ"),
    "none seen": ("●", "No difference seen"),
    "too few": ("◆", "Too few to tell"),
}


def render_html(
    meta: Meta,
    shown: pd.DataFrame,
    first: Pictures,
    second: Pictures,
    *,
    key: str = "",
    created: str = "",
    places: Places | None = None,
) -> bytes:
    """Return a comparison of two sets as one self-contained HTML file.

    Parameters
    ----------
    meta, shown
        As a `Drift` holds its meta and its images.
    first, second
        Give the picture of a row of A and of B as JPEG or PNG bytes, None where there is none.
    key, created
        Id of the comparison, and when it was computed, ISO 8601.
    places
        Pictures of the comparison by place; None where there are none.

    Returns
    -------
    bytes
        UTF-8, without scripts or addresses; all text is escaped, every picture is inside.
    """
    sections = {
        "size": ("How different", _size(meta)),
        "clusters": ("Groups that changed", clusters(meta, first, second)),
        "images": ("Most drifted images", images(shown, first, second)),
        "map": ("Where they differ", shared_map(meta, shown)),
        "frame": ("Where in the frame", in_the_frame(meta, places)),
        "why": ("What goes with the difference", _why(meta)),
        "power": ("What could have been seen", _power(meta)),
        "numbers": ("All numbers", _numbers(meta)),
        "method": ("Methods", _method(meta)),
    }
    return page_of(meta["title"], "\n".join(_head(meta, created)), sections, _foot(key))


def _lead(text: str) -> str:
    return f'<p class="lead">{plain(text)}</p>'


# -- the head --------------------------------------------------------------------------------------


def _head(meta: Meta, created: str) -> list[str]:
    """Return what was compared, the verdict, its grounds, and what to be careful of."""
    a, b = meta["a"], meta["b"]
    verdict = meta["verdict"]
    sign, level = LEVELS.get(verdict["level"], ("", str(verdict["level"])))
    grounds = "".join(f"<li>{plain(one)}</li>" for one in verdict.get("detail") or [])
    notes = [f"{count(n)} {why} left out." for why, n in (meta.get("left_out") or {}).items()]
    # a note says it too where the job wrote one
    notes = [*(meta.get("notes") or [])] or notes
    cautions = "".join(f'<li><span class="caution">Note:</span> {plain(n)}</li>' for n in notes)
    look = plain(str(verdict["level"]).replace(" ", "-"))
    mast = (
        f'<header class="mast"><h1>{named(b["label"])} against {named(a["label"])}</h1>'
        f"<p>{moment(created)}</p></header>"
    )
    found = (meta.get("exposure") or {}).get("text")
    exposed = f'<p class="exposed">{plain(found)}</p>' if found else ""
    card = (
        f'<div class="card verdict {look}"><p class="level">'
        f'<span aria-hidden="true">{sign}</span> {plain(level)}</p>'
        f'<p class="sentence">{plain(verdict["sentence"])}</p>'
        f'{exposed}<ul class="warnings">{grounds}{cautions}</ul></div>'
    )
    return [mast, card, f'<dl class="facts">{_facts(meta)}</dl>']


def _facts(meta: Meta) -> str:
    request = meta["request"]
    facts = [
        ("A · the reference", _side(meta["a"])), ("B · held against it", _side(meta["b"])),
        ("Units", words.unit_of(meta)), ("Encoder", meta["encoder"]["name"]),
        ("Splits", count(request["permutations"])), ("Seed", str(meta["seed"])),
    ]  # fmt: skip
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{named(value)}</dd></div>" for name, value in facts
    )


def _side(told: Meta) -> str:
    images = plural(told["n_images"], told.get("noun") or "image")
    what = told["label"] if told.get("rest") else told["text"]
    return f"{what}: {images}, {plural(told['n_units'], 'unit')}"


# -- the sections ----------------------------------------------------------------------------------


def _size(meta: Meta) -> str:
    """Return the tests, and the difference beside known ones."""
    found = meta.get("scale")
    drawn = ""
    if found:
        told = f"{meta['b']['label']} against {meta['a']['label']}"
        drawn = (
            '<div class="card"><h3>Beside known differences</h3>'
            f"{figures.scale_bar(found, 'A and B')}"
            f'<p class="small">{plain(told)} in samples of {count(found["images"])} units a side, '
            "with what halves of A show by chance, and with images replaced or changed on purpose; "
            "lines are 95 % of the draws.</p></div>" + tables.scale(found, "A and B")
        )
    lead = _lead(
        "Effect first, then how sure it is. MMD² is the distance of the two sets in vectors; AUC "
        "is how well a model tells which set an unseen image is from (.5 not at all, 1 always); "
        "Cramér's V is how unevenly groups are filled (0 to 1)."
    )
    return lead + tables.tests(meta["tests"]) + drawn


def _exposure(meta: Meta) -> str:
    """Return whether the difference is one of exposure, in words; "" where that is not known."""
    found = meta.get("exposure") or {}
    return str(found.get("text") or found.get("notice") or "")


def _why(meta: Meta) -> str:
    """Return what columns, measures and labels say of the difference; "" where nothing is known."""
    text = _exposure(meta)
    said = f'<p class="paragraph">{plain(text)}</p>' if text else ""
    said += tables.exposure(meta.get("exposure") or {})
    found = tables.explanations(meta.get("explain") or [])
    if found:
        found = (
            _lead(
                "P(B > A) is the chance that a value in B is above one in A: .5 is no difference. "
                "Of a category the value whose share changed most is named. What goes with a "
                "difference need not cause it."
            )
            + found
        )
    alone = tables.labels(meta.get("conditional") or [])
    if alone:
        alone = (
            _lead(
                "Does a label look the same in both sets? Its images alone, so that shares of "
                "labels play no part."
            )
            + alone
        )
    return said + found + alone


def _power(meta: Meta) -> str:
    found = meta.get("power")
    if not found:
        return ""
    seen, units = found.get("seen"), found.get("units") or [None, None]
    told = (
        "even the largest share planted would often be missed"
        if absent(seen)
        else f"{share(seen)} of such images would be seen in four of five cases"
    )
    held = found.get("like") == "held back"
    planted = "Images of groups of A that were held back" if held else "Images of B"
    lead = _lead(
        f"{planted} were planted among A's, in batches of {count(units[0])} units held against "
        f"{count(units[1])}: {told}. The dotted line is four in five."
    )
    return f'{lead}<div class="card">{figures.power_curve(found)}</div>'


def _numbers(meta: Meta) -> str:
    details = meta.get("details") or {}
    parts = [tables.measures(details) if details else ""]
    found = details.get("components") or []
    if found:
        many = sum(not absent(one.get("p_adjusted")) and one["p_adjusted"] < 0.05 for one in found)
        parts.append(
            f'<p class="small">{count(many)} of {count(len(found))} principal components differ '
            "after adjustment for their number.</p>"
        )
        parts.append(tables.components(found))
    parts.insert(0, tables.clusters(meta.get("clusters") or []))
    return "".join(part for part in parts if part)


def _method(meta: Meta) -> str:
    cited = "".join(f"<li>{plain(one)}</li>" for one in words.CITATIONS)
    hashes = [
        (f"{name} {what}", meta[side][field])
        for side, name in (("a", "A"), ("b", "B"))
        for what, field in (("images", "imageset"), ("vectors", "embeddings"))
    ]
    lines = "".join(
        f"<div><dt>{name}</dt><dd><code>{plain(value)}</code></dd></div>" for name, value in hashes
    )
    used = "; ".join(f"{name} {value}" for name, value in (meta.get("versions") or {}).items())
    return (
        f'<p class="paragraph">{plain(words.methods(meta))}</p>'
        f'<ol class="citations">{cited}</ol><dl class="facts">{lines}</dl>'
        + (f'<p class="small">Made with {plain(used)}.</p>' if used else "")
    )


def _foot(key: str) -> str:
    number = f" Comparison <code>{plain(key)}</code>." if key else ""
    return (
        f'<footer class="small">Made by Vitrine.{number} The JSON file of this comparison can be '
        "verified: drift --verify FILE.</footer>"
    )
