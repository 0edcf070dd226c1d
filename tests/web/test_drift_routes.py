"""The files of two sets' comparison, asked for as a browser does, of one really computed."""

import io
import json

import pandas as pd
import pytest

from app import create_app
from components import file_answers
from components.drift_csv import TABLES
from core.keys import unsealed
from core.report.pdf import PdfUnavailableError


@pytest.fixture(scope="module")
def client(made_drift):
    return create_app(made_drift.settings).server.test_client()


@pytest.fixture
def table(client, made_drift):
    """A function that downloads a table as a data frame."""

    def get(name):
        done = client.get(f"/api/drift/{made_drift.key}/{name}.csv")
        assert done.status_code == 200, done.data
        return pd.read_csv(io.BytesIO(done.data), keep_default_na=False, na_values=[""])

    return get


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_downloads_as_csv_under_its_name(client, made_drift, name):
    done = client.get(f"/api/drift/{made_drift.key}/{name}.csv")
    assert done.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f"{name}.csv" in done.headers["Content-Disposition"]
    assert "no-store" in done.headers["Cache-Control"]
    found = pd.read_csv(io.BytesIO(done.data))
    assert len(found) > 0 or name == "places"  # which is only there where it was asked for


def test_images_come_with_their_paths_and_counterparts_not_rounded(table, made_drift):
    found, kept = table("images"), made_drift.drift.images
    assert found["item_id"].tolist() == kept["item_id"].tolist()
    assert found["score"].tolist() == kept["score"].tolist()
    sets = {"a": made_drift.open("before").items, "b": made_drift.open("after").items}
    for one in found.to_dict("records"):
        other = sets["b" if one["set"] == "a" else "a"]
        assert one["path"] == sets[one["set"]]["path"].iloc[one["row"]]
        assert one["item_id"] == sets[one["set"]]["item_id"].iloc[one["row"]]
        assert one["counterpart"] == other["item_id"].iloc[one["counterpart_row"]]
    words = {1: "new", -1: "vanished", 0: ""}
    assert found["local"].fillna("").tolist() == [words[int(one)] for one in kept["local"]]


def test_clusters_and_tests_are_those_of_the_comparison(table, made_drift):
    clusters = table("clusters").to_dict("records")
    for row, one in zip(clusters, made_drift.result["clusters"], strict=True):
        assert (row["id"], row["state"], row["share_b"]) == (
            one["id"], one["state"], one["share_b"],
        )  # fmt: skip
        assert [row["low"], row["high"]] == one["ci"]
    assert table("tests")["p_adjusted"].tolist() == [
        one["p_adjusted"] for one in made_drift.result["tests"]
    ]


def test_the_json_is_what_the_command_prints(client, made_drift):
    done = client.get(f"/api/drift/{made_drift.key}.json")
    assert done.headers["Content-Disposition"].startswith("attachment")
    plain = unsealed(json.loads(done.data))
    assert plain is not None
    assert {name: plain[name] for name in made_drift.result} == made_drift.result


def test_the_page_downloads_as_one_file_with_pictures(client, made_drift):
    done = client.get(f"/api/drift/{made_drift.key}.html")
    assert done.status_code == 200
    assert "after against before.html" in done.headers["Content-Disposition"]
    assert done.data.count(b"data:image/") > 20
    assert b"no picture" not in done.data


def test_the_pdf_is_printed_from_that_page_on_the_paper_asked_for(client, made_drift, monkeypatch):
    asked = []

    def printer(html, settings, *, paper, patience):
        asked.append((html, paper))
        return b"%PDF-1.7"

    monkeypatch.setattr(file_answers, "render_pdf", printer)
    done = client.get(f"/api/drift/{made_drift.key}.pdf?paper=letter")
    assert (done.status_code, done.data) == (200, b"%PDF-1.7")
    assert done.headers["Content-Type"] == "application/pdf"
    page = client.get(f"/api/drift/{made_drift.key}.html").data
    assert asked == [(page, "letter")]
    assert client.get(f"/api/drift/{made_drift.key}.pdf?paper=A5").status_code == 400


def test_without_a_browser_the_reason_is_told(client, made_drift, monkeypatch):
    def none(html, settings, *, paper, patience):
        raise PdfUnavailableError("no PDF, since this computer has no Chromium")

    monkeypatch.setattr(file_answers, "render_pdf", none)
    for _ in range(2):  # the place in the queue is given back
        done = client.get(f"/api/drift/{made_drift.key}.pdf", headers={"Accept": "text/html"})
        assert done.status_code == 503
        assert b"No PDF, since this computer has no Chromium" in done.data


@pytest.mark.parametrize(
    "address",
    ["nothing.json", f"{'0' * 32}.html", f"{'0' * 32}/images.csv", "ZZ.pdf"],
)
def test_what_is_not_there_is_not_found(client, address):
    done = client.get(f"/api/drift/{address}")
    assert done.status_code == 404


def test_a_table_that_is_none_is_named_with_those_there_are(client, made_drift):
    done = client.get(f"/api/drift/{made_drift.key}/everything.csv")
    assert done.status_code == 404
    assert "images" in done.get_json()["error"]
