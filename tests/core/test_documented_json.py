"""What docs/cli.md says that `--json` prints, and what is printed: part, search, replay, export."""

import re

import pytest
from making import ROOT, picture, run_json

DOCS = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def section(heading):
    """Return the text of a section of the command line's documentation."""
    return DOCS.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def in_table(heading):
    """Return the fields that a section's table lists."""
    rows = re.findall(r"^\| (`[^|]+) \|", section(heading), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row) if "--" not in row}


def in_braces(heading):
    """Return the fields of the last `{a, b, …}` of a section."""
    return set(re.split(r",\s*", re.findall(r"`\{([^}]+)\}`", section(heading))[-1]))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("documented")
    for seed in range(24):
        (root / "pictures" / "ab"[seed % 2]).mkdir(parents=True, exist_ok=True)
        picture(seed).save(root / "pictures" / "ab"[seed % 2] / f"{seed}.png")
    ran = run_json("run", root / "pictures", "--name", "s", "--encoder", "pixels", "--map", "pca",
                   workspace=root / "ws")  # fmt: skip
    lines = "".join(f"a/{seed}.png\n" for seed in range(0, 24, 2))
    (root / "ids.txt").write_text(lines)
    run_json("slice", "s", "a", "--ids", root / "ids.txt", workspace=root / "ws")
    return root, ran


def test_part_prints_what_run_does_and_what_is_said_to_be_more(home):
    root, ran = home
    made = run_json("part", "s", "--slice", "a", "--map", "pca", workspace=root / "ws")
    more = set(re.findall(r"`(\w+)`", section("part NAME").split("`--json` prints")[1]))
    (found,) = made["maps"]
    assert set(made) | set(found) >= more
    assert set(made) == set(ran) | (more - {"m2"})
    assert "m2" in found
    assert (made["base"], made["parent"], made["depth"], made["items"]) == ("s", "s", 1, 12)


def test_search_prints_the_documented_fields(home):
    root, _ = home
    found = run_json("search", "s", "--item", "3", "--top", "4", workspace=root / "ws")
    assert set(found) == in_table("search NAME")
    described = re.search(r"a list of `\{([^}]+)\}`", section("search NAME"))[1]
    assert set(found["results"][0]) == set(described.split(", "))


def test_replay_prints_the_documented_fields(home, tmp_path):
    root, _ = home
    run_json("bundle", "s", "--out", tmp_path / "b.zip", workspace=root / "ws")
    found = run_json("replay", tmp_path / "b.zip", root / "pictures", workspace=tmp_path / "ws")
    assert set(found) == in_braces("replay LOG SOURCE")
    assert (found["same"], found["items"]) == (True, 24)


def test_export_prints_the_documented_fields(home, tmp_path):
    root, _ = home
    documented = in_braces("export NAME --to FORMAT")
    one = run_json("export", "s", "--to", "csv", "--out", tmp_path / "s.csv", workspace=root / "ws")
    assert set(one) == documented
    many = run_json("export", "s", "--to", "copies", "--slice", "a", "--out", tmp_path / "out",
                    workspace=root / "ws")  # fmt: skip
    assert set(many) == documented | {"seconds"}
    assert (many["items"], many["written"]) == (12, 12)
