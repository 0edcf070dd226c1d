"""Agreement of encoders: known answers, another implementation, and units that belong together."""

import json

import numpy as np
import pytest
from making import picture
from sklearn.neighbors import NearestNeighbors
from test_ensemble import Encoded

from core.commands import encoders_agree
from core.encoders.base import spec_to_dict
from core.encoders.fitted.maths import concatenated, scaled
from core.errors import InputError
from core.fitting.agreement import EncoderAgreement, measure_agreement
from core.fitting.together import agreement_of, measured, stored_agreement
from core.library import Library
from core.model import EncoderSpec
from core.progress import Progress
from core.storage.store import Workspace


def cloud(n, d, seed):
    return np.random.default_rng(seed).normal(size=(n, d))


def neighbours(rows, k):
    """Return the k nearest others by scikit-learn, on rows of length one."""
    unit = scaled(rows)
    return NearestNeighbors(n_neighbors=k + 1).fit(unit).kneighbors(unit)[1][:, 1:]


def shared(first, second, k):
    pairs = zip(neighbours(first, k), neighbours(second, k), strict=True)
    return np.mean([len(set(a) & set(b)) / k for a, b in pairs])


def test_the_same_vectors_agree_wholly_and_others_by_chance():
    first = cloud(400, 12, 0)
    turned = 9 * first @ np.linalg.qr(cloud(12, 12, 1))[0]
    found = measure_agreement(["a", "b", "c"], [first, turned, cloud(400, 12, 2)])
    assert found.overlap[0][0].value == found.overlap[0][1].value == 1.0
    assert found.chance == pytest.approx(10 / 399)
    alone = found.overlap[0][2]
    assert alone.low < found.chance < alone.high
    assert alone == found.overlap[2][0]


def test_shares_are_those_that_another_implementation_counts():
    first, second = cloud(300, 8, 0), cloud(300, 8, 1)
    second += 1.5 * first
    labels = np.where(first[:, 0] > 0, "left", "right").astype(object)
    found = measure_agreement(["a", "b"], [first, second], weights=(0.75, 0.25), labels=labels, k=7)
    joined = concatenated([first, second], (0.75, 0.25))
    assert found.overlap[0][1].value == pytest.approx(shared(first, second, 7), abs=1e-9)
    assert found.without[0].kept.value == pytest.approx(shared(joined, second, 7), abs=1e-9)
    assert found.without[0].alone.value == pytest.approx(shared(joined, first, 7), abs=1e-9)
    for place, rows in enumerate([first, second, joined]):
        same = (labels[neighbours(rows, 7)] == labels[:, None]).mean()
        assert found.label[place].value == pytest.approx(same, abs=1e-9)
    assert found.without[0].label == found.label[1]
    assert 0.45 < found.label_chance < 0.55


def test_the_encoder_that_says_something_else_is_missed_most():
    first = cloud(300, 10, 0)
    near = first + 0.05 * cloud(300, 10, 1)
    other = cloud(300, 10, 2)
    found = measure_agreement(["a", "near a", "other"], [first, near, other])
    kept = [left.kept.value for left in found.without]
    assert kept[2] < kept[0]
    assert kept[2] < kept[1]
    assert [left.name for left in found.without] == ["a", "near a", "other"]


def test_images_of_a_unit_are_no_neighbours_and_count_once():
    frames = np.repeat(cloud(60, 6, 0), 5, axis=0) + 1e-3 * cloud(300, 6, 1)
    others = np.repeat(cloud(60, 6, 2), 5, axis=0) + 1e-3 * cloud(300, 6, 3)
    units = np.repeat(np.arange(60).astype(str), 5)
    wrong = measure_agreement(["a", "b"], [frames, others], k=4)
    right = measure_agreement(["a", "b"], [frames, others], k=4, units=units)
    assert wrong.overlap[0][1].value == 1.0  # of the frames beside it in either
    assert right.overlap[0][1].value < 0.2
    assert (right.units, right.images) == (60, 300)


def test_copies_are_no_disagreement():
    first = np.concatenate([cloud(50, 5, 0)] * 3)
    found = measure_agreement(["a", "b"], [first, first[:, ::-1] * 4], k=2)
    assert found.overlap[0][1].value == 1.0


def test_a_sample_measures_what_all_would():
    first, second = cloud(900, 8, 0), cloud(900, 8, 1)
    second += first
    whole = measure_agreement(["a", "b"], [first, second]).overlap[0][1]
    part = measure_agreement(["a", "b"], [first, second], anchors=300).overlap[0][1]
    assert part.low < whole.value < part.high
    again = measure_agreement(["a", "b"], [first, second], anchors=300).overlap[0][1]
    assert again == part


def test_too_few_images_are_told():
    with pytest.raises(InputError, match="3 independent images"):
        measure_agreement(["a", "b"], [cloud(9, 3, 0)] * 2, units=np.array(["x", "y", "y"] * 3))


def test_it_survives_being_stored():
    found = measure_agreement(
        ["a", "b"], [cloud(40, 4, 0), cloud(40, 4, 1)], labels=np.array(["x", ""] * 20, object)
    )
    assert EncoderAgreement.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_an_ensemble_run_leaves_its_agreement(tmp_path):
    for number in range(24):
        picture(number).save(tmp_path / f"{number:02}.png")
    made = Encoded(tmp_path / "ws", tmp_path)
    before = sorted(made.workspace.artefacts())
    found = measured(made.workspace, made.spec, made.images.items, Progress())
    assert sorted(made.workspace.artefacts()) == before  # it was there
    assert found.names == ("pixels", "colour-texture")
    assert found.of == 24
    alone = [Encoded(tmp_path / "ws", tmp_path, name).vectors for name in found.names]
    assert found.overlap[0][1].value == pytest.approx(shared(*alone, 10), abs=1e-9)


def test_the_command_says_what_was_measured(tmp_path, capsys):
    first, second = cloud(60, 4, 0), cloud(60, 4, 1)
    labels = np.array(["x", "y"] * 30, object)
    found = measure_agreement(["a", "/far/b"], [first, second], weights=(0.8, 0.2), labels=labels)
    told = encoders_agree.lines(found.to_json(), lambda name: name.rpartition("/")[2])
    overlap = found.overlap[0][1]
    assert told[1] == (
        f"  a and b share {100 * overlap.value:.1f} % ({100 * overlap.low:.1f} % to "
        f"{100 * overlap.high:.1f} %)"
    )
    assert told[0].startswith("nearest 10 of 60 images")
    assert len(told) == 2 + 1 + 3 + 2
    assert "without a (weight 0.8)" in told[-2]
    bare = measure_agreement(["a", "b"], [first, second]).to_json()
    assert len(encoders_agree.lines(bare)) == 4


def test_the_command_refuses_a_set_of_one_encoder(tmp_path):
    workspace = Workspace(tmp_path / "ws")
    record = {
        "name": "one", "root": "", "kind": "folder", "imageset": "0" * 32, "embeddings": "",
        "projections": {}, "clusterings": {}, "request": {},
        "encoder": spec_to_dict(EncoderSpec("pixels", "", "hand-made", 4)),
    }  # fmt: skip
    workspace.write_set("one", record)
    with pytest.raises(InputError, match="encoded with pixels, which is no ensemble"):
        agreement_of(workspace, Library(workspace).open("one"))
    assert stored_agreement(workspace, Library(workspace).open("one")) is None
