"""The command `drift`: what it prints and writes, its gate for pipelines, its check of a file."""

import json
import shlex

import pytest

from core.__main__ import main
from core.commands import drift
from core.drift.gate import Gate
from core.drift.request import DriftRequest
from core.drifting.document import KIND
from core.drifts.gated import NAMES, figures_of, judged
from core.keys import sealed, unsealed
from core.storage.store import Workspace


@pytest.fixture(scope="module")
def made(made_drift, tmp_path_factory):
    return made_drift.copy(tmp_path_factory.mktemp("command"))


@pytest.fixture
def run(made, capfdbinary):
    def call(*arguments, code=0):
        assert main([*arguments, "--workspace", str(made.workspace.root)]) == code
        said = capfdbinary.readouterr()
        return (said.err if code == 2 else said.out).decode()

    return call


ASKED = ("drift", "before", "after", "--permutations", "199")


@pytest.fixture
def document(run):
    return json.loads(run(*ASKED, "--json"))


def test_it_prints_what_the_job_says_sealed(document, made):
    plain = unsealed(document)
    assert plain is not None
    told = {name: plain[name] for name in made.result}
    assert told == json.loads(json.dumps(made.result))
    assert document["kind"] == KIND
    assert document["hashes"]["a"]["imageset"] == made.open("before").key
    assert document["hashes"]["b"]["embeddings"] == made.open("after").embeddings


def test_the_documented_fields_are_there(document):
    assert set(document) >= {"verdict", "tests", "clusters", "local", "images", "power"}
    for test in document["tests"]:
        assert set(test) >= {"name", "statistic", "p", "p_adjusted", "effect", "ci", "status"}
    for cluster in document["clusters"]:
        assert set(cluster) >= {"id", "share_a", "share_b", "ci", "p_adjusted"}
    assert set(document["local"]) >= {"new", "vanished", "tested"}
    for image in document["images"]:
        assert set(image) >= {"item_id", "set", "score", "counterpart"}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"unit": "a trap", "label": "kind", "permutations": 199, "approximate": True,
         "explain": False, "seed": 7, "spatial": 60, "map": "umap"},
    ],
)  # fmt: skip
def test_what_a_page_says_to_type_asks_for_the_same(monkeypatch, asked):
    wanted, given = DriftRequest("a b", "after:trap=it's", **asked), []
    monkeypatch.setattr(drift, "_compare", lambda *options: given.append(options) or 0)
    assert main(["drift", *shlex.split(shlex.join(wanted.arguments))]) == 0
    assert drift._request(*given[0]) == wanted


def test_in_words_the_verdict_comes_first(run, document):
    lines = run(*ASKED).splitlines()
    assert lines[0] == document["verdict"]["sentence"]
    assert "A before: 100 images, 100 units" in lines
    assert lines[-1] == f"comparison {document['drift']}"
    gone = next(one for one in document["clusters"] if one["state"] == "gone")
    assert any(line.startswith(f"group {gone['id']} gone: ") for line in lines)


def test_comparisons_are_listed(run, made):
    assert any(line.startswith(made.key) for line in run("drift", "before").splitlines())
    assert made.key in {line["key"] for line in json.loads(run("drift", "after", "--json"))}


# -- the gate --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("p<0.05 and auc>0.6", 3),
        ("p<0.05 and n_b>100", 0),
        ("clusters_gone>=1 or vanished==0", 3),
        ("n_a==100 and n_b==100 and not p>0.5", 3),
        ("share_vanished<=100%", 3),
    ],
)
def test_the_exit_code_says_whether_the_condition_holds(run, condition, code):
    found = json.loads(run(*ASKED, "--json", "--fail-on", condition, code=code))
    assert found["gate"]["failed"] is (code == 3)
    assert found["gate"]["condition"] == condition
    assert unsealed(found) is not None


def test_figures_are_those_of_the_comparison(document):
    found = figures_of(document)
    assert set(found) == set(NAMES)
    tests = {one["key"]: one for one in document["tests"]}
    assert found["p"] == min(one["p_adjusted"] for one in document["tests"])
    assert found["p_mmd"] == tests["mmd"]["p_adjusted"]
    assert (found["auc"], found["mmd2"]) == (
        tests["classifier"]["effect"], tests["mmd"]["effect"],
    )  # fmt: skip
    assert found["clusters_new"] == sum(c["state"] == "new" for c in document["clusters"])
    assert found["share_new"] == document["local"]["new_images"] / 100
    assert (found["n_a"], found["n_b"]) == (100, 100)


def test_what_is_not_known_never_stops_a_pipeline(document):
    for test in document["tests"]:
        test |= {"p": None, "p_adjusted": None, "effect": None}
    for condition in ("p<0.05", "not p<0.05", "auc>0.6"):
        found = judged(Gate(condition, NAMES), document)
        assert not found["failed"]
        assert found["unknown"]
    assert judged(Gate("p<0.05 or n_a>0", NAMES), document)["failed"]


def test_of_too_few_images_a_gate_says_what_is_not_known_and_the_report_is_there(
    made, tmp_path, capfdbinary
):
    page = tmp_path / "few.html"
    few = ("drift", "before:trap=before-0", "after", "--permutations", "99", "--out", str(page))
    gate = ("--fail-on", "auc>0.6", "--workspace", str(made.workspace.root))
    assert main([*few, *gate]) == 0
    said = capfdbinary.readouterr()
    assert b"auc not known here" in said.err
    assert b"cannot be tested" in said.out
    text = page.read_text(encoding="utf-8")
    assert "Too few to tell" in text
    assert ">nan<" not in text.lower()


# -- files -----------------------------------------------------------------------------------------


def test_files_are_written_by_their_ends_even_where_the_gate_holds(run, tmp_path):
    page, data = tmp_path / "deep" / "it.html", tmp_path / "it.json"
    said = run(*ASKED, "--out", str(page), "--out", str(data), "--fail-on", "p<1", code=3)
    assert str(page) in said
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")
    found = json.loads(data.read_bytes())
    assert found["gate"]["failed"]
    assert unsealed(found) is not None


@pytest.mark.parametrize("name", ["before", "after"])
def test_a_file_never_replaces_what_either_set_was_made_from(run, made, tmp_path, name):
    source, record = tmp_path / "source.json", made.workspace.read_set(name)
    source.write_text("{}")
    request = {**record["request"], "source": str(source)}
    made.workspace.write_set(name, {**record, "request": request})
    try:
        assert "was made from" in run(*ASKED, "--out", str(source), code=2)
    finally:
        made.workspace.write_set(name, record)
    assert source.read_text() == "{}"


def test_a_file_is_not_written_into_the_workspace_or_over_a_folder(run, made, tmp_path):
    inside, folder = made.workspace.root / "it.html", tmp_path / "it.html"
    folder.mkdir()
    assert "workspace" in run(*ASKED, "--out", str(inside), code=2)
    assert "is a folder" in run(*ASKED, "--out", str(folder), code=2)


# -- the check of a file ---------------------------------------------------------------------------


def test_a_file_is_verified_and_a_changed_one_is_not(run, tmp_path, document):
    file = tmp_path / "it.json"
    file.write_text(run(*ASKED, "--json", "--fail-on", "p<1", code=3), encoding="utf-8")
    assert run("drift", "--verify", str(file)).strip() == "the same: every number came out again"
    changed = unsealed(document)
    changed["clusters"][0]["share_b"] += 0.01
    file.write_text(json.dumps(sealed(changed)), encoding="utf-8")
    found = json.loads(run("drift", "--verify", str(file), "--json", code=1))
    assert (found["same"], found["intact"]) == (False, True)
    assert [one["field"] for one in found["differences"]] == ["clusters[0].share_b"]


def test_a_damaged_file_and_one_of_other_images_are_said_to_be_that(run, tmp_path, document):
    file = tmp_path / "it.json"
    document["verdict"]["sentence"] = "Nothing to see here."
    file.write_text(json.dumps(document), encoding="utf-8")
    said = run("drift", "--verify", str(file), code=1)
    assert said.strip() == "the file is not as it was written: it differs from its checksum"
    document["hashes"]["b"]["imageset"] = "0" * 32
    file.write_text(json.dumps(document), encoding="utf-8")
    assert "no set here has the images" in run("drift", "--verify", str(file), code=2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "no comparison of two sets"),
        ('{"kind": "vitrine.drift", "format": 99}', "format 99"),
        ('{"kind": "vitrine.drift", "format": 1}', "damaged"),
        ('{"kind": "vitrine.drift", "format": 1, "hashes": {}, "request": {"a": "x"}}', "'b'"),
        (
            '{"kind": "vitrine.drift", "format": 1, "hashes": {}, "request": {"a": "x", "b": "y"}}',
            "hashes of a side",
        ),
    ],
)
def test_what_is_no_comparison_is_said(run, tmp_path, content, words):
    file = tmp_path / "it.json"
    file.write_text(content, encoding="utf-8")
    assert words in run("drift", "--verify", str(file), code=2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give the reference"),
        (("nothing", "after"), "no set named 'nothing'"),
        (("before", "before"), "both sides are the same"),
        (("before", "after:label=bee"), "no image has 'bee'"),
        (("before", "after:label"), "after the colon"),
        (("before", "after", "--unit", "nest"), "no column 'nest'"),
        (("before", "after", "--permutations", "5"), "permutations 5"),
        (("before", "after", "--fail-on", "p <"), "ends too early"),
        (("before", "after", "--fail-on", "q<1"), "there is no such figure"),
        (("before", "after", "--fail-on", ""), "it is empty"),
        (("before", "after", "--out", "it.txt"), "must end with"),
        (("before", "--fail-on", "p<1"), "name two sets"),
        (("before", "after", "--verify", "x.json"), "--verify checks a file"),
        (("--verify", "gone.json"), "gone.json cannot be read"),
    ],
)
def test_mistakes_are_named_and_start_no_job(run, made, arguments, words):
    before = list(Workspace(made.workspace.root).artefacts())
    assert words in run("drift", *arguments, code=2)
    assert list(Workspace(made.workspace.root).artefacts()) == before
