"""The job that makes reports: what can be reported on, what is kept, checked again and compared."""

import copy
import json
import signal

import numpy as np
import pytest
from vectorsets import blobs, vector_set

from core.__main__ import main
from core.choosing import run_curate
from core.config import load_settings
from core.curation import Desk
from core.errors import InputError, NotFoundError
from core.library import Library
from core.report.check import differences
from core.report.compare import compare_reports
from core.reporting import data_of, run_report, verify
from core.reports import ReportRequest, Reports
from core.selection import Selections
from core.storage.store import Workspace

SIZES = [40, 40, 30, 30, 20, 10, 8, 6, 4, 4, 3, 2, 1, 1, 1]
TOTAL = sum(SIZES)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Two hundred vectors in fifteen groups, with a choice, a slice by hand and a selection."""
    workspace = Workspace(tmp_path_factory.mktemp("report"))
    vectors, group = blobs(SIZES)
    label = [("moth", "wasp")[g % 2] if row % 2 else None for row, g in enumerate(group)]
    vector_set(workspace, vectors, label=label, themes=np.where(group < 6, group, -1))
    vector_set(workspace, vectors[:, ::-1][:50], name="other")
    desk, opened = Desk(workspace), data_of("set", workspace).opened
    desk.act(opened, "exclude", rows=[0, 1, 2], reason="blurred")
    desk.act(opened, "slice.create", rows=range(30, 60), name="by hand", how="picked")
    return workspace


@pytest.fixture(scope="module")
def choice(workspace):
    request = {"name": "set", "budget": "30", "slice": "chosen", "strategy": "coverage"}
    return run_curate(request, workspace, load_settings({}, {}))["choice"]


def make(workspace, **fields):
    asked = ReportRequest.from_json({"name": "set", "draws": 100, **fields})
    return run_report(asked.to_json(), workspace, load_settings({}, {}))


def again(report, workspace):
    return verify(json.loads(json.dumps(report)), workspace, load_settings({}, {}))


# -- what a report can be about --------------------------------------------------------------------


def test_a_stored_choice_is_reported_on_within_its_pool(workspace, choice):
    result = make(workspace, choice=choice)
    report = Reports(workspace).open(result["report"])
    told = report["choice"]
    assert (told["key"], told["slice"], told["count"]) == (choice, "chosen", 30)
    assert told["strategy_title"] == "Full coverage"
    assert told["pool"] == {
        "title": "all vectors", "count": TOTAL - 3, "ranges": [[3, TOTAL - 1]]
    }  # fmt: skip
    assert told["ids"] == [f"{row:064x}" for row in told["rows"]]
    assert report["curve"]["ordered"]
    assert report["set"] == {
        "name": "set", "title": "set", "items": TOTAL, "kind": "vectors", "noun": "vector"
    }  # fmt: skip
    assert report["labels"]["column"] == "label"
    assert report["saturation"]["budgets"][0] == 0
    assert report["maps"] is None
    assert result["verdict"] == report["verdict"]
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_a_slice_that_a_choice_made_is_that_choice(workspace, choice):
    report = Reports(workspace).open(make(workspace, slice="chosen")["report"])
    assert report["choice"]["key"] == choice
    assert report["choice"]["rows"] == _rows(workspace, choice)


def _rows(workspace, choice):
    from core.choices import Choices

    return Choices(workspace).open(choice).rows.tolist()


def test_a_slice_made_by_hand_is_compared_with_all_that_is_not_excluded(workspace):
    report = Reports(workspace).open(make(workspace, slice="by hand")["report"])
    assert report["choice"]["rows"] == list(range(30, 60))
    assert report["choice"]["pool"]["count"] == TOTAL - 3
    assert report["choice"]["strategy_title"] == "Chosen by hand"
    assert not report["curve"]["ordered"]
    assert report["verdict"]["level"] == "worse"
    assert any("no order of its own" in line for line in report["limits"])


def test_a_selection_may_hold_what_was_excluded(workspace):
    opened = Library(workspace).open("set")
    key = Selections(workspace).save(opened.key, np.array([1, 50, 90, 120]), {}, len(opened))
    report = Reports(workspace).open(make(workspace, selection=key)["report"])
    assert report["choice"]["rows"] == [1, 50, 90, 120]
    assert report["choice"]["pool"]["count"] == TOTAL - 2


def test_a_set_without_labels_says_so(workspace):
    opened = Library(workspace).open("other")
    key = Selections(workspace).save(opened.key, np.arange(0, 50, 5), {}, len(opened))
    report = Reports(workspace).open(make(workspace, name="other", selection=key)["report"])
    assert report["labels"] is None
    assert all(band["name"] != "label_js" for band in report["bands"])
    assert any("no labels" in line for line in report["limits"])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"slice": "nobody"}, "no slice"),
        ({"choice": "0" * 32}, "no choice with this id"),
        ({"selection": "0" * 32}, "no selection"),
        ({"name": "nowhere", "slice": "by hand"}, "no set named"),
    ],
)
def test_what_is_not_there_is_named(workspace, fields, said):
    with pytest.raises(NotFoundError, match=said):
        make(workspace, **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "names nothing"),
        ({"slice": "a", "choice": "b"}, "names choice and slice"),
        ({"slice": ""}, "slice ''"),
        ({"slice": "a", "draws": 5}, "draws 5"),
        ({"slice": "a", "seed": -1}, "seed -1"),
        ({"slice": "a", "colour": 1}, "unknown field 'colour'"),
    ],
)
def test_requests_that_make_no_sense_are_refused(fields, said):
    with pytest.raises(InputError, match=said):
        ReportRequest.from_json({"name": "set", **fields})


def test_a_choice_of_a_set_that_has_changed_is_refused(workspace, choice):
    with pytest.raises(InputError, match="before it changed"):
        make(workspace, name="other", choice=choice)


# -- what is kept ----------------------------------------------------------------------------------


def test_the_same_report_is_made_once_and_listed(workspace, choice):
    first, second = make(workspace, choice=choice), make(workspace, choice=choice)
    assert first["report"] == second["report"]
    lines = {line.id: line for line in Reports(workspace).list("set")}
    line = lines[first["report"]]
    assert (line.slice, line.n, line.choice) == ("chosen", 30, choice)
    assert line.verdict == first["verdict"]["sentence"]
    assert make(workspace, choice=choice, seed=1)["report"] != first["report"]
    assert Reports(workspace).list("nowhere") == []


def test_a_report_follows_the_labels_and_the_pool(workspace):
    opened = data_of("set", workspace).opened
    before = make(workspace, slice="by hand")["report"]
    Desk(workspace).act(opened, "relabel", rows=[44], label="bee")
    after = make(workspace, slice="by hand")["report"]
    Desk(workspace).undo(opened)
    assert after != before
    told = Reports(workspace).open(after)["labels"]
    assert [row["curated"] for row in told["rows"] if row["value"] == "bee"] == [1]
    assert make(workspace, slice="by hand")["report"] == before


def test_no_report_with_an_unknown_id(workspace):
    for unknown in ("0" * 32, "../etc", ""):
        with pytest.raises(NotFoundError):
            Reports(workspace).open(unknown)


# -- made again ------------------------------------------------------------------------------------


def test_a_report_comes_out_the_same_again(workspace, choice):
    report = Reports(workspace).open(make(workspace, choice=choice)["report"])
    assert again(report, workspace) == {
        "same": True, "intact": True, "differences": [],
        "tolerance": {"relative": 1e-6, "absolute": 1e-9},
    }  # fmt: skip
    by_hand = Reports(workspace).open(make(workspace, slice="by hand")["report"])
    assert again(by_hand, workspace)["same"]


def test_a_changed_number_is_named(workspace, choice):
    report = Reports(workspace).open(make(workspace, choice=choice)["report"])
    kept = report["coverage"]["independent"]["covered"]
    report["coverage"]["independent"]["covered"] = kept + 1
    report["bands"][1]["random"]["draws"][17] *= 1.001
    found = again(report, workspace)
    assert not found["same"]
    assert not found["intact"]
    assert [one["field"] for one in found["differences"]] == [
        "coverage.independent.covered", "bands[1].random.draws[17]"
    ]  # fmt: skip
    assert (found["differences"][0]["kept"], found["differences"][0]["now"]) == (kept + 1, kept)


def test_a_changed_choice_changes_the_numbers(workspace, choice):
    report = Reports(workspace).open(make(workspace, choice=choice)["report"])
    unused = next(row for row in range(3, TOTAL) if row not in report["choice"]["rows"])
    report["choice"]["rows"][0] = unused
    fields = [one["field"] for one in again(report, workspace)["differences"]]
    assert "hashes.rows" in fields
    assert "choice.ids[0]" in fields


def test_a_report_of_other_images_cannot_be_checked_here(workspace, choice):
    report = Reports(workspace).open(make(workspace, choice=choice)["report"])
    report["hashes"]["imageset"] = "f" * 32
    with pytest.raises(NotFoundError, match="no set here has the images"):
        again(report, workspace)


@pytest.mark.parametrize("given", [[], {}, {"kind": "vitrine.report", "format": 9}])
def test_what_is_no_report_is_refused(workspace, given):
    with pytest.raises(InputError):
        again(given, workspace)


def test_a_report_with_missing_parts_is_refused(workspace, choice):
    report = Reports(workspace).open(make(workspace, choice=choice)["report"])
    del report["settings"]["seed"]
    with pytest.raises(InputError, match="the report is damaged"):
        again(report, workspace)


def test_rounding_is_no_difference_and_text_and_length_are():
    kept = {"a": 1.0, "b": [1, 2], "c": "x", "created": "then", "d": True}
    assert differences(kept, kept | {"a": 1.0 + 5e-7, "created": "now"}) == []
    assert [d["field"] for d in differences(kept, kept | {"a": 1.0 + 5e-6})] == ["a"]
    assert [d["field"] for d in differences(kept, kept | {"b": [1]})] == ["b (length)"]
    assert [d["field"] for d in differences(kept, {**kept, "c": "y", "d": 1})] == ["c", "d"]


# -- two of them -----------------------------------------------------------------------------------


def test_two_reports_are_set_side_by_side(workspace, choice):
    a, b = make(workspace, choice=choice)["report"], make(workspace, slice="by hand")["report"]
    found = Reports(workspace).compare(a, b)
    rows = {row["title"]: row for row in found["rows"]}
    assert rows["Independent groups covered"]["better"] == "a"
    assert rows["Verdict"]["better"] is None
    assert found["same"] == {"strategy": ["coverage", ""], "seed of the choice": [0, None]}
    swapped = {row["title"]: row for row in Reports(workspace).compare(b, a)["rows"]}
    assert swapped["Independent groups covered"]["better"] == "b"
    assert all(row["better"] in {"same", None} for row in Reports(workspace).compare(a, a)["rows"])


def test_reports_on_other_images_are_not_ranked(workspace, choice):
    opened = Library(workspace).open("other")
    key = Selections(workspace).save(opened.key, np.arange(30), {}, len(opened))
    other = make(workspace, name="other", selection=key)["report"]
    found = Reports(workspace).compare(make(workspace, choice=choice)["report"], other)
    assert all(row["better"] is None for row in found["rows"])
    assert "neither can be called better" in found["sentences"][0]


def test_of_two_sizes_only_the_smaller_can_be_called_better(workspace, choice):
    few = Reports(workspace).open(make(workspace, choice=choice)["report"])
    many = copy.deepcopy(few)
    many["choice"]["count"] += 10
    many["coverage"]["covered"] += 3
    bands = {band["name"]: band for band in many["bands"]}
    bands["mean_distance"]["curated"] *= 0.9
    bands["coverage_radius"]["curated"] *= 1.1
    found = compare_reports(few, many)
    better = {row["title"]: row["better"] for row in found["rows"]}
    assert better["Micro-clusters covered"] is None
    assert better[bands["mean_distance"]["title"]] is None
    assert better[bands["coverage_radius"]["title"]] == "a"
    assert set(better.values()) == {"a", None}
    assert "the first is better in 1, the second in 0" in found["sentences"][0]
    assert "nowhere called better" in found["sentences"][1]


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture
def typed(workspace, capfd):
    """Type a command; return its exit code, what it printed, and what it complained of."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments):
        code = main(["report", *map(str, arguments), "--workspace", str(workspace.root)])
        return code, *capfd.readouterr()

    yield run
    signal.signal(signal.SIGTERM, before)


def test_the_command_makes_and_checks(typed, choice, tmp_path):
    file = tmp_path / "sub" / "report.json"
    code, printed, _ = typed("set", "--choice", choice, "--json", file)
    report = json.loads(file.read_text())
    assert code == 0
    assert report["verdict"]["sentence"] in printed
    assert str(file) in printed
    assert typed("--verify", file)[:2] == (0, "the same: every number came out again\n")
    report["coverage"]["covered"] += 1
    file.write_text(json.dumps(report))
    code, printed, _ = typed("--verify", file)
    assert code == 1
    assert "coverage.covered: " in printed
    assert "differs from its checksum" in printed


def test_the_command_lists_and_compares(typed, workspace, choice):
    a, b = make(workspace, choice=choice)["report"], make(workspace, slice="by hand")["report"]
    lines = json.loads(typed("set", "--json")[1])
    assert {a, b} <= {line["id"] for line in lines}
    for name in ([], ["set"]):  # an id says all, with the name of the set or without
        assert json.loads(typed(*name, "--report", a, "--json")[1]) == Reports(workspace).open(a)
    found = json.loads(typed("--compare", a, b, "--json")[1])
    assert found == Reports(workspace).compare(a, b)
    assert "(first is better)" in typed("--compare", a, b)[1]


def test_the_command_writes_a_page(typed, choice, tmp_path):
    file = tmp_path / "report.html"
    assert typed("set", "--choice", choice, "--html", file)[0] == 0
    assert "independent groups" in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give the name of a set"),
        (["set", "--slice", "nobody"], "no slice"),
        (["set", "--verify", "x"], "give the name of a set"),
        (["set", "--html", "x.html"], "a file is about one report"),
        (["--verify", "/nowhere"], "cannot be read"),
        (["--verify", __file__], "is not JSON"),
        (["set", "--slice", "by hand", "--html", "/"], "is a folder"),
    ],
)
def test_the_command_says_what_is_wrong(typed, arguments, said):
    code, _, complaint = typed(*arguments)
    assert code == 2
    assert said in complaint


def test_files_never_go_into_the_workspace(typed, workspace, choice):
    code, _, complaint = typed("set", "--choice", choice, "--html", workspace.root / "r.html")
    assert code == 2
    assert "workspace" in complaint
