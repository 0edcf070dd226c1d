"""One case of Quality as a person sees it: outliers, pictures and labels, over a written check."""

import dataclasses
import json
import re
import shutil
from contextvars import copy_context
from types import SimpleNamespace
from urllib.parse import unquote

import flask
import numpy as np
import pandas as pd
import pytest
from dash import no_update
from dash._callback_context import context_value
from dash._utils import AttributeDict

from app import open_services
from components import (
    quality_frame,
    quality_items,
    quality_labels,
    quality_outliers,
    quality_pictures,
)
from core.config import load_settings
from core.errors import InputError
from core.quality.pictures import ISSUES
from tests.fakes import FakeBoard, FakeSet
from tests.quality_example import DARK, LIGHT, OUTLIERS, TOTAL, WRONG, checked
from tests.trees import data, find, nodes, text


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return checked(tmp_path_factory.mktemp("items")).workspace.root


@pytest.fixture
def moths(written, tmp_path):
    """A copy of the example set with its check, as the current app's."""
    root = shutil.copytree(written, tmp_path / "workspace")
    settings = load_settings({"workspace": str(root)})
    server = flask.Flask("test")
    server.config["VITRINE"] = dataclasses.replace(open_services(settings), jobs=FakeBoard())
    context = server.app_context()
    context.push()
    yield server.config["VITRINE"]
    context.pop()


def known(services):
    """What a view is given: the set, what was decided, what was found."""
    found = services.library.open("moths")
    return found, services.curation.view(found), services.findings.check(found)


def shown(services, module, key):
    found, view, check = known(services)
    case = services.findings.case(found, view, check, key)
    return data(module.case_view(found, view, check, case)), case


def bar(services, module, **given):
    keys = quality_frame.cleaned({"set": "moths", **given})
    return data(module.bar(*known(services), keys))


def triggered(name, call, *args):
    def run():
        context_value.set(AttributeDict(triggered_inputs=[{"prop_id": name, "value": 1}]))
        return call(*args)

    return copy_context().run(run)


# -- outliers --------------------------------------------------------------------------------------


def test_an_outlier_stands_beside_its_nearest_with_their_distances(moths):
    tree, case = shown(moths, quality_outliers, f"outlier-{OUTLIERS[0]}")
    near = case.detail["neighbours"]
    assert len(near) == quality_items.NEIGHBOURS
    said = text(tree)
    for one in near:
        assert f"{one['distance']:.3f} · {one['label']}" in said
    pictures = [n["props"]["src"] for n in nodes(tree) if n["type"] == "Img"]
    key = moths.library.open("moths").key
    assert pictures == [f"/image/{key}/{case.rows[0]}", *(f"/thumb/{key}/{n['row']}" for n in near)]


def test_the_place_that_is_told_is_ringed_in_the_picture(moths):
    found = moths.library.open("moths")
    wide, high = (int(found.items[side].iat[3]) for side in ("width", "height"))
    whole = dataclasses.replace(found.spec, input_size=None, crop_pct=1.0)
    shown = SimpleNamespace(items=found.items, spec=whole)
    drawn = unquote(data(quality_items.ring(shown, 3, 0.25, 0.5))["props"]["src"])
    assert f'viewBox="0 0 {wide} {high}"' in drawn
    assert set(re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', drawn)) == {
        (f"{wide / 4:.1f}", f"{high / 2:.1f}")
    }
    sides = {"box_x": wide - 4.0, "box_y": 0.0, "box_w": 40.0, "box_h": 6.0}  # cut at the border
    cut = SimpleNamespace(items=found.items.assign(**sides), spec=whole)
    drawn = unquote(data(quality_items.ring(cut, 3, 0.25, 0.5))["props"]["src"])
    assert 'viewBox="0 0 4 6"' in drawn
    assert 'cx="1.0" cy="3.0"' in drawn
    unknown = SimpleNamespace(items=found.items.assign(width=None), spec=whole)
    assert quality_items.ring(unknown, 3, 0.25, 0.5) is None
    assert "vt-item-ring" not in json.dumps(data(quality_items.figure(found, 3)))
    assert "vt-item-ring" in json.dumps(data(quality_items.figure(found, 3, place=(0.5, 0.5))))


def test_without_a_reference_outliers_are_ranked_and_never_called_false(moths):
    said = text(bar(moths, quality_outliers, view="outliers"))
    assert "a score only ranks" in said
    assert "p-values" not in said


def test_with_a_clean_reference_the_share_of_false_ones_is_told():
    meta = {"method": "glosh", "reference": "clean", "q": 0.05, "listed": 4, "n": 100,
            "n_reference": 60}  # fmt: skip
    told = quality_outliers.how(meta)
    assert "GLOSH" in told
    assert "4 of the 40 other images found, of which about 5.0 % are expected to be false" in told
    told = quality_outliers.how({**meta, "listed": 0})
    assert "none of the 40 other images can be told from these with 5.0 % false" in told
    assert "expected" not in told


def test_a_comparison_within_its_own_label_is_said_above_the_list_and_beside_the_case(moths):
    told = quality_outliers.how({"method": "rank", "per_class": True, "listed": 2, "n": 40})
    assert "each image among those of its own label. The 2 highest" in told
    near = [{"row": 1, "distance": 0.4, "label": "moth"}]
    assert "of any label" in text(quality_outliers.beside(moths.library.open("moths"), near, True))


# -- pictures --------------------------------------------------------------------------------------


def test_a_faulty_picture_has_every_raw_value_beside_its_threshold(moths):
    tree, case = shown(moths, quality_pictures, f"picture-{LIGHT}")
    said = text(tree)
    values = {one["title"]: one for one in case.detail["issues"]}
    light = values["Light"]
    assert f"Light {light['value']:.3f} {light['threshold']:.3f} below" in said
    assert f"Dark {values['Dark']['value']:.3f} 0.320 fine" in said


def test_a_threshold_shows_its_count_at_every_thousandth(moths):
    tree = bar(moths, quality_pictures, view="pictures", kind="dark")
    (frame,) = find(tree, **{"data-issue": "dark"})
    scores = known(moths)[2].pictures["dark"].score
    below = np.array(json.loads(frame["data-below"]))
    assert len(below) == 1001
    for step in (0, 100, 320, 777, 1000):
        assert below[step] == (scores < step / 1000).sum()
    assert frame["data-total"] == str(TOTAL)
    (line,) = find(tree, id=quality_pictures.LINE)
    (field,) = find(tree, id=quality_pictures.VALUE)
    assert (line["value"], field["value"]) == (0.32, 0.32)


def test_pictures_on_both_sides_of_the_line_are_shown_nearest_last_and_first(moths):
    tree = bar(moths, quality_pictures, view="pictures", kind="dark")
    scores = known(moths)[2].pictures["dark"].score
    order = np.argsort(scores, kind="stable")
    at = int((scores < 0.32).sum())
    wanted = [*order[max(0, at - 8) : at], *order[at : at + 8]]
    key = moths.library.open("moths").key
    pictures = [n["props"]["src"] for n in nodes(tree) if n["type"] == "Img"]
    assert pictures == [f"/thumb/{key}/{row}" for row in wanted]
    assert DARK in wanted


def test_moving_a_threshold_lists_anew_at_once_and_is_kept(moths):
    keys = quality_frame.cleaned({"set": "moths", "view": "pictures", "kind": "dark"})
    before = len(known(moths)[2].pictures["dark"].rows)
    moved = {"issue": "dark", "value": 0.9}
    going = triggered(f"{quality_pictures.MOVED}.data", quality_pictures.move, moved, None, keys)
    assert going["case"] == ""
    found = known(moths)[2].pictures["dark"]
    assert len(found.rows) > before
    assert found.threshold == 0.9
    said = text(bar(moths, quality_pictures, view="pictures", kind="dark"))
    assert "Dark: threshold unsuited." in said
    assert "Drop all" not in said  # it would empty the set
    triggered(f"{quality_pictures.USUAL}.n_clicks", quality_pictures.move, moved, 1, keys)
    assert known(moths)[2].pictures["dark"].threshold == ISSUES["dark"].threshold


def test_a_threshold_of_an_issue_that_is_not_shown_is_left_alone(moths):
    keys = quality_frame.cleaned({"set": "moths", "view": "pictures", "kind": "light"})
    moved = {"issue": "dark", "value": 0.9}
    call = quality_pictures.move
    assert triggered(f"{quality_pictures.MOVED}.data", call, moved, None, keys) is no_update
    assert triggered(f"{quality_pictures.MOVED}.data", call, None, None, keys) is no_update
    assert triggered(f"{quality_pictures.USUAL}.n_clicks", call, None, None, keys) is no_update
    assert known(moths)[2].limits == {}


def test_a_set_without_pictures_says_so(tmp_path):
    made = checked(tmp_path, pictures=False)
    settings = load_settings({"workspace": str(made.workspace.root)})
    server = flask.Flask("test")
    server.config["VITRINE"] = open_services(settings)
    with server.app_context():
        services = server.config["VITRINE"]
        said = text(bar(services, quality_pictures, view="pictures"))
        assert "no pictures" in said
        assert "Dark" not in said
        tree, _ = shown(services, quality_outliers, f"outlier-{OUTLIERS[0]}")
        assert not [n for n in nodes(tree) if n["type"] == "Img"]


# -- labels ----------------------------------------------------------------------------------------


def test_a_wrong_label_shows_both_labels_and_whose_its_neighbours_are(moths):
    tree, case = shown(moths, quality_labels, f"label-{WRONG[0]}")
    said = text(tree)
    assert f"Label now {case.given}" in said
    assert f"Proposed {case.proposed}" in said
    near = case.detail["neighbours"]
    looks = [n["props"]["className"] for n in nodes(tree)
             if "vt-item-near" in str(n["props"].get("className"))]  # fmt: skip
    for one, look in zip(near, looks, strict=True):
        assert look.endswith("proposed" if one["label"] == case.proposed else "given")


def test_a_label_that_was_changed_since_shows_what_it_was(moths):
    found, _, _ = known(moths)
    moths.curation.act(found, "relabel", [WRONG[0]], label="spider", about="labels")
    tree, case = shown(moths, quality_labels, f"label-{WRONG[0]}")
    assert f"Label before {case.given}" in text(tree)
    assert "Label now spider" in text(tree)


def test_another_label_is_given_by_a_person_and_the_next_case_shown(moths):
    key = f"label-{WRONG[0]}"
    keys = quality_frame.cleaned({"set": "moths", "view": "labels", "case": key})
    with pytest.raises(InputError, match="Type the label first"):
        quality_labels.use_other(1, None, "  ", keys, [])
    going, trail = quality_labels.use_other(None, 1, " spider ", keys, [])
    found, view, check = known(moths)
    assert view.label_of(WRONG[0]) == "spider"
    after = moths.findings.next_key(found, view, check, "labels", after=key)
    assert going["case"] == after != key
    assert "spider" in going["told"]
    assert trail == [{"event": going["event"], "keys": keys}]
    assert quality_labels.use_other(None, None, "spider", keys, []) == (no_update, no_update)


def test_accepting_all_is_offered_while_some_are_open(moths):
    tree = bar(moths, quality_labels, view="labels")
    button = find(tree, id=quality_frame.bulk_id("labels"))
    assert f"Accept all {len(WRONG)} proposed labels" in text(tree)
    assert button
    assert not find(bar(moths, quality_labels, view="labels", state="decided"),
                    id=quality_frame.bulk_id("labels"))  # fmt: skip


# -- names -----------------------------------------------------------------------------------------


def test_an_item_is_called_by_its_file_and_its_place_in_it():
    one = FakeSet()
    assert quality_items.name_of(one, 3) == "3.png"
    one.items["frame"] = pd.array([None, None, 41, *[None] * 9], dtype="Int64")
    assert quality_items.name_of(one, 2) == "2.png, no. 41"
    assert quality_items.name_of(one, 3) == "3.png"
    assert quality_items.name_of(FakeSet().without_pictures(), 3) == "Vector 3"


def test_a_picture_of_few_pixels_is_not_blurred():
    small, large = FakeSet(), FakeSet()
    large.items["width"] = 65
    for one, sharp in ((small, True), (large, False)):
        (picture,) = find(data(quality_items.figure(one, 0, label=False)), alt="0.png")
        assert ("vt-pixelated" in picture["className"]) == sharp
