"""What the documents say of the code, held against the code."""

import re
from itertools import chain

import pytest

from tests.architecture.test_imports import ROOT, TIERS, sources

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def listed(row):
    """Return the names in backticks of a table row: "`imaging/` (decoding), `run gather`"."""
    words = chain.from_iterable(quoted.split() for quoted in re.findall(r"`([^`]+)`", row))
    return {word.rstrip("/") for word in words}


def test_the_architecture_lists_each_module_of_core_in_its_tier():
    rows = re.findall(r"^\| (\d) \| ([^|]+) \|", ARCHITECTURE, re.MULTILINE)
    assert {int(tier): listed(row) for tier, row in rows} == {
        tier: set(names) for tier, names in TIERS.items()
    }


def test_the_architecture_lists_each_kind_of_artefact():
    calls = re.compile(r"\.(?:write|read|has)\(\s*\"([a-z]+)\"")
    written = {
        kind for path in sources("core") for kind in calls.findall(path.read_text(encoding="utf-8"))
    }
    assert len(written) > 8
    rows = re.findall(r"^\| `([a-z]+)` \|", ARCHITECTURE, re.MULTILINE)
    assert set(rows) >= written


def anchors(path):
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_documents_leads_somewhere(page):
    for target, anchor in re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]*))?\)",
                                     page.read_text(encoding="utf-8")):  # fmt: skip
        there = page.parent / target if target else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"
