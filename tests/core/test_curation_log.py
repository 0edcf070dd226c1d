"""The log on disk: a chain that tells every changed byte, and survives every kind of stop."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from threading import Thread

import pytest
from curating import SmallSet

from core.curation import Desk, journal, lists
from core.curation.events import canonical, make_event, read_event
from core.errors import ArtifactCorruptError, StorageError
from core.storage.store import Workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


def log_of(workspace, name="moths"):
    return workspace.root / "curation" / name / "log.jsonl"


def some_acts(workspace, count=4):
    desk, opened = Desk(workspace), SmallSet()
    for number in range(count):
        desk.act(opened, "exclude", [number], reason=f"reason {number}")
    return desk, opened


def test_each_line_is_canonical_json_that_seals_itself_and_the_line_before(workspace):
    some_acts(workspace)
    data = log_of(workspace).read_bytes()
    previous = ""
    for number, line in enumerate(data.decode().splitlines(), 1):
        record = json.loads(line)
        checksum = record.pop("checksum")
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == checksum
        assert (record["number"], record["previous"]) == (number, previous)
        assert line == canonical(record | {"checksum": checksum})
        previous = checksum
    assert number == 5
    assert data.endswith(b"\n")


def test_the_first_line_tells_what_the_set_is(workspace):
    _, opened = some_acts(workspace, 1)
    first = json.loads(log_of(workspace).read_text().splitlines()[0])
    lines = "".join(f"{address}\n" for address in opened.addresses)
    assert first["kind"] == "start"
    assert first["items"]["digest"] == hashlib.sha256(lines.encode()).hexdigest()
    told = {n: first[n] for n in ("format", "set", "source", "encoder", "encoder_key", "seed")}
    assert told == {
        "format": 1, "set": "moths", "source": "folder", "encoder": "pixels",
        "encoder_key": opened.spec.key, "seed": 7,
    }  # fmt: skip
    assert "secret" not in log_of(workspace).read_text()


@pytest.mark.parametrize("line", range(5))
@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.99])
def test_a_changed_byte_anywhere_is_named_with_its_line(workspace, line, part):
    some_acts(workspace)
    path = log_of(workspace)
    whole = path.read_bytes().splitlines(keepends=True)
    at = sum(map(len, whole[:line])) + int(part * (len(whole[line]) - 1))
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArtifactCorruptError, match=f"line {line + 1}: .*put the file back") as told:
        Desk(workspace).view(SmallSet())
    assert str(path) in str(told.value)


@pytest.mark.parametrize("line", range(5))
def test_a_changed_line_end_is_damage_too(workspace, line):
    some_acts(workspace)
    path = log_of(workspace)
    data = bytearray(path.read_bytes())
    at = [i for i, byte in enumerate(data) if byte == 10][line]
    data[at] = ord("x")
    path.write_bytes(data)
    with pytest.raises(ArtifactCorruptError, match=f"line {line + 1}"):
        Desk(workspace).view(SmallSet())


@pytest.mark.parametrize("change", ["drop", "swap", "repeat"])
def test_lines_taken_out_swapped_or_repeated_are_damage(workspace, change):
    some_acts(workspace)
    path = log_of(workspace)
    lines = path.read_bytes().splitlines(keepends=True)
    other = {
        "drop": [lines[0], *lines[2:]],
        "swap": [lines[0], lines[2], lines[1], *lines[3:]],
        "repeat": [*lines[:2], lines[1], *lines[2:]],
    }[change]
    path.write_bytes(b"".join(other))
    with pytest.raises(ArtifactCorruptError, match="does not follow"):
        Desk(workspace).view(SmallSet())


def test_a_line_written_otherwise_is_damage_though_it_says_the_same(workspace):
    some_acts(workspace)
    path = log_of(workspace)
    path.write_text(path.read_text().replace(',"kind"', ', "kind"', 1))
    with pytest.raises(ArtifactCorruptError, match="line 1: differs"):
        Desk(workspace).view(SmallSet())


def test_damage_is_also_found_by_a_desk_that_read_the_log_before(workspace):
    desk, opened = some_acts(workspace)
    path = log_of(workspace)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))
    with pytest.raises(ArtifactCorruptError, match="line 3"):
        desk.act(opened, "keep", [0])
    assert path.read_bytes() == bytes(data)


@pytest.mark.parametrize("left", [1, 10, 0.3, 0.8, -2])
def test_a_line_cut_off_by_a_kill_is_set_aside_and_the_acts_before_it_stay(workspace, left):
    some_acts(workspace)
    path = log_of(workspace)
    lines = path.read_bytes().splitlines(keepends=True)
    last = lines[-1]
    cut = last[: int(left * len(last)) if isinstance(left, float) else left]
    path.write_bytes(b"".join(lines[:-1]) + cut)
    desk, opened = Desk(workspace), SmallSet()
    assert desk.view(opened).excluded.tolist() == [0, 1, 2]
    assert path.read_bytes().endswith(cut)  # a reader changes nothing
    desk.act(opened, "exclude", [7])
    assert Desk(workspace).view(opened).excluded.tolist() == [0, 1, 2, 7]
    assert path.with_name("torn").read_bytes() == cut + b"\n"
    desk.undo(opened)
    assert Desk(workspace).view(opened).excluded.tolist() == [0, 1, 2]


def test_a_line_that_lacks_only_its_end_counts(workspace):
    some_acts(workspace)
    path = log_of(workspace)
    path.write_bytes(path.read_bytes()[:-1])
    desk, opened = Desk(workspace), SmallSet()
    assert desk.view(opened).excluded.tolist() == [0, 1, 2, 3]
    desk.act(opened, "exclude", [7])
    assert Desk(workspace).view(opened).excluded.tolist() == [0, 1, 2, 3, 7]
    assert not path.with_name("torn").exists()


def test_blocks_that_never_reached_the_disk_are_no_damage(workspace):
    some_acts(workspace)
    path = log_of(workspace)
    path.write_bytes(path.read_bytes() + b"\0" * 4096)
    assert Desk(workspace).view(SmallSet()).excluded.tolist() == [0, 1, 2, 3]


def test_a_process_killed_while_it_writes_loses_that_act_alone(workspace):
    script = textwrap.dedent(
        f"""
        import os, signal, sys
        sys.path.insert(0, {str(ROOT / "tests")!r})
        from pathlib import Path
        from curating import SmallSet
        from core.curation import Desk, journal
        from core.storage.store import Workspace
        desk, opened = Desk(Workspace(Path({str(workspace.root)!r}))), SmallSet()
        desk.act(opened, "exclude", [0])
        def killed(file, data):
            file.write(data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        journal.write_all = killed
        desk.act(opened, "exclude", [1])
        """
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    desk, opened = Desk(workspace), SmallSet()
    assert desk.view(opened).excluded.tolist() == [0]
    desk.act(opened, "exclude", [2])  # nor does it leave a lock behind
    assert Desk(workspace).view(opened).excluded.tolist() == [0, 2]


def full(file, data):
    file.write(data[: len(data) // 2])
    raise OSError(errno.ENOSPC, "No space left on device")


def test_on_a_full_disk_the_act_fails_and_the_log_is_as_it_was(workspace, monkeypatch):
    desk, opened = some_acts(workspace)
    before = log_of(workspace).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(journal, "write_all", full)
        with pytest.raises(StorageError, match="the disk is full"):
            desk.act(opened, "exclude", [5])
    assert log_of(workspace).read_bytes() == before
    assert desk.view(opened).excluded.tolist() == [0, 1, 2, 3]
    desk.act(opened, "exclude", [5])
    assert Desk(workspace).view(opened).excluded.tolist() == [0, 1, 2, 3, 5]


def test_on_a_full_disk_no_half_address_list_is_left(workspace, monkeypatch):
    opened = SmallSet("".join(map(chr, range(200, 300))))
    desk = Desk(workspace)
    desk.act(opened, "keep", [0])
    with monkeypatch.context() as patch:
        patch.setattr(lists, "write_all", full)
        with pytest.raises(StorageError, match="the disk is full"):
            desk.act(opened, "exclude", range(50))
    assert len(Desk(workspace).view(opened).excluded) == 0
    folder = log_of(workspace).with_name("ids")
    assert all(
        path.name == hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
    )
    desk.act(opened, "exclude", range(50))
    assert Desk(workspace).view(opened).excluded.tolist() == list(range(50))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB that can be made larger."""
    mount = tmp_path / "small disk"
    mount.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    asked = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot mount a small file system: {done.stderr.strip()}")
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_a_disk_that_is_really_full_loses_no_act_that_was_answered(small_disk):
    workspace, opened = Workspace(small_disk / "ws"), SmallSet()
    desk, answered = Desk(workspace), []

    def fill_it():
        for number in range(1000):
            desk.act(opened, "keep", [0], reason=f"{number} {'x' * 480}")
            answered.append(number)

    with pytest.raises(StorageError, match="the disk is full"):
        fill_it()
    done = len(answered)
    assert done > 5
    assert desk.view(opened).can_undo.startswith(f"Kept 1 image: {done - 1} ")
    assert len(Desk(workspace).view(opened).history(limit=10**6)) == done + 1
    subprocess.run(["mount", "-o", "remount,size=1m", small_disk], check=True)
    desk.act(opened, "keep", [0])
    assert len(Desk(workspace).view(opened).history(limit=10**6)) == done + 2


def test_long_address_lists_are_stored_once_sorted_and_checked(workspace):
    opened = SmallSet("".join(map(chr, range(300, 200, -1))))
    desk = Desk(workspace)
    before = set()
    for kind in ("exclude", "keep"):
        event = desk.act(opened, kind, range(40))
        assert set(event.items) == {"count", "digest"}
        before.add(event.items["digest"])
    assert len(before) == 1
    path = log_of(workspace).with_name("ids") / event.items["digest"]
    assert path.read_text().splitlines() == sorted(opened.addresses[:40])
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    with pytest.raises(ArtifactCorruptError, match=f"{path.name} differs"):
        Desk(workspace).view(opened)
    path.unlink()
    with pytest.raises(ArtifactCorruptError, match=f"{path.name} is missing"):
        Desk(workspace).view(opened)
    desk.act(opened, "drop", range(40))  # the same images again: the list is whole again
    assert len(Desk(workspace).view(opened).excluded) == 40


def test_two_processes_that_append_at_once_make_one_chain(workspace):
    script = textwrap.dedent(
        f"""
        import sys, time
        sys.path.insert(0, {str(ROOT / "tests")!r})
        from pathlib import Path
        from curating import SmallSet
        from core.curation import Desk
        from core.storage.store import Workspace
        root = Path({str(workspace.root)!r})
        desk, opened = Desk(Workspace(root)), SmallSet()
        (root / f"ready {{sys.argv[1]}}").touch()
        while len(list(root.glob("ready *"))) < 2:
            time.sleep(0.001)
        for number in range(20):
            desk.act(opened, "keep", [number % 12], reason=f"{{sys.argv[1]}} {{number}}")
        """
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, name], cwd=ROOT) for name in ("a", "b")
    ]
    assert [process.wait(120) for process in running] == [0, 0]
    lines = [json.loads(line) for line in log_of(workspace).read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["start", *["keep"] * 40]
    for name in ("a", "b"):
        reasons = [line["reason"] for line in lines[1:] if line["reason"].startswith(name)]
        assert reasons == [f"{name} {number}" for number in range(20)]
    assert len(Desk(workspace).view(SmallSet()).history()) == 41


def test_an_act_waits_while_another_process_writes(workspace):
    desk, opened = Desk(workspace), SmallSet()
    waiting = Thread(target=desk.act, args=(opened, "keep", [0]))
    with Workspace(workspace.root).lock("curation/moths"):
        waiting.start()
        waiting.join(1.0)
        assert waiting.is_alive()
        assert not log_of(workspace).exists()
        assert len(desk.view(opened).history()) == 0  # who only reads does not wait
    waiting.join(60)
    assert len(desk.view(opened).history()) == 2


def test_a_sweep_of_the_workspace_leaves_the_log(workspace):
    some_acts(workspace)
    folder = log_of(workspace).parent
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in files:
        os.utime(path, (1, 1))
    workspace.sweep()
    assert {path: path.read_bytes() for path in files} == files


def test_an_event_reads_back_as_it_was_written():
    first = make_event(None, "2026-01-01T00:00:00Z", "start", {"format": 1, "set": "ä ö"}, {})
    second = make_event(first, "2026-01-01T00:00:01Z", "keep", {"reason": "“x”"}, {"count": 1})
    assert read_event(first.line()[:-1], None) == first
    assert read_event(second.line()[:-1], first) == second
    with pytest.raises(ValueError, match="does not follow"):
        read_event(second.line()[:-1], second)
    with pytest.raises(ValueError, match="cannot be called"):
        make_event(None, "", "start", {"kind": 1})


def test_a_log_of_a_newer_version_says_so(workspace):
    desk, opened = some_acts(workspace, 1)
    last = desk._books["moths"].events[-1]
    with log_of(workspace).open("ab") as file:
        file.write(make_event(last, last.when, "teleport", {}).line())
    with pytest.raises(ArtifactCorruptError, match=r"'teleport' is unknown.*update"):
        Desk(workspace).view(opened)
