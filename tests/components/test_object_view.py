"""An object in the inspector: drawn on its picture among the others, counted, and edited."""

import io
import shutil
from types import SimpleNamespace

import pytest
from dash import no_update
from objects_example import SIZE, objects_of, write_coco
from PIL import Image

from components import export_menu, inspector, object_view
from components.routes import routes
from core.config import load_settings
from core.curation import Desk
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace
from tests.fakes import FakeBoard, FakeSet
from tests.trees import find, text

QUIET = "btn btn-quiet btn-sm"
STORE = inspector.store_id("t")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with a set of twelve objects in four pictures; nobody writes into it."""
    folder = tmp_path_factory.mktemp("objects")
    workspace = Workspace(folder / "workspace")
    settings = load_settings({"workspace": str(workspace.root)}, {})
    run(RunRequest(f"coco:{write_coco(folder)}", "objects", "pixels", ("pca",)), workspace,
        settings)  # fmt: skip
    return workspace.root


@pytest.fixture
def objects(made, tmp_path, inside):
    """A copy of it, served to components."""
    root = tmp_path / "workspace"
    shutil.copytree(made, root)
    workspace, settings = Workspace(root), load_settings({"workspace": str(root)}, {})
    desk = Desk(workspace)
    library = Library.with_desk(workspace, desk)
    return inside(
        SimpleNamespace(library=library, curation=desk, settings=settings, jobs=FakeBoard([]))
    )


def percent(style):
    return [float(style[side].removesuffix("%")) for side in ("left", "top", "width", "height")]


def test_the_box_is_drawn_where_it_is_and_the_others_lead_to_theirs(objects):
    found = objects.library.open("objects")
    shown = object_view.section(found, 4, STORE)
    (stage,) = find(shown, className="vt-object-stage")
    assert stage["style"]["aspectRatio"] == "96 / 64"
    assert stage["data-object-size"] == "96,64"
    assert find(shown, src=f"/whole/{found.key}/4")
    boxes = {row: box for row, (_, box) in enumerate(objects_of(1), 3)}

    def place(row):
        x, y, w, h = boxes[row]
        return pytest.approx([100 * x / 96, 100 * y / 64, 100 * w / 96, 100 * h / 64], abs=1e-3)

    (own,) = find(shown, className="vt-object-own")
    assert percent(own["style"]) == place(4)
    others = find(shown, className="vt-object-place")
    rows = [int(one["children"]["props"]["data-inspect-row"]) for one in others]
    assert sorted(rows) == [3, 5]
    for row, one in zip(rows, others, strict=True):
        assert percent(one["style"]) == place(row)
    sizes = [boxes[row][2] * boxes[row][3] for row in rows]
    assert sizes == sorted(sizes, reverse=True)  # a small one lies above a large one
    names = {one["aria-label"] for one in find(shown, className="vt-object-other")}
    assert names == {"Object at 5, 6, leaf", "Object at 59, 36, stone"}
    assert "3 objects in this picture: 1 leaf, 1 seed, 1 stone." in text(shown)


def test_a_box_over_the_border_is_drawn_inside():
    style = object_view.box_style((-10, 50, 30, 30), (100, 60))
    assert percent(style) == pytest.approx([0, 83.333, 20, 16.667])


def test_what_is_no_object_has_no_such_part():
    assert object_view.section(FakeSet(), 3, STORE) is None


def test_saving_writes_an_act_and_undo_takes_it_back(objects):
    failed, data = object_view.act("save", "objects", 4, (41, 12, 10, 11))
    assert failed is no_update
    assert data["row"] == 4
    body, _ = inspector.show(data, "objects", STORE)
    (form,) = find(body, className="vt-object-form")
    assert form["open"] is True
    assert "Saved" in text(body)
    found = objects.library.open("objects")
    shown = object_view.section(found, 4, STORE)
    assert percent(find(shown, className="vt-object-own")[0]["style"])[0] == pytest.approx(
        100 * 41 / 96, abs=1e-3
    )
    (waiting,) = find(shown, className="vt-object-waiting")
    assert waiting["hidden"] is False
    assert "1 box changed since this set was made" in text(shown)
    _, data = object_view.act("undo", "objects", 4, ())
    assert data["told"] == "Undone: Set the box of 1 object to 10 × 11 px at 41, 12."
    assert objects.curation.view(found).boxes == {}
    assert find(object_view.section(found, 4, STORE), className="vt-object-waiting")[0]["hidden"]


def test_undo_here_takes_back_boxes_alone(objects):
    found = objects.library.open("objects")
    objects.curation.act(found, "exclude", [1])
    _, data = object_view.act("undo", "objects", 4, ())
    assert "Nothing to undo here" in data["told"]
    assert objects.curation.view(found).excluded.tolist() == [1]


@pytest.mark.parametrize("box", [(41, 12, None, 11), (41, 12, 0, 11), (900, 12, 10, 10)])
def test_a_box_that_cannot_be_is_explained(objects, box):
    failed, data = object_view.act("save", "objects", 4, box)
    assert data is no_update
    assert text(failed).endswith(".")
    assert objects.curation.view(objects.library.open("objects")).history() == []


def test_bringing_up_to_date_runs_the_set_again_on_its_maps(objects):
    assert object_view.bring_up_to_date(None, "objects") is no_update
    assert objects.jobs.submitted == []
    asked = object_view.run_again("objects")
    ((kind, request, title),) = objects.jobs.submitted
    assert asked.id
    assert (kind, request["place"], request["name"]) == ("run", True, "objects")
    assert request["source"].startswith("coco:")
    assert title == "Edited boxes of objects"


def test_the_record_beside_it_tells_no_box_twice_and_no_outline_in_full(objects):
    body, _ = inspector.show({"row": 4}, "objects", STORE)
    told = text(body)
    assert "12 × 13 px at 40, 11" in told
    assert "poly:" not in told
    assert "object_x" not in told
    names = {column.name for column in objects.library.open("objects").columns()}
    assert {"object_w", "objects in picture", "label"} <= names
    assert not {"picture", "outline", "mask"} & names


def test_the_export_offers_objects_where_there_are_some(objects):
    found = objects.library.open("objects")
    links = {one.get("href") for one in find(export_menu.menu(found, None, "t"), className=QUIET)}
    assert {"/export/coco?set=objects", "/export/counts?set=objects"} <= links


def test_the_whole_picture_is_sent_and_nothing_else_of_the_disk(objects):
    import flask

    server = flask.Flask("test")
    server.config["VITRINE"] = objects
    server.register_blueprint(routes)
    client = server.test_client()
    key = objects.library.open("objects").key
    answer = client.get(f"/whole/{key}/4")
    assert answer.mimetype in {"image/jpeg", "image/png"}
    assert Image.open(io.BytesIO(answer.data)).size == SIZE
    assert client.get(f"/whole/{key}/12").status_code == 404
    assert client.get("/whole/none/0").status_code == 404
