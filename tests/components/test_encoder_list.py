"""The list of encoders and the form for one's own; tuning's form and what it shows."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import flask
import pytest

from components import encoder_list, tuning_form, tuning_view
from core.encoders.own import asking
from core.encoders.own.asking import ask
from core.encoders.own.registering import register
from core.encoders.tuned import Tuned
from core.errors import EncoderUnavailableError, InputError
from core.storage.store import write_json
from tests.fakes import FakeServices, FakeSet
from tests.trees import find, nodes, text

LINE = {"measure": "agreement", "title": "Neighbour agreement", "before": 0.5, "after": 0.7,
        "difference": 0.2, "low": 0.1, "high": 0.3, "more": True, "verdict": "better"}  # fmt: skip
LINEAGE = {
    "key": "k", "base": "timm:net", "base_key": "b", "set": "moths", "imageset": "0123456789",
    "images": 80, "held": 20, "units": 70, "method": "simclr", "epochs": 3, "planned": 5,
    "size": 128, "batch": 16, "rate": 1e-4, "seed": 0, "losses": [4.0, 3.5, 3.25], "seconds": 90.0,
    "comparison": {"images": 20, "units": 18, "labels": 20, "notes": [], "lines": [LINE],
                   "verdict": "better", "text": "Better on held-out images: so and so."},
    "notes": ["training ended after 2 minutes, in epoch 3 of 5"], "versions": {},
    "created": "2026-01-01T00:00:00Z", "request": {"name": "moths", "to": "wings",
                                                   "method": "vicreg", "base": "timm:net"},
}  # fmt: skip


@pytest.fixture
def app(tmp_path):
    """The services of an app in a workspace on disk with one set."""
    server = flask.Flask("test")
    services = FakeServices(FakeSet("moths"))
    services.library.workspace = SimpleNamespace(root=tmp_path, set_names=list)
    server.config["VITRINE"] = services
    with server.app_context():
        yield services


@pytest.fixture
def own(tmp_path) -> str:
    """A function of one's own, registered."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "listedfunction.py").write_text("def encode(x):\n    return x.mean((2, 3))\n")
    name = f"python:listedfunction:encode?path={folder}&size=8"
    register(name, tmp_path / "encoders")
    return name


def test_every_family_is_listed_and_where_there_is_none_the_way_is_told(app):
    shown = text(encoder_list.view(app, {"set": "moths"}))
    assert "pixels" in shown
    assert "timm:<name>" in shown
    assert "encoders register python:module:function" in shown
    assert "Add one of your own" in shown


@pytest.mark.parametrize(("encoder", "line"), [
    ("timm:local-dir:/models/net?layer=2", "timm:local-dir:<folder>"), ("timm:net", "timm:<name>"),
    ("pixels?side=8", "pixels"), ("open_clip:local-dir:/models/x", "open_clip:local-dir:<folder>"),
    ("open_clip:ViT-B-32:tag", "open_clip:<model>:<weights>"), ("given", ""),
    ("ensemble:pixels+timm:net?fit=0", "ensemble:<a>+<b>"),
    ("residual:pixels?columns=a&fit=0", "residual:<a>?columns=<column>"),
])  # fmt: skip
def test_a_set_is_shown_beside_the_line_of_its_encoder(encoder, line):
    assert encoder_list.listing_of(encoder) == line


def test_ones_own_is_listed_with_its_checks_and_its_state(app, own, tmp_path):
    shown = text(encoder_list.view(app, {}))
    assert own in shown
    assert "5 of 5 checks passed" in shown
    assert "3 numbers" in shown
    (tmp_path / "code" / "listedfunction.py").write_text("def encode(x):\n    return x[:, 0, 0]\n")
    assert "register it again" in text(encoder_list.view(app, {}))


def test_the_form_makes_a_name(app):
    made = encoder_list.name_of(
        "onnx", ' "/models/a b.onnx" ', {"size": "32x16", "mean": "0.5,0.5,0.5", "std": " ",
                                         "fit": "-", "colour": "bgr", "pool": None},
    )  # fmt: skip
    assert made == "onnx:/models/a b.onnx?size=32x16&mean=0.5,0.5,0.5&colour=bgr"
    with pytest.raises(InputError, match="Name the encoder's file"):
        encoder_list.name_of("onnx", " ", {})


def test_what_a_check_found_is_told_in_words():
    found = {"passed": False, "dims": 8, "seconds": 0.001,
             "checks": [{"name": "determinism", "passed": False, "told": "dropout"}]}  # fmt: skip
    shown = text(encoder_list.told(found, "register"))
    assert "It fails" in shown
    assert "the same twice: fails, dropout" in shown


def test_a_check_is_asked_of_another_process_and_its_last_word_is_the_reason(tmp_path, monkeypatch):
    asked = []

    def answer(command, *, cwd, **_):
        asked.append(command)
        assert (cwd / "core" / "__main__.py").is_file()  # so that -m core finds it
        return SimpleNamespace(stdout="", stderr="warning: x\nerror: no such file\n")

    monkeypatch.setattr(asking.subprocess, "run", answer)
    with pytest.raises(EncoderUnavailableError, match=r"^no such file$"):
        ask("check", "onnx:a", tmp_path)
    assert asked[0][3:6] == ["encoders", "check", "onnx:a"]

    def late(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(asking.subprocess, "run", late)
    with pytest.raises(EncoderUnavailableError, match="more than 1 s"):
        ask("check", "onnx:a", tmp_path, patience=1)
    with pytest.raises(InputError, match="command line"):
        ask("register", "python:os:getcwd", tmp_path)


# -- tuning ---------------------------------------------------------------------------------------


def tuned_here(root: Path, name: str = "wings", **changes) -> Tuned:
    lineage = {**LINEAGE, **changes}
    folder = root / "encoders" / "tuned" / name
    folder.mkdir(parents=True)
    write_json(folder / "lineage.json", lineage)
    return Tuned(f"tuned:{name}", folder, lineage)


def test_a_tuned_encoder_is_shown_with_its_verdict_before_and_after_and_its_loss(app, tmp_path):
    tuned_here(tmp_path)
    shown = tuning_view.view(app, {"set": "moths", "view": "tuning", "key": ""})
    words = text(shown)
    assert "Better on held-out images" in words
    assert "+0.200 (+0.100 to +0.300)" in words
    assert "Training ended after 2 minutes" in words
    assert "Loss 4 in the first epoch, 3.25 in the last of 3" in words
    assert "tuned:wings" in text(encoder_list.view(app, {}))
    (graph,) = [node["props"] for node in nodes(shown) if node["type"] == "Graph"]
    assert graph["figure"]["data"][0]["y"] == LINEAGE["losses"]


def test_without_a_tuning_the_form_stands_beside_what_it_does(app):
    words = text(tuning_view.view(app, {"set": "moths", "view": "tuning", "key": ""}))
    assert "says so where it is not better" in words
    assert "Tune an encoder to these images" in words


def test_an_unfinished_tuning_can_go_on(app, tmp_path):
    folder = tmp_path / "encoders" / "tuned" / "half.part"
    folder.mkdir(parents=True)
    state = {"key": "k", "epoch": 2, "step": 0, "losses": [5.0, 4.0], "total": 0.0, "count": 0,
             "seconds": 1.0, "epochs": 7}  # fmt: skip
    write_json(folder / "state.json", state)
    write_json(folder / "request.json", {"request": {"name": "moths", "to": "half"}})
    words = text(tuning_view.view(app, {"set": "moths", "view": "tuning", "key": ""}))
    assert "Epoch 3 of 7" in words
    assert "Go on" in words


def test_the_form_of_tuning_makes_a_request_and_names_wrong_fields(app):
    given = {"to": " wings ", "base": "timm:x", "method": "byol", "column": "-", "epochs": "3",
             "held": "0.3", "seed": ""}  # fmt: skip
    wanted = tuning_form.request("moths", given, 5)
    assert (wanted.to, wanted.method, wanted.epochs, wanted.held) == ("wings", "byol", 3, 0.3)
    assert (wanted.column, wanted.seed, wanted.minutes) == (None, 5, 30.0)
    with pytest.raises(InputError, match="Name the new encoder"):
        tuning_form.request("moths", {"to": ""})
    with pytest.raises(InputError, match="Epochs: a whole number"):
        tuning_form.request("moths", {"to": "a", "epochs": "2.5"})
    with pytest.raises(InputError, match="Learning rate"):
        tuning_form.request("moths", {"to": "a", "rate": "fast"})


def test_a_taken_name_is_not_offered_again(app, tmp_path):
    tuned_here(tmp_path, "moths")
    form = tuning_form.form(app.library.open("moths"), {}, 0)
    (field,) = find(form, id="tune-to")
    assert field["value"] == "moths-2"
