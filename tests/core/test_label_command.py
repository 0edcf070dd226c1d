"""The commands `propagate`, `probe` and `next-batch` as a person types them."""

import numpy as np
import pytest
from making import json_here, run_json, told_here
from vectorsets import vector_set

from core.curation import Desk
from core.library import Library
from core.storage.store import Workspace


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two classes of eighty with names of several scripts; half of the images have a label."""
    root = tmp_path_factory.mktemp("labelcommand")
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 80)
    vectors = rng.normal(size=(160, 6)) * 0.4 + 4 * np.eye(6)[codes] + 2
    label = np.array(["été, 2", "蛾"], dtype=object)[codes]
    label[1::2] = None
    vector_set(Workspace(root), vectors, label=label)
    return root


def test_propagate_prints_what_is_documented_and_accepts_when_told_to(root, capsys):
    found = run_json("propagate", "set", workspace=root)
    assert found["accepted"] is None
    assert len(found["proposals"]) == found["proposed"] > 60
    assert set(found["proposals"][0]) == {"item_id", "row", "label", "confidence"}
    assert {one["label"] for one in found["proposals"]} == {"été, 2", "蛾"}
    assert all(one["label"] == ("été, 2", "蛾")[one["row"] // 80] for one in found["proposals"])
    workspace = Workspace(root)
    desk = Desk(workspace)
    one = Library.with_desk(workspace, desk).open("set")
    assert not desk.view(one).labels
    taken = json_here(capsys, "propagate", "set", "--accept", workspace=root)
    assert taken["propagation"] == found["propagation"]
    assert taken["accepted"]["count"] == found["proposed"]
    assert len(Desk(workspace).view(one).labels) == found["proposed"]


def test_probe_and_next_batch_tell_a_person(root, capsys):
    told, _ = told_here(capsys, "probe", "set", workspace=root)
    assert "balanced accuracy" in told
    assert " %" in told
    assert "蛾" in told
    again = json_here(capsys, "next-batch", "set", "-n", "3", "--by-lot", "0", workspace=root)
    assert [one["why"] for one in again["chosen"]] == ["unsure"] * 3
    assert again["slices"] == {"label": "To label 3"}


def test_what_cannot_be_done_is_said_in_a_line(root, capsys):
    for words, said in (
        (("propagate", "set", "--precision", "2"), "precision"),
        (("next-batch", "set", "-n", "9000"), "wait for a label"),
    ):
        _, err = told_here(capsys, *words, workspace=root, code=2)
        assert said in err
        assert err.strip().count("\n") == 0
