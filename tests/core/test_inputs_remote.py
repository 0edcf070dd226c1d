"""Pictures on other hosts: fetched once, checked, named where they cannot be had."""

import json
import sys
from pathlib import Path

import pytest
from packing import classes, hub_table, named, png, tar_file, web_of, zip_file

from core.errors import DecodeError, InputError
from core.imaging.decode import load_picture
from core.imaging.imagefile import Limits
from core.ingest import scan
from core.ingest.changes import look
from core.ingest.fetching import fetch


@pytest.fixture
def web(tmp_path, monkeypatch):
    monkeypatch.setattr("core.ingest.fetching._PAUSE", 0.0)
    folder = tmp_path / "www"
    for path, data in classes().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    with web_of(folder) as web:
        yield web


def scanned(source, tmp_path, **options):
    return scan(source, files_folder=tmp_path / "files", **options)


def reasons(found):
    return {one.path: one.reason for one in found.broken}


def test_a_folder_of_the_web_is_the_folder(web, tmp_path):
    found = scanned(f"{web.url}set/", tmp_path)
    here = scan(str(web.folder / "set"))
    for column in ("item_id", "path", "label"):
        assert list(found.items[column]) == list(here.items[column])
    assert found.source == f"{web.url}set/"
    assert sorted(web.fetched()) == sorted(f"/{path}" for path in classes())


def test_nothing_is_fetched_twice_unless_it_changed(web, tmp_path):
    first = scanned(f"{web.url}set/", tmp_path)
    web.asked.clear()
    assert scanned(f"{web.url}set/", tmp_path).items.equals(first.items)
    assert web.fetched() == []
    (web.folder / "set/moth/1.png").write_bytes(png(77, 20))
    (web.folder / "set/wasp/9.png").write_bytes(png(78))
    again = scanned(f"{web.url}set/", tmp_path)
    assert sorted(web.fetched()) == ["/set/moth/1.png", "/set/wasp/9.png"]
    assert set(again.items["item_id"]) - set(first.items["item_id"]) == {
        named(png(77, 20)), named(png(78)),
    }  # fmt: skip


def test_a_dropped_copy_is_fetched_when_it_is_opened(web, tmp_path):
    found = scanned(f"{web.url}set/", tmp_path)
    root, path = Path(found.root), found.items["path"][2]
    (root / path).unlink()
    web.asked.clear()
    load_picture(root / path, root=root)
    load_picture(root / path, root=root)
    assert web.fetched() == [f"/set/{path}"]


def test_the_dashboard_has_another_process_fetch(web, tmp_path, monkeypatch):
    found = scanned(f"{web.url}set/", tmp_path)
    root, path = Path(found.root), found.items["path"][2]
    (root / path).unlink()
    monkeypatch.setitem(sys.modules, "flask", sys)
    monkeypatch.setattr("core.ingest.fetching.fetch", lambda *_: pytest.fail("in this process"))
    load_picture(root / path, root=root)
    assert (root / path).read_bytes() == classes()[f"set/{path}"]
    (root / path).unlink()
    web.answers[f"/set/{path}"] = 404
    with pytest.raises(DecodeError, match="not found"):
        load_picture(root / path, root=root)


def test_a_copy_that_became_another_picture_is_not_taken_for_the_old_one(web, tmp_path):
    found = scanned(f"{web.url}set/", tmp_path)
    root, path = Path(found.root), found.items["path"][0]
    (root / path).unlink()
    (web.folder / "set" / path).write_bytes(png(500))
    with pytest.raises(DecodeError, match="run the set again"):
        load_picture(root / path, root=root)


@pytest.mark.parametrize("make", [zip_file, tar_file])
def test_an_archive_on_the_web_is_read_as_one_here(make, web, tmp_path):
    name = "a.zip" if make is zip_file else "a.tar"
    make(web.folder / name, classes())
    found = scanned(f"{web.url}{name}", tmp_path)
    assert list(found.items["item_id"]) == [named(data) for data in classes().values()]
    web.asked.clear()
    scanned(f"{web.url}{name}", tmp_path)
    assert web.fetched("") == []
    root, path = Path(found.root), found.items["path"][3]
    (root / path).unlink()
    next(root.rglob(name)).unlink()  # the archive's own copy
    load_picture(root / path, root=root)
    assert web.fetched("") == [f"/{name}"]


def test_a_folder_of_shards_on_the_web_is_one_set(web, tmp_path):
    (web.folder / "data").mkdir()
    for number in range(2):
        hub_table(web.folder / f"data/train-{number}.parquet", [png(number), png(9)], [0, 1])
    tar_file(web.folder / "data/cut.tar", classes())
    data = (web.folder / "data/cut.tar").read_bytes()
    (web.folder / "data/cut.tar").write_bytes(data[:200])
    found = scanned(f"{web.url}data/", tmp_path)
    assert len(found.items) == 4
    assert "not a whole tar archive" in reasons(found)["cut.tar"]


def test_any_file_system_of_fsspec_is_a_source(tmp_path):
    import fsspec

    memory = fsspec.filesystem("memory")
    for path, data in classes().items():
        memory.pipe_file(f"/inputs-{tmp_path.name}/{path}", data)
    memory.pipe_file(f"/inputs-{tmp_path.name}/set/moth/bad.png", b"")
    found = scanned(f"memory://inputs-{tmp_path.name}/set", tmp_path)
    assert list(found.items["item_id"]) == [named(data) for data in classes().values()]
    assert reasons(found) == {"moth/bad.png": "empty file (0 bytes)"}
    zip_file(tmp_path / "a.zip", classes())
    found = scanned(f"fsspec:zip://set/moth::file://{tmp_path}/a.zip", tmp_path)
    assert len(found.items) == 3


# -- credentials ---------------------------------------------------------------------------------


def test_a_password_opens_and_is_written_nowhere(web, tmp_path):
    web.password = "me:hunter2hunter2"
    source = f"{web.url}set/".replace("//", "//me:hunter2hunter2@")
    found = scanned(source, tmp_path)
    assert len(found.items) == 6
    assert "hunter2" not in found.source
    written = [p for p in (tmp_path / "files").rglob("*") if p.is_file()]
    assert len(written) > 6
    assert not any(b"hunter2" in p.read_bytes() for p in written)


def test_a_wrong_or_missing_password_is_told_without_it(web, tmp_path):
    web.password = "me:right"
    with pytest.raises(InputError, match="not allowed"):
        scanned(f"{web.url}set/", tmp_path)
    wrong = f"{web.url}set/".replace("//", "//me:wr0ngwr0ng@")
    with pytest.raises(InputError, match="not allowed") as told:
        scanned(wrong, tmp_path)
    assert "wr0ng" not in str(told.value)


def test_a_signed_link_opens_and_is_written_nowhere(web, tmp_path):
    zip_file(web.folder / "a.zip", classes())
    found = scanned(f"{web.url}a.zip?X-Amz-Signature=hunter2hunter2", tmp_path)
    assert len(found.items) == 6
    assert found.source == f"{web.url}a.zip?X-Amz-Signature=***"
    assert any("hunter2" in path for _, path in web.asked)
    written = [p for p in (tmp_path / "files").rglob("*") if p.is_file()]
    assert not any(b"hunter2" in p.read_bytes() for p in written)


# -- bad twins -----------------------------------------------------------------------------------


def test_a_transfer_that_ends_early_is_tried_again_and_named(web, tmp_path):
    web.short.add("/set/moth/1.png")
    found = scanned(f"{web.url}set/", tmp_path)
    assert len(found.items) == 5
    assert "ended" in reasons(found)["moth/1.png"]
    assert web.fetched().count("/set/moth/1.png") == 3
    web.short.clear()
    assert len(scanned(f"{web.url}set/", tmp_path).items) == 6


@pytest.mark.parametrize(
    ("status", "told", "times"),
    [(404, "not found", 0), (403, "not allowed", 0), (500, "the host answers 500", 3)],
)
def test_a_file_that_cannot_be_had_is_named_and_the_others_are_there(
    status, told, times, web, tmp_path
):
    web.answers["/set/moth/1.png"] = status
    found = scanned(f"{web.url}set/", tmp_path)
    assert len(found.items) == 5
    assert told in reasons(found)["moth/1.png"]


def test_what_was_there_stays_while_its_host_fails(web, tmp_path):
    first = scanned(f"{web.url}set/", tmp_path)
    web.answers = {f"/set/{path}": 500 for path in first.items["path"]}
    again = scanned(f"{web.url}set/", tmp_path)
    assert again.items.equals(first.items)
    assert "6 files could not be looked at" in again.notes[0]
    web.answers = dict.fromkeys(web.answers, 403)  # a password that holds no more
    assert scanned(f"{web.url}set/", tmp_path).items.equals(first.items)
    web.answers = {f"/set/{first.items['path'][0]}": 404}
    assert len(scanned(f"{web.url}set/", tmp_path).items) == 5


def test_files_that_nobody_may_read_are_no_set(web, tmp_path):
    web.answers = {f"/{path}": 403 for path in classes()}
    with pytest.raises(InputError, match="not allowed"):
        scanned(f"{web.url}set/", tmp_path)


def test_a_host_that_knows_no_head_gives_its_files(web, tmp_path):
    from packing import _Handler

    real = _Handler.do_HEAD
    _Handler.do_HEAD = lambda self: self.send_error(501)
    try:
        assert len(scanned(f"{web.url}set/", tmp_path).items) == 6
    finally:
        _Handler.do_HEAD = real


def test_a_file_above_the_limit_is_not_kept(web, tmp_path):
    (web.folder / "set/moth/big.png").write_bytes(png(1, 200))
    found = scanned(f"{web.url}set/", tmp_path, limits=Limits(max_bytes=50_000))
    assert len(found.items) == 6
    assert "more than the limit" in reasons(found)["moth/big.png"]
    assert "/set/moth/big.png" not in web.fetched()


def test_text_under_a_pictures_name_and_other_files_are_named(web, tmp_path):
    (web.folder / "set/notes.md").write_text("about")
    (web.folder / "set/LICENSE").write_text("yours " * 20)
    found = scanned(f"{web.url}set/", tmp_path)
    assert len(found.items) == 6
    assert set(reasons(found)) == {"notes.md", "LICENSE"}


@pytest.mark.parametrize("source", ["{}nothing/", "{}no.zip", "http://127.0.0.1:1/x/"])
def test_an_address_where_nothing_is_fails_as_a_whole(source, web, tmp_path):
    with pytest.raises(InputError, match=r"not found|cannot be reached"):
        scanned(source.format(web.url), tmp_path)


def test_a_page_without_links_says_so(web, tmp_path):
    (web.folder / "page").mkdir()
    (web.folder / "page/index.html").write_text("<html>nothing</html>")
    with pytest.raises(InputError, match="shows no list"):
        scanned(f"{web.url}page/", tmp_path)


def test_links_that_lead_out_are_not_followed(web, tmp_path):
    (web.folder / "page").mkdir()
    (web.folder / "page/index.html").write_text(
        "<a href='../set/moth/0.png'>a</a> <a href='http://127.0.0.1:1/x.png'>b</a>"
        "<a href='..%2F..%2Fx.png'>c</a> <a href='ok.png'>d</a> <a href='?C=N'>e</a>"
    )
    (web.folder / "page/ok.png").write_bytes(png(5))
    found = scanned(f"{web.url}page/", tmp_path)
    assert list(found.items["path"]) == ["ok.png"]
    assert not (tmp_path / "files" / "x.png").exists()


def test_packages_that_are_missing_are_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(InputError, match=r"s3:// needs s3fs: `uv run --extra cloud`"):
        scanned("s3://bucket/x", tmp_path)
    with pytest.raises(InputError, match="nosuch"):
        scanned("fsspec:nosuch://x/y", tmp_path)


def test_fetch_says_why(web, tmp_path):
    with pytest.raises(DecodeError, match="not found"):
        fetch(f"{web.url}none.png", tmp_path / "part", 1000)
    with pytest.raises(DecodeError, match="more than the limit"):
        fetch(f"{web.url}set/moth/0.png", tmp_path / "part", 10)
    fetch(f"{web.url}set/moth/0.png", tmp_path / "part", 10_000)
    assert (tmp_path / "part").read_bytes() == classes()["set/moth/0.png"]


def test_a_look_sees_what_came_without_fetching(web, tmp_path):
    before = look(f"{web.url}set/")
    assert web.fetched() == []
    (web.folder / "set/moth/new.png").write_bytes(png(5))
    now = look(f"{web.url}set/")
    assert set(now) - set(before) == {"moth/new.png"}
    both = look("roots:" + json.dumps([f"{web.url}set/", str(web.folder / "set")]))
    assert len(both) == 14
