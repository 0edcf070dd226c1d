"""A log that somebody else made: its checksums fit, what it says does not; and names as typed."""

import json
import unicodedata
import zipfile

import pytest
from curating import SmallSet, named

from core.curation import Desk
from core.curation.bundle import read_log
from core.curation.events import make_event
from core.errors import ArtifactCorruptError, InputError
from core.storage.store import Workspace

OWN = {"number", "when", "kind", "items", "previous", "checksum"}


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


def forged(workspace, kind, change):
    """Write the log again with one event changed, every checksum right."""
    desk, opened = Desk(workspace), SmallSet()
    desk.act(opened, "slice.create", [0, 1], name="a")
    desk.act(opened, "exclude", [2])
    path = workspace.root / "curation" / "moths" / "log.jsonl"
    last, lines = None, []
    for line in path.read_text().splitlines():
        record = json.loads(line)
        if record["kind"] == kind:
            change(record)
        fields = {name: value for name, value in record.items() if name not in OWN}
        last = make_event(last, record["when"], record["kind"], fields, record["items"])
        lines.append(last.line())
    path.write_bytes(b"".join(lines))
    return path


def drop(*names):
    def change(record):
        for name in names:
            del record[name]

    return change


def put(**fields):
    return lambda record: record.update(fields)


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("start", put(format=2), "event 1: .*a newer Vitrine wrote it: update"),
        ("start", put(format="1"), "event 1: .*this version reads 1"),
        ("start", drop("set_aside"), "event 1: it does not tell what the set is"),
        ("start", put(seed="x"), "event 1: it does not tell what the set is"),
        ("start", put(items=None), "event 1: it does not tell what the set is"),
        ("slice.create", drop("name"), "event 2: .*name is missing"),
        ("slice.create", put(name=["x"]), "event 2: slice name: must be text"),
        ("slice.create", put(colour="red"), "event 2: .*unknown field 'colour'"),
        ("slice.create", put(items=None), "event 2: nothing is selected"),
        ("slice.create", put(items={}), "event 2: its items"),
        ("slice.create", put(items={"count": -1, "digest": "x"}), "event 2: its items"),
        (
            "slice.create",
            put(items={"count": 2, "digest": "x", "addresses": [1, 2]}),
            "event 2: its items",
        ),
        ("exclude", put(when=5), "event 3: its time"),
    ],
)
def test_an_event_that_cannot_be_applied_is_named(workspace, kind, change, said):
    path = forged(workspace, kind, change)
    with pytest.raises(ArtifactCorruptError, match=said):
        read_log(path)
    with pytest.raises(ArtifactCorruptError, match=said):
        Desk(workspace).view(SmallSet())


def split(**fields):
    """Make an event a split of its two items."""

    def change(record):
        del record["name"]
        record.update({"kind": "theme.split", "clustering": "k", "cluster": 0, **fields})

    return change


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "event 2: .*sizes is missing"),
        ({"sizes": [2]}, "event 2: .*2 to 1000 parts"),
        ({"sizes": [1, 2]}, "event 2: .*add up to 3, not to 2 items"),
        ({"sizes": [1.0, 1]}, "event 2: .*1 item or more"),
        ({"sizes": {"a": 1}}, "event 2: .*1 item or more"),
        ({"sizes": [1, 1], "to": "x"}, "event 2: .*unknown field 'to'"),
        ({"sizes": [1, 1], "cluster": -1}, "event 2: .*0 or more"),
        ({"sizes": [2, 1], "items": {"count": 3, "digest": "x", "addresses": ["a", "b"]}},
         "event 2: its parts do not add up"),
    ],
)  # fmt: skip
def test_a_forged_split_is_named(workspace, fields, said):
    forged(workspace, "slice.create", split(**fields))
    with pytest.raises(ArtifactCorruptError, match=said):
        Desk(workspace).view(SmallSet())


def test_a_bundle_with_a_changed_byte_is_called_damaged(workspace, tmp_path):
    desk = Desk(workspace)
    opened = named(workspace, SmallSet("abcdefghijklmnopqrstuvwxyz" * 9))
    desk.act(opened, "exclude", range(200))
    path = tmp_path / "bundle.zip"
    whole = desk.bundle(opened)
    path.write_bytes(whole)
    with zipfile.ZipFile(path) as archive:
        begin = archive.getinfo("log.jsonl").header_offset + 39
    for at in range(begin, begin + 400, 7):
        data = bytearray(whole)
        data[at] ^= 0xFF
        path.write_bytes(data)
        with pytest.raises(ArtifactCorruptError, match=r"damaged zip.*another copy"):
            read_log(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not a curation log"):
        read_log(path)


def test_a_slice_is_found_by_its_name_however_it_was_typed(workspace):
    desk, opened = Desk(workspace), SmallSet()
    desk.act(opened, "slice.create", [0, 1], name="Écaille")
    for typed in (unicodedata.normalize("NFD", "Écaille"), " Écaille "):
        assert desk.view(opened).slice(typed).count == 2
        assert len(desk.view(opened).history(slice=typed)) == 1
        assert json.loads(desk.manifest(opened, slice=typed))["selection"]["name"] == "Écaille"
