"""Labels told by words: the rule, the job, what is accepted and refused."""

import argparse
import json

import contrastive
import numpy as np
import pytest
from contrastive import WORDS
from vectorsets import vector_set

from core.__main__ import Parser, perform
from core.commands import search as command
from core.config import load_settings
from core.curation import Desk
from core.errors import InputError
from core.labelled import Labelled, accept, label_column
from core.labelling import WordsRequest, run_label
from core.library import Library
from core.quality.balance import wilson
from core.quality.words_request import labels_in
from core.quality.zero_shot import confidences, labels_by_words
from core.storage.store import Workspace

LABELS = tuple((word, ()) for word in WORDS)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Digits of which every third has its label; the same without any; vectors without words."""
    root = tmp_path_factory.mktemp("zeroshot")
    workspace = Workspace(root / "ws")

    def some(digits):
        names = np.array(WORDS, dtype=object)[digits]
        names[np.arange(len(names)) % 3 > 0] = None
        return names

    digits = contrastive.held_out_set(workspace, contrastive.trained(tmp_path_factory), labels=some)
    found = Library(workspace).open("digits")
    from core.storage.vectors import VectorCache

    folder = workspace.root / "vectors" / found.spec.key
    vectors = VectorCache(folder, found.spec).load(found.items["item_id"].tolist())
    vector_set(workspace, vectors, name="bare", spec=found.spec)
    vector_set(workspace, np.random.default_rng(0).normal(size=(40, 6)), name="silent")
    return load_settings({"workspace": str(root / "ws")}, {}), digits


@pytest.fixture
def workspace(made):
    return Workspace(made[0].workspace_path)


def told(made, workspace, name="digits", **fields):
    """Run the job; return what it says and what was proposed."""
    asked = WordsRequest(name, **{"labels": LABELS, **fields})
    result = run_label(asked.to_json(), workspace, made[0])
    json.dumps(result, allow_nan=False)
    return result, Labelled(workspace).propagation(result["propagation"])


# -- the rule --------------------------------------------------------------------------------------


def test_confidences_are_the_softmax_of_scaled_cosines():
    found = confidences(np.array([[0.3, 0.1], [0.2, 0.2]]), 10.0)
    np.testing.assert_allclose(found[0], np.exp([3.0, 1.0]) / np.exp([3.0, 1.0]).sum())
    np.testing.assert_allclose(found[1], 0.5)
    assert np.isfinite(confidences(np.array([[1.0, -1.0]]), 1e4)).all()


def example(n=400, wrong=0.2, seed=0):
    """Two labels and "others": sure ones are right, unsure ones are wrong as often as not."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    unsure = rng.random(n) < wrong
    gap = np.where(unsure, rng.uniform(0.01, 0.05, n), 0.4) * np.where(
        unsure & (rng.random(n) < 0.5), -1, 1
    )
    cosines = np.zeros((n, 3))
    cosines[np.arange(n), truth] = gap
    cosines[:, 2] = -0.5
    return cosines, truth


def test_the_threshold_is_learned_from_known_labels_and_keeps_the_promise():
    cosines, truth = example(wrong=0.5)
    known = np.where(np.arange(400) < 200, truth, -1)
    waiting = np.arange(200, 400)
    found = labels_by_words(cosines, 2, 10.0, known, waiting=waiting, precision=0.9)
    assert found.learned
    assert (found.proposed == truth[found.rows]).mean() >= 0.9
    assert found.unsure > 20
    assert len(found.rows) + found.unsure + found.other == 200
    assert found.low == pytest.approx(wilson(found.precision, found.tried, 1.644854)[0])
    assert found.low >= 0.9
    assert (np.diff(found.confidence) <= 0).all()
    assert found.accuracy == pytest.approx((cosines[:200].argmax(1) == truth[:200]).mean())


def test_with_nothing_known_a_confidence_is_set_and_nothing_promised():
    cosines, truth = example()
    nothing = np.full(400, -1)
    found = labels_by_words(cosines, 2, 10.0, nothing, waiting=np.arange(400), least=0.8)
    assert (found.learned, found.threshold, found.precision, found.accuracy) == (
        False, 0.8, None, None
    )  # fmt: skip
    assert "Nothing is promised: no image has" in found.notice
    assert (confidences(cosines, 10.0).max(1)[found.rows] >= 0.8).all()
    few = np.where(np.arange(400) < 20, truth, -1)
    some = labels_by_words(cosines, 2, 10.0, few, waiting=np.arange(20, 400))
    assert (some.learned, some.known) == (False, 20)
    assert "only 20 images have" in some.notice
    assert some.accuracy is not None


def test_words_that_do_not_tell_propose_nothing():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 300)
    cosines = rng.normal(0, 0.2, (300, 2))
    known = np.where(np.arange(300) < 200, truth, -1)
    found = labels_by_words(cosines, 2, 10.0, known, waiting=np.arange(200, 300))
    assert (found.threshold, len(found.rows), found.unsure) == (None, 0, 100)
    assert "no confidence is right 95 % of the time" in found.notice


def test_labels_that_are_none_of_these_count_as_wrong_unless_words_say_so():
    cosines, truth = example(wrong=0.0)
    other = np.arange(400) % 2 == 0
    known = np.where(other, -2, truth)
    blind = labels_by_words(cosines, 2, 10.0, known, waiting=np.arange(0))
    assert blind.threshold is None  # half of what is called sure is none of the two
    seeing = cosines.copy()
    seeing[other, 2] = 0.9
    found = labels_by_words(seeing, 2, 10.0, known, waiting=np.flatnonzero(other))
    assert found.threshold is not None
    assert (found.other, len(found.rows)) == (200, 0)


def test_copies_of_one_unit_count_as_one():
    cosines, truth = example(wrong=0.0)
    known = np.where(np.arange(400) < 200, truth, -1)
    units = np.where(np.arange(400) < 200, 0, np.arange(400))
    alone = labels_by_words(cosines, 2, 10.0, known, waiting=np.arange(200, 400), units=units)
    assert not alone.learned


# -- the request -----------------------------------------------------------------------------------


def test_lines_are_labels_with_words():
    lines = ["cat: cat,  small   cat", "", "  dog ", "red_fox:"]
    assert labels_in(lines, ":") == (("cat", ("cat", "small cat")), ("dog", ()), ("red_fox", ()))
    with pytest.raises(InputError, match="no label"):
        labels_in([": words"], ":")


def test_a_request_is_the_same_after_json():
    asked = WordsRequest("s", (("cat", ("a", "b")), ("dog", ())), ("other",), ("plain",), "kind")
    assert WordsRequest.from_json(json.loads(json.dumps(asked.to_json()))) == asked


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"labels": [["cat", []]]}, "nothing to be told from"),
        ({"labels": [["cat", []], ["cat", ["x"]]]}, "given twice"),
        ({"labels": [["cat"]]}, "list of"),
        ({"labels": [["cat", ["x"]], ["", []]]}, "list of"),
        ({"least": 0}, "least"),
        ({"precision": 2}, "precision"),
        ({"templates": ["x"]}, "template"),
        ({"others": [3]}, "others"),
        ({"more": 1}, "unknown field 'more'"),
        ({"pool": "half"}, "pool"),
    ],
)
def test_a_wrong_request_names_its_field(fields, said):
    with pytest.raises(InputError, match=said):
        WordsRequest.from_json({"name": "s", "do": "words", **fields})


# -- the job ---------------------------------------------------------------------------------------


def test_known_labels_give_proposals_that_keep_the_promise(made, workspace):
    result, found = told(made, workspace)
    table = found.proposals
    names = np.array(WORDS, dtype=object)[made[1]]
    right = (table["proposed"].to_numpy() == names[table["row"]]).mean()
    assert right >= 0.93  # 95 % are promised, and these are 560
    assert len(table) > 0.7 * result["waiting"]
    assert result["learned"]
    assert result["low"] >= 0.95
    assert set(table["row"] % 3) == {1, 2}  # what has a label gets none
    assert {line["label"] for line in result["by_label"]} == set(WORDS)
    assert result["accuracy"] > 0.9
    waiting = len(table) + result["unsure"] + result["far"]
    assert waiting == result["waiting"]
    assert (made[1][found.witnesses[:, 0]] == made[1][table["row"]]).mean() > 0.9


def test_proposals_are_accepted_in_one_act_that_can_be_undone(made, workspace):
    _, found = told(made, workspace)
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open("digits")
    event = accept(desk, opened, found)
    assert event.count == len(found.proposals)
    assert "told by words with open_clip:" in event.fields["reason"]
    assert str(workspace.root.parent) not in event.fields["reason"]
    row = int(found.proposals["row"].iat[0])
    column = label_column(opened, desk.view(opened))
    assert column.texts(column.codes[[row]]) == [found.proposals["proposed"].iat[0]]
    desk.undo(opened)
    assert label_column(opened, desk.view(opened)).codes[row] == -1


def test_without_known_labels_nothing_is_promised_and_others_are_left_alone(made, workspace):
    result, found = told(made, workspace, "bare")
    assert (result["learned"], result["known"], result["threshold"]) == (False, 0, 0.9)
    assert "Nothing is promised" in result["notice"]
    right = np.array(WORDS, dtype=object)[made[1][found.proposals["row"]]]
    assert (found.proposals["proposed"] == right).mean() > 0.9
    assert found.witnesses.shape == (len(found.proposals), 0)
    two = LABELS[:2]
    some, kept = told(made, workspace, "bare", labels=two, others=WORDS[2:])
    assert some["far"] > 0.7 * len(made[1])
    assert np.isin(made[1][kept.proposals["row"]], [0, 1]).mean() > 0.9


def test_several_words_make_a_label_and_the_same_request_is_answered_from_what_is_kept(
    made, workspace
):
    pairs = (("round", ("zero", "eight")), ("thin", ("one", "seven")))
    first, found = told(made, workspace, "bare", labels=pairs, others=("five",), least=0.6)
    mine = np.isin(made[1][found.proposals["row"]], [0, 8])
    assert mine[found.proposals["proposed"] == "round"].mean() > 0.5
    again, _ = told(made, workspace, "bare", labels=pairs, others=("five",), least=0.6)
    assert again["propagation"] == first["propagation"]
    other, _ = told(made, workspace, "bare", labels=pairs, others=("five",), least=0.7)
    assert other["propagation"] != first["propagation"]


def test_labels_that_there_are_need_not_be_named(made, workspace):
    result, _ = told(made, workspace, labels=())
    assert [label for label, _ in result["labels"]] == sorted(WORDS)
    with pytest.raises(InputError, match="fewer than two labels"):
        told(made, workspace, "bare", labels=())


def test_a_set_without_a_text_tower_is_refused(made, workspace):
    with pytest.raises(InputError, match="no text tower"):
        told(made, workspace, "silent")


def test_the_command_proposes_and_tells(made, workspace, capsys, tmp_path):
    lines = tmp_path / "labels.txt"
    lines.write_text("zero\none=one\n" + "\n".join(WORDS[2:]), encoding="utf-8")

    def ask(*arguments):
        common = argparse.ArgumentParser(add_help=False)
        common.add_argument("--workspace")
        common.add_argument("--json", action="store_true")
        parser = Parser(prog="t")
        command.add(parser.add_subparsers(required=True), common)
        given = ["zero-shot", *arguments, "--workspace", str(workspace.root)]
        code = perform(parser.parse_args(given))
        told = capsys.readouterr()
        return code, told.out, told.err

    code, out, _ = ask("digits", "--labels-file", str(lines), "--json")
    found = json.loads(out)
    assert (code, found["accepted"], found["learned"]) == (0, None, True)
    assert len(found["proposals"]) == found["proposed"]
    assert set(found["proposals"][0]) == {"item_id", "row", "label", "confidence"}
    code, out, _ = ask("bare", "--label", "zero", "--label", "one=one", "--other", "five",
                       "--least", "0.8", "--accept")  # fmt: skip
    assert (code, "have their label now" in out, "Nothing is promised" in out) == (0, True, True)
    for wrong, said in (
        (["digits", "--labels-file", "/nowhere/x"], "--labels-file"),
        (["digits", "--label", "=x", "--label", "y"], "no label stands before"),
        (["digits", "--label", "x"], "nothing to be told from"),
    ):
        code, out, err = ask(*wrong)
        assert (code, out, said in err) == (2, "", True)
