"""Section 4 of the safety base, each line attacked."""

import base64
import hashlib
import os
import re
import subprocess
import sys

import pytest
from making import ROOT
from PIL import Image

from app import create_app
from components.security import check_binding
from core.config import load_settings
from core.errors import DecodeError, InputError
from core.imaging.decode import Limits, load_picture
from core.model import Region
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace


@pytest.fixture(scope="module")
def app(digits):
    return create_app(digits.settings)


@pytest.fixture
def client(app):
    return app.server.test_client()


# -- who may ask ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8050", "127.0.0.1.evil.example", "localhost.evil", ""]
)
@pytest.mark.parametrize("path", ["/", "/api/window?set=digits", "/_dash-layout"])
def test_a_rebound_host_name_is_refused(client, host, path):
    assert client.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8050", "[::1]:8050", "LOCALHOST:1"])
def test_loopback_names_are_answered(client, host):
    assert client.get("/api/window?set=digits", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/api/select", "/_dash-update-component"])
def test_a_post_from_another_site_is_refused(client, path, headers):
    assert client.post(path, json={}, headers=headers).status_code == 403


def test_a_post_from_our_own_page_is_answered(client):
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/select", json={"set": "x"}, headers=headers).status_code == 404


def test_a_simple_form_post_is_no_request(client):
    done = client.post("/api/select", data='{"set": "digits"}', content_type="text/plain")
    assert done.status_code == 400
    assert "application/json" in done.json["error"]


def test_a_huge_body_is_refused(client):
    assert client.post("/api/select", json={"x": "x" * 9 * 2**20}).status_code in {400, 413}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_the_network_is_out_of_reach_without_a_proxy(host):
    with pytest.raises(InputError, match="behind-proxy"):
        check_binding(load_settings({"host": host}, {}))
    check_binding(load_settings({"host": host, "behind_proxy": True}, {}))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_loopback_needs_no_proxy(host):
    check_binding(load_settings({"host": host}, {}))


# -- what a page may load --------------------------------------------------------------------------


def test_every_answer_carries_the_headers(client):
    for path in ("/", "/api/window?set=digits", "/nothing", "/api/window?set=none"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "'unsafe-eval'" not in headers["Content-Security-Policy"]
        assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_inline_scripts_are_those_that_were_hashed(client):
    done = client.get("/")
    policy = done.headers["Content-Security-Policy"]
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", done.text, re.DOTALL)
    inline = [body for attributes, body in scripts
              if "src=" not in attributes and "json" not in attributes]  # fmt: skip
    assert inline
    for body in inline:
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


def test_a_page_loads_nothing_from_elsewhere(client):
    page = client.get("/").text
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]+", page) == []


def test_debugging_is_off(app):
    assert app.server.debug is False
    config = app.server.test_client().get("/").text.split("_dash-config")[1].split("</script>")[0]
    assert '"ui":false' in config
    assert '"hot_reload"' not in config


# -- pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/thumb/../../etc/passwd",
        "/thumb/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/thumb/" + "0" * 64,
        "/thumb/" + "z" * 64,
        "/thumb/" + "0" * 32 + "/0",
        "/image/" + "0" * 32 + "/0",
        "/image/../0",
        "/map/" + "0" * 32 + "/points",
        "/map/x/points?set=../../etc",
        "/api/selection/../../x/mask",
        "/api/selection/" + "0" * 32 + "/mask",
        "/api/window?set=../../../etc/passwd",
        "/assets/../app.py",
        "/assets/%2e%2e/app.py",
    ],
)
def test_no_address_leads_out_of_the_manifest(client, path):
    done = client.get(path)
    assert done.status_code in {400, 403, 404} or "react-entry-point" in done.text
    assert b"root:" not in done.data
    assert b"import argparse" not in done.data


@pytest.mark.parametrize("row", ["1797", "99999999999999999999"])
def test_a_row_that_is_not_there_is_404(client, digits, row):
    key = digits.library.open("digits").key
    assert client.get(f"/image/{key}/{row}").status_code == 404


def test_pictures_are_reencoded_and_typed(client, digits):
    opened = digits.library.open("digits")
    for path in (f"/thumb/{opened.item_id(0)}", f"/thumb/{opened.key}/0", f"/image/{opened.key}/0"):
        done = client.get(path)
        assert done.status_code == 200
        assert done.mimetype == "image/png"
        assert done.data.startswith(b"\x89PNG")
        assert "immutable" in done.headers["Cache-Control"]
        again = client.get(path, headers={"If-None-Match": done.headers["ETag"]})
        assert again.status_code == 304


def test_a_symbolic_link_out_of_the_folder_is_not_followed(tmp_path):
    secret = tmp_path / "secret.png"
    Image.new("RGB", (9, 9), "red").save(secret)
    root = tmp_path / "set"
    root.mkdir()
    (root / "link.png").symlink_to(secret)
    with pytest.raises(DecodeError, match="link"):
        load_picture(root / "link.png", Region(), root=root)


def test_a_file_swapped_for_a_link_after_the_run_is_not_served(tmp_path):
    root = tmp_path / "set"
    root.mkdir()
    for number in range(3):
        Image.new("RGB", (300, 300), (number, 9, 9)).save(root / f"{number}.png")
    secret = tmp_path / "secret.png"
    Image.new("RGB", (300, 300), "red").save(secret)
    settings = load_settings({"workspace": str(tmp_path / "ws")}, {})
    workspace = Workspace(settings.workspace_path)
    found = run(RunRequest(str(root), "set", maps=("pca",)), workspace, settings)
    workspace.thumbnails.clear()
    (root / "0.png").unlink()
    (root / "0.png").symlink_to(secret)
    client = create_app(settings).server.test_client()
    for path in (f"/image/{found['key']}/0", f"/thumb/{found['key']}/0"):
        done = client.get(path)
        assert done.status_code == 400
        assert "secret" not in done.text
    assert client.get(f"/image/{found['key']}/1").status_code == 200


def test_a_bomb_is_an_error_and_not_a_warning(tmp_path):
    Image.new("1", (4000, 4000)).save(tmp_path / "bomb.png")
    with pytest.raises(DecodeError, match="megapixel"):
        load_picture(tmp_path / "bomb.png", limits=Limits(max_pixels=1_000_000))


def test_an_svg_is_never_a_picture(tmp_path):
    (tmp_path / "x.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    with pytest.raises(DecodeError):
        load_picture(tmp_path / "x.svg")


# -- nothing pickled -------------------------------------------------------------------------------


def test_no_source_file_unpickles():
    bad = re.compile(r"pickle\.load|allow_pickle=True|weights_only=False|joblib\.load|read_pickle")
    hits = [
        str(path)
        for folder in ("core", "components", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if bad.search(path.read_text(encoding="utf-8"))
    ]
    assert hits == []


# -- no state, no telemetry ------------------------------------------------------------------------


def test_two_processes_may_serve_one_workspace(digits):
    clients = [create_app(digits.settings).server.test_client() for _ in range(2)]
    opened = digits.library.open("digits")
    box = [[0, 0], [1, 0], [1, 1], [0, 1]]
    body = {"set": "digits", "projection": opened.projections["umap"], "polygon": box}
    found = clients[0].post("/api/select", json=body).json
    assert found["count"] == 1797
    mask = clients[1].get(f"/api/selection/{found['selection']}/mask")
    assert sum(byte.bit_count() for byte in mask.data) == 1797


def test_building_the_app_opens_no_connection(tmp_path):
    script = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('a connection was opened')\n"
        "socket.socket.connect = socket.create_connection = refuse\n"
        "from app import create_app\nfrom core.config import load_settings\n"
        f"app = create_app(load_settings({{'workspace': {str(tmp_path)!r}}}))\n"
        "assert app.server.test_client().get('/').status_code == 200\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
