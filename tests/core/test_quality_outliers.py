"""Outliers as a check stores them: listed, tested, by class, and who is left out."""

import numpy as np
import pandas as pd
import pytest
from vectorsets import blobs, vector_set

from core.checking import run_quality
from core.checking.outliers import read_outliers
from core.config import load_settings
from core.curation import Desk
from core.errors import InputError, NotFoundError
from core.library import Library
from core.storage.store import Workspace


@pytest.fixture
def settings(tmp_path):
    return load_settings({"workspace": str(tmp_path / "workspace"), "workers": 1})


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


def opened(workspace, name="set"):
    return Library.with_desk(workspace, Desk(workspace)).open(name)


def check(workspace, settings, name="set", **asked):
    return run_quality({"name": name, **asked}, workspace, settings)


def crowd(workspace, total=400, odd=6, **columns):
    """A set of vectors with some that lie alone, the last."""
    vectors, _ = blobs([total // 2, total // 2], spread=0.15)
    vectors[-odd:] = np.random.default_rng(1).normal(size=(odd, 16))
    return vector_set(workspace, vectors, **columns)


@pytest.mark.parametrize("method", ["rank", "glosh", "isolation"])
def test_every_method_lists_a_share(workspace, settings, method):
    crowd(workspace)
    told = check(workspace, settings, topics=["outliers"], outliers=method, share=0.02)
    found = read_outliers(workspace, told["keys"]["outliers"])
    assert told["outliers"]["listed"] == 8 == len(found.rows)
    assert len(set(found.rows.tolist()) & set(range(394, 400))) >= (5 if method == "rank" else 3)
    table = found.table
    assert table["p"].isna().all()  # a ranking is never called p
    assert (np.diff(table["percentile"].to_numpy()[np.argsort(table["score"])]) >= 0).all()
    assert found.near.shape == (400, 12)
    assert "not a test" in told["outliers"]["text"]


def test_a_clean_slice_makes_it_a_test(workspace, settings):
    crowd(workspace, total=1200, odd=40)
    desk = Desk(workspace)
    one = opened(workspace)
    desk.act(one, "slice.create", np.arange(0, 1160, 2), name="clean")
    told = check(workspace, settings, topics=["outliers"], reference="clean", q=0.1)
    found = read_outliers(workspace, told["keys"]["outliers"])
    table, listed = found.table, set(found.rows.tolist())
    assert len(listed & set(range(1160, 1200))) >= 38
    assert len(listed) <= 50
    assert table["p"].isna().sum() == 580  # those of the slice are not tested
    assert (table["listed"] == table["discovered"]).all()
    assert "at most 10 % of what is listed" in told["outliers"]["text"]
    assert told["outliers"]["share"] is None
    desk.act(one, "drop", np.arange(1190, 1200))
    after = check(workspace, settings, topics=["outliers"], reference="clean", q=0.1)
    again = read_outliers(workspace, after["keys"]["outliers"])
    assert set(again.rows.tolist()) >= listed & set(range(1160, 1200))  # decided, and still listed


def test_a_reference_that_cannot_be_one_is_refused(workspace, settings):
    crowd(workspace)
    desk, one = Desk(workspace), opened(workspace)
    desk.act(one, "slice.create", np.arange(5), name="five")
    desk.act(one, "slice.create", np.arange(400), name="all")
    with pytest.raises(InputError, match=r"5 different images .* 10 or more"):
        check(workspace, settings, topics=["outliers"], reference="five")
    with pytest.raises(InputError, match="holds every image"):
        check(workspace, settings, topics=["outliers"], reference="all")
    with pytest.raises(NotFoundError, match="no slice “none”"):
        check(workspace, settings, topics=["outliers"], reference="none")
    assert "quality" not in workspace.read_set("set")


def test_what_was_dropped_vouches_for_nothing_and_stays_on_the_list(workspace, settings):
    rng = np.random.default_rng(0)
    vectors = np.concatenate([blobs([300], spread=0.15)[0], rng.normal(scale=0.1, size=(30, 16))])
    vectors[300:] -= vectors[:300].mean(axis=0)
    vector_set(workspace, vectors)
    asked = {"topics": ["outliers"], "share": 0.02}
    first = read_outliers(workspace, check(workspace, settings, **asked)["keys"]["outliers"])
    Desk(workspace).act(opened(workspace), "drop", np.arange(300, 329))
    told = check(workspace, settings, **asked)
    found = read_outliers(workspace, told["keys"]["outliers"])
    assert first.table["score"][329] < 0.99
    assert found.table["score"][329] >= found.table["score"][:300].max()
    assert told["outliers"]["compared"] == 301
    assert told["outliers"]["listed_out"] == 29
    assert told["outliers"]["text"].startswith("The 6 most alone images among the set are listed")
    assert "29 images taken out before lie as far" in told["outliers"]["text"]
    assert set(range(300, 330)) <= set(found.rows.tolist())
    assert len(set(found.rows.tolist()) & {*range(300), 329}) == 6  # 2 % of what stays


def test_near_duplicates_and_declared_units_are_one(workspace, settings):
    vectors, _ = blobs([200], spread=0.2)
    odd = -vectors[:3].mean(axis=0)
    vectors[150:175] = odd + np.random.default_rng(0).normal(scale=1e-4, size=(25, 16))
    vectors[175:200] = odd + np.random.default_rng(1).normal(scale=0.2, size=(25, 16))
    video = [f"v{row}" if row < 175 else "video" for row in range(200)]
    vector_set(workspace, vectors, film=pd.Series(video, dtype="string"))
    told = check(workspace, settings, topics=["outliers"], unit="film", tau=0.01, share=0.25)
    found = read_outliers(workspace, told["keys"]["outliers"])
    assert told["outliers"]["units"] == 150 + 1 + 1
    assert set(found.rows.tolist()) == set(range(150, 200))
    with pytest.raises(NotFoundError, match="no column 'flim'"):
        check(workspace, settings, unit="flim")


def test_few_declared_units_are_not_used_and_that_is_said(workspace, settings):
    unit = pd.Series([f"u{row % 4}" for row in range(100)], dtype="string")
    vector_set(workspace, blobs([100])[0], unit=unit)
    told = check(workspace, settings, topics=["outliers"])
    assert "only 4 units" in told["outliers"]["notice"]
    assert told["outliers"]["k"] == 20


def test_each_class_may_be_compared_with_itself(workspace, settings):
    vectors, group = blobs([80, 80, 5], spread=0.1)
    vectors[3] = vectors[100]  # a picture of the second class, labelled as the first
    label = pd.Series([f"c{one}" for one in group], dtype="string")
    vector_set(workspace, vectors, label=label)
    told = check(workspace, settings, topics=["outliers"], per_class=True, share=0.01)
    found = read_outliers(workspace, told["keys"]["outliers"])
    assert 3 in found.rows
    assert found.meta["left_out"] == ["c2"]
    assert "5 images were compared with the whole set" in told["outliers"]["notice"]
    whole = check(workspace, settings, topics=["outliers"], share=0.01)["keys"]["outliers"]
    assert 3 not in read_outliers(workspace, whole).rows
