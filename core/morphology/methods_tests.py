"""What the paragraph of methods says of tests: only those that have an answer."""

from core.morphology.anosim import NAME as ANOSIM
from core.morphology.citations import cite
from core.morphology.dispersion import NAME as PERMDISP
from core.morphology.methods_words import Meta, asked, count, done, joined
from core.morphology.permanova import F1_NAME, F2_NAME


def means(meta: Meta) -> str:
    """Return how means were compared."""
    tests = done(meta, F1_NAME, F2_NAME)
    if not tests:
        return ""
    names = {test["name"] for test in tests}
    said = []
    if F2_NAME in names:
        papers = ("Brown and Forsythe 1974", "Alekseyenko 2016", "Hamidi et al. 2019")
        said.append(
            f"the ratio F₂ of Brown and Forsythe, which allows for unequal spread {cite(*papers)}"
        )
    if F1_NAME in names:
        said.append(f"the pseudo-F of PERMANOVA {cite('Anderson 2001')}")
    effects = {name for test in tests if (name := str(test.get("effect_name"))).endswith("²")}
    size = f" Sizes of effect are {joined(sorted(effects))}" if effects else ""
    size += f" {cite('Olejnik and Algina 2003')}" if any("ω²" in one for one in effects) else ""
    if effects and any(test.get("ci") for test in tests):
        size += f" with 95 % intervals of the jackknife {cite('Efron and Stein 1981')}"
    return (
        f"Whether groups differ in their means was tested by {joined(said)}, computed from group "
        f"sums without a table of all pairs.{size}{'.' if size else ''}"
    )


def paired(meta: Meta) -> str:
    """Return how units that lie in several groups were compared with themselves."""
    if not (meta.get("design") or {}).get("paired"):
        return ""
    return (
        "Units were in several groups: the mean of each was taken off before means were tested, "
        "so that effects are shares of what differs within units, and distances between groups "
        "are those of the mean difference of units with themselves."
    )


def covariates(meta: Meta) -> str:
    """Return how groups were told from covariates."""
    tests = done(meta, "PERMANOVA, marginal")
    if not tests:
        return ""
    terms = joined([str(test.get("term") or "group") for test in tests])
    papers = cite("Freedman and Lane 1983", "Anderson and Legendre 1999")
    return (
        f"What each of {terms} explains beyond the others was tested by marginal sums of squares, "
        f"permuting the residuals of the model without it {papers}."
    )


def pairs(meta: Meta) -> str:
    """Return how every two groups were compared."""
    pairs = [pair for pair in meta.get("pairwise") or () if pair.get("status", "ok") == "ok"]
    if not pairs:
        return ""
    return (
        f"{count(len(pairs), 'pair')} of groups {'was' if len(pairs) == 1 else 'were'} compared "
        "in the same way, with p-values adjusted for the false discovery rate "
        f"{cite('Benjamini and Hochberg 1995')}."
    )


def spread(meta: Meta) -> str:
    """Return how spreads were compared."""
    if not done(meta, PERMDISP):
        return ""
    middle = (meta.get("dispersion") or {}).get("middle", "median")
    where = "spatial medians" if middle == "median" else "the means of groups"
    return (
        f"Whether groups differ in spread was tested by PERMDISP on distances to {where}, "
        f"permuting residuals {cite('Anderson 2006')}."
    )


def extras(meta: Meta) -> str:
    """Return what describes and does not test."""
    said = []
    if done(meta, ANOSIM):
        said.append(f"ANOSIM {cite('Clarke 1993', 'Anderson and Walsh 2013')}")
    if done(meta, "Mantel"):
        said.append(
            f"Mantel's correlation {cite('Mantel 1967', 'Guillot and Rousset 2013')} with "
            + joined(sorted({str(test.get("term")) for test in done(meta, "Mantel")}))
        )
    if done(meta, "partial Mantel"):
        said.append(f"the partial Mantel correlation {cite('Smouse et al. 1986')}")
    return f"Given as description only: {joined(said)}." if said else ""


def permutations(meta: Meta) -> str:
    """Return how p-values came about."""
    found = [test for test in meta.get("tests") or () if test.get("status") == "ok"]
    if not found:
        return ""
    design, block = meta.get("design") or {}, asked(meta, "block")
    exact = [test for test in found if not test.get("p_error") and test.get("p") != 1]
    drawn = sorted({test["permutations"] for test in found if test not in exact})
    said = "all arrangements of whole observations"
    if drawn:
        numbers = joined([f"{number:,}" for number in drawn])
        every = " (all arrangements where there are at most 10,000)"
        said = f"{numbers} random permutations of whole observations"
        said += every if exact or meta.get("pairwise") else ""
    where = ""
    if design.get("paired"):
        where = "; groups were exchanged within units only (a paired design)"
    elif block and design.get("blocks"):
        where = f"; groups were exchanged within each {block} only ({design['blocks']:,} blocks)"
    return (
        f"The p-values come from {said}, the observed arrangement counted "
        f"{cite('Phipson and Smyth 2010')}{where}."
    )
