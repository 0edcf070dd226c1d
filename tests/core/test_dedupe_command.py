"""Taking copies out from a shell: nothing without being told to, one act that undo takes back."""

import json

import numpy as np
import pytest
from vectorsets import vector_set

from core.__main__ import main
from core.choosing import data_of
from core.commands.dedupe import plan_of
from core.curation import Desk
from core.storage.store import Workspace


@pytest.fixture
def workspace(tmp_path):
    """Sixty vectors, ten of them twice, two of those with another label."""
    rng = np.random.default_rng(0)
    plain = rng.standard_normal((60, 12))
    copies = plain[:10] + 0.001 * rng.standard_normal((10, 12))
    label = ["moth"] * 60 + ["moth"] * 8 + ["wasp"] * 2
    workspace = Workspace(tmp_path / "ws")
    vector_set(workspace, np.concatenate([plain, copies]), label=label)
    return workspace


def run(workspace, capsys, *flags):
    code = main(["dedupe", "set", "--tau", "0.01", "--workspace", str(workspace.root), *flags])
    said = capsys.readouterr()
    return code, said.out, said.err


def view(workspace):
    opened = data_of("set", workspace).opened
    return Desk(workspace).view(opened), opened


def test_without_being_told_to_nothing_is_changed(workspace, capsys):
    code, out, _ = run(workspace, capsys)
    assert code == 0
    assert "near-duplicates: 10 groups, 10 copies" in out
    assert "8 copies in 8 groups" in out
    assert "2 groups bear different labels and are left to you" in out
    assert "nothing was changed" in out
    assert len(view(workspace)[0].working) == 70
    code, out, _ = run(workspace, capsys, "--drop", "--dry-run", "--json")
    told = json.loads(out)
    assert told["done"] == []
    assert len(told["drop"]) == 8
    assert len(told["groups"]) == 10
    assert len(view(workspace)[0].working) == 70


def test_dropping_is_one_act_with_its_reason_and_can_be_undone(workspace, capsys):
    run(workspace, capsys, "--drop")
    now, opened = view(workspace)
    assert len(now.excluded) == 8
    row = int(now.excluded[0])
    assert now.decision_of(row) == (
        "drop",
        "near-duplicates, τ = 0.01: 8 copies in 8 groups, the image to keep of each stays",
    )
    again = json.loads(run(workspace, capsys, "--drop", "--json")[1])
    assert again["drop"] == []  # those left in the set are no copies of one another
    Desk(workspace).undo(opened)
    assert len(view(workspace)[0].working) == 70


def test_a_slice_of_what_stays(workspace, capsys):
    run(workspace, capsys, "--slice", "clean")
    now, _ = view(workspace)
    assert now.slice("clean").count == 62
    assert "Without near-duplicates" in now.slice("clean").how
    assert run(workspace, capsys, "--slice", "clean")[0] == 0  # the same again is no error
    assert len(view(workspace)[0].slices) == 1


def test_one_of_each_group_stays_whatever_was_dropped_before(workspace, capsys):
    found = json.loads(run(workspace, capsys, "--json")[1])
    keepers = [group["rows"][0] for group in found["groups"] if not group["conflict"]]
    opened = data_of("set", workspace).opened
    Desk(workspace).act(opened, "drop", keepers[:3], reason="dark")
    told = json.loads(run(workspace, capsys, "--drop", "--json")[1])
    assert len(told["drop"]) == 5
    working = set(view(workspace)[0].working.tolist())
    for group in found["groups"]:
        assert working & set(group["rows"])


def test_levels_without_copies_and_wrong_flags(workspace, capsys):
    told = json.loads(run(workspace, capsys, "--level", "identical", "--json", "--drop")[1])
    assert told["groups"] == [] == told["drop"]
    assert told["done"] == []
    assert main(["dedupe", "set", "--tau", "7", "--workspace", str(workspace.root)]) == 2
    assert "up to 2" in capsys.readouterr().err
    assert main(["dedupe", "none", "--workspace", str(workspace.root)]) == 2
    with pytest.raises(SystemExit):
        main(["dedupe", "set", "--drop", "--slice", "x", "--workspace", str(workspace.root)])


def test_what_always_stays_is_never_dropped():
    from types import SimpleNamespace

    import pandas as pd

    groups = pd.DataFrame({"group": [0], "level": ["near"], "conflict": [False]})
    members = pd.DataFrame({"group": [0] * 4, "row": [3, 1, 0, 2],
                            "stays": [True, True, False, False]})  # fmt: skip
    found = SimpleNamespace(of_level=lambda _: groups, members=members, tau=0.1)

    class Small:
        working = np.array([0, 1, 2, 3])

        def __len__(self):
            return 4

    plan = plan_of(found, Small(), "near")
    assert plan["drop"].tolist() == [0, 2]
    assert plan["keep"].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 copy in 1 group,"), (2, "2 copies in 2 groups,")]
)
def test_one_copy_is_said_in_the_singular(workspace, capsys, count, said):
    groups = json.loads(run(workspace, capsys, "--json")[1])["groups"]
    calm = [group["rows"] for group in groups if not group["conflict"]]
    opened = data_of("set", workspace).opened
    gone = [rows[1] for rows in calm[count:]]
    Desk(workspace).act(opened, "drop", gone, reason="dark")
    assert said in run(workspace, capsys)[1]
