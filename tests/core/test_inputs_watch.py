"""`watch`: what arrives is embedded once it has settled, and a fault of a round ends nothing."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from making import ROOT, picture

from core.commands.watch import Watch
from core.errors import InputError, JobCancelled
from core.ingest.changes import look
from core.library import Library
from core.storage.store import Workspace


class Source:
    """A source that looks as it is told."""

    def __init__(self, *looks):
        self.looks = list(looks)
        self.runs, self.faults, self.fail = 0, [], False

    def look(self):
        now = self.looks.pop(0)
        if isinstance(now, Exception):
            raise now
        return now

    def run(self):
        self.runs += 1
        if self.fail:
            raise InputError("no")

    def watch(self):
        return Watch(self.look, self.run, self.faults.append)


def test_it_runs_at_first_and_when_something_settled():
    source = Source({"a": "1"}, {"a": "1"}, {"a": "1", "b": "1"}, {"a": "1", "b": "2"},
                    {"a": "1", "b": "2"}, {"a": "1", "b": "2"})  # fmt: skip
    watch = source.watch()
    watch.first()
    assert [watch.round() for _ in range(5)] == [False, False, False, True, False]
    assert source.runs == 2


def test_an_empty_source_is_waited_for():
    source = Source({}, {}, {"a": "1"}, {"a": "1"})
    watch = source.watch()
    watch.first()
    assert source.runs == 0
    assert [watch.round() for _ in range(3)] == [False, False, True]


def test_faults_are_told_and_watching_goes_on():
    source = Source({"a": "1"}, InputError("out of reach"), {"a": "2"}, {"a": "2"}, {"a": "2"},
                    {"a": "3"}, {"a": "3"})  # fmt: skip
    watch = source.watch()
    watch.first()
    source.fail = True
    assert [watch.round() for _ in range(4)] == [False, False, False, False]
    assert [str(one) for one in source.faults] == ["out of reach", "no"]
    source.fail = False
    assert [watch.round() for _ in range(2)] == [False, True]


def test_what_is_wrong_at_first_ends_it_and_so_does_a_stop():
    source = Source(InputError("no such folder"))
    with pytest.raises(InputError, match="no such folder"):
        source.watch().first()

    def stopped():
        raise JobCancelled("stopped")

    watch = Watch(Source({"a": "1"}, {"a": "2"}, {"a": "2"}).look, lambda: None, lambda _: None)
    watch.first()
    watch.run = stopped
    assert not watch.round()
    with pytest.raises(JobCancelled):
        watch.round()


def test_a_look_tells_files_that_came_went_or_changed(tmp_path):
    (tmp_path / "a.png").write_bytes(b"1")
    first = look(str(tmp_path))
    assert look(str(tmp_path)) == first
    (tmp_path / "a.png").write_bytes(b"12")
    assert look(str(tmp_path)) != first
    (tmp_path / "b").mkdir()
    (tmp_path / "b/c.png").write_bytes(b"1")
    assert len(look(str(tmp_path))) == 2
    with pytest.raises(InputError, match="not found"):
        look(str(tmp_path / "none"))
    (tmp_path / "x.json").write_text("{}")
    assert len(look(f"coco:{tmp_path}/x.json?images={tmp_path}/b")) == 2


def test_pictures_that_arrive_are_embedded_and_a_signal_ends_it_well(tmp_path):
    folder, home = tmp_path / "in", tmp_path / "workspace"
    folder.mkdir()
    for number in range(8):
        picture(number).save(folder / f"{number}.png")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("VITRINE_")}
    process = subprocess.Popen(
        [sys.executable, "app.py", "watch", str(folder), "--name", "w", "--encoder", "pixels",
         "--map", "pca", "--every", "0.2", "--workspace", str(home), "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ,
    )  # fmt: skip
    try:
        assert json.loads(process.stdout.readline())["items"] == 8
        picture(100).save(folder / "late.png")
        (folder / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        second = json.loads(process.stdout.readline())
        assert second["items"] == 9
        assert second["encoded"] == 1
        assert second["placed"]["placed"] + second["placed"]["off_map"] == 1
        assert [one["path"] for one in second["broken"]] == ["half.png"]
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    assert out == ""
    assert "stopped watching; w has what was embedded so far" in err
    assert "Traceback" not in err
    assert len(Library(Workspace(home)).open("w")) == 9
