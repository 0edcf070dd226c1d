"""A court and a test of nuisances on pictures in which the truth is known."""

import json

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.courts import Courts, stored
from core.cutting import run_cutout
from core.encoders.base import spec_from_dict
from core.encoders.fitted.names import residual_name
from core.errors import InputError, JobCancelled, NotFoundError
from core.judging import run_court
from core.judging.bench import open_case, seats_of
from core.progress import Progress
from core.runner import open_board
from core.storage.vectors import VectorCache
from tests.court_example import SEEN, TOTAL, planted, sets, shapes


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return sets(tmp_path_factory.mktemp("court"))


@pytest.fixture(scope="module")
def held(example):
    return example.court()


def of(result, question):
    return next(one for one in result["recommendations"] if one["question"] == question)


def heard(result, name):
    return next(one for one in result["encoders"] if one["name"] == name)


# -- the court -------------------------------------------------------------------------------------


def test_the_encoder_that_sees_what_labels_are_made_of_is_recommended(held):
    for question in ("classes", "similar"):
        made = of(held, question)
        assert made["name"] == "colour-texture"
        assert made["clear"]
        assert "colour-texture" in made["text"]
    assert "telling classes apart" in held["text"]
    colour, grey = heard(held, "colour-texture"), heard(held, "pixels")
    assert colour["figures"]["probe"]["value"] > 0.9
    assert colour["figures"]["retrieval"]["value"] > 0.8
    # grey pixels know nothing of colours of one brightness: chance is a third
    assert abs(grey["figures"]["retrieval"]["value"] - 1 / 3) < 0.15
    assert any("classes apart" in text for text in held["warnings"])  # the set is of pixels


def test_the_pixel_baseline_is_heard_and_the_sets_own_encoder_first(example, held):
    assert [one["name"] for one in held["encoders"]] == ["pixels", "colour-texture"]
    with pytest.raises(InputError, match="name one beside"):  # pixels alone are no court
        example.court("shapes", encoders=[])


def test_what_was_encoded_is_kept_and_nothing_is_encoded_twice(example, held):
    assert heard(held, "colour-texture")["cost"]["encoded"] == TOTAL
    case = open_case("colours", example.workspace, column=None, unit=None, sample=100, seed=0)
    where = (case, example.workspace, example.settings, Progress(), 0)
    kept, seats = seats_of(["pixels", "colour-texture"], *where)
    assert [seat.encoded for seat in seats] == [0, 0]
    assert len(kept.rows) == TOTAL


def test_a_court_is_kept_and_the_same_request_computes_nothing(example, held):
    stages = []
    progress = Progress(lambda step: stages.append(step.stage))
    wanted = {"name": "colours", "encoders": ["colour-texture"], "clusters": "micro"}
    again = run_court(wanted, example.workspace, example.settings, progress)
    assert again == held
    assert "court" not in stages
    kept = Courts(example.workspace)
    line = next(one for one in kept.list("colours") if one.key == held["court"])
    assert line.encoders == ("pixels", "colour-texture")
    assert not kept.list("shapes") or kept.list("shapes")[0].key != held["court"]
    assert json.loads(json.dumps(held)) == held  # JSON values only


def test_neighbours_of_each_encoder_are_those_of_its_own_vectors(example, held):
    court = Courts(example.workspace).open(held["court"])
    opened = example.open("colours")
    folder = example.workspace.root / "vectors"
    ids = opened.items["item_id"].tolist()
    for at, key in enumerate(court.meta["specs"]):
        unit = VectorCache(folder / key, spec_from_dict(court.meta["specs"][key])).load(ids)
        unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
        apart = np.linalg.norm(unit[:, None] - unit[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        np.testing.assert_allclose(court.apart[at][:, 0], apart.min(axis=1), atol=1e-4)
        nearest = apart[np.arange(TOTAL), court.near[at][:, 0]]
        np.testing.assert_allclose(nearest, apart.min(axis=1), atol=1e-4)


def test_a_set_that_has_changed_since_is_told(example, held):
    kept = Courts(example.workspace)
    court = kept.open(held["court"])
    assert kept.stale(court, example.open("colours")) == ""
    assert "has other images" in kept.stale(court, example.open("shapes"))
    assert kept.latest(example.open("colours")).meta["imageset"] == example.open("colours").key


@pytest.mark.parametrize(
    ("asked", "error", "named"),
    [
        ({"name": "none"}, NotFoundError, "none"),
        ({"encoders": ["pixel"]}, Exception, "pixel"),
        ({"column": "colour"}, NotFoundError, "colour"),
        ({"encoders": ["a", "b", "c", "d", "e"]}, InputError, "5"),
        ({"clusters": "many"}, InputError, "themes"),
        ({"sample": 3}, InputError, "sample"),
        ({"smaple": 300}, InputError, "smaple"),
    ],
)
def test_what_cannot_be_done_is_named_and_nothing_is_stored(example, held, asked, error, named):
    before = len(list((example.workspace.root / "artefacts" / "court").glob("*")))
    with pytest.raises(error, match=named):
        example.court(**{"name": "colours", **asked})
    assert len(list((example.workspace.root / "artefacts" / "court").glob("*"))) == before


def test_a_cancelled_court_leaves_nothing(example):
    with pytest.raises(JobCancelled):
        run_court({"name": "colours", "encoders": ["colour-texture"], "seed": 9},
                  example.workspace, example.settings,
                  Progress(cancelled=lambda: True))  # fmt: skip
    kept = Courts(example.workspace)
    assert all(kept.open(line.key).meta["seed"] != 9 for line in kept.list("colours"))


def test_excluded_images_are_not_looked_at(example):
    opened = example.open("shapes")
    case = open_case("shapes", example.workspace, column=None, unit=None, sample=100, seed=0)
    assert len(case.rows) == len(opened)
    assert case.labelled


# -- nuisances -------------------------------------------------------------------------------------


def factor(result, name):
    return next(one for one in result["factors"] if one["name"] == name)


def test_a_planted_background_confound_is_caught(example):
    found = example.nuisance()
    ground = factor(found, "ground")
    assert ground["state"] == "explains"
    assert found["level"] == "explains"
    assert "background" in found["text"]
    assert sorted(kind["count"] for kind in ground["kinds"]) == [24, 24]
    told = ground["before"]
    assert told["clusters"]["share"] > 0.8
    assert told["clusters"]["beyond"] > 0.8
    assert told["clusters"]["p_adjusted"] <= 0.05
    assert told["probe"]["low"] > 0.8
    assert found["label"]["before"]["clusters"]["share"] < 0.2  # the shapes explain nothing
    assert factor(found, "size")["state"] == "unknown"  # all pictures have one size


@pytest.fixture
def quick(monkeypatch):
    """Leave the classifiers out, where a test is about clusters."""

    def refuse(*given, **named):
        raise InputError("left out")

    monkeypatch.setattr("core.judging.nuisance.linear_probe", refuse)


@pytest.mark.usefixtures("quick")
def test_masks_tell_the_same_ground_as_the_rim(example):
    rim = factor(example.nuisance(), "ground")["before"]["clusters"]["share"]
    masked = factor(example.nuisance(masks=str(example.root / "masks")), "ground")
    assert masked["what"].startswith("what lies around")
    assert masked["before"]["clusters"]["share"] == pytest.approx(rim, abs=0.05)


@pytest.mark.usefixtures("quick")
def test_cutting_out_takes_the_ground_away(example):
    run_cutout({"name": "shapes", "cutout": "shapes cut", "folder": str(example.root / "masks")},
               example.workspace, example.settings)  # fmt: skip
    ground = factor(example.nuisance(against="shapes cut"), "ground")
    assert ground["before"]["clusters"]["share"] > 0.8
    assert ground["after"]["clusters"]["share"] < 0.2
    assert ground["state_after"] in {"none", "held"}
    assert "After" in ground["text"]


@pytest.mark.usefixtures("quick")
def test_regressing_a_column_out_takes_it_away_and_what_went_with_it(example):
    rows = [(f"shapes/{label}/{at:02}.png", label, place) for at, label, place in planted()]
    table = pd.DataFrame(rows, columns=["path", "label", "place"])
    table.to_csv(example.root / "placed.csv", index=False)
    example.run("placed.csv", "placed", SEEN)
    example.run("placed.csv", "placed without", residual_name(SEEN, ["place"]))
    found = example.nuisance("placed", columns=["place"], against="placed without")
    for name in ("column:place", "ground"):
        one = factor(found, name)
        assert one["before"]["clusters"]["share"] > 0.8
        assert one["after"]["clusters"]["share"] < 0.2
    assert "place" in factor(found, "column:place")["advice"]
    assert found["after"]["encoder"].startswith("residual:")


@pytest.mark.usefixtures("quick")
def test_a_ground_that_goes_with_the_label_is_not_said_to_explain_more(example, tmp_path):
    of_label = {"square": "sand", "circle": "sea"}
    shapes(example.root / "confused", tmp_path, ground_of=lambda at, label, lot: of_label[label])
    example.run("confused", "confused", SEEN)
    ground = factor(example.nuisance("confused"), "ground")
    assert ground["state"] == "with labels"
    assert ground["before"]["clusters"]["beyond"] < 0.05


@pytest.mark.usefixtures("quick")
def test_one_ground_for_all_is_nothing_to_test(example, tmp_path):
    shapes(example.root / "even", tmp_path, ground_of=lambda at, label, lot: "sand")
    example.run("even", "even", SEEN)
    found = example.nuisance("even")
    assert factor(found, "ground")["state"] == "unknown"
    assert found["level"] in {"none", "held"}


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"columns": ["label"]}, "labels"),
        ({"columns": ["nowhere"]}, "nowhere"),
        ({"masks": "nowhere"}, "nowhere"),
        ({"against": "colours"}, "same pictures"),
        ({"against": "shapes"}, "itself"),
        ({"permutations": 5}, "permutations"),
    ],
)
def test_what_cannot_be_tested_is_named(example, asked, named):
    with pytest.raises((InputError, NotFoundError), match=named):
        example.nuisance(**asked)


# -- the command line ------------------------------------------------------------------------------


def ask(example, *words):
    return main([*words, "--workspace", str(example.workspace.root)])


def test_the_commands_print_what_was_found(example, held, capsys):
    asked = ("court", "colours", "--encoder", "colour-texture", "--clusters", "micro")
    assert ask(example, *asked, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == held
    assert ask(example, *asked) == 0
    told = capsys.readouterr().out
    assert held["text"] in told
    assert "metric card: " in told
    assert f"court {held['court']}" in told
    assert ask(example, "court", "colours", "--list") == 0
    assert held["court"] in capsys.readouterr().out
    assert ask(example, "nuisance", "shapes", "--permutations", "199") == 0
    assert "Background: Explains the clusters" in capsys.readouterr().out


def test_what_has_another_format_is_neither_listed_nor_opened(example, held, monkeypatch):
    courts = Courts(example.workspace)
    assert held["court"] in [line.key for line in courts.list("colours")]
    monkeypatch.setitem(stored.FORMATS, "court", stored.FORMATS["court"] + 1)
    courts = Courts(example.workspace)
    assert list(courts.list("colours")) == []
    assert courts.measured(example.open("colours")) is None
    with pytest.raises(NotFoundError, match="another version"):
        courts.open(held["court"])


def test_a_command_that_cannot_be_done_says_why_and_starts_no_job(example, capsys):
    jobs = len(open_board(example.settings).list())
    assert ask(example, "court", "nowhere") == 2
    assert "nowhere" in capsys.readouterr().err
    assert ask(example, "court", "colours") == 2  # pixels alone
    assert "name one beside" in capsys.readouterr().err
    assert ask(example, "nuisance", "shapes", "--label", "colour") == 2
    assert "colour" in capsys.readouterr().err
    assert len(open_board(example.settings).list()) == jobs
