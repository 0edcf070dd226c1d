"""The files of a comparison, asked for as a browser does, of one that was really computed."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from morphology_example import SPECIES, TOTAL, compared

from app import create_app
from components.morphology_csv import TABLES, flat
from core.comparing import verify


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return compared(tmp_path_factory.mktemp("files"), gradient=False)


@pytest.fixture(scope="module")
def client(example):
    return create_app(example.settings).server.test_client()


@pytest.fixture
def table(client, example):
    """A function that downloads a table as a data frame."""

    def get(name):
        done = client.get(f"/api/morphology/{example.key}/{name}.csv")
        assert done.status_code == 200, done.data
        return pd.read_csv(io.BytesIO(done.data))

    return get


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_downloads_as_csv_under_its_name(client, example, name):
    done = client.get(f"/api/morphology/{example.key}/{name}.csv")
    assert done.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f"{name}.csv" in done.headers["Content-Disposition"]
    assert "no-store" in done.headers["Cache-Control"]
    assert len(pd.read_csv(io.BytesIO(done.data)))


def test_distances_are_those_of_the_comparison_not_rounded(table, example):
    found = table("distances").set_index(["a", "b"])
    for one in example.result["distances"]:
        line = found.loc[(one["a"], one["b"])]
        assert line["distance"] == one["distance"]
        assert [line["ci_low"], line["ci_high"]] == one["ci"]
    square = table("matrix").set_index("group")
    for (a, b), line in found.iterrows():
        assert square.loc[a, b] == square.loc[b, a] == line["distance"]


def test_every_image_is_in_one_unit_of_its_group(table, example):
    items = example.open().items
    rows, units = table("rows"), table("units")
    assert sorted(rows["row"]) == list(range(TOTAL))
    assert rows["item_id"].tolist() == items["item_id"].to_numpy()[rows["row"]].tolist()
    assert rows["group"].tolist() == items["label"].to_numpy()[rows["row"]].tolist()
    assert rows["unit"].tolist() == items["specimen"].to_numpy()[rows["row"]].tolist()
    counts = rows.groupby(["unit", "group"]).size()
    told = units.set_index(["unit", "group"])["images"]
    pd.testing.assert_series_equal(counts.sort_index(), told.sort_index(), check_names=False)
    heads = items["item_id"].to_numpy()[units["head_row"]]
    assert units["head_item_id"].tolist() == heads.tolist()


def test_the_tree_has_its_groups_below_each_branch(table):
    found = table("tree")
    assert len(found) == len(SPECIES) - 1
    assert set(found["groups"].iloc[-1].split("; ")) == set(SPECIES)
    assert (found["leaves"] == [len(one.split("; ")) for one in found["groups"]]).all()
    assert np.all(np.diff(found["height"]) >= 0)


def test_the_json_is_what_the_command_prints_and_verifies(client, example):
    done = client.get(f"/api/morphology/{example.key}.json")
    kept = json.loads(done.data)
    assert {name: kept[name] for name in example.result} == example.result
    again = verify(kept, example.workspace, example.settings)
    assert (again["same"], again["intact"]) == (True, True)
    kept["distances"][0]["distance"] *= 1.001
    assert verify(kept, example.workspace, example.settings)["same"] is False


def test_the_html_file_has_pictures_inside_and_no_script(client, example):
    done = client.get(f"/api/morphology/{example.key}.html")
    assert done.headers["Content-Type"] == "text/html; charset=utf-8"
    text = done.data.decode()
    assert "data:image/" in text
    assert not re.search(r"<script|src=.?https?:", text)


def test_a_changed_set_gives_units_without_images_of_other_rows(client, example, monkeypatch):
    services = client.application.config["VITRINE"]
    found = example.open()
    monkeypatch.setattr(found, "key", "other", raising=False)
    monkeypatch.setattr(services.library, "open", lambda name: found)
    done = client.get(f"/api/morphology/{example.key}/units.csv")
    assert "head_item_id" not in pd.read_csv(io.BytesIO(done.data)).columns


@pytest.mark.parametrize(
    ("path", "told"),
    [("{key}/nonsense.csv", "no table"), ("zz/units.csv", "no comparison"),
     ("{other}.json", "no comparison"), ("{other}/units.csv", "no comparison")],
)  # fmt: skip
def test_what_is_not_there_is_told(client, example, path, told):
    done = client.get("/api/morphology/" + path.format(key=example.key, other="0" * 32))
    assert done.status_code == 404
    assert told in done.get_json()["error"]


def test_a_browser_is_told_with_a_page(client):
    done = client.get("/api/morphology/zz/units.csv", headers={"Accept": "text/html"})
    assert done.status_code == 404
    assert "<h1>This file was not made</h1>" in done.get_data(as_text=True)


def test_records_become_columns_with_intervals_and_lists_spelled_out():
    found = flat(
        [{"a": "x", "ci": [1.0, 2.0], "hull": {"volume": 3.0, "ci": None}, "w": ["y", "z"]}]
    )
    assert found.to_dict("records") == [
        {"a": "x", "ci_low": 1.0, "ci_high": 2.0, "hull_volume": 3.0, "hull_ci_low": None,
         "hull_ci_high": None, "w": "y; z"}
    ]  # fmt: skip
