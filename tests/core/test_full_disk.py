"""A disk that is really full: a small file system, where the tests may mount one."""

import os
import subprocess

import pytest
from making import command, picture, run_json


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 900 KiB that can be made larger."""
    mount = tmp_path / "small disk ü"
    mount.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", mount],
                          capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        pytest.skip(f"cannot mount a small file system: {done.stderr.strip()}")
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_a_full_disk_is_one_line_and_the_next_run_goes_on(small_disk, tmp_path):
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(60):
        picture(number, (300, 200)).save(root / f"{number}.png")
    asked = ("run", root, "--name", "set", "--encoder", "pixels", "--map", "pca")
    done = command(*asked, "--json", workspace=small_disk / "ws", code=2)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert "the disk is full" in done.stderr
    command("sets", workspace=small_disk / "ws")
    subprocess.run(["mount", "-o", "remount,size=100m", small_disk], check=True)
    assert run_json(*asked, workspace=small_disk / "ws")["items"] == 60
    assert len(run_json("sets", workspace=small_disk / "ws")) == 1
    assert run_json("jobs", workspace=small_disk / "ws")[0]["state"] == "done"
