"""Settings: one source after the other, each mistake named with where it was made."""

from dataclasses import fields
from pathlib import Path

import pytest

from core.config import OPTIONS, Settings, load_settings
from core.errors import InputError


def test_defaults_are_those_of_the_table():
    assert {o.name: o.default for o in OPTIONS} == {
        f.name: getattr(Settings(), f.name) for f in fields(Settings)
    }


def test_flags_beat_the_environment_which_beats_the_file(tmp_path):
    file = tmp_path / "v.toml"
    file.write_text("port = 1\nseed = 1\nworkers = 1\n")
    environ = {"VITRINE_CONFIG": str(file), "VITRINE_SEED": "2", "VITRINE_WORKERS": "2"}
    found = load_settings({"workers": 3, "device": None}, environ)
    assert (found.port, found.seed, found.workers, found.device) == (1, 2, 3, "auto")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"VITRINE_PORT": "many"}, "VITRINE_PORT: port must be a whole number"),
        ({"VITRINE_WARM_WORKER": "maybe"}, "VITRINE_WARM_WORKER: warm_worker must be true"),
        ({"VITRINE_CONFIG": "/nowhere.toml"}, "/nowhere.toml"),
    ],
)
def test_a_bad_value_is_named_with_its_origin(environ, said):
    with pytest.raises(InputError, match=said):
        load_settings({}, environ)


def test_an_unknown_name_in_the_file_is_named(tmp_path):
    file = tmp_path / "v.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(InputError, match=r"v\.toml.*prot"):
        load_settings({}, {"VITRINE_CONFIG": str(file)})


@pytest.mark.parametrize(("text", "value"), [("1", True), ("off", False), ("Yes", True)])
def test_switches_read_the_usual_words(text, value):
    assert load_settings({}, {"VITRINE_WARM_WORKER": text}).warm_worker is value


def test_the_workspace_is_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load_settings({"workspace": "here"}, {}).workspace_path == tmp_path / "here"


def test_every_setting_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    for option in OPTIONS:
        assert f"`{option.name}`" in text, f"docs/settings.md omits {option.name}"
        assert option.help in text, f"docs/settings.md has another text for {option.name}"
