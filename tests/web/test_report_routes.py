"""Reports as files, asked for as a browser does."""

import json
import threading

import pytest
from report_example import example

from app import create_app
from components import file_answers
from core.config import load_settings
from core.errors import NotFoundError
from core.report.pdf import PdfUnavailableError

ID = "ab" * 16


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The app over an empty workspace that keeps one report."""
    server = create_app(
        load_settings({"workspace": str(tmp_path), "warm_worker": False}, {})
    ).server

    def opened(report_id):
        if report_id != ID:
            raise NotFoundError("no report with this id is kept here; make it again")
        return example()

    monkeypatch.setattr(server.config["VITRINE"].reports, "open", opened)
    return server


@pytest.fixture
def client(server):
    return server.test_client()


def test_html_downloads_even_where_the_set_is_gone(client):
    done = client.get(f"/api/report/{ID}.html")
    assert done.status_code == 200
    assert done.headers["Content-Type"] == "text/html; charset=utf-8"
    assert (
        done.headers["Content-Disposition"]
        == 'attachment; filename="Report on first sixty of moths.html"'
    )
    assert "no-store" in done.headers["Cache-Control"]
    assert b"The 60 chosen images reach 70 of 90" in done.data


def test_json_downloads_exactly_as_it_is_stored(client):
    done = client.get(f"/api/report/{ID}.json")
    assert done.headers["Content-Type"] == "application/json"
    assert json.loads(done.data) == example()


def test_a_pdf_is_printed_from_the_file_on_the_paper_asked_for(client, monkeypatch):
    asked = []

    def render(html, settings, *, paper, patience):
        asked.append((b"first sixty" in html, paper, patience))
        return b"%PDF-1.4 printed"

    monkeypatch.setattr(file_answers, "render_pdf", render)
    assert client.get(f"/api/report/{ID}.pdf").data == b"%PDF-1.4 printed"
    done = client.get(f"/api/report/{ID}.pdf?paper=letter")
    assert done.headers["Content-Type"] == "application/pdf"
    assert asked == [(True, "A4", file_answers.PRINTING), (True, "letter", file_answers.PRINTING)]
    refused = client.get(f"/api/report/{ID}.pdf?paper=A0")
    assert refused.status_code == 400
    assert "A4, letter" in refused.get_json()["error"]
    assert len(asked) == 2


def test_one_pdf_is_printed_at_a_time_and_others_are_told_so(server, monkeypatch):
    begun, end = threading.Event(), threading.Event()

    def render(html, settings, **_):
        begun.set()
        assert end.wait(30)
        return b"%PDF-1.4"

    monkeypatch.setattr(file_answers, "render_pdf", render)
    monkeypatch.setattr(file_answers, "WAITING", 0.05)
    found = []
    first = threading.Thread(
        target=lambda: found.append(server.test_client().get(f"/api/report/{ID}.pdf"))
    )
    first.start()
    assert begun.wait(30)
    second = server.test_client().get(f"/api/report/{ID}.pdf")
    assert second.status_code == 503
    assert "ask again" in second.get_json()["error"]
    end.set()
    first.join()
    assert found[0].data == b"%PDF-1.4"
    assert server.test_client().get(f"/api/report/{ID}.pdf").status_code == 200


def test_no_browser_on_this_computer_is_explained_and_the_next_is_not_locked_out(
    client, monkeypatch
):
    def render(html, settings, **_):
        raise PdfUnavailableError("no PDF, since this computer has no Chromium")

    monkeypatch.setattr(file_answers, "render_pdf", render)
    for _ in range(3):
        done = client.get(f"/api/report/{ID}.pdf")
        assert done.status_code == 503
        assert "no Chromium" in done.get_json()["error"]
    page = client.get(f"/api/report/{ID}.pdf", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 503
    assert "No PDF, since this computer has no Chromium" in page.get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"{'0' * 32}.html", "no report with this id"),
        (f"{ID}.docx", "html, pdf, json"),
        ("...html", "no report with this id"),
        ("..\\..\\sets\\moths.json", "no report with this id"),
        (f"{'x' * 5000}.pdf", "no report with this id"),
    ],
)
def test_what_is_not_there_is_404_with_words(client, path, said):
    done = client.get(f"/api/report/{path}")
    assert done.status_code == 404
    assert said in done.get_json()["error"]
