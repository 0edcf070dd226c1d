"""The commands drift-series and drift-plan, and a watched folder, as a person types them."""

import json
import os
import re
import time

import numpy as np
import pandas as pd
import pytest
from making import picture
from PIL import Image
from vectorsets import vector_set

from core.__main__ import main
from core.drifting import series_planning
from core.drifting.series_watch import look
from core.errors import InputError
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace


@pytest.fixture(scope="module", autouse=True)
def short_plans():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("GROUPS", 1), ("NULLS", 100), ("REPEATS", 20)):
            patch.setattr(series_planning, name, value)
        yield


def write(folder, seeds, dark=False, at=1_700_000_000):
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        made = picture(seed)
        made = Image.eval(made, lambda value: value // 4) if dark else made
        made.save(folder / f"{seed}.png")
        os.utime(folder / f"{seed}.png", (at + seed, at + seed))


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A workspace with a set of 44 pictures, and a set of vectors with a column of batches."""
    root = tmp_path_factory.mktemp("commands")
    write(root / "past", range(44))  # too few for themes, which take long
    workspace = Workspace(root / "ws")
    from core.config import load_settings

    settings = load_settings({"workspace": str(workspace.root)}, {})
    run(RunRequest(str(root / "past"), "past", "colour-texture", ("pca",)), workspace, settings)
    rng = np.random.default_rng(0)
    vectors = np.r_[4.0, 0, 0, 0] + rng.normal(size=(120, 4)) * 0.6
    vectors[100:] += [0, 2, 0, 0]
    vector_set(workspace, vectors, name="moths", ids=[f"{row:064x}" for row in range(120)],
               batch=["known"] * 80 + ["first"] * 20 + ["second"] * 20)  # fmt: skip
    return root, workspace


@pytest.fixture
def call(places, capfdbinary):
    """Run a command; give its lines on stdout and what it said on stderr."""

    def go(*arguments, code=0):
        told = main([*map(str, arguments), "--workspace", str(places[1].root)])
        said = capfdbinary.readouterr()
        assert told == code, said.err
        return said.out.decode().splitlines(), said.err.decode()

    return go


SERIES = ("drift-series", "moths", "--reference", "moths:batch=known", "--by", "batch",
          "--permutations", "199")  # fmt: skip


def test_batches_are_told_and_the_gate_stops_a_pipeline(call):
    lines, _ = call(*SERIES)
    assert lines[0] == "1 of 2 batches differs from batch known (moths): second."
    assert any(line.startswith("  first: as the reference, MMD²") for line in lines)
    _, told = call(*SERIES, "--fail-on", "p<0.05 and outside==1", code=3)
    assert told.startswith("gate: batch second: p<0.05 and outside==1 holds (p 0.01, outside 1)")
    call(*SERIES, "--fail-on", "batch_units<20")
    (line,), _ = call(*SERIES, "--fail-on", "mmd2>0", "--json", code=3)
    found = json.loads(line)
    assert found["gate"]["failed"] is True
    assert found["gate"]["batch"] == "second"
    assert set(found) >= {"series", "verdict", "batches", "trend", "change", "plan", "seed"}
    lines, _ = call("drift-series", "moths")
    assert lines[0].startswith(found["series"])


def test_a_file_of_a_series_is_made_again_and_compared(call, tmp_path):
    kept = tmp_path / "kept.json"
    call(*SERIES, "--fail-on", "p<0.05", "--out", kept, code=3)
    assert call("drift-series", "--verify", kept)[0] == ["the same: every number came out again"]
    found = json.loads(kept.read_text())
    found["batches"][0]["distance"] *= 1.01
    kept.write_text(json.dumps(found))
    (line,), _ = call("drift-series", "--verify", kept, "--json", code=1)
    told = json.loads(line)
    assert (told["same"], told["intact"]) == (False, False)
    assert [one["field"] for one in told["differences"]] == ["batches[0].distance"]
    for change, why in (
        ({"hashes": {"imagesets": {"moths": "0" * 32}, "encoder": found["hashes"]["encoder"]}},
         "no set here has the images"),
        ({"kind": "vitrine.drift"}, "no series of batches"), ({"format": 9}, "format 9"),
        ({"hashes": None}, "damaged"),
    ):  # fmt: skip
        kept.write_text(json.dumps({**found, **change}))
        assert why in call("drift-series", "--verify", kept, code=2)[1]
    assert "nothing else" in call("drift-series", "moths", "--verify", kept, code=2)[1]
    assert "name the set" in call("drift-series", code=2)[1]


def test_named_batches_keep_their_order(call):
    (line,), _ = call("drift-series", "moths", "--reference", "moths:batch=known", "--batch",
                      "moths:batch=second", "--batch", "moths:batch=first", "--json")  # fmt: skip
    assert [one["name"] for one in json.loads(line)["batches"]] == ["second", "first"]


def test_a_plan_says_how_many_images(call):
    lines, _ = call("drift-plan", "moths:batch=known", "--share", "0.4")
    assert lines[0].startswith("For a batch with 40 % new images (of a group that the reference")
    assert any(line.startswith("  40 % new: ") for line in lines)
    (line,), _ = call("drift-plan", "moths:batch=known", "--share", "0.4", "--like",
                      "moths:batch=second", "--json")  # fmt: skip
    plan = json.loads(line)["plan"]
    assert plan["strangers"] == "like batch second (moths)"
    assert plan["sizes"] == [10, 20, 40]
    seen = [row[plan["shares"].index(0.4)] for row in plan["power"]]
    assert seen == sorted(seen)
    lines, _ = call("drift-plan", "moths:batch=first")
    assert "too few units for a plan" in lines[0]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("--by", "batch"), "--reference: name what"),
        (("--reference", "moths"), "name the batches with --by"),
        (("--reference", "moths", "--by", "batch", "--folder", "x"), "give one of --by"),
        (("--reference", "moths", "--by", "batch", "--watch", "5"), "--folder"),
        (("--reference", "moths", "--by", "batch", "--fail-on", "auc>1"), "no such figure"),
        (("--reference", "nothing", "--folder", "{past}", "--watch", "5"), "nothing"),
        (("--reference", "past", "--folder", "{past}", "--watch", "0.1"), "seconds from 1"),
        (("--reference", "past", "--folder", "{past}/none"), "no such folder"),
        (("--reference", "moths", "--folder", "{past}"), "given as vectors"),
        (("--reference", "past", "--folder", "{past}"), "there is another set of this name"),
    ],
)
def test_mistakes_are_one_line(call, places, asked, told):
    asked = [one.format(past=places[0] / "past") for one in asked]
    _, said = call("drift-series", "moths", *asked, code=2)
    assert told in said
    assert said.startswith("error: ")
    assert said.count("\n") == 1


# -- a watched folder ------------------------------------------------------------------------------


def test_sub_folders_are_batches_and_loose_pictures_those_of_their_day(tmp_path):
    write(tmp_path / "b1" / "moth", [1])
    write(tmp_path / "b1", [2])
    write(tmp_path, [3], at=1_700_000_000)
    write(tmp_path, [4], at=1_700_100_000)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden").mkdir()
    found = look(tmp_path)
    assert {name: sorted(files) for name, files in found.batches.items()} == {
        "b1": ["b1/2.png", "b1/moth/1.png"], "2023-11-14": ["3.png"], "2023-11-16": ["4.png"],
    }  # fmt: skip
    write(tmp_path / "b1", [5])
    later = look(tmp_path)
    assert set(later.settled(found).batches) == {"2023-11-14", "2023-11-16"}
    assert later.settled(later).batches == later.batches
    with pytest.raises(InputError, match="no such folder"):
        look(tmp_path / "none")


def test_a_folder_of_batches_is_encoded_as_the_reference_was(call, places, tmp_path):
    write(tmp_path / "monday", range(100, 112))
    write(tmp_path / "tuesday" / "moth", range(200, 212), dark=True)
    (tmp_path / "monday" / "broken.png").write_bytes(b"no picture")
    (line,), said = call("drift-series", "new", "--reference", "past", "--folder", tmp_path,
                         "--json")  # fmt: skip
    found = json.loads(line)
    assert [(one["name"], one["images"]) for one in found["batches"]] == [
        ("monday", 12), ("tuesday", 12),
    ]  # fmt: skip
    monday, tuesday = found["batches"]
    assert tuesday["outside"]
    assert monday["distance"] < tuesday["distance"]
    assert "not usable" in said
    assert "broken.png" in said
    opened, reference = (Library(places[1]).open(name) for name in ("new", "past"))
    assert opened.spec.key == reference.spec.key
    assert opened.items["label"].dropna().unique().tolist() == ["moth"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monday", "tuesday"]


def test_a_watched_folder_is_judged_when_a_batch_is_complete(call, tmp_path, monkeypatch):
    """Each look finds what the step before it left; Ctrl+C ends the watching."""
    write(tmp_path / "b1", range(300, 312))
    steps = [
        lambda: None,  # b1 is as it was: it is judged
        lambda: write(tmp_path / "b2", range(400, 405)),  # is being copied
        lambda: write(tmp_path / "b2", range(405, 412)),  # still is
        lambda: None,  # complete
        lambda: None,  # nothing new: nothing is done
        lambda: (_ for _ in ()).throw(KeyboardInterrupt()),
    ]
    monkeypatch.setattr(time, "sleep", lambda seconds: steps.pop(0)())
    lines, said = call("drift-series", "watched", "--reference", "past", "--folder", tmp_path,
                       "--watch", "2", "--json", code=130)  # fmt: skip
    found = [json.loads(line) for line in lines]
    assert [[(one["name"], one["units"]) for one in each["batches"]] for each in found] == [
        [("b1", 12)], [("b1", 12), ("b2", 12)],
    ]  # fmt: skip
    assert found[0]["batches"][0]["distance"] == found[1]["batches"][0]["distance"]
    assert "Ctrl+C stops" in said
    assert not steps


def test_the_gate_ends_the_watching_with_its_exit_code(call, tmp_path, monkeypatch):
    write(tmp_path / "b1", range(500, 512))
    steps = [lambda: None, lambda: write(tmp_path / "b2", range(600, 612), True, 1_800_000_000),
             lambda: None]  # fmt: skip
    monkeypatch.setattr(time, "sleep", lambda seconds: steps.pop(0)())
    lines, said = call("drift-series", "gated", "--reference", "past", "--folder", tmp_path,
                       "--watch", "2", "--fail-on", "p<0.05", "--json", code=3)  # fmt: skip
    assert [json.loads(line)["gate"]["failed"] for line in lines] == [False, True]
    assert "gate: batch b2" in said


def test_batches_are_written_as_files(call, tmp_path):
    """The table has every batch with its numbers as they are; the page says the same in words."""
    table, page, kept = (tmp_path / "new" / f"moths.{kind}" for kind in ("csv", "html", "json"))
    (line,), _ = call(*SERIES, "--json", *(f"--out={file}" for file in (table, page, kept)))
    found = json.loads(line)
    assert json.loads(kept.read_text()) == found
    rows = pd.read_csv(table)
    assert rows["name"].tolist() == ["first", "second"]
    assert rows["distance"].tolist() == [one["distance"] for one in found["batches"]]
    assert rows["outside"].tolist() == [False, True]
    text = page.read_text()
    assert found["verdict"]["sentence"].replace("&", "&amp;") in text
    assert found["trend"]["text"] in text
    assert len(re.findall(r'<path class="outside"', text)) == 1
    assert len(re.findall(r'<circle class="of-a"', text)) == 1
    assert "<script" not in text
    assert not re.findall(r'(src|href)="(?!#|data:)', text)


def test_a_file_of_batches_with_another_ending_is_refused(call, tmp_path):
    _, told = call(*SERIES, "--out", tmp_path / "batches.txt", code=2)
    assert "its name must end with .html, .pdf, .json, .csv" in told
