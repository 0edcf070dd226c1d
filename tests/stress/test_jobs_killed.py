"""Jobs of choosing killed at every stage and around every write: nothing half made, nothing lost.

Run as a script, this file does a job again and again in processes of its own. The first kills
itself at the first moment that counts, the next at the second, until one gets to its end: moments
are each new stage, and before and after the files of an artefact, a record and an act are written.
After each kill it is checked that whatever is stored is whole.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest
from making import ROOT
from vectorsets import blobs, vector_set

from core.clusters.themes import DIMS, NEIGHBOURS
from core.config import load_settings
from core.curation import Desk
from core.curation.journal import Journal
from core.keys import artefact_key
from core.library import Library
from core.progress import Progress
from core.regroup import run_clusters
from core.runner import KINDS
from core.storage.records import pack_space
from core.storage.store import Workspace

SIZES = [60, 50, 40, 30, 10, 5, 3, 2]
JOBS = {
    "curate": {"name": "set", "budget": "20", "slice": "mine"},
    "split": {"name": "set", "slices": "fold", "candidates": 5},
    "report": {"name": "set", "slice": "by hand", "draws": 100},
    "stability": {"name": "set", "do": "stability", "kind": "micro"},
    "sweep": {"name": "set", "do": "sweep"},
    "themes": {"name": "set", "do": "themes", "min_cluster_size": 25},
}
#: What the jobs import.
NEEDED = ("core.choosing", "core.splitting", "core.reporting", "core.curate.strategies", "hdbscan",
          "core.curate.splits", "core.report.build", "scipy.spatial", "scipy.stats")  # fmt: skip


class Moments:
    """Counts the moments of a job and ends the process at one of them."""

    def __init__(self, at: int):
        self.left, self.stage = at, ""

    def moment(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def heard(self, step) -> None:
        if step.stage != self.stage:
            self.stage = step.stage
            self.moment()

    def around(self, owner, name: str) -> None:
        usual = getattr(owner, name)

        def watched(*args, **kwargs):
            self.moment()
            found = usual(*args, **kwargs)
            self.moment()
            return found

        setattr(owner, name, watched)


def work(root: Path, kind: str, request: dict, at: int) -> None:
    """Do a job, killed at a moment, or to its end where there are fewer."""
    moments = Moments(at)
    moments.around(Workspace, "_fill")
    moments.around(Workspace, "write_set")
    moments.around(Journal, "append")
    settings = load_settings({"workspace": str(root), "workers": 1}, {})
    found = KINDS[kind](request, settings, Progress(moments.heard))
    print(json.dumps({"moments": at - moments.left, "found": found}))


def whole(root: Path) -> None:
    """Fail unless all that is stored can be read; print it."""
    workspace = Workspace(root)
    kept = sorted(workspace.artefacts())
    for kind, key in kept:
        workspace.read(kind, key)
    desk = Desk(workspace)
    view = desk.view(Library.with_desk(workspace, desk).open("set"))
    print(json.dumps({"kept": kept, "slices": {s.name: s.rows.tolist() for s in view.slices}}))


def forked(function, *arguments) -> int:
    """Call a function in a child of this process, which has no threads yet; return its end."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        function(*arguments)
        sys.stdout.flush()
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def kill_everywhere(root: Path, kind: str, request: dict) -> int:
    at = 0
    while (code := forked(work, root, kind, request, at)) == -signal.SIGKILL:
        if forked(whole, root):
            return 3
        at += 1
    return code or forked(whole, root)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A set with themes, a slice by hand, and the space its themes were found in."""
    root = tmp_path_factory.mktemp("killed")
    workspace = Workspace(root)
    vectors, group = blobs(SIZES)
    vector_set(workspace, vectors, themes=np.where(group < 4, group, -1))
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open("set")
    spec = {"dims": DIMS, "n_neighbors": NEIGHBOURS, "seed": 0}
    space = np.asarray(vectors[:, :DIMS], np.float32)
    graph = opened.neighbors.key
    workspace.write("themespace", artefact_key("themespace", graph, spec), **pack_space(space))
    desk.act(opened, "slice.create", rows=range(0, 40, 2), name="by hand", how="picked")
    settings = load_settings({"workspace": str(root), "workers": 1}, {})
    run_clusters({"name": "set", "do": "themes", "min_cluster_size": 15}, workspace, settings)
    return root


def copied(prepared: Path, to: Path) -> Path:
    subprocess.run(["cp", "-r", prepared, to], check=True)
    return to


def ran(root: Path, *arguments: str) -> list[dict]:
    """Run this file as a script; return the lines it printed."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, __file__, str(root), *arguments], cwd=ROOT, capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-500:]
    return [json.loads(line) for line in done.stdout.splitlines()]


#: Two kinds of job of two packages; the others with `-m slow`.
FIRST = ("curate", "themes")


@pytest.mark.parametrize(
    "name",
    [name if name in FIRST else pytest.param(name, marks=pytest.mark.slow) for name in JOBS],
)
def test_a_job_killed_at_any_moment_leaves_what_is_whole_and_goes_on(prepared, tmp_path, name):
    *after_kills, last, end = ran(copied(prepared, tmp_path / "killed"), name, "kill")
    (undisturbed, wanted) = ran(copied(prepared, tmp_path / "quiet"), name)
    assert len(after_kills) >= 4, "the job was hardly killed"
    assert end == wanted
    told = [one["found"] for one in (last, undisturbed)]
    assert all(one.pop("seconds") is not None for one in told)
    assert told[0] == told[1]
    before = json.loads(json.dumps(sorted(Workspace(prepared).artefacts())))
    for state in after_kills:  # nothing but what the undisturbed job keeps too
        new = [one for one in state["kept"] if one not in before]
        assert all(one in wanted["kept"] for one in new)
        assert all(wanted["slices"][one] == rows for one, rows in state["slices"].items())


if __name__ == "__main__":
    where, job = Path(sys.argv[1]), sys.argv[2]
    doing = job if job in KINDS else "clusters"
    for needed in NEEDED:  # once, before there are children
        __import__(needed)
    if sys.argv[3:]:
        sys.exit(kill_everywhere(where, doing, JOBS[job]))
    sys.exit(forked(work, where, doing, JOBS[job], 10**6) or forked(whole, where))
