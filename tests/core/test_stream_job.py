"""Thinning sequences of a stored set: order, sequences, invariant, slices, commands."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectorsets import vector_set

from core.__main__ import main
from core.choosing import data_of
from core.config import load_settings
from core.curation import Desk
from core.errors import InputError, NotFoundError
from core.findings.streams import Streams
from core.quality.stream_request import StreamRequest
from core.storage.store import Workspace
from core.streaming import run_stream


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two films of 60 frames that drift, stored in a mixed order."""
    root = tmp_path_factory.mktemp("film")
    rng = np.random.default_rng(0)
    films = [np.cumsum(0.05 * rng.standard_normal((60, 8)), axis=0) + centre
             for centre in (2 * rng.standard_normal((2, 1, 8)))]  # fmt: skip
    vectors, order = np.concatenate(films), rng.permutation(120)
    frame = np.tile(np.arange(60), 2)
    names = [f"{'ab'[row // 60]}/f{row % 60}.png" for row in range(120)]
    vector_set(
        Workspace(root), vectors[order], film=np.repeat(["a", "b"], 60)[order].tolist(),
        second=(frame * 0.5)[order].tolist(), path=[names[row] for row in order],
    )  # fmt: skip
    return root


@pytest.fixture
def workspace(root, tmp_path):
    import shutil

    shutil.copytree(root, tmp_path / "ws")
    return Workspace(tmp_path / "ws")


def thin(workspace, **fields):
    asked = StreamRequest("set", **fields).to_json()
    told = run_stream(asked, workspace, load_settings({}, {}))
    return told, Streams(workspace).open(told["stream"])


def test_every_dropped_frame_lies_near_a_kept_one_before_it(workspace):
    told, found = thin(workspace, tau=0.15, within="film", by="second")
    unit = data_of("set", workspace).unit(workspace).astype(np.float64)
    assert 0 < told["kept"] < told["frames"] == 120
    place = {int(row): at for at, row in enumerate(found.order)}
    for at, row in enumerate(found.order.tolist()):
        near = int(found.because[at])
        if found.kept[at]:
            assert near == row
            continue
        assert found.kept[place[near]]
        assert place[near] < at
        assert found.sequence[place[near]] == found.sequence[at]
        assert np.linalg.norm(unit[row] - unit[near]) <= 0.15
    kept = np.flatnonzero(found.kept)
    for at in kept.tolist():  # and no kept one near another kept one of its film
        for other in kept[kept < at].tolist():
            if found.sequence[at] == found.sequence[other]:
                apart = unit[found.order[at]] - unit[found.order[other]]
                assert np.linalg.norm(apart) > 0.15
    assert told["furthest"] <= 0.15
    assert told["share"] == pytest.approx(told["kept"] / 120)
    assert sum(line["kept"] for line in told["sequences"]) == told["kept"]


def test_frames_go_in_the_order_of_a_column_or_of_their_path(workspace):
    items = data_of("set", workspace).opened.items
    by_path = thin(workspace, tau=0.1)[1]
    walked = items["path"].iloc[by_path.order].tolist()
    assert walked[:3] == ["a/f0.png", "a/f1.png", "a/f2.png"]
    assert walked[59:61] == ["a/f59.png", "b/f0.png"]
    by_time = thin(workspace, tau=0.1, by="second", within="film")[1]
    seconds = items["second"].iloc[by_time.order].to_numpy().reshape(2, 60)
    assert (np.diff(seconds, axis=1) > 0).all()
    assert set(by_time.sequences["sequence"]) == {"a", "b"}


def test_a_larger_threshold_keeps_less_and_a_window_keeps_more(workspace):
    told, found = thin(workspace, tau=0.1, slice="")
    curve = found.curve
    assert curve["kept"].iloc[0] > curve["kept"].iloc[-1]
    assert curve.loc[curve["tau"] == 0.1, "kept"].item() == told["kept"]
    assert thin(workspace, tau=0.1, window=1, slice="")[0]["kept"] >= told["kept"]


def test_the_kept_frames_become_a_slice_once(workspace):
    told, found = thin(workspace, tau=0.1)
    again = thin(workspace, tau=0.1)[0]
    assert again["slice"] == told["slice"] == f"Without repeats {told['kept']:,}"
    view = Desk(workspace).view(data_of("set", workspace).opened)
    held = view.slice(told["slice"])
    assert held.rows.tolist() == found.kept_rows.tolist()
    assert told["stream"][:12] in held.how
    assert len(view.slices) == 1
    assert [line.key for line in Streams(workspace).list("set")] == [told["stream"]]


def test_without_a_check_a_third_of_the_usual_distance_is_taken(workspace):
    told, _ = thin(workspace, slice="")
    unit = data_of("set", workspace).unit(workspace).astype(np.float64)
    apart = np.linalg.norm(unit[:, None] - unit[None], axis=2) + 9 * np.eye(120)
    assert told["tau"] == pytest.approx(np.median(apart.min(axis=1)) / 3, rel=1e-3)
    assert told["source"].startswith("a third of the usual distance")


def test_what_is_out_of_the_set_is_not_walked(workspace):
    opened = data_of("set", workspace).opened
    Desk(workspace).act(opened, "drop", list(range(20)), reason="dark")
    told, found = thin(workspace, tau=0.1)
    assert told["frames"] == 100
    assert found.order.min() == 20
    Desk(workspace).act(opened, "drop", list(range(120)), reason="dark")
    with pytest.raises(InputError, match="nothing is left"):
        thin(workspace, tau=0.1)


def test_wrong_requests_are_refused_by_name(workspace):
    for fields, message in (
        ({"tau": 0}, "tau 0"), ({"tau": 2.5}, "at most 2"), ({"window": 0}, "window 0"),
        ({"by": ""}, "by: needs"), ({"within": 3}, "within: needs"), ({"slice": 1}, "slice: needs"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            StreamRequest("set", **fields)
    with pytest.raises(InputError, match="unknown field 'teu'"):
        StreamRequest.from_json({"name": "set", "teu": 1})
    with pytest.raises(InputError, match="lacks 'name'"):
        StreamRequest.from_json({})
    with pytest.raises(NotFoundError, match="no column 'nothing'"):
        thin(workspace, by="nothing")
    with pytest.raises(NotFoundError, match="no thinned sequence"):
        Streams(workspace).open("0" * 32)


@given(st.floats(0.001, 2), st.one_of(st.none(), st.integers(1, 9)), st.text("abc", min_size=1))
def test_a_request_is_the_same_after_json(tau, window, name):
    asked = StreamRequest(name, tau, window, "b", None, "")
    assert StreamRequest.from_json(json.loads(json.dumps(asked.to_json()))) == asked


def test_the_command_prints_the_frames_it_keeps(workspace, capsys):
    where = ["--workspace", str(workspace.root)]
    assert main(["filter-stream", "set", "--tau", "0.1", "--json", "--no-slice", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["slice"] == ""
    assert len(told["items"]) == told["kept"] == len(told["rows"])
    assert main(["filter-stream", "set", "--tau", "0.1", "--within", "film", *where]) == 0
    out = capsys.readouterr().out
    assert "frames kept" in out
    assert "  a: " in out
    assert main(["filter-stream", "set", "--tau", "9", *where]) == 2
    assert "at most 2" in capsys.readouterr().err


def test_a_column_with_holes_gives_no_order(workspace):
    import core.streaming as streaming

    opened = data_of("set", workspace).opened
    opened.items["hole"] = pd.Series(["x", None] * 60, dtype="string")
    with pytest.raises(InputError, match="no value for 60 images"):
        streaming.frames_of(opened, np.arange(120), StreamRequest("set", by="hole"))
