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
