"""Residuals: what columns tell of vectors is gone, by unit, and nothing is guessed for it."""

import numpy as np
import pandas as pd
import pytest
from making import picture
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_score
from test_ensemble import Encoded

from core.encoders import describe, open_encoder
from core.encoders.fitted.maths import scaled
from core.encoders.fitted.names import derived, residual_name
from core.errors import EncoderUnavailableError, InputError
from core.fitting.design import values_of
from core.fitting.residual import fit_residual, residuals
from core.imaging.decode import load_picture

OWN = "residual:pixels?columns=batch"


def confounded(n=240, seed=0):
    """Vectors in which a label and a batch show, in directions that are not orthogonal."""
    random = np.random.default_rng(seed)
    label, batch = random.integers(0, 2, n), random.integers(0, 3, n)
    batch = np.where(random.random(n) < 0.5, label, batch)  # they go together, but not always
    directions = random.normal(size=(4, 30))
    directions[0] += directions[1]
    vectors = 5 + random.normal(size=(n, 30)) + 2.0 * label[:, None] * directions[0]
    vectors += 3.0 * np.eye(3)[batch] @ directions[1:]
    return vectors, label, np.array(["a", "b", "c"], dtype=object)[batch]


def alone(n):
    return np.array([str(row) for row in range(n)], dtype=object)


def made(vectors, values, units=None, how="regress"):
    fit = fit_residual(vectors, values, alone(len(vectors)) if units is None else units, how)
    return fit, residuals(vectors, values, fit.terms, fit.arrays)


# -- what is taken out -----------------------------------------------------------------------------


def test_a_category_loses_the_difference_of_its_means():
    vectors, _, batch = confounded()
    _, found = made(vectors, {"batch": batch})
    unit = scaled(vectors)
    wanted = unit.copy()
    for name in "abc":
        wanted[batch == name] -= unit[batch == name].mean(axis=0) - unit.mean(axis=0)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_numbers_and_categories_are_regressed_out_together():
    vectors, _, batch = confounded()
    exposure = np.random.default_rng(1).normal(size=len(vectors)) * 400 + 1e4
    vectors += 1e-3 * exposure[:, None] * np.random.default_rng(2).normal(size=30)
    fit, found = made(vectors, {"batch": batch, "exposure": exposure})
    unit = scaled(vectors)
    design = np.column_stack([batch == "b", batch == "c", exposure])
    model = LinearRegression().fit(design, unit)
    wanted = unit - model.predict(design) + unit.mean(axis=0)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert fit.rank == 3
    whole = np.square(unit - unit.mean(axis=0)).sum()
    left = np.square(unit - model.predict(design)).sum()
    assert fit.explained == pytest.approx(1 - left / whole, abs=1e-9)


@pytest.mark.parametrize("how", ["regress", "project"])
def test_no_linear_classifier_finds_the_column_and_the_label_stays(how):
    vectors, label, batch = confounded()
    _, found = made(vectors, {"batch": batch}, how=how)
    dummies = np.stack([batch == name for name in "abc"], axis=1).astype(float)
    covariance = (dummies - dummies.mean(axis=0)).T @ (found - found.mean(axis=0))
    assert np.abs(covariance / len(found)).max() < 1e-6
    model = LogisticRegression(max_iter=2000)
    before = cross_val_score(model, scaled(vectors), batch, cv=5).mean()
    after = cross_val_score(model, found.astype(float), batch, cv=5).mean()
    commonest = max(np.mean(batch == name) for name in "abc")
    assert before > 0.95
    assert after < commonest + 0.05
    assert cross_val_score(model, found.astype(float), label, cv=5).mean() > 0.75


def test_projecting_removes_directions_and_needs_no_columns():
    vectors, _, batch = confounded()
    fit, found = made(vectors, {"batch": batch}, how="project")
    basis = fit.arrays["basis"]
    assert basis.shape == (2, 30)
    np.testing.assert_allclose(basis @ basis.T, np.eye(2), atol=1e-9)
    same = found @ basis.T
    np.testing.assert_allclose(same, np.broadcast_to(same[0], same.shape), atol=1e-6)
    kept = np.eye(30) - basis.T @ basis
    np.testing.assert_allclose(found @ kept, scaled(vectors) @ kept, atol=1e-6)


def test_a_unit_of_many_images_counts_as_one():
    vectors, _, batch = confounded(120)
    units = alone(120)
    often = np.concatenate([np.arange(120), np.repeat(7, 300)])
    once, _ = made(vectors, {"batch": batch}, units)
    many, _ = made(vectors[often], {"batch": batch[often]}, units[often])
    np.testing.assert_allclose(
        once.arrays["effects"] - once.arrays["effects"].mean(axis=0),
        many.arrays["effects"] - many.arrays["effects"].mean(axis=0),
        atol=1e-9,
    )
    assert (many.units, many.images) == (120, 420)
    assert many.explained == pytest.approx(once.explained, abs=1e-9)


def test_a_column_of_chance_explains_nothing_beyond_chance():
    vectors, _, _ = confounded(300)
    random = np.random.default_rng(5)
    shares = []
    for _ in range(20):
        fit, _ = made(vectors, {"noise": random.normal(size=300)})
        assert 0 < fit.explained < 0.1
        shares.append(fit.adjusted)
    assert abs(np.mean(shares)) < 0.005


# -- columns that cannot be told, or only in part --------------------------------------------------


def test_rare_values_count_as_one_where_there_are_enough_of_them():
    vectors, _, batch = confounded(60)
    batch[:4] = ["u", "v", "w", "w"]
    fit, found = made(vectors, {"batch": batch})
    assert fit.terms[0].rare == ("u", "v", "w")
    assert fit.terms[0].pooled
    middle = scaled(vectors).mean(axis=0)
    np.testing.assert_allclose(found[:4].mean(axis=0), middle, atol=1e-6)


def test_too_few_rare_values_are_left_as_they_are():
    vectors, _, batch = confounded(60)
    batch[0] = "u"
    fit, found = made(vectors, {"batch": batch})
    assert not fit.terms[0].pooled
    assert fit.images == 59
    np.testing.assert_allclose(found[0], scaled(vectors)[0], atol=1e-6)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"x": np.full(60, 3.0)}, "'x' is the same for every image"),
        ({"x": np.array(["a"] * 60, dtype=object)}, "no two values with 3 independent images"),
        ({"x": np.array([str(r // 2) for r in range(60)], dtype=object)}, "no two values"),
        (
            {f"x{c}": np.random.default_rng(c).normal(size=60) for c in range(30)},
            "only 60 independent images",
        ),
    ],
)
def test_columns_that_cannot_be_told_are_refused(values, words):
    vectors, _, _ = confounded(60)
    with pytest.raises(InputError, match=words):
        made(vectors, values)


def test_columns_are_looked_up_by_name():
    table = pd.DataFrame({
        "item_id": alone(250), "a": np.arange(250.0), "b": ["x", "y"] * 125, "empty": None,
        "notes": [f"{row} said" for row in range(250)],
    })  # fmt: skip
    found = values_of(table, ["b", "a"])
    assert list(found) == ["b", "a"]
    assert found["a"].dtype == np.float64
    assert values_of(table.assign(a=table["a"] // 50), ["a"])["a"].dtype == np.float64
    few = table.assign(a=(table["a"] // 50).astype("Int64"))
    few.loc[3, "a"] = None
    assert sorted(set(values_of(few, ["a"])["a"])) == ["", "0", "1", "2", "3", "4"]
    with pytest.raises(InputError, match="no column 'c'; it has a, b"):
        values_of(table, ["c"])
    with pytest.raises(InputError, match="'notes' says something else of nearly every image"):
        values_of(table, ["notes"])
    with pytest.raises(InputError, match="'empty' is empty"):
        values_of(table, ["empty"])


# -- names -----------------------------------------------------------------------------------------


def test_a_name_says_the_encoder_and_the_columns():
    name = residual_name("pixels?side=8", ["batch", "camera, left", "a&b"], "project")
    asked = derived(name)
    assert asked.members == ("pixels?side=8",)
    assert asked.columns == ("batch", "camera, left", "a&b")
    assert asked.how == "project"
    nested = derived(residual_name("ensemble:pixels+colour-texture?weights=2,1", ["a"]))
    assert derived(nested.members[0]).weights == (2 / 3, 1 / 3)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("residual:pixels", "which columns are taken out"),
        ("residual:?columns=a", "name the encoder behind residual:"),
        ("residual:pixels?columns=a,a", "named twice"),
        ("residual:pixels?columns=a&how=guess", "regress or project"),
        ("residual:pixels?side=8&columns=a", "%3F for ?"),
    ],
)
def test_a_wrong_name_says_what_to_write(name, words):
    with pytest.raises(EncoderUnavailableError) as error:
        describe(name)
    assert words in str(error.value)


# -- in a run --------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    """A table of thirty pictures in three batches, one without a batch."""
    for number in range(30):
        picture(number).save(tmp_path / f"{number:02}.png")
    rows = pd.DataFrame({"path": [f"{n:02}.png" for n in range(30)], "batch": list("abc") * 10})
    rows.loc[29, "batch"] = None
    rows.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path / "table.csv"


def change(table, path, column, value):
    rows = pd.read_csv(table)
    rows.loc[rows["path"] == path, column] = value
    rows.to_csv(table, index=False)


def test_a_run_takes_the_column_out_and_sets_aside_what_has_none(tmp_path, table):
    found = Encoded(tmp_path / "ws", table, OWN)
    assert {b.path: b.reason for b in found.images.broken} == {
        "29.png": "quarantined: it has no value in the column 'batch', which is taken out"
    }
    base = Encoded(tmp_path / "ws", table, "pixels")
    assert base.state.encoded == 0
    batch = found.images.items["batch"].to_numpy(dtype=object)
    unit = scaled(base.cache.load(found.ids))
    for name in "abc":
        means = found.vectors[batch == name].mean(axis=0)
        np.testing.assert_allclose(means, unit.mean(axis=0), atol=1e-6)
    (note,) = found.state.notes
    assert "without what batch tells" in note
    assert "29 independent images" in note


def test_what_a_picture_is_can_be_taken_out_too(tmp_path):
    for number in range(12):
        picture(number, (48 + number, 32)).save(tmp_path / f"{number}.png")
    found = Encoded(tmp_path / "ws", tmp_path, "residual:pixels?columns=width")
    width = found.images.items["width"].to_numpy(dtype=float)
    vectors = found.vectors - found.vectors.mean(axis=0)
    assert np.abs((width - width.mean()) @ vectors).max() < 1e-5


def test_a_missing_column_is_told_before_anything_is_encoded(tmp_path, table):
    with pytest.raises(InputError, match="no column 'camera'; it has batch"):
        Encoded(tmp_path / "ws", table, "residual:pixels?columns=camera")
    assert not list((tmp_path / "ws" / "vectors").iterdir())


def test_one_picture_with_two_values_is_set_aside(tmp_path, table):
    rows = pd.read_csv(table)
    pd.concat([rows, pd.DataFrame({"path": ["00.png"], "batch": ["b"]})]).to_csv(table, index=False)
    found = Encoded(tmp_path / "ws", table, OWN)
    reasons = [b.reason for b in found.images.broken if b.path == "00.png"]
    assert len(reasons) == 2
    assert "more than once with different 'batch'" in reasons[0]


def test_another_value_is_another_encoder(tmp_path, table):
    first = Encoded(tmp_path / "ws", table, OWN)
    change(table, "00.png", "batch", "b")
    second = Encoded(tmp_path / "ws", table, OWN)
    assert second.spec.key != first.spec.key
    with pytest.raises(InputError, match="fitted again"):
        Encoded(tmp_path / "ws", table, first.spec.name)


def publish(found):
    from core.encoders.base import spec_to_dict

    found.workspace.write_set("set", {"name": "set", "encoder": spec_to_dict(found.spec)})


def add(table, name, batch):
    picture(sum(map(ord, name))).save(table.parent / name)
    rows = pd.read_csv(table)
    pd.concat([rows, pd.DataFrame({"path": [name], "batch": [batch]})]).to_csv(table, index=False)


def test_added_images_keep_the_fit_while_their_values_are_known(tmp_path, table):
    root = tmp_path / "ws"
    first = Encoded(root, table, OWN)
    publish(first)
    add(table, "new.png", "b")
    placed = Encoded(root, table, OWN, place=True)
    assert placed.spec.key == first.spec.key
    assert "new.png" in set(placed.images.items["path"])
    add(table, "other.png", "d")  # a batch that the fit does not know: fitted again
    again = Encoded(root, table, OWN, place=True)
    assert again.spec.key != first.spec.key
    assert "other.png" in set(again.images.items["path"])


def test_a_value_that_came_later_is_not_overlooked(tmp_path, table):
    root = tmp_path / "ws"
    first = Encoded(root, table, OWN)
    publish(first)
    change(table, "29.png", "batch", "c")
    placed = Encoded(root, table, OWN, place=True)
    assert "29.png" in set(placed.images.items["path"])
    assert placed.spec.key != first.spec.key


def test_a_projection_encodes_pictures_without_columns(tmp_path, table):
    found = Encoded(tmp_path / "ws", table, OWN + "&how=project")
    assert len(found.ids) == 30  # also the one without a batch
    encoder = open_encoder(found.spec.name, memo=found.memo, device="cpu")
    inputs = [
        encoder.prepare(load_picture(tmp_path / path, at_least=encoder.at_least))
        for path in found.images.items["path"]
    ]
    np.testing.assert_allclose(encoder.encode(np.stack(inputs)), found.vectors, atol=1e-6)


def test_a_regression_says_that_a_picture_is_not_enough(tmp_path, table):
    found = Encoded(tmp_path / "ws", table, OWN)
    assert describe(found.spec.name, memo=found.memo) == found.spec
    with pytest.raises(EncoderUnavailableError, match="how=project"):
        open_encoder(found.spec.name, memo=found.memo)


def test_vectors_that_came_with_a_set_can_be_freed_of_a_column(tmp_path):
    vectors, _, batch = confounded(90)
    np.save(tmp_path / "mine.npy", vectors.astype(np.float32))
    pd.DataFrame({"batch": batch}).to_csv(tmp_path / "mine.csv", index=False)
    plain = Encoded(tmp_path / "ws", tmp_path / "mine.npy", "pixels")
    assert plain.spec.model_type == "given"
    found = Encoded(tmp_path / "ws", tmp_path / "mine.npy", "residual:given?columns=batch")
    _, wanted = made(vectors.astype(np.float32), {"batch": batch})
    np.testing.assert_allclose(found.vectors, wanted, atol=1e-5)
    with pytest.raises(EncoderUnavailableError, match="came with a set"):
        open_encoder(found.spec.name, memo=found.memo)


def test_a_source_without_vectors_has_none_to_use(tmp_path, table):
    with pytest.raises(EncoderUnavailableError, match="this one has none"):
        Encoded(tmp_path / "ws", table, "residual:given?columns=batch")


def test_residuals_and_ensembles_go_into_each_other(tmp_path, table):
    outer = Encoded(tmp_path / "ws", table, "residual:ensemble:pixels+colour-texture?columns=batch")
    inner = Encoded(
        tmp_path / "ws", table, "ensemble:residual:pixels%3Fcolumns=batch+colour-texture"
    )
    assert len(outer.ids) == len(inner.ids) == 29
    assert inner.state.encoded == 0
    assert "no vector of residual:pixels" in inner.images.broken[0].reason


# -- what is to stay -------------------------------------------------------------------------------


def test_what_is_to_stay_is_not_taken_for_the_column():
    vectors, label, batch = confounded()
    kept = np.array(["no", "yes"], dtype=object)[label]
    fit = fit_residual(vectors, {"batch": batch}, alone(240), keep={"label": kept})
    found = residuals(vectors, {"batch": batch}, fit.terms, fit.arrays)
    unit = scaled(vectors)
    design = np.column_stack([batch == "b", batch == "c", label]).astype(float)
    model = LinearRegression().fit(design, unit)
    side = design[:, :2] - design[:, :2].mean(axis=0)
    np.testing.assert_allclose(found, unit - side @ model.coef_[:, :2].T, atol=1e-6)

    def apart(rows):
        return np.linalg.norm(rows[label == 1].mean(axis=0) - rows[label == 0].mean(axis=0))

    _, without = made(vectors, {"batch": batch})
    true = np.linalg.norm(model.coef_[:, 2])  # of the label, the batch held fast
    assert apart(found) == pytest.approx(true, rel=1e-5)
    assert apart(without) < 0.9 * true
    everything = LinearRegression().fit(design[:, 2:], unit)
    gain = np.square(unit - everything.predict(design[:, 2:])).sum()
    gain -= np.square(unit - model.predict(design)).sum()
    assert fit.explained == pytest.approx(
        gain / np.square(unit - unit.mean(axis=0)).sum(), abs=1e-9
    )


def test_a_column_that_goes_wholly_with_what_stays_is_refused():
    vectors, label, _ = confounded()
    same = np.array(["a", "b"], dtype=object)[label]
    with pytest.raises(InputError, match="'batch' go wholly with 'label'"):
        fit_residual(vectors, {"batch": same}, alone(240), keep={"label": same})


def test_a_run_keeps_a_column_and_needs_no_value_of_it_later(tmp_path, table):
    rows = pd.read_csv(table)
    rows["kind"] = np.where(np.arange(30) % 2, "odd", "even")
    rows.loc[5, "kind"] = None
    rows.to_csv(table, index=False)
    found = Encoded(tmp_path / "ws", table, OWN + "&keep=kind")
    assert "05.png" in set(found.images.items["path"])
    assert len(found.ids) == 29
    assert found.spec.extra["keep"] == ["kind"]
    assert "beside kind" in found.state.notes[0]
    assert "28 independent" in found.state.notes[0]
    assert found.spec.key != Encoded(tmp_path / "ws", table, OWN).spec.key
    with pytest.raises(EncoderUnavailableError, match="cannot both go and stay"):
        describe(OWN + "&keep=batch")
