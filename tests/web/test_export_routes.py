"""Downloads and the job that writes into a folder, asked for as a browser does."""

import io
import re
import zipfile

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from app import create_app
from components import export_routes
from components.export_routes import disposition
from core.export import load_vectors
from core.selection import Selections

CHOSEN = [3, 5, 700, 1796]


@pytest.fixture(scope="module")
def server(digits):
    return create_app(digits.settings).server


@pytest.fixture
def client(server):
    return server.test_client()


@pytest.fixture(scope="module")
def opened(digits):
    return digits.library.open("digits")


@pytest.fixture(scope="module")
def selection(digits, opened):
    return Selections(digits.library.workspace).save(opened.key, np.array(CHOSEN), {})


@pytest.fixture
def board(server, monkeypatch):
    """Jobs that are asked for and not started."""
    asked = []

    class Job:
        id = "j1"

    def submit(kind, request, title=""):
        asked.append((kind, request, title))
        return Job()

    monkeypatch.setattr(server.config["VITRINE"].jobs, "submit", submit)
    return asked


# -- downloads -------------------------------------------------------------------------------------


def test_a_table_downloads_under_the_sets_name(client, opened):
    done = client.get("/export/csv?set=digits")
    assert done.status_code == 200
    assert done.headers["Content-Disposition"] == 'attachment; filename="digits.csv"'
    assert done.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert int(done.headers["Content-Length"]) == len(done.data)
    assert "no-store" in done.headers["Cache-Control"]
    assert pd.read_csv(io.BytesIO(done.data))["item_id"].tolist() == list(opened.items["item_id"])


def test_a_selection_downloads_in_every_format(client, opened, selection, digits):
    def get(to):
        done = client.get(f"/export/{to}?set=digits&selection={selection}")
        assert done.status_code == 200
        assert "digits - 4 selected" in done.headers["Content-Disposition"]
        return done.data

    assert pd.read_csv(io.BytesIO(get("csv")))["row"].tolist() == CHOSEN
    assert pq.read_table(io.BytesIO(get("parquet")))["row"].to_pylist() == CHOSEN
    with zipfile.ZipFile(io.BytesIO(get("npy"))) as archive:
        npy, table = (archive.read(f"digits - 4 selected.{s}") for s in ("npy", "csv"))
    vectors = np.load(io.BytesIO(npy))
    np.testing.assert_array_equal(vectors, load_vectors(opened, digits.library.workspace)[CHOSEN])
    assert pd.read_csv(io.BytesIO(table))["row"].tolist() == CHOSEN
    assert get("paths").decode() == f"{opened.items['path'].iat[0]}\n"
    assert Image.open(io.BytesIO(get("sheet-png"))).format == "PNG"
    data = get("sheet-pdf")
    assert len(re.findall(rb"/Type /Page\b(?!s)", data)) == 1
    with zipfile.ZipFile(io.BytesIO(get("manifest"))) as archive:
        assert "manifest.json" in archive.namelist()


def test_options_are_read_from_the_address(client, opened, selection):
    plain = client.get(f"/export/paths?set=digits&selection={selection}").data
    whole = client.get(f"/export/paths?set=digits&selection={selection}&absolute=1&null=1").data
    assert whole == f"{opened.root}/{plain.decode().strip()}\0".encode()


def test_nothing_is_left_behind(client, digits, selection):
    for to in ("csv", "npy", "sheet-pdf"):
        assert client.get(f"/export/{to}?set=digits&selection={selection}").data
    assert client.get("/export/csv?set=digits&selection=zz").status_code == 404
    assert list((digits.root / "exports").iterdir()) == []


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/export/tiff?set=digits", 400, "use one of csv"),
        ("/export/copies?set=digits", 400, "job"),
        ("/export/csv?set=none", 404, "no set named 'none'"),
        ("/export/csv", 400, "set name"),
        ("/export/csv?set=digits&slice=none", 404, "none"),
        ("/export/csv?set=digits&selection=" + "0" * 32, 404, "selection"),
        ("/export/csv?set=digits&selection=a&slice=b", 400, "not several"),
    ],
)
def test_a_bad_address_says_what_is_wrong(client, address, status, said):
    done = client.get(address)
    assert done.status_code == status
    assert said in done.json["error"]
    page = client.get(address, headers={"Accept": "text/html,*/*"})
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert "This was not exported" in page.text


def test_words_in_an_address_are_no_part_of_a_page(client):
    done = client.get("/export/<script>x?set=digits", headers={"Accept": "text/html"})
    assert "<script>" not in done.text
    assert "&lt;script&gt;x" in done.text


def test_a_sheet_that_takes_too_long_is_refused_in_words(client, monkeypatch):
    monkeypatch.setattr(export_routes, "PATIENCE", -1.0)
    done = client.get("/export/sheet-png?set=digits")
    assert done.status_code == 400
    assert "takes longer" in done.json["error"]
    assert "ask again" in done.json["error"]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("set.csv", 'attachment; filename="set.csv"'),
        ("é.csv", "attachment; filename=\"vitrine-export.csv\"; filename*=UTF-8''%C3%A9.csv"),
        ("蛾 1.csv", "attachment; filename=\"_ 1.csv\"; filename*=UTF-8''%E8%9B%BE%201.csv"),
        ('a"b\\.csv', "attachment; filename=\"a_b_.csv\"; filename*=UTF-8''a%22b%5C.csv"),
        ("a\r\nX.csv", "attachment; filename=\"a__X.csv\"; filename*=UTF-8''a%0D%0AX.csv"),
    ],
)  # fmt: skip
def test_a_file_name_travels_in_a_header(name, header):
    assert disposition(name) == header


# -- the job ---------------------------------------------------------------------------------------


def ask(client, body, **headers):
    return client.post("/api/export", json={"set": "digits", "to": "copies", **body},
                       headers=headers)  # fmt: skip


def test_a_folder_is_written_by_a_job(client, board, selection, tmp_path):
    body = {"target": str(tmp_path / "out"), "selection": selection, "options": {"layout": "label"}}
    done = ask(client, body)
    assert done.status_code == 200
    assert done.json["job"] == "j1"
    kind, request, title = board[0]
    assert (kind, title) == ("export", "digits: copies of 4 images")
    assert request == {"name": "digits", "to": "copies", "target": str(tmp_path / "out"),
                       "selection": selection, "options": {"layout": "label"}}  # fmt: skip
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ],
)
def test_another_site_cannot_start_one(client, board, tmp_path, headers):
    done = client.post(
        "/api/export",
        headers=headers,
        json={"set": "digits", "to": "copies", "target": str(tmp_path / "out")},
    )
    assert (done.status_code, board) == (403, [])


def test_a_form_or_a_get_cannot_start_one(client, board, tmp_path):
    body = f'{{"set": "digits", "to": "copies", "target": "{tmp_path / "out"}"}}'
    assert client.post("/api/export", data=body, content_type="text/plain").status_code == 400
    client.get(f"/api/export?set=digits&to=copies&target={tmp_path}/out")
    assert board == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"target": "out"}, "whole path"),
        ({"target": ""}, "target"),
        ({"target": "/nowhere/at all/out"}, "does not exist"),
        ({"target": "/x", "to": "tiff"}, "use one of"),
        ({"target": "/x", "selection": "0" * 32}, "selection"),
        ({"target": "/x", "set": "none"}, "no set"),
        ({"target": "/x", "rows": [1]}, "unknown field 'rows'"),
        ({"target": "/x", "options": {"layout": "heap"}}, "heap"),
    ],
)
def test_a_bad_request_starts_nothing_and_says_why(client, board, body, said):
    done = ask(client, body)
    assert done.status_code in {400, 404}
    assert said in done.json["error"]
    assert board == []


def test_the_workspace_and_the_set_are_no_targets(client, board, digits, opened):
    for folder in (digits.root, opened.root / "out"):
        assert ask(client, {"target": str(folder)}).status_code == 400
    assert board == []


def test_downloads_and_menus_load_nothing_that_computes():
    import subprocess
    import sys

    from making import ROOT

    heavy = ("torch", "sklearn", "scipy", "umap", "numba", "hdbscan", "faiss")
    script = (
        "import sys, components.export_menu, components.export_routes, core.export.job;"
        f"print([n for n in {heavy!r} if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout.strip() == "[]"
