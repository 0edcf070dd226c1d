"""Ensembles: the weighted mean of cosines, from vectors that are there, and nothing filled in."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from making import picture
from PIL import Image
from sklearn.decomposition import PCA

from core.config import load_settings
from core.encoders import describe, open_encoder
from core.encoders.base import parse_name
from core.encoders.fitted.encoder import check_members, leaves, read_fit
from core.encoders.fitted.maths import concatenated, projected, scaled
from core.encoders.fitted.names import (
    derived,
    ensemble_name,
    residual_name,
    shortened,
    spoken,
    without_fit,
)
from core.errors import ArtifactCorruptError, EncoderUnavailableError, JobCancelled
from core.fitting import ensemble
from core.fitting.ensemble import fit_ensemble
from core.fitting.sampling import of_units, one_each
from core.gather import assemble, encode_items
from core.imaging.decode import load_picture
from core.ingest import scan
from core.progress import Progress
from core.request import RunRequest
from core.run import Run
from core.storage.catalog import Catalog
from core.storage.store import Workspace

BOTH = "ensemble:pixels+colour-texture"


def blocks(n=300, seed=0):
    """Two encoders' vectors of the same things: 40 and 20 columns, of other lengths."""
    random = np.random.default_rng(seed)
    things = random.normal(size=(n, 6))
    first = things @ random.normal(size=(6, 40)) + 0.1 * random.normal(size=(n, 40))
    return first, 7 * (things @ random.normal(size=(6, 20)) + 0.3)


def cosines(rows):
    lengths = np.linalg.norm(rows, axis=1)
    return rows @ rows.T / np.outer(lengths, lengths)


class Encoded:
    """What encoding a folder left."""

    def __init__(self, root, source, encoder=BOTH, name="set", place=False, progress=None):
        settings = load_settings({"workspace": str(root), "workers": 2}, {})
        self.workspace = Workspace(root)
        request = RunRequest(str(source), name, encoder, ("pca",), place=place)
        with Catalog(root / "catalog.sqlite") as catalog:
            self.state = Run(request, self.workspace, settings, progress or Progress(), catalog)
            found = scan(str(source), samples_folder=root / "samples", known_hashes=catalog)
            self.spec, self.cache = encode_items(self.state, found)
            self.images = assemble(self.state, found)
        self.ids = list(self.images.items["item_id"])

    @property
    def vectors(self):
        return self.cache.load(self.ids)

    @property
    def memo(self):
        return self.workspace.root / "encoders"


@pytest.fixture
def pictures(tmp_path):
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(24):
        picture(number).save(root / f"{number:02}.png")
    return root


# -- the joined vectors and their projection -------------------------------------------------------


def test_inner_products_are_the_weighted_mean_of_cosines():
    first, second = blocks()
    joined = concatenated([first, second], (0.7, 0.3))
    assert np.abs(joined @ joined.T - (0.7 * cosines(first) + 0.3 * cosines(second))).max() < 1e-12


def test_the_length_of_one_encoders_vectors_changes_nothing():
    first, second = blocks()
    for power in (0.0, 0.25):
        found = []
        for times in (1.0, 1000.0):
            members = [first, second * times]
            fit = fit_ensemble(members, (0.5, 0.5), power=power)
            found.append(projected(concatenated(members, (0.5, 0.5)), fit.arrays))
        np.testing.assert_allclose(found[0], found[1], atol=1e-6)


def test_as_many_components_are_kept_as_hold_99_percent():
    first, second = blocks()
    joined = concatenated([first, second], (0.5, 0.5))
    oracle = np.cumsum(PCA(svd_solver="full").fit(joined).explained_variance_ratio_)
    wanted = int((oracle < 0.99).sum()) + 1
    fit = fit_ensemble([first, second], (0.5, 0.5))
    assert len(fit.arrays["basis"]) == wanted + 1  # and the direction of the mean
    assert fit.explained == pytest.approx(oracle[wanted - 1], abs=1e-6)


def test_the_projection_turns_and_does_not_move():
    """Distances between unit rows stay, which those from a mean, scaled to one, would not."""
    first, second = blocks()
    joined = concatenated([first, second], (0.5, 0.5))
    fit = fit_ensemble([first, second], (0.5, 0.5))
    basis = fit.arrays["basis"].astype(np.float64)
    np.testing.assert_allclose(basis @ basis.T, np.eye(len(basis)), atol=1e-6)
    made = projected(joined, fit.arrays).astype(np.float64)

    def apart(rows):
        return np.linalg.norm(rows[:, None] - rows[None], axis=2)

    moved = scaled(PCA(len(basis)).fit_transform(joined))
    lost = np.abs(apart(made) - apart(joined))
    assert lost.mean() < 0.02
    assert np.abs(apart(moved) - apart(joined)).mean() > 5 * lost.mean()


def test_a_power_evens_the_components_out():
    first, second = blocks()
    joined = concatenated([first, second], (0.5, 0.5))
    fit = fit_ensemble([first, second], (0.5, 0.5), power=0.25, dims=5)
    oracle = PCA(5, svd_solver="full").fit(joined)
    scores = oracle.transform(joined) * oracle.explained_variance_**-0.25
    wanted = scores / np.linalg.norm(scores, axis=1, keepdims=True)
    made = projected(joined, fit.arrays)
    np.testing.assert_allclose(np.abs(made @ made.T), np.abs(wanted @ wanted.T), atol=1e-5)


@pytest.mark.parametrize(("n", "dims"), [(1, 1), (2, 2), (3, 3), (0, 1)])
def test_few_images_have_few_dimensions(n, dims):
    first, second = blocks()
    fit = fit_ensemble([first[:n], second[:n]], (0.5, 0.5))
    assert fit.arrays["basis"].shape == (dims, 60)


def test_copies_of_one_image_have_one_dimension():
    first, second = blocks(1)
    fit = fit_ensemble([np.repeat(first, 5, axis=0), np.repeat(second, 5, axis=0)], (0.5, 0.5))
    assert fit.arrays["basis"].shape == (1, 60)


@pytest.mark.parametrize("power", [0.0, 0.25])
def test_a_wide_covariance_is_decomposed_to_the_same(monkeypatch, power):
    members = blocks()
    plain = fit_ensemble(members, (0.5, 0.5), power=power)
    monkeypatch.setattr(ensemble, "EXACT_UP_TO", 50)  # of 60 columns
    wide = fit_ensemble(members, (0.5, 0.5), power=power)
    assert wide.explained == pytest.approx(plain.explained, abs=1e-6)
    joined = concatenated(members, (0.5, 0.5))
    one, two = projected(joined, plain.arrays), projected(joined, wide.arrays)
    np.testing.assert_allclose(one @ one.T, two @ two.T, atol=1e-5)
    assert not ensemble.uses_seed(300, 60)
    assert ensemble.uses_seed(59, 60)


def test_dims_limits_the_dimensions():
    first, second = blocks()
    fit = fit_ensemble([first, second], (0.5, 0.5), dims=4)
    assert fit.arrays["basis"].shape == (4, 60)
    assert 0 < fit.explained < 0.99


def test_a_row_without_direction_in_one_encoder_is_not_filled_in():
    first, second = blocks(5)
    second[2] = 0
    first[3, 0] = np.inf
    fit = fit_ensemble(blocks(5), (0.5, 0.5))
    made = projected(concatenated([first, second], (0.5, 0.5)), fit.arrays)
    assert np.isnan(made).all(axis=1).tolist() == [False, False, True, True, False]


# -- names -----------------------------------------------------------------------------------------


def test_a_name_says_members_and_weights():
    name = ensemble_name(["pixels?side=8&grey=1", "timm:local-dir:/a+b/50%"], [3, 1])
    asked = derived(name)
    assert asked.members == ("pixels?side=8&grey=1", "timm:local-dir:/a+b/50%")
    assert asked.weights == (0.75, 0.25)
    assert derived(ensemble_name(["pixels", "colour-texture"])).weights == (0.5, 0.5)
    assert leaves("ensemble:residual:pixels%3Fcolumns=a+colour-texture") == [
        "pixels",
        "colour-texture",
    ]


def test_a_fit_is_put_on_a_name_and_taken_off():
    asked = derived(BOTH + "?weights=2,1")
    fitted = asked.fitted("0123456789abcdef")
    assert fitted.text == BOTH + "?weights=2,1&fit=0123456789abcdef"
    assert without_fit(fitted.text) == asked.text
    assert derived(fitted.text) == fitted
    assert without_fit(derived(BOTH).fitted("0123456789abcdef").text) == BOTH


def test_members_are_shortened_for_people_and_exports():
    def short(name):
        return name.rpartition("/")[2]

    name = ensemble_name(["timm:local-dir:/home/me/net", "pixels"], [3, 1])
    assert shortened(name, short) == "ensemble:net+pixels?weights=3,1"
    assert spoken(name, short) == "3 × net + pixels"
    freed = residual_name(name, ["batch", "a, b"])
    assert (
        spoken(freed + "&fit=0123456789abcdef", short) == "3 × net + pixels without batch and a, b"
    )
    inner = derived(shortened(freed, short)).members[0]
    assert inner == "ensemble:net+pixels?weights=3,1"
    assert shortened("timm:/x/y", short) == spoken("timm:/x/y", short) == "y"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ensemble:pixels", "2 to 10 encoders joined by +"),
        ("ensemble:pixels+", "2 to 10 encoders joined by +"),
        ("ensemble:pixels+pixels", "pixels is named twice"),
        (BOTH + "?weights=1", "2 numbers above 0"),
        (BOTH + "?weights=1,0", "2 numbers above 0"),
        (BOTH + "?weights=1,nan", "2 numbers above 0"),
        (BOTH + "?power=0.5", "full whitening"),
        (BOTH + "?power=much", "0 to 0.4"),
        (BOTH + "?dims=1", "dims is a whole number"),
        (BOTH + "?fit=../../x", "hex digits"),
        ("ensemble:pixels?side=8+colour-texture", "%3F for ?"),
        (BOTH + "?weight=1,2", "did you mean weights"),
    ],
)
def test_a_wrong_name_says_what_to_write(name, words):
    with pytest.raises(EncoderUnavailableError) as error:
        describe(name)
    assert words in str(error.value)


def test_a_member_that_is_none_is_named_before_anything_is_encoded(tmp_path, pictures):
    with pytest.raises(EncoderUnavailableError, match="pixel'"):
        Encoded(tmp_path / "ws", pictures, "ensemble:colour-texture+pixel")
    assert not list((tmp_path / "ws" / "vectors").iterdir())


# -- in a run --------------------------------------------------------------------------------------


def test_nothing_is_encoded_twice(tmp_path, pictures):
    root = tmp_path / "ws"
    assert len(Encoded(root, pictures, "pixels").state.fresh) == 24
    second = Encoded(root, pictures)  # pixels are there, colours are not
    assert (second.state.encoded, second.state.reused) == (24, 0)
    assert Encoded(root, pictures, "colour-texture").state.encoded == 0
    again = Encoded(root, pictures, BOTH + "?weights=2,1")
    assert (again.state.encoded, again.state.reused) == (0, 24)


def test_a_run_gives_what_its_members_vectors_say(tmp_path, pictures):
    root = tmp_path / "ws"
    made = Encoded(root, pictures, BOTH + "?weights=3,1")
    alone = [Encoded(root, pictures, name).vectors for name in ("pixels", "colour-texture")]
    joined = concatenated(alone, (0.75, 0.25))
    fit = fit_ensemble(alone, (0.75, 0.25))
    np.testing.assert_allclose(
        made.vectors @ made.vectors.T,
        (lambda z: z @ z.T)(projected(joined, fit.arrays)),
        atol=1e-5,
    )
    assert made.spec.dims == len(fit.arrays["basis"])
    assert any("24 images" in note for note in made.state.notes)


def test_another_order_or_name_of_files_is_the_same_encoder(tmp_path, pictures):
    root = tmp_path / "ws"
    first = Encoded(root, pictures)
    shutil.move(pictures, tmp_path / "moved")
    (tmp_path / "moved" / "00.png").rename(tmp_path / "moved" / "zz.png")
    second = Encoded(root, tmp_path / "moved")
    assert second.ids != first.ids
    assert second.spec == first.spec


def test_the_key_tells_members_weights_and_images_apart(tmp_path, pictures):
    root = tmp_path / "ws"
    keys = {Encoded(root, pictures, name).spec.key for name in (
        BOTH, BOTH + "?weights=2,1", BOTH + "?dims=5", BOTH + "?power=0.25",
        "ensemble:pixels%3Fside=8+colour-texture",
    )}  # fmt: skip
    (pictures / "05.png").unlink()
    assert len({*keys, Encoded(root, pictures).spec.key}) == 6


def test_an_image_without_a_vector_of_one_member_is_set_aside_by_name(tmp_path, folder):
    made = Encoded(tmp_path / "ws", folder)
    reasons = {b.path: b.reason for b in made.images.broken}
    assert reasons["black.png"] == "quarantined: no vector of pixels: its vector is zero"
    assert len(made.ids) == 12
    both = Encoded(tmp_path / "ws", folder, "colour-texture")
    assert "black.png" in set(both.images.items["path"])  # it is the ensemble that lacks it


def test_vectors_that_came_with_a_set_join_those_of_its_pictures(tmp_path):
    for number in range(8):
        picture(number).save(tmp_path / f"{number}.png")
    (tmp_path / "3.png").write_bytes(b"no picture")
    own = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    np.save(tmp_path / "own.npy", own)
    table = pd.DataFrame({"path": [f"{number}.png" for number in range(8)]})
    table.to_csv(tmp_path / "own.csv", index=False)
    source = tmp_path / "own.npy"
    assert len(Encoded(tmp_path / "ws", source, "pixels").ids) == 8  # as they came
    made = Encoded(tmp_path / "ws", source, "ensemble:given+pixels")
    assert made.images.items["path"].tolist() == [f"{n}.png" for n in range(8) if n != 3]
    pixels = Encoded(tmp_path / "ws", _table(tmp_path), "pixels").vectors
    members = [np.delete(own, 3, axis=0), pixels]
    joined = concatenated(members, (0.5, 0.5))
    wanted = projected(joined, fit_ensemble(members, (0.5, 0.5)).arrays)
    np.testing.assert_allclose(made.vectors @ made.vectors.T, wanted @ wanted.T, atol=1e-5)


def _table(root):
    """Return a table of the pictures alone."""
    pd.read_csv(root / "own.csv").to_csv(root / "pictures.csv", index=False)
    return root / "pictures.csv"


def test_the_fitted_name_encodes_pictures_as_the_run_did(tmp_path, pictures):
    made = Encoded(tmp_path / "ws", pictures)
    encoder = open_encoder(made.spec.name, memo=made.memo, device="cpu")
    assert encoder.spec == made.spec == describe(made.spec.name, memo=made.memo)
    inputs = [
        encoder.prepare(load_picture(pictures / path, at_least=encoder.at_least))
        for path in made.images.items["path"]
    ]
    np.testing.assert_allclose(encoder.encode(np.stack(inputs)), made.vectors, atol=1e-6)
    np.testing.assert_allclose(encoder.encode(np.stack(inputs[:1])), made.vectors[:1], atol=1e-6)


def test_each_member_may_be_given_the_picture_that_it_would_see_alone(tmp_path):
    name = "ensemble:pixels%3Fside=256+colour-texture"
    for number in range(4):
        noise = np.random.default_rng(number).integers(0, 256, (1400, 1600, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{number}.jpg", quality=80)
    made = Encoded(tmp_path / "ws", tmp_path, name)
    encoder = open_encoder(made.spec.name, memo=made.memo, device="cpu")
    assert encoder.levels == (512, 320)

    def error(pictures):
        found = encoder.encode(encoder.prepare_each(pictures)[None])
        return np.linalg.norm(found - made.vectors[:1])

    path = tmp_path / made.images.items["path"].iloc[0]
    own = [load_picture(path, at_least=level) for level in encoder.levels]
    assert own[0].image.size != own[1].image.size
    assert error(own) < 1e-6 < error([own[0], own[0]])


def test_added_pictures_are_encoded_with_the_fit_that_the_set_has(tmp_path, pictures):
    root = tmp_path / "ws"
    first = Encoded(root, pictures)
    record = {"name": "set", "encoder": json.loads(json.dumps(_as_dict(first.spec)))}
    first.workspace.write_set("set", record)
    picture(99).save(pictures / "99.png")
    placed = Encoded(root, pictures, place=True)
    assert placed.spec.key == first.spec.key
    assert placed.state.encoded == 1
    assert len(placed.ids) == 25
    assert Encoded(root, pictures).spec.key != first.spec.key  # without placing: fitted afresh


def test_another_set_can_be_encoded_with_the_same_fit(tmp_path, pictures):
    root = tmp_path / "ws"
    first = Encoded(root, pictures)
    other = tmp_path / "other"
    other.mkdir()
    for number in range(50, 54):
        picture(number).save(other / f"{number}.png")
    second = Encoded(root, other, first.spec.name, name="other")
    assert second.spec.key == first.spec.key
    assert second.vectors.shape == (4, first.spec.dims)


def test_a_run_stopped_while_it_joins_goes_on(tmp_path, pictures):
    root, steps = tmp_path / "ws", []

    def stopped():
        return any(step.stage == "fit" for step in steps)

    with pytest.raises(JobCancelled):
        Encoded(root, pictures, progress=Progress(steps.append, stopped, interval=0))
    again = Encoded(root, pictures)
    assert again.state.encoded == 0
    assert len(again.ids) == 24


def _as_dict(spec):
    from core.encoders.base import spec_to_dict

    return spec_to_dict(spec)


# -- what is wrong is said -------------------------------------------------------------------------


def test_a_name_without_a_fit_opens_only_in_a_run():
    with pytest.raises(EncoderUnavailableError, match="fitted on a set"):
        open_encoder(BOTH)
    assert describe(BOTH) is None


def test_a_fit_that_is_not_there_is_told(tmp_path):
    with pytest.raises(EncoderUnavailableError, match="this workspace has no fit"):
        describe(BOTH + "?fit=0123456789abcdef", memo=tmp_path / "encoders")


def test_a_fit_of_another_kind_is_told(tmp_path, pictures):
    made = Encoded(tmp_path / "ws", pictures)
    fit = derived(made.spec.name).fit
    with pytest.raises(EncoderUnavailableError, match="of another encoder"):
        describe(f"residual:pixels?columns=a&fit={fit}", memo=made.memo)


def test_a_damaged_fit_is_named(tmp_path, pictures):
    made = Encoded(tmp_path / "ws", pictures)
    path = made.workspace.folder("fitted", derived(made.spec.name).fit) / "basis.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArtifactCorruptError, match=r"basis\.npy differs"):
        describe(made.spec.name, memo=made.memo)
    path.unlink()
    with pytest.raises(ArtifactCorruptError, match=r"basis\.npy is missing"):
        open_encoder(made.spec.name, memo=made.memo)


def test_a_member_with_other_weights_is_not_taken_for_the_old_one(tmp_path, pictures):
    made = Encoded(tmp_path / "ws", pictures)
    asked = derived(parse_name(made.spec.name))
    fit = read_fit(asked, made.memo)
    specs = [describe(member) for member in asked.members]
    check_members(asked, fit, specs)
    with pytest.raises(EncoderUnavailableError, match="colour-texture has other weights"):
        check_members(asked, fit, [specs[0], replace(specs[1], weights_digest="other")])


# -- what is drawn ---------------------------------------------------------------------------------


def test_units_are_drawn_whole():
    units = np.repeat(np.arange(40).astype(str), 5)
    rows = of_units(units, 52, seed=1)
    assert len(rows) == 50
    assert set(np.unique(units[rows], return_counts=True)[1]) == {5}
    assert of_units(units, 200, seed=1).tolist() == list(range(200))
    assert not np.array_equal(rows, of_units(units, 52, seed=2))


def test_one_image_of_each_unit_is_measured_where_there_are_more():
    units = np.repeat(np.arange(40).astype(str), 5)
    rows = one_each(units, 30, seed=0)
    assert len(rows) == 30
    assert len(set(units[rows])) == 30
    assert len(one_each(units, 100, seed=0)) == 40
