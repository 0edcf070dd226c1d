"""The encoding process: exactly the set's own vectors, bounded, and never in the caller."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import psutil
import pytest
from making import ROOT, picture
from PIL import Image

from core.config import load_settings
from core.errors import DecodeError, EncoderUnavailableError, InputError, NotFoundError
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.search import Searches, worker
from core.search.encoding import WAITING, EncoderBusyError
from core.storage.store import Workspace

HEAVY = ("torch", "umap", "numba", "hdbscan", "sklearn", "skimage", "faiss", "scipy")


def png(seed, size=(48, 32)):
    buffer = BytesIO()
    picture(seed, size).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with a small set of many formats, and its settings."""
    root = tmp_path_factory.mktemp("search")
    folder = root / "pictures"
    folder.mkdir()
    for seed in range(5):
        picture(seed).save(folder / f"{seed}.png")
    picture(10, (900, 700)).save(folder / "large.jpg", quality=90)
    turned = Image.Exif()
    turned[0x0112] = 6
    picture(11, (300, 200)).save(folder / "turned.jpg", exif=turned)
    picture(12).save(folder / "pal.gif")
    clear = picture(13).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    clear.save(folder / "clear.webp", lossless=True)
    deep = np.random.default_rng(0).integers(0, 40_000, (40, 50)).astype(np.uint16)
    Image.fromarray(deep).save(folder / "deep.tif")
    settings = load_settings({"workspace": str(root / "ws"), "max_pixels": 2_000_000}, {})
    workspace = Workspace(settings.workspace_path)
    run(RunRequest(str(folder), "mixed", "colour-texture", ("pca",)), workspace, settings)
    return folder, settings


@pytest.fixture
def opened(made):
    return Library(Workspace(made[1].workspace_path)).open("mixed")


@pytest.fixture
def search(made):
    search = Searches(Workspace(made[1].workspace_path), made[1])
    yield search
    search.close()


def gone(pid, seconds=20.0):
    """Tell whether a process ends within some time."""
    try:
        psutil.Process(pid).wait(seconds)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def paused(search, opened):
    """Return the id of the encoding process, started and stopped by a signal."""
    search.encode(opened, png(90))
    if search.process.pid is None:  # the picture was kept already
        search.encode(opened, png(int(time.time_ns() % 2**31)))
    pid = search.process.pid
    os.kill(pid, signal.SIGSTOP)
    return pid


# -- what is found ---------------------------------------------------------------------------------


def test_a_picture_of_the_set_gets_exactly_the_vector_it_has(search, opened, made):
    for row, path in enumerate(opened.items["path"]):
        key = search.encode(opened, (made[0] / path).read_bytes())
        assert key == opened.item_id(row)
        found = search.start(opened, pictures=[key])
        assert found.order[0] == row, path
        assert found.distances[0] < 1e-3, path
    assert len(opened) == 10


def test_only_a_vector_and_a_thumbnail_are_kept(search, opened, made):
    buffer = BytesIO()
    picture(77, (1200, 800)).save(buffer, "JPEG", quality=95, comment=b"a private remark")
    data = buffer.getvalue()
    key = search.encode(opened, data)
    thumbnail, mimetype = search.thumbnail(opened, key)
    shown = Image.open(BytesIO(thumbnail))
    assert (mimetype, shown.size) == ("image/jpeg", (256, 171))
    kept = [p for p in made[1].workspace_path.rglob("*") if p.is_file()]
    left = list(Path(search.process._folder).iterdir())
    assert not [p for p in [*kept, *left] if b"a private remark" in p.read_bytes()]
    with pytest.raises(NotFoundError):
        search.thumbnail(opened, "0" * 64)


def test_a_picture_is_encoded_once(search, opened):
    search.encode(opened, png(300))
    other = Searches(search.workspace, load_settings({}, {}))
    assert other.encode(opened, png(300))
    assert other.process.pid is None


# -- what is refused -----------------------------------------------------------------------------


def black():
    buffer = BytesIO()
    Image.new("L", (8, 8), 0).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (b"", InputError, "empty"),
        (b"only words", DecodeError, "not an image Vitrine can read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", DecodeError, "SVG"),
        (png(1, (2000, 1500)), DecodeError, "3.0 megapixels, more than the limit of 2.0"),
        (png(2)[:200], DecodeError, "truncated"),
        (b"\xff\xd8\xff" + b"\0" * 999, DecodeError, "cannot be used as a picture"),
    ],
)
def test_what_is_no_usable_picture_is_refused_with_words(search, opened, data, error, said):
    with pytest.raises(error, match=said):
        search.encode(opened, data)


def test_more_bytes_than_allowed_never_reach_the_process(search, opened, made):
    strict = Searches(search.workspace, replace(made[1], max_file_mb=1))
    with pytest.raises(InputError, match="1 MiB: raise max_file_mb"):
        strict.encode(opened, b"\0" * (2**20 + 1))
    assert strict.process.pid is None


def test_a_picture_without_a_direction_is_refused(tmp_path, made):
    settings = replace(made[1], workspace=str(tmp_path / "ws"))
    workspace = Workspace(settings.workspace_path)
    run(RunRequest(str(made[0]), "small", "pixels", ("pca",)), workspace, settings)
    search = Searches(workspace, settings)
    try:
        with pytest.raises(DecodeError, match="its vector is zero"):
            search.encode(Library(workspace).open("small"), black())
    finally:
        search.close()


def test_other_weights_than_those_of_the_set_are_refused(search, opened):
    opened.spec = replace(opened.spec, weights_digest="0" * 64)
    with pytest.raises(EncoderUnavailableError, match="run the set again"):
        search.encode(opened, png(400))
    opened.spec = replace(opened.spec, name="timm:local-dir:/nowhere")
    with pytest.raises(EncoderUnavailableError, match="nowhere"):
        search.encode(opened, png(400))


def test_given_vectors_have_no_encoder_and_can_still_be_searched(tmp_path):
    settings = load_settings({"workspace": str(tmp_path / "ws")}, {})
    workspace = Workspace(settings.workspace_path)
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32))
    run(RunRequest(str(tmp_path / "v.npy"), "given", maps=("pca",)), workspace, settings)
    opened = Library(workspace).open("given")
    search = Searches(workspace, settings)
    with pytest.raises(InputError, match="not made by an encoder"):
        search.encode(opened, png(1))
    found = search.start(opened, [3])
    assert (found.order[0], len(found), found.usual > 0) == (3, 12, True)


# -- the process ---------------------------------------------------------------------------------


def test_a_killed_process_is_replaced(search, opened):
    search.encode(opened, png(500))
    first = search.process.pid
    os.kill(first, signal.SIGKILL)
    assert gone(first)
    search.encode(opened, png(501))
    assert search.process.pid not in {None, first}


def test_one_killed_at_work_is_replaced_and_asked_again(search, opened):
    pid = paused(search, opened)
    done = []
    asking = threading.Thread(target=lambda: done.append(search.encode(opened, png(502))))
    asking.start()
    while not any(not p.done() for p in search.process._pending.values()):
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    asking.join(60)
    assert search.start(opened, pictures=done).distances[0] > 0


def test_waiting_has_an_end_and_asking_again_finds_the_answer(search, opened):
    pid = paused(search, opened)
    with pytest.raises(EncoderBusyError, match="ask again"):
        search.encode(opened, png(503), seconds=0.1)
    os.kill(pid, signal.SIGCONT)
    assert search.encode(opened, png(503))
    assert search.process.pid == pid


def test_only_some_callers_wait_at_a_time(search, opened):
    pid = paused(search, opened)
    asked = [
        threading.Thread(target=search.encode, args=(opened, png(600 + n))) for n in range(WAITING)
    ]
    for thread in asked:
        thread.start()
    while len(search.process._pending) < WAITING:
        time.sleep(0.01)
    with pytest.raises(EncoderBusyError, match="other pictures"):
        search.encode(opened, png(610))
    os.kill(pid, signal.SIGCONT)
    for thread in asked:
        thread.join(60)
    assert search.encode(opened, png(610))


def test_it_ends_with_its_parent_however_that_ends(made):
    script = (
        "import sys, os, signal; from core.config import load_settings;"
        "from core.library import Library; from core.search import Searches;"
        "from core.storage.store import Workspace;"
        f"s = load_settings({{'workspace': {str(made[1].workspace_path)!r}}}, {{}});"
        "w = Workspace(s.workspace_path); searches = Searches(w, s);"
        "searches.encode(Library(w).open('mixed'), sys.stdin.buffer.read());"
        f"print(searches.process.pid, [m for m in {HEAVY!r} if m in sys.modules], flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, input=png(time.time_ns() % 2**31),
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    pid, heavy = re.fullmatch(r"(\d+) (.*)", done.stdout.decode().strip()).groups()
    assert heavy == "[]"  # and the caller never loaded what computes
    assert gone(int(pid))


def test_it_ends_by_itself_when_nobody_asks(made, monkeypatch):
    monkeypatch.setattr(worker, "IDLE", 0.05)
    reading, writing = os.pipe()
    with os.fdopen(reading) as source, os.fdopen(writing, "w") as target:
        target.write(json.dumps({"workspace": str(made[1].workspace_path)}) + "\n")
        target.flush()
        heard = StringIO()
        monkeypatch.setattr(worker.os, "_exit", lambda code: None)
        worker.serve(source, heard)
        target.close()
    assert heard.getvalue() == ""


def test_it_keeps_the_last_two_encoders(made):
    encoders = worker.Encoders(made[1], Workspace(made[1].workspace_path))
    names = [f"pixels?side={side}" for side in (4, 5, 6)]
    keys = [worker.open_encoder(name).spec.key for name in names]
    first = encoders.open(names[0], keys[0])
    encoders.open(names[1], keys[1])
    assert encoders.open(names[0], keys[0]) is first
    encoders.open(names[2], keys[2])
    assert list(encoders._loaded) == [keys[0], keys[2]]


def test_a_fault_of_a_library_is_told_and_the_process_goes_on(made, monkeypatch, capsys):
    def broken(*_):
        raise RuntimeError("out of paint")

    monkeypatch.setattr(worker, "encode", broken)
    told = worker.answer({"id": 3}, None, made[1], None)
    assert told == {"id": 3, "error": "", "said": "RuntimeError: out of paint"}
    assert "Traceback" in capsys.readouterr().err
