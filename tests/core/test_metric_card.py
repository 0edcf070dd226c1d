"""The metric card: its figures against others' code, and its verdict over known sets."""

import json

import numpy as np
import pandas as pd
import pytest
from looking import gathered, settings_of
from making import picture
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from vectorsets import blobs, vector_set

from core.comparing import card as comparing_card
from core.comparing.card import metric_card, open_card
from core.comparing.invariance import Invariances
from core.errors import NotFoundError
from core.imaging.nuisance import NUISANCES
from core.library import Library
from core.morphology.card import (
    Card,
    agreement_check,
    calibration_check,
    card,
    dimension_checks,
    hubness_check,
    invariance_checks,
)
from core.morphology.metric import (
    Agreement,
    Calibration,
    Invariance,
    agreement,
    calibration,
    found_again,
    judged,
    usual_distance,
)
from core.neighbors import find_neighbors
from core.space import unit_rows
from core.storage.store import Workspace

GOOD = Invariance(0.05, 1.0, True, (0.04, 0.06), (0.98, 1.0), 200)
SLIGHT = Invariance(0.33, 0.99, False, (0.3, 0.36), (0.97, 1.0), 200)
LOST = Invariance(0.6, 0.5, False, (0.5, 0.7), (0.4, 0.6), 200)
EDGES = np.linspace(0, 1, 11)
FALLING = Calibration(0.9, EDGES, np.linspace(0.9, 0.1, 10), True, 0.85, 0.95)
BLIND = Calibration(0.51, EDGES, np.full(10, 0.5), True, 0.48, 0.54)
NEAR = Agreement(0.9, 0.2, 0.875, 0.8, 0.95)
CHANCE = Agreement(0.21, 0.2, 0.01, -0.03, 0.05)


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "ws")


def made(
    changed: dict[str, Invariance] | None = None,
    calibrated: Calibration | None = FALLING,
    near: Agreement | None = NEAR,
    skew: float = 0.5,
    participation: float = 12.0,
) -> Card:
    """Return the card of a good set, but for what is given."""
    found = {name: GOOD for name in NUISANCES if name != "background"} | (changed or {})
    return card("k", [
        *invariance_checks(found), calibration_check(calibrated), agreement_check(near),
        *dimension_checks(9.0, participation, 256), hubness_check(skew, 0.02),
    ])  # fmt: skip


# -- the verdict -----------------------------------------------------------------------------------


def test_where_everything_is_good_the_card_is_passed():
    found = made()
    assert found.verdict == "pass"
    assert {check.status for check in found.checks} == {"pass"}
    assert found.text == "Distances can be read as differences of form here."


@pytest.mark.parametrize("name", ["shift", "jpeg", "crop", "rotate"])
def test_what_no_form_knows_decides(name):
    found = made({name: LOST})
    assert found.verdict == "fail"
    assert NUISANCES[name].title in found.text


@pytest.mark.parametrize("name", ["gain", "flip"])
def test_what_may_be_form_asks_for_care(name):
    found = made({name: LOST})
    assert found.verdict == "caution"
    assert f"{NUISANCES[name].title} (60 %)" in found.text


def test_a_change_that_shows_a_little_asks_for_care_but_a_shift_may_not_show():
    assert made({"jpeg": SLIGHT}).verdict == "caution"
    assert made({"shift": SLIGHT}).verdict == "fail"


def test_the_ground_is_told_and_changes_nothing():
    found = made({"background": LOST})
    (check,) = [check for check in found.checks if check.name == "background"]
    assert (found.verdict, check.status) == ("pass", "caution")
    assert "keep the masks" in check.text


def test_distances_that_say_nothing_of_known_labels_fail():
    assert made(calibrated=BLIND, near=CHANCE).verdict == "fail"
    assert made(calibrated=BLIND).verdict == "caution"
    assert made(near=CHANCE).verdict == "caution"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"skew": 2.1}, "hubs"),
        ({"participation": 1.3}, "One property"),
        ({"calibrated": Calibration(0.8, EDGES, EDGES[:10], False, 0.7, 0.9)}, "every distance"),
    ],
)
def test_other_faults_ask_for_care_and_are_named(more, said):
    found = made(**more)
    assert found.verdict == "caution"
    assert said in found.text


def test_what_is_not_known_is_never_passed():
    found = made(calibrated=None, near=None)
    assert found.verdict == "caution"
    assert "Not known: distance against labels, neighbours against labels." in found.text
    alone = card("k", [*invariance_checks({}, "No pictures."), calibration_check(FALLING),
                       agreement_check(NEAR), hubness_check(0.1, 0.0)], "No pictures.")  # fmt: skip
    assert (alone.verdict, alone.checks[0].status) == ("caution", "unknown")
    assert alone.checks[0].text == alone.notice == "No pictures."


def test_a_card_survives_json():
    found = made({"flip": SLIGHT, "background": LOST}, calibrated=None)
    assert Card.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found


def test_equal_images_have_unknown_figures_and_no_nan():
    """All images one place: the usual distance is 0, and nothing can be judged against it."""
    apart, again = np.zeros(20), np.ones(20, bool)
    found = made({"jpeg": judged(apart, again, 0.0)})
    (check,) = [check for check in found.checks if check.name == "jpeg"]
    assert (check.value, check.ci, check.status) == (None, None, "fail")
    json.dumps(found.to_json(), allow_nan=False)


# -- the figures -----------------------------------------------------------------------------------


def test_a_change_is_judged_by_its_median_and_its_nearest_with_their_intervals():
    apart = np.random.default_rng(0).permutation(np.linspace(0, 1, 101))
    found = judged(apart, np.arange(101) % 10 != 0, 2.0)
    assert (found.ratio, found.pictures) == (0.25, 101)
    assert found.retrieval == pytest.approx(90 / 101)
    # ranks 50.5 ± 1.96 √101 / 2 of 101 values; Wilson's interval of 90 of 101 as R's prop.test
    assert found.ratio_ci == pytest.approx((0.20, 0.305), abs=0.01)
    assert found.retrieval_ci == pytest.approx((0.8151, 0.9381), abs=5e-4)


def test_the_interval_of_a_median_holds_it_19_times_in_20():
    rng, held = np.random.default_rng(1), 0
    for _ in range(400):
        apart = rng.exponential(size=60)
        low, high = judged(apart, np.ones(60, bool), 1.0).ratio_ci
        held += low <= np.log(2) <= high
    assert 368 <= held <= 396  # 99.9 % of studies at 94 to 97.5 %


def test_a_picture_is_found_again_unless_another_is_nearer():
    unit = unit_rows(np.eye(5))
    changed = unit_rows(np.array([[1.0, 0.2, 0, 0, 0], [0.2, 0.1, 0, 0, 1.0]]))
    apart, again = found_again(unit, np.array([0, 1]), changed)
    assert again.tolist() == [True, False]
    assert apart == pytest.approx(np.linalg.norm(unit[:2] - changed, axis=1))


def test_calibration_is_the_area_of_scikit_learn_over_all_pairs():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, 120)
    unit = unit_rows(np.eye(6)[labels] + rng.normal(size=(120, 6)) * 0.5)
    found = calibration(unit, labels)
    one, two = np.triu_indices(120, 1)
    apart = np.linalg.norm(unit[one] - unit[two], axis=1)
    whole = roc_auc_score(labels[one] == labels[two], -apart)
    assert found.auc == pytest.approx(whole, abs=0.015)
    assert found.low < whole < found.high


def test_its_interval_grows_where_few_units_stand_behind_many_images():
    rng = np.random.default_rng(3)
    units = np.repeat(np.arange(24), 20)
    labels = units % 2
    middles = np.eye(2)[np.arange(24) % 2] @ rng.normal(size=(2, 8)) + rng.normal(size=(24, 8))
    unit = unit_rows(middles[units] + rng.normal(size=(480, 8)) * 0.05)
    alone, together = calibration(unit, labels), calibration(unit, labels, units=units)
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_images_of_one_specimen_do_not_vouch_for_each_other():
    """Twenty images of each specimen, labels dealt to specimens at random: nothing to be seen."""
    rng = np.random.default_rng(4)
    units = np.repeat(np.arange(30), 20)
    labels = rng.permutation(np.arange(30) % 6)[units]
    unit = unit_rows(rng.normal(size=(30, 16))[units] + rng.normal(size=(600, 16)) * 0.1)
    graph = find_neighbors(unit, key="t", k=60)
    assert agreement(graph, labels).kappa == 1.0
    apart = agreement(graph, labels, units, own=False)
    assert apart.low < 0 < apart.high
    assert calibration(unit, labels).low > 0.5
    blind = calibration(unit, labels, units=units)
    assert blind.low < 0.5 < blind.high


def test_the_usual_distance_is_that_of_different_specimens():
    rng = np.random.default_rng(6)
    units = np.repeat(np.arange(8), 40)
    unit = unit_rows(rng.normal(size=(8, 16))[units] + rng.normal(size=(320, 16)) * 0.02)
    labels = units // 4
    one, two = np.triu_indices(320, 1)
    counted = (labels[one] == labels[two]) & (units[one] != units[two])
    wanted = np.median(np.linalg.norm(unit[one] - unit[two], axis=1)[counted])
    assert usual_distance(unit, labels, units=units) == pytest.approx(wanted, rel=0.02)
    assert usual_distance(unit, labels) < 0.98 * wanted
    assert usual_distance(unit, labels, units=np.zeros(320, int)) == 0.0


# -- of a set --------------------------------------------------------------------------------------


def digits(root, count=300):
    """Real digits of 8 × 8 pixels, with their labels."""
    root.mkdir()
    data = load_digits()
    lines = ["path,label"]
    for row in range(count):
        values = np.minimum(data.images[row] * 16, 255).astype(np.uint8)
        Image.fromarray(values).save(root / f"{row:03}.png")
        lines.append(f"{row:03}.png,{data.target[row]}")
    (root / "table.csv").write_text("\n".join(lines))
    return root / "table.csv"


def with_graph(workspace, opened, monkeypatch):
    """Give a gathered set the neighbours that a whole run would."""
    from core.storage.vectors import VectorCache

    cache = VectorCache(workspace.root / "vectors" / opened.spec.key, opened.spec)
    graph = find_neighbors(cache.load(opened.items["item_id"].tolist()), key="graph", k=30)
    monkeypatch.setattr(type(opened), "neighbors", graph)
    return opened


def test_raw_pixels_of_digits_fail_by_a_shift_of_one_pixel(workspace, tmp_path, monkeypatch):
    """They tell the digits well, and yet a shift by one pixel makes another digit of each."""
    opened = with_graph(workspace, gathered(workspace, digits(tmp_path / "in")), monkeypatch)
    labels = pd.factorize(opened.items["label"])[0]
    found = metric_card(opened, workspace, settings_of(workspace), labels)
    by = {check.name: check for check in found.checks}
    assert found.verdict == "fail"
    assert by["shift"].status == "fail"
    assert by["shift"].value > 0.5
    assert by["shift"].details["retrieval"] < 0.8
    assert by["gain"].status == "pass"  # unit vectors do not know how bright a picture is
    assert by["agreement"].status == by["calibration"].status == "pass"
    assert by["agreement"].value > 0.8
    assert "shifted by one pixel" in found.text


def test_a_card_is_kept_and_is_another_for_other_labels_or_units(workspace, tmp_path, monkeypatch):
    root = tmp_path / "in"
    root.mkdir()
    for seed in range(24):
        picture(seed).save(root / f"{seed:02}.png")
    opened = with_graph(workspace, gathered(workspace, root), monkeypatch)
    labels, settings = np.arange(24) % 3, settings_of(workspace)
    first = metric_card(opened, workspace, settings, labels)
    with monkeypatch.context() as patched:
        patched.setattr(comparing_card, "_made", None)  # would fail if it were called
        assert metric_card(opened, workspace, settings, labels) == first
        assert open_card(workspace, first.key) == first
    units = np.arange(24) // 2
    keys = {
        first.key, metric_card(opened, workspace, settings).key,
        metric_card(opened, workspace, settings, labels, units).key,
    }  # fmt: skip
    assert len(keys) == 3
    renamed = metric_card(opened, workspace, settings, labels, 100 - units)
    assert renamed.key in keys  # which images belong together counts, not what units are called


def test_vectors_alone_are_never_passed_and_it_is_said_why(workspace):
    vectors, groups = blobs([40, 40, 40])
    vector_set(workspace, vectors)
    opened = Library(workspace).open("set")
    found = metric_card(opened, workspace, settings_of(workspace), groups)
    assert found.verdict == "caution"
    assert found.checks[0].status == "unknown"
    assert "came with the set" in found.notice
    assert "Not known: changed pictures." in found.text
    noise = np.random.default_rng(5).normal(size=(120, 16))
    vector_set(workspace, noise, name="noise", ids=[f"{row:064x}" for row in range(500, 620)])
    blind = metric_card(Library(workspace).open("noise"), workspace, settings_of(workspace), groups)
    assert blind.verdict == "fail"
    assert "chance" in blind.text


def test_labels_that_nobody_has_are_none(workspace):
    vectors, _ = blobs([30, 30])
    vector_set(workspace, vectors)
    opened = Library(workspace).open("set")
    found = metric_card(opened, workspace, settings_of(workspace), np.full(60, -1))
    status = {check.name: check.status for check in found.checks}
    assert status["calibration"] == status["agreement"] == "unknown"


def test_a_set_without_neighbours_is_refused(workspace, tmp_path):
    (tmp_path / "in").mkdir()
    picture(1).save(tmp_path / "in" / "1.png")
    with pytest.raises(NotFoundError, match="no neighbours yet"):
        metric_card(gathered(workspace, tmp_path / "in"), workspace, settings_of(workspace))


def test_distances_are_set_against_two_images_of_one_label(workspace, monkeypatch):
    """Labels that lie apart: a change as large as half of what is inside a label fails."""
    vectors, groups = blobs([60, 60], dims=24, spread=0.05)
    vector_set(workspace, vectors)
    opened = Library(workspace).open("set")
    unit = unit_rows(vectors)
    inside = [np.linalg.norm(unit[a] - unit[b]) for a in range(60) for b in range(a)]
    table = pd.DataFrame({
        "row": np.arange(50), "transform": "jpeg", "distance": 0.3 * np.median(inside),
        "own": True,
    })  # fmt: skip
    monkeypatch.setattr(comparing_card, "invariance_of", lambda *_: Invariances("changed", table))
    found = metric_card(opened, workspace, settings_of(workspace), groups)
    assert found.checks[0].value == pytest.approx(0.3, rel=0.03)
    unlabelled = metric_card(opened, workspace, settings_of(workspace))
    assert unlabelled.checks[0].value < 0.2


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_handful_of_images_have_a_card_that_says_how_little_is_known(workspace, count):
    vector_set(workspace, np.eye(5)[:count])
    opened = Library(workspace).open("set")
    found = metric_card(opened, workspace, settings_of(workspace), np.arange(count) % 2)
    status = {check.name: check.status for check in found.checks}
    assert found.verdict == "caution"
    assert status["calibration"] == status["agreement"] == "unknown"


def test_of_few_units_no_interval_is_told_and_nothing_is_judged():
    assert calibration_check(Calibration(0.7, EDGES, EDGES[:10], True)).status == "unknown"
    few = agreement_check(Agreement(0.9, 0.5, 0.8, np.nan, np.nan))
    assert (few.status, few.ci) == ("unknown", None)
    assert "too few labelled units" in few.text
