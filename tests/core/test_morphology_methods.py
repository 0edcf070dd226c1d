"""The paragraph of methods: only what was done, with its numbers and its papers."""

import copy
import re

import numpy as np
import pytest

from core.morphology.anosim import anosim
from core.morphology.citations import PAPERS, cite, cited_in
from core.morphology.dispersion import dispersion
from core.morphology.mantel import mantel
from core.morphology.methods import cited, paragraph
from core.morphology.permanova import permanova
from core.morphology.terms import marginal_terms

OK = {"status": "ok", "p": 0.005, "p_error": 0.002, "permutations": 999, "ci": None}
SMALL = {
    "encoder": {"name": "dinov2-small", "dims": 384},
    "request": {"by": "species", "unit": "specimen", "seed": 7},
    "design": {
        "n_images": 1200, "n_units": 40, "unit_kind": "column",
        "groups": [{"name": "apollo", "units": 25, "tested": True},
                   {"name": "comma", "units": 15, "tested": True}],
    },
    "tests": [{**OK, "name": "PERMANOVA, unequal spread", "effect_name": "ω²"}],
    "seed": 7,
}  # fmt: skip


def whole():
    """A comparison in which everything was done."""
    meta = copy.deepcopy(SMALL)
    meta["request"] |= {"block": "site", "draws": 500, "within": "clean ones"}
    meta["design"] |= {
        "blocks": 4, "paired": False, "left_out": {"without a group": 3, "without sex": 0},
    }  # fmt: skip
    meta["design"]["groups"].append({"name": "dryad", "units": 2, "tested": False})
    meta["tests"] += [
        {**OK, "name": "PERMANOVA", "effect_name": "R²", "ci": [0.1, 0.3]},
        {**OK, "name": "PERMDISP"},
        {**OK, "name": "PERMANOVA, marginal", "term": "species"},
        {**OK, "name": "PERMANOVA, marginal", "term": "size"},
        {**OK, "name": "ANOSIM"},
        {**OK, "name": "Mantel", "term": "size"},
    ]
    meta |= {
        "pairwise": [{"a": "apollo", "b": "comma", "status": "ok"}],
        "dispersion": {},
        "distances": [{"a": "apollo", "b": "comma"}],
        "tree": {"cophenetic": 0.8, "support": [1.0, 0.9]},
        "disparity": {
            "groups": [{"name": "apollo", "hull": {"volume": 1.0}}],
            "pairs": [{"a": "apollo", "b": "comma"}],
        },
        "distinct": {"groups": [{"name": "apollo"}]},
        "ordination": {
            "explained": [0.5],
            "supplementary": [{"column": "size", "p": 0.01}, {"column": "age", "p": None}],
        },
        "lurig": {
            "status": "ok", "components": 40, "explained": 0.953, "pair": "side",
            "discriminant": {"poles": ["apollo", "comma"], "components": 7, "trimmed": [2, 0],
                             "auc": 0.9, "auc_folds": [0.8, 1.0]},
            "similarity": [{"group": "apollo"}],
        },
        "card": {"verdict": "caution"},
        "versions": {"numpy": "2.4.1", "scipy": "1.17.0", "vitrine": "0.1.0"},
    }  # fmt: skip
    return meta


def test_a_small_comparison_reads_like_this():
    assert paragraph(SMALL) == (
        "1,200 images were encoded with dinov2-small (384 dimensions). Vectors were scaled to "
        "length one, and forms compared by the straight-line (chordal) distance between them; no "
        "distance was measured on a map. The vectors of all images of one specimen in one group "
        "were averaged into one observation (40 observations), so that several images of one thing "
        "count once. They fall into 2 groups by species (observations: apollo 25, comma 15). "
        "Whether groups differ in their means was tested by the ratio F₂ of Brown and Forsythe, "
        "which allows for unequal spread (Brown and Forsythe 1974; Alekseyenko 2016; Hamidi et al. "
        "2019), computed from group sums without a table of all pairs. Sizes of effect are ω² "
        "(Olejnik and Algina 2003). The p-values come from 999 random permutations of whole "
        "observations, the observed arrangement counted (Phipson and Smyth 2010). All was computed "
        "with Vitrine, seed 7."
    )


def test_what_was_cited_is_listed_in_full_and_nothing_else():
    listed = cited(SMALL)
    assert [text.split(" (")[0] for text in listed] == [
        "Alekseyenko AV", "Brown MB, Forsythe AB", "Hamidi B, Wallace K, Vasu C, Alekseyenko AV",
        "Olejnik S, Algina J", "Phipson B, Smyth GK",
    ]  # fmt: skip
    text = paragraph(whole())
    for name, reference in PAPERS.items():
        assert (name in text) == (reference in cited(whole()))
    gradients = {"Ledoit and Wolf 2004", "Tenenbaum et al. 2000"}
    left = set(PAPERS) - gradients - {name for name in PAPERS if name in text}
    assert left == {"Smouse et al. 1986"}


@pytest.mark.parametrize(
    ("field", "says", "paper"),
    [
        ("pairwise", "1 pair of groups was compared", None),
        ("distances", "less what sampling adds", None),
        ("tree", "500 trees of observations", "Felsenstein 1985"),
        ("disparity", "sum of variances", "Guillerme et al. 2020"),
        ("distinct", "Distinctiveness", "Violle et al. 2017"),
        ("ordination", "size took no part", "Spearman 1904"),
        ("lurig", "40 components kept, which hold 95 % of the variance", "Fisher 1936"),
        ("card", "passed with reservations", None),
        ("versions", "NumPy 2.4.1 (Harris et al. 2020)", "Virtanen et al. 2020"),
    ],
)
def test_what_was_not_done_is_neither_told_nor_cited(field, says, paper):
    done, left = whole(), whole()
    left[field] = None
    del done["seed"]  # the request has it too
    assert says in paragraph(done)
    assert says not in paragraph(left)
    if paper:
        assert PAPERS[paper] in cited(done)
        assert PAPERS[paper] not in cited(left)


def test_a_test_without_an_answer_is_not_described():
    meta = whole()
    names = [test["name"] for test in meta["tests"]]
    for at, name in enumerate(names):
        part = copy.deepcopy(meta)
        part["tests"] = [{**one, "status": "undefined"} for one in meta["tests"]]
        assert "Phipson" not in paragraph(part)
        part["tests"][at]["status"] = "ok"
        text = paragraph(part)
        assert "Phipson" in text
        others = {
            "PERMANOVA, unequal spread": "Brown and Forsythe", "PERMANOVA": "pseudo-F",
            "PERMDISP": "PERMDISP", "PERMANOVA, marginal": "explains beyond", "ANOSIM": "ANOSIM",
            "Mantel": "Mantel",
        }  # fmt: skip
        assert [other for other, words in others.items() if words in text] == [name]
    undefined = {**meta, "lurig": {"status": "undefined", "why": "too few"}}
    assert "Lürig" not in paragraph(undefined)


def test_the_design_is_told_with_its_numbers():
    text = paragraph(whole())
    for words in (
        "1,200 images of the slice “clean ones” were encoded",
        "Images left out: 3 without a group.",
        "Not tested, for want of units: dryad.",
        "(observations: apollo 25, comma 15, dryad 2)",
        "groups were exchanged within each site only (4 blocks)",
        "R² and ω² (Olejnik and Algina 2003) with 95 % intervals of the jackknife",
        "What each of species and size explains",
        "without 2 units farther from the mean of its group",
        "tested on whole units held out (2 folds)",
        "Similarity (of side within groups)",
        "with Vitrine 0.1.0 on NumPy 2.4.1",
    ):
        assert words in text
    assert "without sex" not in text
    assert "age" not in text.split("took no part")[0].split("principal components")[1]
    assert not re.search(r"  |\.\.|None|\bnan\b|\{|\(\)", text)


def test_units_blocks_and_permutations_are_told_as_they_were():
    meta = whole()
    meta["design"] |= {"unit_kind": "copies", "paired": True}
    assert "images that are copies of one another were averaged" in paragraph(meta)
    for test in meta["tests"]:
        if test.get("effect_name") in {"ω²", "R²"}:
            test["effect_name"] = f"partial {test['effect_name']}"
    text = paragraph(meta)
    assert "exchanged within units only (a paired design)" in text
    assert "Sizes of effect are partial R² and partial ω² (Olejnik and Algina 2003) with" in text
    assert "shares of what differs within units" in text
    assert "differs within units" not in paragraph(whole())
    assert not re.search(r"\. [a-z]", text)  # every sentence has its beginning
    meta["design"]["warnings"] = [{"code": "copies_unchecked", "level": "caution", "text": ""}]
    assert "not looked for; the vectors of identical files were averaged" in paragraph(meta)
    meta["design"]["unit_kind"] = "image"
    assert "Each image was taken as an observation of its own (40 observations)" in paragraph(meta)
    meta["request"]["by"] = "slices"
    assert "3 groups by slices made by hand" in paragraph(meta)
    meta["design"]["groups"] = [{"name": str(at), "units": at} for at in range(1, 15)]
    assert "14 groups by slices made by hand (1 to 14 observations each)" in paragraph(meta)
    for test in meta["tests"]:
        test |= {"p_error": 0.0, "permutations": 19}
    assert "come from all arrangements of whole observations" in paragraph(meta)
    meta["tests"][0] |= {"p": 1.0, "permutations": 999}  # p = 1 has no error either way
    assert "999 random permutations of whole observations (all arrangements" in paragraph(meta)
    meta["dispersion"] = {"middle": "centroid"}
    assert "distances to the means of groups" in paragraph(meta)


def test_names_of_tests_are_those_that_tests_have():
    points, groups = np.random.default_rng(0).normal(size=(12, 3)), np.repeat([0, 1], 6)
    both = permanova(points, groups, permutations=9)
    values = np.arange(12.0)
    found = [
        both.headline, both.classic, dispersion(points, groups, permutations=9).test,
        anosim(points, groups, 9), mantel(points, values, permutations=9),
        mantel(points, values, permutations=9, given=values**2),
        *marginal_terms(points, {"size": values}, permutations=9).tests.values(),
    ]  # fmt: skip
    meta = {**SMALL, "tests": [
        {"name": one.name, "status": one.status, "p": one.p, "p_error": one.p_error,
         "permutations": one.permutations, "term": "size", "effect_name": one.effect_name}
        for one in found
    ]}  # fmt: skip
    text = paragraph(meta)
    for words in ("ratio F₂", "pseudo-F", "PERMDISP", "ANOSIM", "Mantel's", "partial Mantel",
                  "marginal sums"):  # fmt: skip
        assert words in text


def test_every_reference_is_whole():
    without = {"Lürig et al. 2025", "Mantel 1967", "Sokal and Michener 1958"}
    for name, reference in PAPERS.items():
        author, year = name.split(" ")[0], name[-4:]
        assert reference.startswith(author)
        assert f"({year})" in reference
        assert ("doi:10." in reference) == (name not in without)
    digital = [doi for text in PAPERS.values() for doi in re.findall(r"doi:(\S+)", text)]
    assert len(set(digital)) == len(digital) == len(PAPERS) - len(without)
    assert cite("Fisher 1936", "Clarke 1993") == "(Fisher 1936; Clarke 1993)"
    with pytest.raises(KeyError):
        cite("Nobody 1900")
    assert cited_in("as in Fisher 1936") == [PAPERS["Fisher 1936"]]
