"""Small defects: the place of a picture least like any place of the others."""

import numpy as np
import pytest
from PIL import Image

from core.checking import fine, run_quality
from core.checking.fine import fine_of
from core.checking.outliers import read_outliers
from core.config import load_settings
from core.curation import Desk
from core.errors import InputError, JobCancelled
from core.findings import Findings
from core.library import Library
from core.pipeline import run
from core.progress import Progress
from core.request import RunRequest
from core.storage.store import Workspace

#: Pictures with a spot, and which of the 16 places across and down it fills.
SPOTS = {7: (3, 7), 31: (12, 3), 50: (8, 12)}
TOTAL, SIDE, PLACES = 60, 32, 16


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Waves of every direction and light, three of them with a dark spot, as pixels."""
    root = tmp_path_factory.mktemp("fine")
    (root / "pictures").mkdir()
    rng = np.random.default_rng(0)
    down, across = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    for row in range(TOTAL):
        turn, start, light = rng.uniform(0, np.pi), rng.uniform(0, 6), rng.uniform(110, 170)
        wave = np.sin(8 * (across * np.cos(turn) + down * np.sin(turn)) + start)
        grey = light + 40 * wave
        if row in SPOTS:
            x, y = (SIDE // PLACES * place for place in SPOTS[row])
            grey[y : y + 2, x : x + 2] = 0
        Image.fromarray(grey.astype(np.uint8)).save(root / "pictures" / f"{row:02d}.png")
    settings = load_settings({"workspace": str(root / "workspace"), "workers": 1})
    workspace = Workspace(settings.workspace)
    run(RunRequest(str(root / "pictures"), "waves", encoder="pixels", maps=("pca",)), workspace,
        settings)  # fmt: skip
    return workspace, settings


def ran(pictures, root):
    """Run the pixels of a folder of pictures as the set "set"."""
    settings = load_settings({"workspace": str(root), "workers": 1})
    workspace = Workspace(settings.workspace)
    asked = RunRequest(str(pictures), "set", encoder="pixels", maps=("pca",))
    run(asked, workspace, settings)
    return workspace, settings


def checked(kept, name="waves", **asked):
    workspace, settings = kept
    told = run_quality({"name": name, "topics": ["outliers"], **asked}, workspace, settings)
    return read_outliers(workspace, told["keys"]["outliers"])


def test_spots_are_found_where_they_are_and_whole_vectors_miss_them(kept):
    found = checked(kept, outliers="places", share=len(SPOTS) / TOTAL)
    assert set(found.rows.tolist()) == set(SPOTS)
    for row, (across, down) in SPOTS.items():
        line = found.table.iloc[row]
        assert (line["across"], line["down"]) == ((across + 0.5) / PLACES, (down + 0.5) / PLACES)
    others = np.setdiff1d(np.arange(TOTAL), list(SPOTS))
    score = found.table["score"]
    assert score[list(SPOTS)].min() > 2 * score[others].max()
    whole = checked(kept, outliers="rank", share=len(SPOTS) / TOTAL)
    assert not set(whole.rows.tolist()) & set(SPOTS)


def test_the_worklist_says_where(kept):
    checked(kept, outliers="places", share=len(SPOTS) / TOTAL)
    workspace, _ = kept
    opened = Library.with_desk(workspace, Desk(workspace)).open("waves")
    findings, view = Findings(workspace), Desk(workspace).view(opened)
    check = findings.check(opened)
    for row, where in {7: "the left side", 31: "the top right", 50: "the bottom side"}.items():
        case = findings.case(opened, view, check, f"outlier-{row}")
        assert f"Least like the others: {where}." in case.reason


def test_places_are_held_against_other_units_only(kept):
    workspace, settings = kept
    opened = Library(workspace).open("waves")
    everyone, units = np.ones(TOTAL, bool), np.arange(TOTAL)
    twice = [fine_of(opened, workspace, settings, units, everyone, seed=3) for _ in range(2)]
    assert np.array_equal(twice[0].score, twice[1].score)
    joined = np.where(np.isin(units, [7, 31]), 7, units)  # both have a spot: now no witness
    found = fine_of(opened, workspace, settings, joined, everyone, seed=3)
    assert found.score[7] >= twice[0].score[7]
    with pytest.raises(InputError, match="two or more units"):
        fine_of(opened, workspace, settings, np.zeros(TOTAL, int), everyone)


def test_a_clean_reference_tests_by_place(kept):
    """Half of the slice says what is usual, the other half how unlike a clean place may be."""
    workspace, _ = kept
    desk, opened = Desk(workspace), Library(workspace).open("waves")
    others = np.setdiff1d(np.arange(TOTAL), list(SPOTS))
    desk.act(opened, "slice.create", rows=others[:50].tolist(), name="clean", how="looked at")
    found = checked(kept, outliers="places", reference="clean", q=0.2)
    assert set(found.rows.tolist()) == set(SPOTS)
    table = found.table
    fitted, clean = found.meta["n_fitted"], found.meta["n_clean"]
    assert 15 < clean <= 25  # one of each group of near-duplicates
    assert clean <= fitted <= 50 - clean
    np.testing.assert_allclose(table.loc[list(SPOTS), "p"], 1 / (clean + 1))
    assert table.loc[others[:50], "p"].isna().all()
    rest = table.loc[others[50:]].sort_values("score")
    assert rest["p"].is_monotonic_decreasing
    assert rest["p"].min() > 1 / (clean + 1)
    assert "unlike slice “clean”" in found.meta["text"]
    opened = Library.with_desk(workspace, desk).open("waves")
    findings = Findings(workspace)
    case = findings.case(opened, desk.view(opened), findings.check(opened), "outlier-31")
    assert f"(p = {1 / (clean + 1):.2g}). Least like the others: the top right." in case.reason
    assert checked(kept, outliers="places").meta["reference"] == ""


def test_a_place_that_always_varies_hides_no_spot_elsewhere(tmp_path):
    """A corner that differs from all in every picture is usual there; a fainter spot is not."""
    rng = np.random.default_rng(5)
    for row in range(40):
        grey = np.full((SIDE, SIDE), 128.0) + rng.normal(0, 4, (SIDE, SIDE))
        grey[:2, :2] = rng.choice([0, 255]) + rng.normal(0, 30)
        if row == 11:
            grey[20:22, 8:10] += 60
        shades = np.clip(grey, 0, 255).astype(np.uint8)
        Image.fromarray(shades).save(tmp_path / f"{row:02d}.png")
    workspace, settings = ran(tmp_path, tmp_path / "workspace")
    everyone = np.ones(40, bool)
    found = fine_of(Library(workspace).open("set"), workspace, settings, np.arange(40), everyone)
    assert np.argmax(found.score) == 11
    assert (found.across[11], found.down[11]) == (4.5 / PLACES, 10.5 / PLACES)


def test_the_same_fault_in_several_excuses_none_of_them(tmp_path):
    rng, faulty = np.random.default_rng(6), [4, 30, 31, 77, 118]
    for row in range(120):
        grey = 128 + rng.normal(0, 12, (SIDE, SIDE))
        if row in faulty:
            grey[10:12, 24:26] = 250
        shades = np.clip(grey, 0, 255).astype(np.uint8)
        Image.fromarray(shades).save(tmp_path / f"{row:03d}.png")
    workspace, settings = ran(tmp_path, tmp_path / "workspace")
    everyone = np.ones(120, bool)
    found = fine_of(Library(workspace).open("set"), workspace, settings, np.arange(120), everyone)
    assert sorted(np.argsort(found.score)[-5:].tolist()) == faulty
    assert {(found.across[row], found.down[row]) for row in faulty} == {
        (12.5 / PLACES, 5.5 / PLACES)
    }


def test_without_room_and_for_a_few_of_many_the_scores_stay(kept, monkeypatch):
    """Pictures read twice give what those held give; those of a small bank find the spots."""
    workspace, settings = kept
    opened, units, everyone = (
        Library(workspace).open("waves"),
        np.arange(TOTAL),
        np.ones(TOTAL, bool),
    )
    held = fine_of(opened, workspace, settings, units, everyone)
    monkeypatch.setattr(fine, "HELD", 5000)
    again = fine_of(opened, workspace, settings, units, everyone)
    for name in ("score", "across", "down"):
        np.testing.assert_allclose(getattr(held, name), getattr(again, name), rtol=1e-4, atol=1e-4)
    monkeypatch.setattr(fine, "BANKED", 30)
    few = fine_of(opened, workspace, settings, units, everyone)
    assert set(np.argsort(few.score)[-3:].tolist()) == set(SPOTS)


@pytest.mark.parametrize("at", ["those that stand for the set", ""])
def test_it_can_be_cancelled_while_it_reads_and_while_it_compares(kept, at):
    workspace, settings = kept
    opened, steps = Library(workspace).open("waves"), []
    progress = Progress(steps.append, lambda: bool(steps) and steps[-1].note == at, 0)
    with pytest.raises(JobCancelled):
        fine_of(opened, workspace, settings, np.arange(TOTAL), np.ones(TOTAL, bool),
                progress=progress)  # fmt: skip
    assert (steps[-1].stage, steps[-1].note) == ("patches", at)


def test_pictures_that_are_gone_have_no_score_and_are_counted(kept, tmp_path):
    workspace, settings = kept
    opened = Library(workspace).open("waves")
    gone = opened.root / "03.png"
    kept_bytes = gone.read_bytes()
    gone.unlink()
    try:
        found = fine_of(opened, workspace, settings, np.arange(TOTAL), np.ones(TOTAL, bool))
    finally:
        gone.write_bytes(kept_bytes)
    assert (found.score[3], np.isnan(found.across[3])) == (0, True)
    assert found.notice == "Without a score, as their pictures cannot be read: 1."


def test_vectors_without_pictures_or_places_are_refused(kept, tmp_path):
    workspace, settings = kept
    np.save(tmp_path / "given.npy", np.random.default_rng(0).normal(size=(40, 8)))
    run(RunRequest(str(tmp_path / "given.npy"), "given", maps=("pca",)), workspace, settings)
    with pytest.raises(InputError, match="vectors were given"):
        checked(kept, "given", outliers="places")
