"""Comparisons as they are stored: the list of a set's, one opened, and one of an older set."""

import dataclasses

import morphology_example as example
import numpy as np
import pytest
from vectorsets import vector_set

from core.comparisons import Comparisons
from core.errors import NotFoundError
from core.morphology.request import MorphologyRequest
from core.storage.store import Workspace


@pytest.fixture
def made(made_butterflies, tmp_path):
    return made_butterflies.copy(tmp_path)


def test_the_list_tells_what_was_found_newest_first(made, monkeypatch):
    kept = Comparisons(made.workspace)
    (line,) = kept.list(made.name)
    assert line.key == made.key
    assert (line.by, line.groups, line.units) == ("label", 4, 24)
    assert line.title == "label: 4 groups, unit specimen"
    assert line.headline == made.result["headline"]
    monkeypatch.setattr("core.storage.store.now", lambda: "2099-01-01T00:00:00Z")
    later = made.compare(by="side", unit="specimen", permutations=99, draws=0)["comparison"]
    assert [one.key for one in kept.list(made.name)] == [later, made.key]
    assert kept.list("other") == []


def test_a_damaged_one_hides_no_others(made):
    later = made.compare(by="side", unit="specimen", permutations=99, draws=0)["comparison"]
    (made.workspace.folder("morphology", later) / "manifest.json").write_text("{")
    assert [one.key for one in Comparisons(made.workspace).list(made.name)] == [made.key]


def test_one_is_opened_with_its_request_tables_and_arrays(made):
    kept = Comparisons(made.workspace)
    found = kept.open(made.key)
    assert kept.open(made.key) is found
    assert found.request == MorphologyRequest(made.name, **{
        name: tuple(value) if isinstance(value, list) else value
        for name, value in example.REQUEST.items()
    })  # fmt: skip
    assert found.names == list(example.SPECIES)
    assert set(found.tables) == {
        "units", "rows", "groups", "distances", "pairwise", "disparity",
    }  # fmt: skip
    assert sorted(found.tables["rows"]["row"]) == list(range(example.TOTAL))
    assert found.arrays["matrix"].shape == (4, 4)
    assert found.arrays["axes"].shape == (5, example.DIMS)
    groups = found.tables["groups"].set_index("group")
    table = example.columns()
    for name in example.SPECIES:
        assert table["label"][groups.loc[name, "typical"]] == name
        assert groups.loc[name, "variance_low"] < groups.loc[name, "variance"]


def test_what_is_gone_is_not_found_even_when_it_was_opened(made):
    kept = Comparisons(made.workspace)
    kept.open(made.key)
    (made.workspace.folder("morphology", made.key) / "manifest.json").unlink()
    for key in (made.key, "0" * 32):
        with pytest.raises(NotFoundError, match="no comparison with this id"):
            kept.open(key)
    assert kept.list(made.name) == []


def test_a_comparison_of_an_older_set_is_stale(made):
    kept = Comparisons(made.workspace)
    found, opened = kept.open(made.key), made.open()
    assert kept.stale(found, opened) == ""
    other = dataclasses.replace(found, meta={**found.meta, "embeddings": "0" * 32})
    assert "encoded anew" in kept.stale(other, opened)
    vector_set(made.workspace, np.eye(12), name=made.name)
    assert "has changed since" in kept.stale(found, made.open())


def test_a_card_is_that_of_the_same_vectors(made):
    kept = Comparisons(made.workspace)
    found = kept.open(made.key).meta
    assert kept.card_of(made.name, found["embeddings"]) == (made.key, found["card"])
    assert kept.card_of(made.name, "0" * 32) is None
    assert kept.card_of("another", found["embeddings"]) is None


def test_a_damaged_comparison_hides_no_card(made, monkeypatch):
    monkeypatch.setattr("core.storage.store.now", lambda: "2099-01-01T00:00:00Z")
    later = made.compare(by="side", unit="specimen", permutations=99, draws=0)["comparison"]
    folder = made.workspace.folder("morphology", later)
    next(folder.glob("units*")).write_bytes(b"no table")
    kept = Comparisons(Workspace(made.workspace.root))
    assert [one.key for one in kept.list(made.name)] == [later, made.key]
    meta = kept.open(made.key).meta
    assert kept.card_of(made.name, meta["embeddings"]) == (made.key, meta["card"])


def test_what_is_exported_names_no_folder_of_this_machine(tmp_path, made_butterflies):
    made = made_butterflies.copy(tmp_path)
    record = made.workspace.read_set(made.name)
    spec = {**record["encoder"], "name": "timm:local-dir:/home/me/weights/net"}
    made.workspace.write_set(made.name, {**record, "encoder": spec})
    found = made.compare(by="side", unit="specimen", permutations=99, draws=0)
    assert found["encoder"]["name"] == "timm:local-dir:net"
    assert "/home/me" not in str(Workspace(made.workspace.root).read(
        "morphology", found["comparison"]).meta)  # fmt: skip
