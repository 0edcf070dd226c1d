"""The README's two commands are those that CI runs, and nothing machine-made is in the tree."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_ci_ends_with_exactly_the_test_command_of_the_readme():
    commands = re.findall(r"^(pip install uv && .+)$", README, re.MULTILINE)
    assert commands == ["pip install uv && uv run app.py", "pip install uv && uv run pytest"]
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").strip().splitlines()
    assert lines[-1] == commands[1]


@pytest.mark.parametrize("target", re.findall(r"\]\(((?!http)[^)#]+)\)", README))
def test_what_the_readme_links_to_is_there(target):
    assert (ROOT / target).exists()


def test_the_lock_file_is_not_in_the_tree():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "uv.lock" in ignored
    listed = subprocess.run(
        ["git", "ls-files", "uv.lock"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert listed.stdout == ""
