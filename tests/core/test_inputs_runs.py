"""Runs over several roots, archives and addresses: vectors kept, secrets not."""

import json
import sqlite3

import pytest
from making import picture
from packing import classes, png, tar_file, web_of, zip_file

from components import set_form
from core.__main__ import main
from core.config import load_settings
from core.errors import InputError
from core.library import Library
from core.pictures import picture_bytes, thumbnail_bytes
from core.pipeline import run
from core.request import RunRequest, name_for
from core.storage.store import Workspace

MAPS = ("pca",)


def made(source, home, name="a", **changes):
    settings = load_settings({"workspace": str(home), **changes}, {})
    request = RunRequest(source, name, "pixels", MAPS)
    return run(request, Workspace(home), settings)


def everything(home):
    """Give every file of a workspace with its bytes."""
    for path in home.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def said(capfd, *arguments, home, code=0):
    """Run a command in this process and return what it printed."""
    capfd.readouterr()
    assert main([*map(str, arguments), "--workspace", str(home)]) == code
    out, err = capfd.readouterr()
    return out if code == 0 else out + err


def drop_copies(home):
    """Remove every picture's copy and thumbnail."""
    for path in (home / "files" / "copies").rglob("*.png"):
        path.unlink()
    Workspace(home).thumbnails.clear()


def test_an_archive_has_the_vectors_of_its_folder(tmp_path):
    files = classes(4)
    for name, data in files.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    home = tmp_path / "w"
    assert made(str(tmp_path / "folder" / "set"), home)["encoded"] == 8
    packed = made(str(zip_file(tmp_path / "a.zip", files)), home, "b")
    assert (packed["encoded"], packed["reused"], packed["items"]) == (0, 8, 8)
    shards = made(str(tar_file(tmp_path / "b.tgz", files, "w:gz")), home, "c")
    assert (shards["encoded"], shards["reused"]) == (0, 8)


def test_pictures_of_an_archive_are_shown_after_their_copies_were_dropped(tmp_path):
    home = tmp_path / "w"
    made(str(zip_file(tmp_path / "a.zip", classes())), home)
    drop_copies(home)
    library = Library(Workspace(home))
    opened = library.open("a")
    data, kind = thumbnail_bytes(library, str(opened.items["item_id"].iloc[0]))
    assert kind.startswith("image/")
    settings = load_settings({"workspace": str(home)}, {})
    assert picture_bytes(opened, 1, settings)[0]
    assert data


def test_a_set_larger_than_its_copies_may_be_is_encoded_whole(tmp_path):
    files = {}
    for number in range(40):
        files[f"{number}.png"] = png(number, 150)
    assert sum(map(len, files.values())) > 2 * 2**20
    home = tmp_path / "w"
    told = made(str(zip_file(tmp_path / "a.zip", files)), home, copies_mb=1)
    assert told["items"] == 40
    assert told["broken"] == []


def test_the_command_takes_several_sources(tmp_path, capfd):
    one = zip_file(tmp_path / "a.zip", classes())
    two = tmp_path / "more"
    two.mkdir()
    picture(1).save(two / "1.png")
    home = tmp_path / "w"
    told = json.loads(
        said(capfd, "run", one, two, "--name", "both", "--encoder", "pixels", "--map", "pca",
             "--json", home=home)
    )  # fmt: skip
    assert told["items"] == 7
    assert json.loads(told["source"].removeprefix("roots:")) == [str(one), str(two)]
    wrong = said(capfd, "run", one, tmp_path / "gone", "--name", "x", home=home, code=2)
    assert "gone: file not found" in wrong


def test_a_password_and_a_signature_are_in_nothing_that_is_kept(tmp_path, capfd):
    home, folder = tmp_path / "w", tmp_path / "www"
    folder.mkdir()
    zip_file(folder / "a.zip", classes())
    encoder = ("--encoder", "pixels", "--map", "pca")
    with web_of(folder) as web:
        web.password = "me:hunter2hunter2"
        source = f"{web.url}a.zip?X-Amz-Signature=s1gnatures1gnature"
        far = source.replace("//", "//me:hunter2hunter2@")
        printed = said(capfd, "run", far, "--name", "far", *encoder, home=home)
        wrong = source.replace("//", "//me:wr0ngwr0ng@")
        printed += said(capfd, "run", wrong, "--name", "no", *encoder, home=home, code=2)
        assert "not allowed" in printed
    printed += said(capfd, "info", "far", "--json", home=home)
    table = tmp_path / "far.csv"
    said(capfd, "export", "far", "--to", "csv", "--out", table, home=home)
    for secret in ("hunter2", "s1gnature", "wr0ng"):
        assert secret not in printed
        assert secret not in table.read_text()
        assert [path for path, data in everything(home) if secret.encode() in data] == []
    with sqlite3.connect(home / "jobs.sqlite") as jobs:
        requests = " ".join(str(row) for row in jobs.execute("SELECT * FROM jobs"))
    assert "***@" in requests


def test_a_request_never_holds_a_password():
    request = RunRequest("https://me:hunter2@host/x.zip?token=hunter2", "a")
    assert "hunter2" not in json.dumps(request.to_json())
    assert RunRequest.from_json(request.to_json()) == request
    assert name_for("https://me:hunter2@host/x.tar.gz?token=1") == "x"
    assert name_for('roots:["/a/cats", "/b/dogs"]') == "cats + dogs"


def test_the_form_takes_addresses_and_several_sources(tmp_path):
    both = f"{tmp_path}; https://me:hunter2@host/x/"
    wanted = set_form.request(both, "", "pixels", "", ["umap"])
    assert json.loads(wanted.source.removeprefix("roots:")) == [
        str(tmp_path),
        "https://***@host/x/",
    ]
    assert set_form.request("s3://bucket/wings", "", "pixels", "", []).name == "wings"
    with pytest.raises(InputError, match="no file or folder"):
        set_form.request(str(tmp_path / "gone"), "", "pixels", "", [])


def test_a_replay_reads_an_archive(tmp_path, capfd):
    home = tmp_path / "w"
    source = zip_file(tmp_path / "a.zip", classes())
    made(str(source), home)
    (tmp_path / "ids").write_text("set/moth/0.png\nset/wasp/1.png\n")
    said(capfd, "slice", "a", "two", "--ids", tmp_path / "ids", home=home)
    log = home / "curation" / "a" / "log.jsonl"
    found = json.loads(
        said(capfd, "replay", log, source, "--out", tmp_path / "m.json", "--json",
             home=tmp_path / "other")
    )  # fmt: skip
    assert found["same"]
    assert found["items"] == 6


def test_pictures_that_cannot_be_had_now_are_encoded_when_they_can(tmp_path):
    home, folder = tmp_path / "w", tmp_path / "www"
    for name, data in classes().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    with web_of(folder) as web:
        assert made(f"{web.url}set/", home)["items"] == 6
        drop_copies(home)
        web.short = {f"/{name}" for name in list(classes())[:2]}
        settings = load_settings({"workspace": str(home)}, {})
        other = RunRequest(f"{web.url}set/", "b", "colour-texture", MAPS)
        told = run(other, Workspace(home), settings)
        assert told["items"] == 4
        assert all("ended" in one["reason"] for one in told["broken"])
        web.short = set()
        assert run(other, Workspace(home), settings)["items"] == 6
