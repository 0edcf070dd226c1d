"""Two processes asking for the same choice, division or report: computed once, told alike."""

import json
import subprocess
import sys

import numpy as np
import pytest
from making import ROOT, run_json
from vectorsets import blobs, vector_set

from core.choosing import data_of
from core.curation import Desk
from core.storage.store import Workspace

SIZES = [60, 50, 40, 30, 10, 5, 3, 2]


def made(root):
    """Store a set with themes, labels and a slice by hand."""
    workspace = Workspace(root)
    vectors, group = blobs(SIZES)
    vector_set(workspace, vectors, label=[f"l{g % 3}" for g in group],
               themes=np.where(group < 4, group, -1))  # fmt: skip
    opened = data_of("set", workspace).opened
    Desk(workspace).act(opened, "slice.create", rows=range(0, 40, 2), name="mine", how="picked")
    return workspace


def at_once(root, *arguments):
    """Run a command in three processes at once and return what each printed."""
    line = [sys.executable, "app.py", *arguments, "--json", "--workspace", str(root)]
    running = [
        subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], [said for _, said in ended]
    return [json.loads(printed) for printed, _ in ended]


def told(found):
    return {name: value for name, value in found.items() if name not in {"seconds", "created"}}


@pytest.mark.parametrize(
    ("arguments", "kind", "slices"),
    [
        (("curate", "set", "--budget", "20"), "choice", 1),
        pytest.param(
            ("curate", "set", "--budget", "20", "--slice", "named"),
            "choice",
            2,
            marks=pytest.mark.slow,
        ),
        (("split", "set", "--slices", "fold"), "splits", 4),
        (("report", "set", "--slice", "mine", "--draws", "100"), "report", 1),
        (("clusters", "set", "--kind", "micro", "--stability"), "stability", 1),
    ],
    ids=["curate", "curate-named", "split", "report", "clusters"],
)
def test_the_same_request_in_three_processes_is_computed_once(tmp_path, arguments, kind, slices):
    workspace = made(tmp_path)
    first, *others = at_once(tmp_path, *arguments)
    assert all(told(other) == told(first) for other in others)
    folder = tmp_path / "artefacts" / kind
    assert len(list(folder.iterdir())) == 1  # nothing half made beside it either
    assert len(data_of("set", workspace).view.slices) == slices


@pytest.mark.slow
def test_a_fresh_workspace_with_the_same_seed_gives_the_same_images_and_report(tmp_path):
    found = []
    for place in ("one", "another ü"):
        made(tmp_path / place)
        chosen = run_json("curate", "set", "--budget", "20", "--seed", "3",
                          workspace=tmp_path / place)  # fmt: skip
        report = run_json("report", "set", "--choice", chosen["choice"], "--draws", "100",
                          workspace=tmp_path / place)  # fmt: skip
        found.append((chosen, report))
    (chosen, report), (chosen_again, report_again) = found
    assert json.dumps(chosen["selected"]) == json.dumps(chosen_again["selected"])
    assert told(chosen) == told(chosen_again)
    timed = {"created", "checksum"}
    assert report.keys() == report_again.keys() >= timed
    assert {k: v for k, v in report.items() if k not in timed} == {
        k: v for k, v in report_again.items() if k not in timed
    }
