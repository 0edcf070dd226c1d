"""The job "label" and the label part of a check: what is stored, accepted, refused, told again."""

import json
import shutil

import numpy as np
import pytest
from vectorsets import vector_set

from core.checking.labels import labels_of, read_label_check
from core.config import load_settings
from core.curation import Desk
from core.errors import InputError, JobCancelled, NotFoundError
from core.labelled import Labelled, NextBatch, ProbeResult, accept, label_column, open_proposals
from core.labelling import LabelRequest, run_label
from core.labelling.data import units_in
from core.library import Library
from core.progress import Progress
from core.space import unit_rows
from core.storage.store import Workspace

NAMES = ("Große Eule", "été 🦋", "moth, small")


@pytest.fixture(scope="module")
def points():
    """Three classes of sixty that are told apart without a mistake."""
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], 60)
    found = rng.normal(size=(180, 8)) * 0.5 + 4 * np.eye(8)[codes] + 2
    return found.astype(np.float32), codes


@pytest.fixture(scope="module")
def root(tmp_path_factory, points):
    root = tmp_path_factory.mktemp("labels")
    vectors, codes = points
    full = np.array(NAMES, dtype=object)[codes]
    half = full.copy()
    half[1::2] = None
    wrong = full.copy()
    wrong[[3, 70, 150]] = NAMES[1], NAMES[2], NAMES[0]
    workspace = Workspace(root)
    vector_set(workspace, vectors, name="half", label=half)
    vector_set(workspace, vectors, name="wrong", label=wrong, width=np.arange(180.0),
               other=np.array(["a", "b"] * 90, dtype=object))  # fmt: skip
    vector_set(workspace, vectors, name="none")
    return root


@pytest.fixture
def workspace(root, tmp_path):
    shutil.copytree(root, tmp_path / "ws")
    return Workspace(tmp_path / "ws")


def label(workspace, do, name="half", progress=None, **fields):
    asked = LabelRequest(name, do, **fields)
    found = run_label(asked.to_json(), workspace, load_settings({}, {}), progress)
    json.dumps(found, allow_nan=False)
    return found


def opened(workspace, name):
    desk = Desk(workspace)
    return desk, Library.with_desk(workspace, desk).open(name)


def check(workspace, points, name="wrong", **fields):
    desk, one = opened(workspace, name)
    return labels_of(one, desk.view(one), workspace, unit_rows(points[0]), **fields)


# -- the check -------------------------------------------------------------------------------------


def test_wrong_labels_are_stored_with_what_is_likelier(workspace, points):
    found = check(workspace, points)
    lines = found.issues.set_index("row")
    assert sorted(lines.index) == [3, 70, 150]
    assert lines.loc[3, "given"] == NAMES[1]
    assert lines["proposed"].to_dict() == {3: NAMES[0], 70: NAMES[1], 150: NAMES[2]}
    assert (np.diff(found.issues["score"]) >= 0).all()
    np.testing.assert_array_equal(found.quality[found.issues["row"]], found.issues["score"])
    assert found.balance["count"].sum() == 180
    assert found.meta["status"] == "ok"
    assert found.meta["ber"]["upper"] == pytest.approx(found.ber["upper"].iloc[-1])
    json.dumps(found.meta, allow_nan=False)
    again = read_label_check(workspace, found.key)
    assert again.issues.equals(found.issues)


def test_a_check_is_computed_once_and_again_after_an_edit(workspace, points, monkeypatch):
    first = check(workspace, points)
    desk, one = opened(workspace, "wrong")
    desk.act(one, "relabel", [3], label=NAMES[0])
    second = check(workspace, points)
    assert second.key != first.key
    assert sorted(second.issues["row"]) == [70, 150]
    desk.act(one, "drop", [70])
    third = check(workspace, points)
    assert sorted(third.issues["row"]) == [150]
    assert np.isnan(third.quality[70])
    assert third.meta["labelled"] == 179

    def never(*args, **kwargs):
        raise AssertionError("computed again")

    monkeypatch.setattr("core.checking.labels.find_label_issues", never)
    assert check(workspace, points).key == third.key


def test_units_and_targets_are_respected(workspace, points):
    units = np.arange(180) // 2
    found = check(workspace, points, units=units, target={NAMES[0]: 2, NAMES[1]: 1, NAMES[2]: 1})
    assert found.balance["units"].sum() == 90 + 3  # the wrong ones are beside a right one
    table = found.balance.set_index("label")
    assert table.loc[NAMES[0], "target"] == 0.5
    assert table.loc[NAMES[0], "residual"] < -2
    with pytest.raises(InputError, match="shares above 0"):
        check(workspace, points, target={NAMES[0]: 1.0})


def test_no_labels_and_one_class_are_undefined_and_say_so(workspace, points):
    none = check(workspace, points, name="none")
    assert none.meta["status"] == "undefined"
    assert "Nothing in the working set has a label" in none.notice
    assert none.issues.empty
    assert none.balance.empty
    assert none.ber.empty
    assert np.isnan(none.quality).all()
    desk, one = opened(workspace, "none")
    desk.act(one, "relabel", np.arange(40), label="only")
    single = check(workspace, points, name="none")
    assert "two classes" in single.notice
    assert single.balance["label"].tolist() == ["only"]
    desk.act(one, "relabel", [41, 42], label="few")
    few = check(workspace, points, name="none")
    assert few.meta["left_out"] == ["few"]
    assert few.meta["classes"] == 2


def test_other_columns_can_be_checked_and_numbers_cannot(workspace, points):
    found = check(workspace, points, column="other")
    assert found.meta["column"] == "other"
    assert found.meta["ber"]["upper"] > 0.3  # it says nothing of the vectors
    with pytest.raises(InputError, match="categories"):
        check(workspace, points, column="width")
    with pytest.raises(NotFoundError, match="no column"):
        check(workspace, points, column="colour")


def test_two_ways_to_write_a_label_are_one(workspace, points):
    desk, one = opened(workspace, "half")
    desk.act(one, "relabel", [1], label="e\u0301te\u0301 🦋")
    labels = label_column(one, desk.view(one))
    assert labels.names == tuple(sorted(NAMES))
    assert labels.names[labels.codes[1]] == NAMES[1]
    desk.act(one, "relabel", [0], label="")
    assert label_column(one, desk.view(one)).codes[0] == -1


# -- propagation -----------------------------------------------------------------------------------


def test_proposals_are_kept_and_accepted_in_one_act(workspace, points):
    told = label(workspace, "propagate")
    found = Labelled(workspace).propagation(told["propagation"])
    truth = np.array(NAMES, dtype=object)[points[1]]
    assert told["waiting"] == 90
    assert told["proposed"] == len(found.proposals) >= 80
    assert (found.proposals["proposed"] == truth[found.proposals["row"]]).all()
    near = np.asarray(found.witnesses)
    assert (near % 2 == 0).all()  # those that had a label
    assert (np.diff(found.distances, axis=1) >= 0).all()
    desk, one = opened(workspace, "half")
    assert not desk.view(one).labels  # a job changes no label
    some = found.proposals["row"].to_numpy()[:5]
    event = accept(desk, one, found, rows=some)
    assert event.count == 5
    view = desk.view(one)
    assert {row: view.label_of(row) for row in some.tolist()} == dict(
        zip(some.tolist(), truth[some], strict=True)
    )
    assert len(open_proposals(view, one, found)) == len(found.proposals) - 5
    rest = accept(desk, one, found)
    assert rest.count == len(found.proposals) - 5
    with pytest.raises(InputError, match="nothing to accept"):
        accept(desk, one, found)
    desk.undo(one)
    assert len(desk.view(one).labels) == 5


def test_what_a_person_labelled_or_dropped_since_is_left_alone(workspace):
    found = Labelled(workspace).propagation(label(workspace, "propagate")["propagation"])
    rows = found.proposals["row"].to_numpy()
    desk, one = opened(workspace, "half")
    desk.act(one, "relabel", rows[:2], label="mine")
    desk.act(one, "drop", rows[2:4])
    accept(desk, one, found)
    view = desk.view(one)
    assert [view.label_of(row) for row in rows[:2].tolist()] == ["mine", "mine"]
    assert [view.label_of(row) for row in rows[2:4].tolist()] == [None, None]
    sure = float(found.proposals["confidence"].max())
    assert open_proposals(view, one, found, least=sure + 1).empty


def test_only_the_pool_gets_proposals_and_a_change_is_refused(workspace):
    desk, one = opened(workspace, "half")
    desk.act(one, "slice.create", np.arange(20), name="first")
    told = label(workspace, "propagate", pool="slice:first")
    found = Labelled(workspace).propagation(told["propagation"])
    assert told["waiting"] == 10
    assert found.proposals["row"].max() < 20
    assert told["pool"] == "slice “first”"
    other = opened(workspace, "wrong")[1]
    with pytest.raises(InputError, match="propagate again"):
        accept(desk, other, found)


def test_too_few_labels_propose_nothing_in_words(workspace):
    desk, one = opened(workspace, "none")
    with pytest.raises(InputError, match="two classes"):
        label(workspace, "propagate", "none")
    desk.act(one, "relabel", np.arange(6), label="a")
    desk.act(one, "relabel", np.arange(60, 66), label="b")
    told = label(workspace, "propagate", "none")
    assert told["proposed"] == 0
    assert "12 labelled images" in told["notice"]
    assert told["threshold"] is None
    with pytest.raises(InputError, match="has a label already"):
        label(workspace, "propagate", "wrong")


# -- probe and batch -------------------------------------------------------------------------------


def test_a_probe_is_kept_with_its_baselines(workspace):
    told = label(workspace, "probe", "wrong")
    found = Labelled(workspace).open(told["probe"])
    assert isinstance(found, ProbeResult)
    assert told["low"] < told["accuracy"] <= told["high"]
    assert told["accuracy"] > 0.95
    assert told["majority"] == pytest.approx(1 / 3)
    assert told["shuffled"] < 0.5
    assert set(told["recall"]) == set(NAMES)
    assert found.classes["count"].sum() == 180
    assert found.confusion["count"].sum() == 3
    assert "balanced accuracy" in told["text"]
    assert " %" in told["text"]
    assert label(workspace, "probe", "wrong")["probe"] == told["probe"]


def test_batches_go_on_where_the_last_one_ended(workspace):
    first = label(workspace, "batch", n=20)
    found = Labelled(workspace).open(first["batch"])
    assert isinstance(found, NextBatch)
    assert first["slices"] == {"label": "To label 16", "evaluate": "For evaluation 4"}
    desk, one = opened(workspace, "half")
    view = desk.view(one)
    rows = np.concatenate([view.slice(name).rows for name in first["slices"].values()])
    assert (rows % 2 == 1).all()  # none that has a label
    assert len(np.unique(rows)) == 20
    assert found.chosen["likeliest"].isin(NAMES).all()
    assert found.rows("by lot").tolist() == found.chosen["row"].tolist()[-4:]
    second = label(workspace, "batch", n=20)
    assert second["waiting"] == 70
    assert second["slices"]["label"] == "To label 16 (2)"
    later = Labelled(workspace).open(second["batch"])
    assert not set(later.chosen["row"]) & set(rows.tolist())
    assert [line.do for line in Labelled(workspace).list("half")] == ["batch", "batch"]
    with pytest.raises(InputError, match="only 50"):
        label(workspace, "batch", n=60)


def test_a_first_batch_of_a_set_without_labels_is_spread_out(workspace):
    told = label(workspace, "batch", "none", n=12, by_lot=0.0)
    found = Labelled(workspace).open(told["batch"])
    assert told["slices"] == {"label": "To label 12"}
    assert any("too few images are labelled" in note for note in told["notes"])
    assert set(found.chosen["why"]) == {"spread"}
    assert found.chosen["likeliest"].isna().all()
    groups = found.chosen["row"].to_numpy() // 60
    assert set(groups.tolist()) == {0, 1, 2}


def test_units_come_from_the_column_and_from_copies(workspace, points):
    unit = ["a", "a", None, "b", "b", "", *[None] * 174]
    vectors = points[0].copy()
    vectors[100] = vectors[101]
    ids = [f"{row + 1000:064x}" for row in range(180)]
    vector_set(workspace, vectors, name="units", ids=ids, unit=np.array(unit, dtype=object))
    found = units_in(opened(workspace, "units")[1], workspace)
    assert found[0] == found[1]
    assert found[3] == found[4]
    assert found[100] == found[101]
    assert len(np.unique(found)) == 177


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [("do", "guess"), ("column", 3), ("column", ""), ("pool", "rows:3"), ("pool", 7),
     ("precision", 1), ("precision", True), ("precision", float("nan")), ("n", 0), ("n", 2.5),
     ("by_lot", -0.1), ("seed", -1), ("name", "")],
)  # fmt: skip
def test_a_bad_field_is_named(field, value):
    with pytest.raises(InputError, match=field):
        LabelRequest.from_json({"name": "half", "do": "probe", field: value})


def test_requests_survive_json_and_strange_ones_are_refused():
    asked = LabelRequest("set/part", "batch", "species", "slice:a b", 0.9, 7, 0.5, 3)
    assert LabelRequest.from_json(json.loads(json.dumps(asked.to_json()))) == asked
    with pytest.raises(InputError, match="unknown field 'k'"):
        LabelRequest.from_json({"name": "half", "do": "probe", "k": 3})
    with pytest.raises(InputError, match="do is missing"):
        LabelRequest.from_json({"name": "half"})


def test_what_is_not_there_is_said(workspace):
    with pytest.raises(NotFoundError):
        label(workspace, "probe", "nothing")
    with pytest.raises(NotFoundError, match="slice"):
        label(workspace, "probe", pool="slice:nothing")
    with pytest.raises(NotFoundError, match="make it again"):
        Labelled(workspace).open("0" * 32)
    probe = label(workspace, "probe", "wrong")["probe"]
    with pytest.raises(NotFoundError, match="propagation"):
        Labelled(workspace).propagation(probe)
    desk, one = opened(workspace, "half")
    desk.act(one, "drop", np.arange(180))
    with pytest.raises(InputError, match="nothing is left"):
        label(workspace, "propagate")


def test_a_cancelled_job_stores_nothing(workspace):
    with pytest.raises(JobCancelled):
        label(workspace, "probe", progress=Progress(cancelled=lambda: True))
    assert not list(Labelled(workspace).list("half"))
