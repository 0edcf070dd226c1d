"""Comparisons killed at every stage and around every write: nothing half kept, nothing other.

Run as a script, this file compares two sets again and again in processes of its own, each killed
one moment later than the one before, until one gets to its end: moments are each new stage, and
before and after the files of an artefact are written.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from looking import gathered
from making import ROOT, picture
from test_jobs_killed import Moments, forked

from core.config import load_settings
from core.drifting import run_drift
from core.progress import Progress
from core.storage.store import Workspace

REQUEST = {"a": "one", "b": "two", "permutations": 99, "explain": False, "spatial": 20}
#: What the job imports.
NEEDED = ("core.drifting.job", "core.drifting.spatial", "sklearn.linear_model", "sklearn.cluster",
          "scipy.stats", "scipy.spatial", "faiss")  # fmt: skip


def work(root: Path, at: int) -> None:
    """Compare, killed at a moment, or to its end where there are fewer."""
    moments = Moments(at)
    moments.around(Workspace, "_fill")
    settings = load_settings({"workspace": str(root), "workers": 1}, {})
    found = run_drift(REQUEST, Workspace(root), settings, Progress(moments.heard))
    print(json.dumps({"moments": at - moments.left, "found": found}))


def whole(root: Path) -> None:
    """Fail unless all that is stored can be read; print what there is."""
    workspace = Workspace(root)
    kept = sorted(workspace.artefacts())
    for kind, key in kept:
        workspace.read(kind, key)
    print(json.dumps({"kept": kept}))


def kill_everywhere(root: Path) -> int:
    at = 0
    while (code := forked(work, root, at)) == -signal.SIGKILL:
        if forked(whole, root):
            return 3
        at += 1
    return code or forked(whole, root)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Two small sets of pictures."""
    root = tmp_path_factory.mktemp("killed") / "workspace"
    workspace = Workspace(root)
    for start, name in enumerate(("one", "two")):
        (root.parent / name).mkdir()
        for row in range(24):
            picture(100 * start + row).save(root.parent / name / f"{row:02}.png")
        gathered(workspace, root.parent / name, name)
    return root


def ran(root: Path, *arguments: str) -> list[dict]:
    """Run this file as a script; return the lines it printed."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, __file__, str(root), *arguments], cwd=ROOT, capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-500:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_comparison_killed_at_any_moment_leaves_what_is_whole_and_goes_on(prepared, tmp_path):
    for name in ("killed", "quiet"):
        subprocess.run(["cp", "-r", prepared, tmp_path / name], check=True)
    *after_kills, last, end = ran(tmp_path / "killed", "kill")
    undisturbed, wanted = ran(tmp_path / "quiet")
    assert len(after_kills) >= 10, "the job was hardly killed"
    assert end == wanted
    told = [one["found"] for one in (last, undisturbed)]
    assert all(one.pop("seconds") is not None for one in told)
    assert told[0] == told[1]
    before = json.loads(json.dumps(sorted(Workspace(prepared).artefacts())))
    states = [[one for one in state["kept"] if one not in before] for state in after_kills]
    assert all(one in wanted["kept"] for state in states for one in state)
    assert states[0] == []
    assert [len(state) for state in states] == sorted(len(state) for state in states)
    assert {kind for kind, _ in states[-1]} >= {"patches"}


if __name__ == "__main__":
    where = Path(sys.argv[1])
    for needed in NEEDED:  # once, before there are children
        __import__(needed)
    sys.modules["core.drifting.explaining"].REPEATS = 6  # nothing is stored by what takes long
    if sys.argv[2:]:
        sys.exit(kill_everywhere(where))
    sys.exit(forked(work, where, 10**6) or forked(whole, where))
