"""What several tests use: small pictures, and the command line run in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.config import Settings, load_settings
from core.library import Library
from core.storage.store import Workspace

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Finished:
    """A workspace in which a run has ended, and what the run printed."""

    root: Path
    summary: dict

    @property
    def settings(self) -> Settings:
        return load_settings({"workspace": str(self.root), "warm_worker": False}, {})

    @property
    def library(self) -> Library:
        return Library(Workspace(self.root))


def shared(factory) -> Path:
    """Return the folder that all processes of this run of tests share; `factory` makes folders."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def command(*arguments, workspace, code=0, timeout=600):
    """Run the command line in a process of its own and return the finished process."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("VITRINE_")}
    done = subprocess.run(
        [sys.executable, "app.py", *map(str, arguments), "--workspace", str(workspace)],
        cwd=ROOT, capture_output=True, text=True, timeout=timeout, env=environ,
    )  # fmt: skip
    assert done.returncode == code, done.stderr[-4000:]
    return done


def run_json(*arguments, workspace, **options):
    """Run a command with --json and return what it printed."""
    return json.loads(command(*arguments, "--json", workspace=workspace, **options).stdout)


def told_here(capsys, *arguments, workspace, code=0) -> tuple[str, str]:
    """Run a command in this process; return what it wrote to stdout and to stderr.

    `main` as `app.py` calls it; what a process of its own adds is tested in `test_cli`.
    """
    from core.__main__ import main

    capsys.readouterr()
    try:
        left = main([*map(str, arguments), "--workspace", str(workspace)])
    except SystemExit as error:
        left = error.code
    out, err = capsys.readouterr()
    assert left == code, err[-4000:]
    return out, err


def json_here(capsys, *arguments, workspace):
    """Run a command with --json in this process and return what it printed."""
    return json.loads(told_here(capsys, *arguments, "--json", workspace=workspace)[0])


def run_here(source, name, *, workspace, encoder="pixels", maps=("pca",), dims=2) -> dict:
    """Run a set in this process, which has loaded already what a new one loads in seconds."""
    from core.pipeline import run
    from core.request import RunRequest

    asked = RunRequest(str(source), name, encoder=encoder, maps=maps, dims=dims)
    settings = load_settings({"workspace": str(workspace), "workers": 1}, {})
    return run(asked, Workspace(settings.workspace_path), settings)


def picture(seed: int, size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Return a picture of smooth colour, different for each seed."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (4, 6, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
