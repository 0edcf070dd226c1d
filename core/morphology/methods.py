"""The paragraph of methods of a comparison, ready for a paper: only what was done, with numbers.

It is made from what a comparison tells of itself (`meta`), never from what is usual: a test that
was undefined is not described, and a paper is cited only where its method was used.
"""

from collections.abc import Callable, Sequence

from core.morphology import methods_forms as forms
from core.morphology import methods_tests as tests
from core.morphology.citations import cite, cited_in
from core.morphology.methods_words import Meta, asked, count, joined

#: Groups that are named with their numbers; of more only the counts are told.
NAMED = 12


def paragraph(meta: Meta) -> str:
    """Return the paragraph.

    Parameters
    ----------
    meta
        A comparison as it is stored: `encoder`, `request`, `design`, `tests`, `pairwise`, … (see
        `docs/methods/morphology.md`). Parts that are missing or None were not done.
    """
    parts: tuple[Callable[[Meta], str], ...] = (
        _vectors, _design,
        tests.means, tests.paired, tests.covariates, tests.pairs, tests.spread, tests.extras,
        tests.permutations,
        forms.distances, forms.tree, forms.disparity, forms.distinct, forms.ordination,
        forms.preset, _card, software,
    )  # fmt: skip
    return " ".join(said for part in parts if (said := part(meta)))


def cited(meta: Meta) -> list[str]:
    """Return the references of the papers that the paragraph names, by author."""
    return cited_in(paragraph(meta))


def _vectors(meta: Meta) -> str:
    design, encoder = meta.get("design") or {}, meta.get("encoder") or {}
    images = count(design.get("n_images", 0), "image")
    name, dims = encoder.get("name") or "an encoder", encoder.get("dims")
    size = f" ({dims:,} dimensions)" if dims else ""
    slices = f" of the slice “{within}”" if (within := asked(meta, "within")) else ""
    return (
        f"{images}{slices} were encoded with {name}{size}. Vectors were scaled to length one, and "
        "forms compared by the straight-line (chordal) distance between them; no distance was "
        "measured on a map."
    )


def _design(meta: Meta) -> str:
    design = meta.get("design") or {}
    groups = [group for group in design.get("groups") or () if group.get("units")]
    said = [_unit(meta, design), _groups(meta, groups)]
    left = {why: count for why, count in (design.get("left_out") or {}).items() if count}
    if left:
        said.append(f"Images left out: {joined([f'{n:,} {why}' for why, n in left.items()])}.")
    small = [group["name"] for group in groups if not group.get("tested", True)]
    if small:
        said.append(f"Not tested, for want of units: {joined(small)}.")
    return " ".join(said)


def _unit(meta: Meta, design: Meta) -> str:
    kind, units = design.get("unit_kind"), count(design.get("n_units", 0), "observation")
    if kind == "column":
        of = f"The vectors of all images of one {asked(meta, 'unit') or 'unit'} in one group"
    elif kind == "copies":
        told = {str(one.get("code")) for one in design.get("warnings") or ()}
        of = "The vectors of images that are copies of one another"
        if "copies_unchecked" in told:
            of = "Near-duplicates were not looked for; the vectors of identical files"
    else:
        return f"Each image was taken as an observation of its own ({units})."
    return (
        f"{of} were averaged into one observation ({units}), so that several images of one thing "
        "count once."
    )


def _groups(meta: Meta, groups: Sequence[Meta]) -> str:
    by = asked(meta, "by")
    how = "by slices made by hand" if by == "slices" else f"by {by}" if by else ""
    if len(groups) > NAMED:
        sizes = [group["units"] for group in groups]
        listed = f"{min(sizes):,} to {max(sizes):,} observations each"
    else:
        listed = "observations: " + ", ".join(f"{one['name']} {one['units']:,}" for one in groups)
    return f"They fall into {count(len(groups), 'group')} {how} ({listed}).".replace("  ", " ")


def _card(meta: Meta) -> str:
    verdict = (meta.get("card") or {}).get("verdict")
    words = {"pass": "passed", "caution": "passed with reservations", "fail": "failed"}
    if verdict not in words:
        return ""
    return f"A check of whether distances of this encoder mean anything here {words[verdict]}."


def software(meta: Meta) -> str:
    """Return with what it was computed, and the seed, as a sentence."""
    versions = meta.get("versions") or {}
    libraries = [
        f"{label} {versions[name]} {cite(paper)}"
        for name, label, paper in (
            ("numpy", "NumPy", "Harris et al. 2020"),
            ("scipy", "SciPy", "Virtanen et al. 2020"),
        )
        if versions.get(name)
    ]
    own = f"Vitrine {versions['vitrine']}" if versions.get("vitrine") else "Vitrine"
    seed = meta.get("seed", asked(meta, "seed"))
    said = f"All was computed with {own}" + (f" on {joined(libraries)}" if libraries else "")
    return said + (f", seed {seed}." if seed is not None else ".")
