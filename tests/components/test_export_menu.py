"""The panel "Export…": what it says, where its links lead, and what its form starts."""

import pytest
from trees import find, ids, text, types

from components import export_menu, job_results
from core.errors import InputError
from tests.fakes import FakeServices, FakeSet, FakeSlice, job

CHOSEN = {"selection": "s0", "count": 5, "total": 12}


def links(tree):
    return {a["aria-label"]: a["href"] for a in find(tree) if a.get("href") and "aria-label" in a}


@pytest.fixture
def found():
    return FakeSet()


@pytest.mark.parametrize(
    ("selection", "chosen", "said"),
    [
        (None, None, "Exports all 12 images."),
        ({}, None, "Exports all 12 images."),
        (CHOSEN, None, "Exports the 5 selected images."),
        ({**CHOSEN, "count": 1}, None, "Exports the 1 selected image."),
        ({**CHOSEN, "count": 12}, None, "Exports all 12 images."),
        (CHOSEN, FakeSlice("odd", [1, 2, 3]), "Exports the 3 images of the slice “odd”."),
    ],
)
def test_it_says_what_is_exported(found, selection, chosen, said):
    assert said in text(export_menu.menu(found, selection, "explore", slice=chosen))


def test_everything_is_a_link_that_names_the_selection(found):
    told = links(export_menu.menu(found, CHOSEN, "explore"))
    assert told["Table as CSV"] == "/export/csv?set=moths&selection=s0"
    assert told["Whole paths"] == "/export/paths?set=moths&selection=s0&absolute=1"
    assert {address.split("?")[0] for address in told.values()} == {
        f"/export/{to}"
        for to in ("csv", "parquet", "npy", "paths", "manifest", "sheet-png", "sheet-pdf", "coco",
                   "cvat", "labelstudio")
    }  # fmt: skip
    assert all("selection=s0" in address for address in told.values())


def test_what_a_link_is_called_holds_what_it_shows(found):
    shown = [
        a for a in find(export_menu.menu(found, None, "x")) if "/export/" in str(a.get("href"))
    ]
    assert len(shown) == 11
    assert all(a["children"].lower() in a["aria-label"].lower() for a in shown)


def test_a_slice_is_named_in_the_address(found):
    odd = FakeSlice("a & b", [1, 2])
    told = links(export_menu.menu(found, None, "slices", slice=odd))
    assert told["Table as CSV"] == "/export/csv?set=moths&slice=a+%26+b"


def test_a_large_sheet_says_that_it_is_a_sample():
    assert "400 of 1,500" in export_menu._sheet_words(1500)
    assert "PDF: 2,000" in export_menu._sheet_words(12_345)


def test_vectors_have_no_pictures_to_export(found):
    tree = export_menu.menu(found.without_pictures(), None, "explore")
    assert "Exports all 12 vectors." in text(tree)
    assert set(links(tree)) == {"Table as CSV", "Table with vectors as Parquet",
                                "Vectors as NumPy (zip), with their table",
                                "Manifest (zip) with log and provenance"}  # fmt: skip
    assert not any("folder" in i for i in ids(tree))


def test_nothing_selected_offers_nothing(found):
    tree = export_menu.menu(found, {"selection": "s0", "count": 0, "total": 12}, "explore")
    assert "nothing to export" in text(tree)
    assert links(tree) == {}


def test_it_opens_without_scripts_and_its_fields_have_labels(found):
    tree = export_menu.menu(found, None, "explore")
    assert types(tree)[0] == "Details"
    field = find(tree, placeholder="/data/chosen")[0]["id"]
    label = next(p for p in find(tree) if p.get("htmlFor"))
    assert label["htmlFor"] == '{"component":"export","name":"explore","part":"folder"}'
    assert field == {"component": "export", "part": "folder", "name": "explore"}


@pytest.fixture
def asked(monkeypatch):
    """What jobs are started, and whom the top bar is told of."""
    given, told = [], []

    def begin(request):
        given.append(request)
        return job("j7", "queued"), "moths: copies of 5 images", request.target

    monkeypatch.setattr(export_menu, "start_export", begin)
    monkeypatch.setattr(export_menu, "set_props", lambda *a: told.append(a))
    return given, told


def test_the_form_starts_a_job_and_says_where_it_goes(asked):
    which = {"name": "moths", "selection": "s0"}
    shown = export_menu.start(1, which, ' "/data/my out" ', "links", True)
    (request,), told = asked
    assert (request.name, request.to, request.target) == ("moths", "links", "/data/my out")
    assert (request.selection, request.slice, request.options.layout) == ("s0", None, "label")
    assert "/data/my out" in text(shown)
    assert find(shown, href="/jobs")
    assert told == [(export_menu.shell.NUDGE, {"data": "j7"})]


def test_a_tool_that_needs_pictures_gets_them(asked):
    export_menu.start(1, {"name": "moths", "slice": "odd"}, "/data/cvat", "cvat", False)
    export_menu.start(1, {"name": "moths", "slice": "odd"}, "/data/f", "fiftyone", False)
    cvat, fiftyone = asked[0]
    assert (cvat.to, cvat.slice, cvat.options.pictures) == ("cvat", "odd", True)
    assert (fiftyone.to, fiftyone.options.pictures) == ("fiftyone", False)


def test_frames_go_to_tools_as_pictures_only(found):
    found.items["frame"] = 3
    tree = export_menu.menu(found, None, "explore")
    assert not {"/export/cvat?set=moths", "/export/labelstudio?set=moths"} & set(
        links(tree).values()
    )
    kinds = next(one for one in find(tree) if one.get("value") == "copies")["options"]
    assert {"label": "For FiftyOne, with the pictures", "value": "fiftyone"} in kinds
    assert "see below" in text(tree)


def test_a_page_that_loads_starts_nothing(asked):
    export_menu.start(None, {"name": "moths"}, "/x", "copies", False)
    export_menu.start(0, {"name": "moths"}, "/x", "copies", False)
    assert asked == ([], [])


def test_a_folder_that_will_not_do_is_told_beside_the_button(asked, monkeypatch):
    def refuse(request):
        raise InputError("the folder /x does not exist; make it first")

    monkeypatch.setattr(export_menu, "start_export", refuse)
    shown = export_menu.start(1, {"name": "moths"}, "/x/y", "copies", False)
    assert "The folder /x does not exist" in text(shown)
    assert (
        "target is empty"
        in text(export_menu.start(1, {"name": "moths"}, " ", "copies", False)).lower()
    )
    assert asked[1] == []


def test_a_job_is_checked_before_it_is_recorded(inside):
    services = inside(FakeServices(FakeSet()))
    shown = export_menu.start(1, {"name": "none"}, "/x", "copies", False)
    assert "No set 'none'" in text(shown)
    assert services.jobs.submitted == []


def test_what_a_job_wrote_is_told_with_what_it_could_not_read():
    done = {"items": 5, "written": 3, "kept": 1, "missing_count": 150, "target": "/data/out",
            "missing": [{"path": "a.png", "reason": "file not found"}]}  # fmt: skip
    told = text(job_results.exported(done))
    assert "/data/out" in told
    assert "150 files could not be read" in told
    assert "a.png: file not found" in told
    assert "and 149 more" in told
    assert "Details" not in types(job_results.exported({**done, "missing_count": 0}))
