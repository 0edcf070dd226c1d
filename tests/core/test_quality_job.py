"""The job that checks a set: what it stores, what it does not do twice, and how it may end."""

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import quality_example as example
from vectorsets import blobs, vector_set

from core.analyse import begin_record
from core.checking import run_quality
from core.checking.outliers import read_outliers
from core.checking.record import save_keeping_check
from core.checking.result import findings_of
from core.config import load_settings
from core.curation import Desk
from core.errors import ArtifactCorruptError, InputError, JobCancelled, NotFoundError
from core.findings import Findings
from core.library import Library
from core.model import ImageSet, Scan
from core.progress import Progress
from core.request import RunRequest
from core.run import Run
from core.storage.partrecords import read_part, write_part, write_rows
from core.storage.records import imageset_key
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

KINDS = {"pixels", "perturbations", "duplicates", "outliers", "labelcheck"}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path):
    return load_settings({"workspace": str(tmp_path / "workspace"), "workers": 1})


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


def pictures(tmp_path, name="moths"):
    """The example set, not checked yet; its given vectors are of no encoder."""
    made = example.checked(tmp_path, name=name)
    record = made.workspace.read_set(name)
    record.pop("quality")
    made.workspace.write_set(name, record)
    for kind in KINDS:
        for _, key in list(of_kind(made.workspace, kind)):
            for path in made.workspace.folder(kind, key).iterdir():
                path.unlink()
            made.workspace.folder(kind, key).rmdir()
    return made.workspace


def of_kind(workspace, *kinds):
    return [(kind, key) for kind, key in workspace.artefacts() if kind in (kinds or KINDS)]


def state_of(workspace):
    """Names, times and content of everything that a check stores."""
    return {
        str(path.relative_to(workspace.root)): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for kind in KINDS
        for path in sorted((workspace.root / "artefacts" / kind).rglob("*"))
        if path.is_file()
    }


def opened(workspace, name="set"):
    return Library.with_desk(workspace, Desk(workspace)).open(name)


def check(workspace, settings, name="set", **asked):
    return run_quality({"name": name, **asked}, workspace, settings)


# -- what it finds ---------------------------------------------------------------------------------


def test_a_check_finds_what_was_planted_and_names_it_in_the_record(tmp_path, settings):
    workspace = pictures(tmp_path)
    result = check(workspace, settings, "moths")
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    record = workspace.read_set("moths")["quality"]
    assert set(result["keys"]) == KINDS
    assert {kind: record[kind] for kind in KINDS} == result["keys"]
    assert set(of_kind(workspace)) >= set(result["keys"].items())
    one = opened(workspace, "moths")
    found = findings_of(one, result["keys"], workspace)
    assert found["duplicates"]["rows"]["identical"] == [example.IDENTICAL]
    assert sorted(example.PIXELS) in map(sorted, found["duplicates"]["rows"]["pixels"])
    ids = one.items["item_id"]
    assert found["duplicates"]["identical"] == [[ids[0]] * 3]
    assert {ids[example.DARK], ids[example.DARK_AND_SMALL]} <= set(found["pictures"]["dark"])
    assert ids[example.LIGHT] in found["pictures"]["light"]
    assert found["outliers"][0]["row"] in example.OUTLIERS
    assert {line["row"] for line in found["labels"]["issues"]} <= set(range(example.TOTAL))
    assert set(found["labels"]["ber"]) >= {"lower", "upper"}
    view = Desk(workspace).view(one)
    findings = Findings(workspace)
    assert findings.check(one).stale == ""
    assert findings.summary(one, view, findings.check(one)).topics["duplicates"].found


def test_the_same_input_computes_nothing_again(tmp_path, settings, monkeypatch):
    workspace = pictures(tmp_path)
    first = check(workspace, settings, "moths", per_class=True)
    before = state_of(workspace)

    def never(*args, **kwargs):
        raise AssertionError("computed again")

    monkeypatch.setattr("core.checking.outliers.outlier_scores", never)
    monkeypatch.setattr("core.checking.labels.find_label_issues", never)
    monkeypatch.setattr("core.checking.duplicates.level_tables", never)
    monkeypatch.setattr("core.imaging.pixels.look_at_item", never)
    monkeypatch.setattr(Workspace, "write", never)
    again = check(Workspace(workspace.root), settings, "moths", per_class=True)
    assert again["keys"] == first["keys"]
    assert state_of(workspace) == before


def test_another_threshold_leaves_pictures_and_changes_alone(tmp_path, settings):
    workspace = pictures(tmp_path)
    first = check(workspace, settings, "moths")["keys"]
    second = check(workspace, settings, "moths", tau=0.2)
    assert second["duplicates"]["source"] == "given"
    assert second["duplicates"]["threshold"] == 0.2
    changed = {kind for kind in KINDS if first[kind] != second["keys"][kind]}
    assert "duplicates" in changed
    assert not changed & {"pixels", "perturbations"}


def test_one_topic_keeps_what_was_found_of_the_others(tmp_path, settings):
    workspace = pictures(tmp_path)
    first = check(workspace, settings, "moths", topics=["pictures", "labels"])
    assert "outliers" not in first
    assert set(first["keys"]) == KINDS - {"outliers"}
    findings = Findings(workspace)
    findings.set_thresholds(opened(workspace, "moths"), {"dark": 0.5})
    check(workspace, settings, "moths", topics=["outliers"], share=0.1)
    record = workspace.read_set("moths")["quality"]
    assert record["labelcheck"] == first["keys"]["labelcheck"]
    assert record["pictures"] == {"dark": 0.5}
    assert read_outliers(workspace, record["outliers"]).meta["listed"] == 4


def crowd(workspace, total=400, odd=6, **columns):
    """A set of vectors with some that lie alone, the last."""
    vectors, _ = blobs([total // 2, total // 2], spread=0.15)
    vectors[-odd:] = np.random.default_rng(1).normal(size=(odd, 16))
    return vector_set(workspace, vectors, **columns)


# -- sets of every kind ----------------------------------------------------------------------------


def test_sets_with_little_in_them(workspace, settings):
    one, two = np.ones((1, 4)), np.eye(4)[:2]
    same = np.ones((40, 4))
    for name, vectors in (("one", one), ("two", two), ("same", same)):
        vector_set(workspace, vectors, name=name)
        told = check(workspace, settings, name)
        assert json.loads(json.dumps(told, allow_nan=False)) == told
        assert told["pictures"]["known"] == 0
        assert "vectors and no pictures" in told["pictures"]["notice"]
        assert told["outliers"]["status"] == "undefined"
        assert told["outliers"]["listed"] == 0
        assert told["labels"]["status"] == "undefined"
        assert findings_of(opened(workspace, name), told["keys"], workspace)["outliers"] == []
    assert told["duplicates"]["counts"]["near"]["copies"] == 39


def test_no_labels_and_one_class_are_undefined_and_said(workspace, settings):
    crowd(workspace, name="none")
    told = check(workspace, settings, "none", per_class=True)
    assert "Nothing in the working set has a label" in told["labels"]["notice"]
    assert "none was compared with its class" in told["outliers"]["notice"]
    assert told["outliers"]["listed"] == 4
    crowd(workspace, name="single", label=pd.Series(["moth"] * 400, dtype="string"))
    told = check(workspace, settings, "single")
    assert told["labels"]["status"] == "undefined"
    assert told["labels"]["notice"]


def test_everything_dropped_is_no_error(workspace, settings):
    crowd(workspace)
    Desk(workspace).act(opened(workspace), "drop", np.arange(400))
    told = check(workspace, settings)
    assert told["outliers"]["status"] == "undefined"
    assert told["outliers"]["compared"] == 0


def test_what_a_request_names_must_be_there(workspace, settings):
    crowd(workspace)
    for asked, said in (
        ({"name": "moths"}, "no set named 'moths'"),
        ({"name": "set", "column": "kind"}, "no column 'kind'"),
        ({"name": "set", "others": ["moths"]}, "no set named 'moths'"),
        ({"name": "set/0123456789abcdef"}, "no part"),
    ):
        with pytest.raises(NotFoundError, match=said):
            run_quality(asked, workspace, settings)
    record = workspace.read_set("set")
    workspace.write_set("set", {**record, "neighbors": None})
    with pytest.raises(NotFoundError, match="no neighbours yet"):
        check(workspace, settings)
    assert not of_kind(workspace)


# -- how it may end --------------------------------------------------------------------------------


def stages_of(run):
    """Run to the end and return each stage's first report, in order."""
    seen = []
    run(Progress(lambda step: seen.append(step.stage) if step.stage not in seen else None))
    return seen


def test_cancelled_at_any_stage_it_leaves_whole_artefacts_or_none(tmp_path, settings):
    asked = {"name": "moths", "per_class": True}
    whole = pictures(tmp_path / "whole")
    stages = stages_of(lambda progress: run_quality(asked, whole, settings, progress))
    assert {"check", "pictures", "duplicates", "outliers", "storing"} <= set(stages)
    expected = {path: content for path, (_, content) in state_of(whole).items()
                if not path.endswith("manifest.json")}  # fmt: skip
    workspace = pictures(tmp_path / "cut")
    for stage in stages:
        reached = []
        progress = Progress(
            lambda step, reached=reached: reached.append(step.stage),
            lambda stage=stage, reached=reached: stage in reached,
            interval=0,
        )
        with pytest.raises(JobCancelled):
            run_quality(asked, workspace, settings, progress)
        fresh = Workspace(workspace.root)
        for kind, key in of_kind(fresh):
            fresh.read(kind, key)
        assert not list(fresh.root.glob("artefacts/*/.*"))
        assert "quality" not in fresh.read_set("moths")
    run_quality(asked, workspace, settings)
    found = {path: content for path, (_, content) in state_of(workspace).items()
             if not path.endswith("manifest.json")}  # fmt: skip
    assert found == expected


KILLED = """
import os, signal, sys
from pathlib import Path
import core.storage.store as store
from core.checking import run_quality
from core.config import load_settings
from core.storage.store import Workspace
wanted = sys.argv[2]
def die(): os.kill(os.getpid(), signal.SIGKILL)
fill, write = Workspace._fill, store.write_json
def filling(self, folder, kind, *rest):
    fill(self, folder, kind, *rest)
    if kind == wanted: die()
def writing(path, value):
    if wanted == "record" and path.name == "set.json": die()
    write(path, value)
Workspace._fill, store.write_json = filling, writing
root = Path(sys.argv[1])
asked = {"name": "set", "topics": ["duplicates", "outliers"]}
run_quality(asked, Workspace(root), load_settings({"workspace": str(root)}))
"""


def test_killed_it_leaves_whole_artefacts_and_goes_on_from_there(workspace, settings):
    crowd(workspace, total=80, odd=2)
    done = ["pixels", "perturbations", "duplicates"]
    for moment, kept in (("outliers", done), ("record", [*done, "outliers"])):
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, str(workspace.root), moment], cwd=ROOT, check=False
        )
        assert ended.returncode == -signal.SIGKILL
        fresh = Workspace(workspace.root)
        assert {kind for kind, _ in of_kind(fresh)} == set(kept)
        for kind, key in of_kind(fresh):
            fresh.read(kind, key)
        assert "quality" not in fresh.read_set("set")
    before = state_of(workspace)
    check(workspace, settings, topics=["duplicates", "outliers"])
    assert state_of(workspace) | before == state_of(workspace)


def test_damage_is_named_and_not_computed_upon(workspace, settings):
    crowd(workspace)
    keys = check(workspace, settings)["keys"]
    path = workspace.folder("outliers", keys["outliers"]) / "outliers.parquet"
    path.write_bytes(path.read_bytes()[:-3] + b"???")
    with pytest.raises(ArtifactCorruptError, match=r"outliers\.parquet"):
        check(Workspace(workspace.root), settings)


# -- a set that changes ----------------------------------------------------------------------------


def test_a_set_that_was_run_again_meanwhile_is_not_written_over(workspace, settings):
    crowd(workspace)

    def run_again(step):
        if step.stage == "outliers":
            crowd(workspace, total=200)

    with pytest.raises(InputError, match="was run again while it was checked"):
        run_quality({"name": "set"}, workspace, settings, Progress(run_again))
    assert "quality" not in workspace.read_set("set")


def test_a_check_of_other_images_is_stale_and_replaced(workspace, settings):
    crowd(workspace)
    old = check(workspace, settings)["keys"]
    record = workspace.read_set("set")["quality"]
    crowd(workspace, total=200)  # other images under the same name
    workspace.write_set("set", {**workspace.read_set("set"), "quality": record})
    findings = Findings(workspace)
    assert "changed since" in findings.check(opened(workspace)).stale
    check(workspace, settings, topics=["outliers"])
    now = workspace.read_set("set")["quality"]
    assert now["labelcheck"] is None  # what was found of the other images is not kept
    assert now["outliers"] != old["outliers"]
    assert findings.check(opened(workspace)).stale == ""


def part_of(workspace, rows, name="set"):
    """Store a part of a set, as a re-run stores it, without maps; return its name."""
    whole = opened(workspace, name)
    items = whole.items.iloc[rows]
    cache = VectorCache(workspace.root / "vectors" / whole.spec.key, whole.spec)
    given = {column: items[column].tolist() for column in ("label", "film") if column in items}
    ids = items["item_id"].tolist()
    vector_set(workspace, cache.load(ids), name="copy", ids=ids, **given)
    record = workspace.read_set("copy")
    (workspace.root / "sets" / "copy.json").unlink()
    part = f"{name}/0123456789abcdef"
    workspace.root.joinpath("parts", name).mkdir(parents=True, exist_ok=True)
    checksum = write_rows(workspace, part, np.stack([rows, whole.occurrences[rows]]))
    write_part(workspace, part, {
        **record, "name": part, "base": name, "base_imageset": whole.key, "parent": name,
        "lineage": [{"name": name, "title": name, "count": len(whole)}], "title": "some",
        "count": len(rows), "rows_sha256": checksum, "m2": {}, "m2_between": {},
    })  # fmt: skip
    return part


def test_a_part_is_checked_as_a_set_of_its_own(workspace, settings):
    label = pd.Series([f"c{row % 2}" for row in range(400)], dtype="string")
    crowd(workspace, label=label)
    Desk(workspace).act(opened(workspace), "drop", [1, 100])
    rows = np.arange(1, 400, 3)
    part = part_of(workspace, rows)
    told = check(workspace, settings, part)
    assert told["set"] == part
    assert told["items"] == len(rows)
    assert told["outliers"]["compared"] == len(rows) - 2  # both were dropped in the whole set
    assert read_part(workspace, part)["quality"]["outliers"] == told["keys"]["outliers"]
    assert "quality" not in workspace.read_set("set")
    one = opened(workspace, part)
    assert Findings(workspace).check(one).stale == ""
    found = findings_of(one, told["keys"], workspace)["outliers"]
    ids = opened(workspace).items["item_id"]
    assert [line["item_id"] for line in found] == [ids[rows[line["row"]]] for line in found]
    assert check(workspace, settings, part)["keys"] == told["keys"]
    with pytest.raises(InputError, match="is a part; name whole sets"):
        check(workspace, settings, others=[part])


def test_a_later_run_keeps_what_was_checked(workspace, settings):
    """A run begins its record anew; of other images the check stays, and is stale."""
    crowd(workspace)
    check(workspace, settings, topics=["outliers"])
    whole, before = opened(workspace), workspace.read_set("set")["quality"]
    run = Run(RunRequest("given", "set"), workspace, settings, Progress(), None)
    items = whole.items
    scanned = Scan("vectors", "given", "", items)
    begin_record(run, scanned, ImageSet(whole.key, "", items), whole.spec)
    assert workspace.read_set("set")["quality"] == before
    assert Findings(workspace).check(opened(workspace)).stale == ""
    fewer = items.iloc[:300].reset_index(drop=True)
    key = imageset_key(fewer, ())
    empty = pd.DataFrame({"path": [], "reason": []}, dtype="str")
    workspace.write("imageset", key, meta={}, tables={"items": fewer, "broken": empty})
    begin_record(run, scanned, ImageSet(key, "", fewer), whole.spec)
    assert workspace.read_set("set")["quality"] == before
    assert "changed since" in Findings(workspace).check(opened(workspace)).stale


def test_a_run_that_goes_on_does_not_undo_a_check_that_ended_meanwhile(workspace, settings):
    crowd(workspace)
    held = workspace.read_set("set")  # what a run holds since it began
    check(workspace, settings, topics=["outliers"])
    before = workspace.read_set("set")["quality"]
    save_keeping_check(workspace, "set", {**held, "summary": {"items": 1}})
    after = workspace.read_set("set")
    assert after["quality"] == before
    assert after["summary"] == {"items": 1}
    save_keeping_check(workspace, "new", {**held, "name": "new"})  # a first run has no record yet
    assert "quality" not in workspace.read_set("new")
