"""The command line as documented in docs/cli.md, run as a person runs it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from making import ROOT, command, json_here, run_json, told_here

DOCS = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def documented(section):
    """Return the field names that a section's table lists."""
    text = DOCS.split(f"## {section}")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row) if "--" not in row}


def test_run_prints_exactly_the_documented_fields(digits):
    assert set(digits.summary) == documented("run SOURCE")


def test_the_sample_set_has_maps_that_can_be_believed(digits):
    summary = digits.summary
    assert (summary["items"], summary["broken"], summary["dims"]) == (1797, [], 256)
    maps = {m["method"]: m for m in summary["maps"]}
    assert set(maps) == {"pca", "umap"}
    assert maps["umap"]["trustworthiness"] > 0.95
    assert maps["umap"]["knn_recall"] > 10 * maps["umap"]["knn_recall_chance"]
    assert 8 <= summary["clusters"]["count"] <= 20
    assert sum(summary["clusters"]["sizes"]) == round(
        1797 * (1 - summary["clusters"]["noise_share"])
    )
    assert summary["micro_clusters"]["count"] == round(1797 / (70 / 15))


def test_the_themes_of_the_sample_set_are_the_digits(digits):
    from sklearn.metrics import adjusted_mutual_info_score

    opened = digits.library.open("digits")
    themes = opened.clustering("themes")
    inside = themes.labels >= 0
    labels = opened.items["label"].to_numpy()[inside]
    assert adjusted_mutual_info_score(labels, themes.labels[inside]) > 0.75


def test_sets_and_info_tell_of_the_set(digits, capsys):
    (line,) = run_json("sets", workspace=digits.root)
    assert (line["name"], line["items"], line["problem"]) == ("digits", 1797, "")
    info = json_here(capsys, "info", "digits", workspace=digits.root)
    assert info["maps"] == digits.summary["maps"]
    assert {c["name"] for c in info["columns"]} >= {"label", "cluster"}


def test_jobs_lists_the_run(digits, capsys):
    jobs = json_here(capsys, "jobs", workspace=digits.root)
    assert [(j["kind"], j["state"]) for j in jobs] == [("run", "done")]


def test_export_writes_one_row_an_item(digits, tmp_path):
    out = tmp_path / "d.csv"
    run_json("export", "digits", "--to", "csv", "--out", out, workspace=digits.root)
    table = pd.read_csv(out)
    assert len(table) == 1797
    assert {"row", "item_id", "path", "label", "cluster", "umap_x", "umap_y"} <= set(table)


@pytest.mark.parametrize("to", ["parquet", pytest.param("npy", marks=pytest.mark.slow)])
def test_what_is_exported_opens_again_with_the_same_vectors(digits, tmp_path, to):
    out = tmp_path / f"again.{to}"
    run_json("export", "digits", "--to", to, "--out", out, workspace=digits.root)
    again = run_json("run", out, "--name", "again", "--map", "pca", workspace=tmp_path / "ws",
                     timeout=900)  # fmt: skip
    assert (again["items"], again["dims"]) == (1797, 256)
    if to == "npy":
        assert np.load(out).shape == (1797, 256)
        assert len(pd.read_csv(out.with_suffix(".csv"))) == 1797


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "/nowhere/at all", "--name", "x"], "/nowhere/at all"),
        (["run", "sample:birds", "--name", "x"], "birds"),
        (["run", "sample:digits", "--name", "../x"], "set name"),
        (["run", "sample:digits", "--name", "x", "--encoder", "pixel"], "pixels"),
        (["run", "sample:digits", "--name", "x", "--map", "pacmap"], "pacmap"),
        (["run", "sample:digits"], "--name"),
        (["info", "nothing"], "nothing"),
        (["export", "nothing", "--to", "csv"], "nothing"),
        (["jobs", "--cancel", "nothing"], "nothing"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path, capsys, arguments, said):
    out, err = told_here(capsys, *arguments, workspace=tmp_path, code=2)
    assert out == ""
    assert said in err
    assert err.strip().count("\n") == 0


def test_a_mistake_ends_the_process_with_it(tmp_path):
    done = command("run", "/nowhere/at all", "--name", "x", workspace=tmp_path, code=2)
    assert "/nowhere/at all" in done.stderr
    assert (done.stderr.strip().count("\n"), done.stdout) == (0, "")


def test_a_bad_setting_is_one_line_and_exit_code_2(tmp_path):
    done = subprocess.run(
        [sys.executable, "app.py", "sets"],
        cwd=ROOT, capture_output=True, text=True,
        env={"PATH": "", "VITRINE_PORT": "x", "VITRINE_WORKSPACE": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "VITRINE_PORT" in done.stderr


def test_it_refuses_to_listen_on_the_network(tmp_path):
    done = command("serve", "--host", "0.0.0.0", "--no-browser", workspace=tmp_path, code=2)
    assert "behind-proxy" in done.stderr


def test_every_command_is_documented():
    from app import build_parser

    for name in build_parser()[1]:
        if name not in {"work", "worker"}:
            assert f"## {name}" in DOCS


def test_a_warm_run_of_the_sample_loads_no_torch(digits):
    script = (
        "import sys; from core.__main__ import main;"
        f"main(['run', 'sample:digits', '--name', 'digits', '--workspace', {str(digits.root)!r}]);"
        "print([n for n in ('torch', 'umap', 'numba', 'hdbscan') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_json_is_the_only_thing_on_stdout(digits):
    done = command("run", "sample:digits", "--name", "digits", "--json", workspace=digits.root)
    assert json.loads(done.stdout)["encoded"] == 0
    assert Path(done.args[1]).name == "app.py"
