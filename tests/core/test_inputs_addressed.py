"""Tables whose pictures lie on other hosts, and tables, arrays that lie there themselves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from packing import classes, named, png, web_of

from core.imaging.decode import load_picture
from core.ingest import scan


@pytest.fixture
def web(tmp_path, monkeypatch):
    monkeypatch.setattr("core.ingest.fetching._PAUSE", 0.0)
    folder = tmp_path / "www"
    for path, data in classes().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    with web_of(folder) as web:
        yield web


def scanned(source, tmp_path):
    return scan(str(source), files_folder=tmp_path / "files")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_of_addresses_is_a_set_with_its_columns(ending, web, tmp_path):
    names = [*classes(), "set/moth/0.png"]
    table = pd.DataFrame({
        "url": [f"{web.url}{name}" for name in names], "species": ["moth"] * 3 + ["wasp"] * 4,
        "n": range(7),
    })  # fmt: skip
    path = tmp_path / f"t.{ending}"
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path, index=False)
    found = scanned(path, tmp_path)
    assert list(found.items["item_id"]) == [named(classes()[name]) for name in names]
    assert list(found.items["label"]) == list(table["species"])
    assert list(found.items["n"]) == list(range(7))
    assert len(web.fetched()) == 6  # an address named twice is fetched once
    web.asked.clear()
    scanned(path, tmp_path)
    assert web.fetched() == []
    root, first = Path(found.root), found.items["path"][0]
    (root / first).unlink()
    load_picture(root / first, root=root)


def test_addresses_that_cannot_be_had_are_named_with_their_row(web, tmp_path):
    lines = [f"{web.url}set/moth/0.png", "", "no address", f"{web.url}gone.png",
             f"{web.url}set/moth/1.png", f"{web.url}a/../../x.png",
             "nosuch://host/x.png", f"{web.url}set/moth/2.png"]  # fmt: skip
    pd.DataFrame({"path": lines, "k": 1}).to_csv(tmp_path / "t.csv", index=False)
    found = scanned(tmp_path / "t.csv", tmp_path)
    assert len(found.items) == 3
    told = [one.reason for one in found.broken]
    assert [text.split(":")[0] for text in told] == ["row 2", "row 3", "row 4", "row 6", "row 7"]
    assert "no address given" in told[0]
    assert "not an address" in told[1]
    assert "not found" in told[2]
    assert "nosuch" in told[4]


def test_signatures_in_a_table_are_used_and_written_nowhere(web, tmp_path):
    lines = [f"{web.url}set/moth/{n}.png?sig=hunter2hunter2&v={n}" for n in range(3)]
    lines += [f"{web.url}gone.png?sig=hunter2hunter2"]
    pd.DataFrame({"url": lines}).to_csv(tmp_path / "t.csv", index=False)
    found = scanned(tmp_path / "t.csv", tmp_path)
    assert len(found.items) == 3
    assert any("hunter2" in path for _, path in web.asked)
    assert "hunter2" not in str(found)
    assert "hunter2" not in found.items.to_csv()
    written = [p for p in (tmp_path / "files").rglob("*") if p.is_file()]
    assert not any(b"hunter2" in p.read_bytes() for p in written)


def test_a_table_of_paths_here_is_read_as_before(tmp_path):
    (tmp_path / "a.png").write_bytes(png(1))
    (tmp_path / "t.csv").write_text("path,home\na.png,https://host/about\n")
    found = scanned(tmp_path / "t.csv", tmp_path)
    assert len(found.items) == 1
    assert found.root == str(tmp_path)


def test_a_table_on_the_web_names_pictures_beside_it(web, tmp_path):
    (web.folder / "set/list.csv").write_text(
        f"file,species\nmoth/0.png,m\n{web.url}set/wasp/1.png,w\nmoth/gone.png,m\n"
    )
    found = scanned(f"{web.url}set/list.csv", tmp_path)
    assert list(found.items["label"]) == ["m", "w"]
    assert found.items["item_id"][0] == named(classes()["set/moth/0.png"])
    assert found.source == f"{web.url}set/list.csv"
    assert [one.reason for one in found.broken] == ["row 3: not found"]


def test_vectors_on_the_web_are_vectors(web, tmp_path):
    np.save(web.folder / "v.npy", np.eye(5, dtype=np.float32))
    found = scanned(f"{web.url}v.npy", tmp_path)
    assert found.given is not None
    assert found.given.vectors.shape == (5, 5)
    assert found.source == f"{web.url}v.npy"


def test_one_picture_is_a_set_of_one(web, tmp_path):
    found = scanned(f"{web.url}set/moth/0.png", tmp_path)
    assert list(found.items["path"]) == ["0.png"]
    root = Path(found.root)
    (root / "0.png").unlink()
    load_picture(root / "0.png", root=root)
