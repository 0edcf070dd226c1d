"""A comparison as one HTML file: its numbers are those kept, and nothing leads out of it."""

import copy
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from core.comparisons.file import comparison_file
from core.comparisons.report import figures
from core.comparisons.report.metric import STATES
from core.comparisons.report.tables import probability
from core.report.text import measure

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Collects texts and addresses, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.addresses, self.open, self.tags = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in {"src", "href", "action", "xlink:href"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.texts).split())


def made(made_butterflies, comparison=None, opened="own"):
    found = comparison or made_butterflies.comparison
    set_ = made_butterflies.open() if opened == "own" else opened
    text = comparison_file(
        found, set_, made_butterflies.workspace, made_butterflies.settings
    ).decode("utf-8")
    return text, Page(text)


@pytest.fixture(scope="module")
def page(made_butterflies):
    return made(made_butterflies)


def test_it_says_what_was_found_with_its_numbers(made_butterflies, page):
    meta, words = made_butterflies.comparison.meta, page[1].words
    assert meta["headline"] in words
    for group in meta["design"]["groups"]:
        assert str(group["name"]) in words
    for test in meta["tests"]:
        assert test["name"] in words
        if test["effect"] is not None:
            assert f"{test['effect_name']} {measure(test['effect'])}" in words
    for pair in meta["distances"]:
        low, high = pair["ci"]
        assert f"{measure(low)} – {measure(high)}" in words
    for one in meta["disparity"]["groups"]:
        assert measure(one["variance"]) in words
    assert meta["methods"] in words
    for one in meta["citations"]:
        assert " ".join(one.split()) in words
    assert meta["imageset"] in words
    for one in meta["design"]["warnings"]:
        assert one["text"] in words
    for one in meta["card"]["checks"]:
        assert f"{one['title']} {STATES[one['status']]} {measure(one['value'])} " in words
    for one in meta["lurig"]["discriminant"]["groups"]:
        assert f"{one['group']} {one['units']} {measure(one['mean'])} " in words
    for one in meta["lurig"]["similarity"]:
        assert f"{one['a']} and {one['b']} {one['units_a']} and {one['units_b']} " in words
        assert measure(one["all"]) in words


def test_nothing_leads_out_of_it_and_every_tag_is_closed(page):
    text, found = page
    assert found.open == []
    assert "script" not in found.tags
    assert found.addresses
    assert all(one.startswith("data:image/") for one in found.addresses)
    assert not re.findall(r"url\(|@import", text)
    assert str(found.words).count("no picture") == 0


def test_of_another_set_there_are_no_pictures(made_butterflies):
    found = made_butterflies.comparison
    other = replace(found, meta={**found.meta, "imageset": "0" * 32})
    for comparison, opened in ((other, "own"), (found, None)):
        _, page = made(made_butterflies, comparison, opened)
        assert not page.addresses
        assert "no picture" in page.words


def test_what_people_wrote_is_text(made_butterflies):
    meta = copy.deepcopy(made_butterflies.comparison.meta)
    meta["name"] = meta["title"] = "<script>alert(1)</script>"
    meta["design"]["groups"][0]["name"] = '"><img src=x onerror=y>'
    meta["tests"][0]["term"] = "<b>"
    meta["distances"][0]["a"] = "<i>"
    _, found = made(made_butterflies, replace(made_butterflies.comparison, meta=meta))
    assert "script" not in found.tags
    assert "i" not in found.tags
    assert '"><img src=x onerror=y>' in found.words


def test_what_is_undefined_is_a_dash_and_never_a_number(made_butterflies):
    meta = copy.deepcopy(made_butterflies.comparison.meta)
    for test in meta["tests"]:
        test |= {"effect": None, "statistic": None, "p": None, "p_min": None, "ci": None,
                 "status": "undefined", "warnings": ["all units lie in one place"]}  # fmt: skip
    meta |= {"tree": None, "pairwise": [], "disparity": None, "distinct": None, "card": None,
             "lurig": None, "ordination": None}  # fmt: skip
    arrays = {"matrix": np.full((4, 4), np.nan)}
    found = replace(made_butterflies.comparison, meta=meta, arrays=arrays)
    text, page = made(made_butterflies, found)
    assert not re.findall(r"\bnan\b", re.sub(r"base64,[^\"]+", "", text), re.IGNORECASE)
    assert "all units lie in one place" in page.words
    assert "Tree" not in page.words


def test_the_least_possible_p_is_said_to_be_that():
    assert probability(0.001, 0.001) == "0.001 (the least possible)"
    assert probability(0.04, 0.001) == "0.04"
    assert probability(None) == "–"


def test_branches_of_a_tree_do_not_cross_and_lie_at_their_height():
    from scipy.cluster.hierarchy import leaves_list, linkage

    rng = np.random.default_rng(0)
    links = linkage(rng.normal(size=(7, 3)), "average")
    names = [f"g{at}" for at in range(7)]
    drawn = figures.tree({"links": links.tolist(), "leaves": names, "cophenetic": 0.8,
                          "support": [0.5] * 6})  # fmt: skip
    shown = re.findall(r">(g\d)<", drawn)
    heights = [
        float(y) for y in re.findall(r'<text class="t" x="[\d.]+" y="([\d.]+)"[^>]*>g', drawn)
    ]
    in_order = [name for _, name in sorted(zip(heights, shown, strict=True))]
    assert in_order == [names[at] for at in leaves_list(links)]
    assert drawn.count('class="branch"') == 6
    assert drawn.count(">50<") == 5  # not at the root


def test_a_heat_map_is_darker_where_groups_are_farther():
    drawn = figures.heat_map(["a", "b", "c"], np.array([[0, 1, 4], [1, 0, 9], [4, 9, 0.0]]))
    assert re.findall(r"heat h(\d)", drawn) == ["1", "4", "1", "8", "4", "8"]
    unknown = figures.heat_map(["a", "b"], np.array([[np.nan, np.nan], [np.nan, np.nan]]))
    assert "heat h" not in unknown
