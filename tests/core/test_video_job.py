"""Sets of videos through the whole: a run, a second one, thinning, splits, pictures for pages."""

import numpy as np
import pytest

from core.config import load_settings
from core.curate.requests import SplitRequest
from core.curation import Desk
from core.drift.request import DriftRequest
from core.drifts.sides import open_side
from core.findings import Findings
from core.library import Library
from core.opened.clips import clips_of
from core.pictures import picture_bytes, thumbnail_bytes
from core.pipeline import run
from core.request import RunRequest
from core.splitting import run_split
from core.storage.store import Workspace
from core.streaming import run_stream
from tests.clips import write_video

ENCODER = "pixels?side=12&colour=1"
#: Each film shows a few numbers of its own, each for a while.
FILMS = {f"film {n}.mp4": [4 * n + k // 5 for k in range(20)] for n in range(12)}


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Twelve films of 20 frames, one of them with a hole, and one that is cut off."""
    root = tmp_path_factory.mktemp("films")
    for name, numbers in FILMS.items():
        write_video(root / name, numbers, gop=5)
    data = (root / "film 0.mp4").read_bytes()
    (root / "cut.mp4").write_bytes(data[: len(data) // 3])
    write_video(root / "hole.mov", range(20), codec="mjpeg")
    hole = bytearray((root / "hole.mov").read_bytes())
    hole[len(hole) // 2 : len(hole) // 2 + 300] = bytes(range(1, 151)) * 2
    (root / "hole.mov").write_bytes(hole)
    return root


@pytest.fixture(scope="module")
def made(films, tmp_path_factory):
    """The workspace of a set of all frames, and what its run told."""
    root = tmp_path_factory.mktemp("ws")
    workspace, settings = Workspace(root), load_settings({"workspace": str(root)}, {})
    asked = RunRequest(f"video:{films}?every=1", "films", ENCODER, ("pca",))
    return workspace, settings, run(asked, workspace, settings), asked


def opened_of(workspace):
    desk = Desk(workspace)
    library = Library.with_desk(workspace, desk)
    return library, desk, library.open("films")


def test_a_run_takes_every_whole_frame_and_names_the_others(made):
    workspace, _, told, _ = made
    _, _, opened = opened_of(workspace)
    reasons = [(broken["path"], broken["reason"]) for broken in told["broken"]]
    holes = [reason for path, reason in reasons if path == "hole.mov"]
    assert 1 <= len(holes) <= 3
    assert all("frame" in reason and "damaged" in reason for reason in holes)
    assert [path for path, _ in reasons if path != "hole.mov"] == ["cut.mp4"]
    assert told["items"] == 12 * 20 + 20 - len(holes)
    assert set(opened.items["format"]) == {"H264", "MJPEG"}
    clips = clips_of(opened.items)
    assert set(clips.names) == {*FILMS, "hole.mov"}


def test_a_second_run_is_a_look_up_and_another_rate_encodes_nothing(made):
    workspace, settings, told, asked = made
    again = run(asked, workspace, settings)
    assert (again["encoded"], again["key"]) == (0, told["key"])
    slower = RunRequest(asked.source.replace("every=1", "rate=5"), "fewer", ENCODER, ("pca",))
    fewer = run(slower, workspace, settings)
    assert fewer["encoded"] == 0
    assert 12 * 4 <= fewer["items"] <= 13 * 4


def test_frames_are_thinned_clip_by_clip_and_what_is_dropped_is_near_what_is_kept(made):
    workspace, settings, _, _ = made
    found = run_stream({"name": "films", "tau": 0.05, "slice": ""}, workspace, settings)
    assert found["within"] == "unit"
    counts = {line["sequence"]: line["kept"] for line in found["sequences"]}
    assert {counts[name] for name in FILMS} == {4}  # the numbers that each film shows
    _, _, opened = opened_of(workspace)
    kept = workspace.read("stream", found["stream"]).arrays
    units = opened.items["unit"].to_numpy()
    assert (units[kept["order"]] == units[kept["because"]]).all()
    assert (kept["distance"][~kept["kept"]] <= 0.05).all()


def test_splits_and_drift_keep_the_frames_of_a_clip_together(made):
    workspace, settings, _, _ = made
    told = run_split(SplitRequest("films").to_json(), workspace, settings)
    split = workspace.read("splits", told["splits"]).arrays["split"]
    library, desk, opened = opened_of(workspace)
    units = opened.items["unit"].to_numpy()
    assert all(len(set(split[units == unit])) == 1 for unit in set(units))
    assert len(set(split[split >= 0])) > 1
    asked = DriftRequest("films", "fewer", unit="unit")
    side = open_side(asked.sides[0], asked.unit, library.open, desk.view, Findings(workspace))
    assert len(np.unique(side.units)) == 13


def test_pages_get_thumbnails_and_large_pictures_of_frames(made):
    workspace, settings, _, _ = made
    library, _, opened = opened_of(workspace)
    item = str(opened.items["item_id"].iat[7])
    workspace.thumbnails.delete(item)
    data, kind = thumbnail_bytes(library, item)
    assert kind.startswith("image/")
    assert len(data) > 100
    assert picture_bytes(opened, 7, settings)[0][:4] == b"\x89PNG"
