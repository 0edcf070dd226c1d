"""Gradients as files, asked for as a browser does."""

import io
import json

import flask
import pandas as pd
import pytest
from morphology_example import NAME, butterflies, settings_of
from PIL import Image

from app import open_services
from components import gradient_routes
from core.comparing import run_gradient
from core.keys import unsealed


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    workspace = butterflies(tmp_path_factory.mktemp("butterflies"))
    settings = settings_of(workspace)
    asked = {"name": NAME, "by": "label", "a": "apollo", "b": "brimstone"}
    key = run_gradient(asked, workspace, settings)["gradient"]
    server = flask.Flask("test")
    server.config["VITRINE"] = open_services(settings)
    server.register_blueprint(gradient_routes.routes)
    return server.test_client(), key


@pytest.mark.parametrize(
    ("kind", "mimetype"),
    [("png", "image/png"), ("svg", "image/svg+xml"), ("csv", "text/csv; charset=utf-8"),
     ("json", "application/json")],
)  # fmt: skip
def test_every_file_downloads_under_its_name(made, kind, mimetype):
    client, key = made
    done = client.get(f"/api/gradient/{key}.{kind}")
    assert done.status_code == 200
    assert done.headers["Content-Type"].startswith(mimetype)
    name = f'attachment; filename="{NAME} apollo to brimstone.{kind}"'
    assert done.headers["Content-Disposition"] == name
    assert "no-store" in done.headers["Cache-Control"]
    assert len(done.data) > 1000


def test_what_comes_is_the_strip_and_its_figures(made):
    client, key = made
    with Image.open(io.BytesIO(client.get(f"/api/gradient/{key}.png").data)) as image:
        assert image.width > image.height > 500
    figures = unsealed(json.loads(client.get(f"/api/gradient/{key}.json").data))
    assert figures["gradient"] == key
    lines = client.get(f"/api/gradient/{key}.csv").data.decode().splitlines()
    assert lines[0] == "row,item_id,path,t,residual,group,unit,shown"
    assert len(lines) == 45


def test_the_tables_download_not_rounded(made):
    client, key = made
    done = client.get(f"/api/gradient/{key}/correlations.csv")
    assert 'brimstone, correlations.csv"' in done.headers["Content-Disposition"]
    told = json.loads(client.get(f"/api/gradient/{key}.json").data)["correlations"]
    assert pd.read_csv(io.BytesIO(done.data)).to_dict("records") == told
    assert client.get(f"/api/gradient/{key}/neighbours.csv").data.strip() == b""


@pytest.mark.parametrize(
    ("address", "said"),
    [("{key}.pdf", "a file of png, svg, csv, json"), ("{other}.png", "no gradient with this id"),
     ("{key}/places.csv", "give one of correlations, neighbours"),
     ("nothing.png", "no gradient with this id"), ("..%2f..%2fx.png", "")],
)  # fmt: skip
def test_what_is_not_there_is_explained(made, address, said):
    client, key = made
    done = client.get(f"/api/gradient/{address.format(key=key, other='ab' * 16)}")
    assert done.status_code == 404
    assert said in done.get_data(as_text=True)


def test_a_browser_gets_a_page_that_says_why(made):
    client, _ = made
    done = client.get(f"/api/gradient/{'ab' * 16}.svg", headers={"Accept": "text/html"})
    assert done.status_code == 404
    assert "<h1>This file was not made</h1>" in done.get_data(as_text=True)
