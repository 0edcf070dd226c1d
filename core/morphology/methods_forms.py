"""What the paragraph of methods says of distances, variety, unusual forms, axes and the preset."""

from core.morphology.citations import cite
from core.morphology.methods_words import Meta, asked, count, joined


def distances(meta: Meta) -> str:
    """Return how far groups are apart."""
    if not meta.get("distances"):
        return ""
    return (
        "Distances between groups are those of their means, less what sampling adds to them, with "
        f"95 % intervals of the jackknife over observations {cite('Efron and Stein 1981')}."
    )


def tree(meta: Meta) -> str:
    """Return how groups were joined into a tree."""
    tree = meta.get("tree")
    if not tree:
        return ""
    said = f"Groups were joined into a tree by average linkage {cite('Sokal and Michener 1958')}"
    if tree.get("cophenetic") is not None:
        said += f", judged by its cophenetic correlation {cite('Sokal and Rohlf 1962')}"
    draws = asked(meta, "draws")
    if draws and tree.get("support"):
        said += (
            f" and by how often each branch came back in {draws:,} trees of observations drawn "
            f"again with replacement {cite('Felsenstein 1985')}"
        )
    return f"{said}."


def disparity(meta: Meta) -> str:
    """Return how the variety of groups was measured."""
    found = meta.get("disparity") or {}
    if not found.get("groups"):
        return ""
    said = (
        "The variety of each group is its sum of variances and its mean pairwise distance "
        f"{cite('Guillerme et al. 2020')}, with jackknife intervals"
    )
    if found.get("pairs"):
        said += (
            "; two groups were compared by permuting observations centred on their group's mean, "
            f"with p-values adjusted {cite('Benjamini and Hochberg 1995')}"
        )
    hulls = [group["hull"] for group in found["groups"] if group.get("hull")]
    if hulls:
        papers = cite("Cornwell et al. 2006", "Gotelli and Colwell 2001")
        said += (
            "; convex hulls along the first principal components, rarefied to the smallest group "
            f"of 20 or more, are an illustration {papers}"
        )
    return f"{said}."


def distinct(meta: Meta) -> str:
    """Return how unusual observations were found."""
    if not (meta.get("distinct") or {}).get("groups"):
        return ""
    return (
        "Distinctiveness (mean distance to all others), uniqueness (distance to the nearest), "
        "originality (distance to the mean of all) and specialisation (distance to the mean of the "
        "own group) were measured as in functional ecology "
        f"{cite('Mouillot et al. 2013', 'Violle et al. 2017')}."
    )


def ordination(meta: Meta) -> str:
    """Return how observations were ordinated, and what was set against the axes."""
    found = meta.get("ordination") or {}
    if not found.get("explained"):
        return ""
    said = f"Observations were ordinated by principal components {cite('Jolliffe and Cadima 2016')}"
    tested = [one for one in found.get("supplementary") or () if one.get("p") is not None]
    if tested:
        columns = joined(list(dict.fromkeys(str(one["column"]) for one in tested)))
        said += (
            f"; {columns} took no part in them and were set against the axes by rank correlation "
            f"{cite('Spearman 1904')}, with permuted p-values adjusted "
            f"{cite('Benjamini and Hochberg 1995')}"
        )
    return f"{said}."


def preset(meta: Meta) -> str:
    """Return what the preset did."""
    found = meta.get("lurig")
    if not found or found.get("status", "ok") != "ok":
        return ""
    axis = found.get("discriminant") or {}
    said = (
        f"After an earlier workflow {cite('Lürig et al. 2025')}, each dimension was scaled to "
        f"variance 1 and {count(found.get('components', 0), 'component')} kept, which hold "
        f"{100 * found.get('explained', 0):.0f} % of the variance"
    )
    if axis:
        said += (
            f". A discriminant axis {cite('Fisher 1936')} of {joined(axis['poles'])} was fitted on "
            f"the first {axis['components']} of them"
        )
    if axis and sum(axis["trimmed"]):
        said += (
            f", without {count(sum(axis['trimmed']), 'unit')} farther from the mean of its group "
            "than the 95 % quantile of χ² (Mahalanobis distance)"
        )
    if axis.get("auc") is not None:
        folds = len(axis.get("auc_folds") or ())
        said += f", and tested on whole units held out ({count(folds, 'fold')})"
    if found.get("similarity") or found.get("within"):
        pair = f" (of {found['pair']} within groups)" if found.get("pair") else ""
        said += f". Similarity{pair} is (cos + 1) / 2 of mean component scores"
    return f"{said}."
