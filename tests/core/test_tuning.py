"""Tuning without labels: on tiny networks with random weights, made here, and small pictures."""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import SIDE, save_network
from PIL import Image
from safetensors.torch import load_file

from core.__main__ import Parser, perform
from core.commands import encoders as encoders_command
from core.commands import tune as command
from core.config import load_settings
from core.encoders import describe, open_encoder
from core.encoders.tuned import read_lineage, tuned_encoders
from core.errors import EncoderUnavailableError, InputError, JobCancelled, NotFoundError
from core.library import Library
from core.pipeline import run
from core.progress import Progress
from core.request import RunRequest
from core.storage.store import Workspace
from core.tuning import TuneRequest, run_tune, training
from core.tuning.batches import LEAST, batches_of, kept_small
from core.tuning.checkpoints import FILE
from core.tuning.progress import unfinished
from core.tuning.subject import split

KINDS, EACH = 3, 16


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Pictures of three kinds, a set of them in pixels, and a network to begin with."""
    root = tmp_path_factory.mktemp("tuning")
    for kind in range(KINDS):
        (root / "pictures" / f"kind{kind}").mkdir(parents=True)
        for number in range(EACH):
            random = np.random.default_rng([kind, number])
            grain = random.integers(0, 256, (4 << kind, 4 << kind, 3), dtype=np.uint8)
            picture = Image.fromarray(grain).resize((48, 40), Image.Resampling.BILINEAR)
            picture.save(root / "pictures" / f"kind{kind}" / f"{number:02}.png")
    base = save_network(root / "net")
    settings = load_settings({"workspace": str(root / "ws"), "device": "cpu", "workers": 1}, {})
    workspace = Workspace(settings.workspace_path)
    run(RunRequest(str(root / "pictures"), "grain", "pixels", ("pca",)), workspace, settings)
    return workspace, settings, f"timm:local-dir:{base}"


def asked(made, to: str, **more) -> dict:
    fields = {"base": made[2], "epochs": 2, "size": SIDE, "batch": 16, "rate": 1e-3, "held": 0.25}
    return TuneRequest("grain", to, **{**fields, **more}).to_json()


@pytest.fixture(scope="module")
def tuned(made):
    """One tuning, done once."""
    return run_tune(asked(made, "first"), made[0], made[1])


def weights(made, name: str) -> dict[str, torch.Tensor]:
    return load_file(made[0].root / "encoders" / "tuned" / name / "model.safetensors")


# -- which images are in a step -------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_no_step_has_two_images_of_one_unit_and_every_unit_is_seen(seed):
    random = np.random.default_rng(seed)
    units = random.integers(0, 40, 150)
    steps = batches_of(units, 16, seed, 0)
    for step in steps:
        assert len(np.unique(units[step])) == len(step)
        assert LEAST <= len(step) <= 16
    seen = np.concatenate(steps)
    assert len(np.unique(seen)) == len(seen)
    assert set(units[seen]) == set(units)
    assert len(seen) >= 0.9 * len(units)


def test_steps_depend_on_seed_and_epoch_and_nothing_else():
    units = np.arange(100)
    first = batches_of(units, 32, 7, 3)
    assert all(np.array_equal(a, b) for a, b in zip(first, batches_of(units, 32, 7, 3),
                                                    strict=True))  # fmt: skip
    assert not np.array_equal(first[0], batches_of(units, 32, 7, 4)[0])
    assert sorted(np.concatenate(first).tolist()) == list(range(100))


def test_pictures_are_kept_small_and_strips_are_cut():
    assert kept_small(Image.new("RGB", (800, 400)), 64).shape == (80, 160, 3)
    assert kept_small(Image.new("L", (30, 20)), 64).shape == (20, 30, 3)
    assert kept_small(Image.new("RGB", (5000, 100)), 64).shape == (80, 240, 3)


# -- the job --------------------------------------------------------------------------------------


def test_the_result_is_an_encoder_with_lineage(made, tuned):
    memo = made[0].root / "encoders"
    base = open_encoder(made[2], memo=memo)
    encoder = open_encoder("tuned:first", memo=memo)
    assert tuned["encoder"] == encoder.spec.name == "tuned:first"
    assert tuned["base_key"] == base.spec.key != encoder.spec.key
    assert describe("tuned:first", memo=memo) == encoder.spec
    assert encoder.spec.model_type == "self-supervised"
    assert encoder.spec.extra["lineage"]["imageset"] == tuned["imageset"]
    assert (encoder.spec.dims, encoder.spec.mean) == (base.spec.dims, base.spec.mean)
    assert tuned["images"] + tuned["held"] == KINDS * EACH
    assert len(tuned["losses"]) == tuned["epochs"] == tuned["planned"] == 2
    (one,) = [one for one in tuned_encoders(memo) if one.name == "tuned:first"]
    assert one.lineage["key"] == tuned["key"]
    assert tuned["comparison"]["text"] in one.sentence
    assert not list((memo / "tuned").glob("*.part"))


def test_weights_are_trained_and_statistics_stay(made, tuned):
    before = load_file(Path(made[2].removeprefix("timm:local-dir:")) / "model.safetensors")
    after = weights(made, "first")
    assert before.keys() == after.keys()
    moving = [name for name in before if "running" in name or "num_batches" in name]
    assert moving
    assert all(torch.equal(before[name], after[name]) for name in moving)
    rest = [name for name in before if name not in moving]
    assert all(not torch.equal(before[name], after[name]) for name in rest)


def test_held_out_images_are_compared_and_counted(made, tuned):
    compared = tuned["comparison"]
    assert compared["images"] == compared["labels"] == tuned["held"]
    assert {line["measure"] for line in compared["lines"]} >= {"agreement", "invariance",
                                                               "retrieval"}  # fmt: skip
    assert compared["verdict"] in {"better", "not better", "worse"}
    assert json.loads(json.dumps(tuned, allow_nan=False)) == tuned


def test_the_same_request_is_not_trained_again_and_another_may_not_take_the_name(made, tuned):
    stages: list[str] = []
    again = run_tune(asked(made, "first"), made[0], made[1],
                     Progress(lambda step: stages.append(step.stage)))  # fmt: skip
    assert again == tuned
    assert training.STAGE not in stages
    with pytest.raises(InputError, match="choose another name"):
        run_tune(asked(made, "first", seed=1), made[0], made[1])


class Stop:
    """Cancels at the n-th look, once tuning has begun."""

    def __init__(self, looks: int):
        self.left, self.tuning = looks, False

    def listen(self, step):
        self.tuning = step.stage == training.STAGE

    def __call__(self) -> bool:
        self.left -= self.tuning
        return self.left < 0


@pytest.mark.parametrize("method", ["simclr", "byol"])
def test_a_stopped_training_goes_on_as_if_it_had_never_stopped(made, tuned, method, monkeypatch):
    whole = tuned if method == "simclr" else run_tune(asked(made, "whole", method=method),
                                                      made[0], made[1])  # fmt: skip
    monkeypatch.setattr(training, "EVERY", 0.0)
    name = f"stopped-{method}"
    for looks in (1, 2):  # stopped twice, in the middle of an epoch
        stop = Stop(looks)
        with pytest.raises(JobCancelled):
            run_tune(asked(made, name, method=method), made[0], made[1],
                     Progress(stop.listen, stop, interval=0.0))  # fmt: skip
    (one,) = [one for one in unfinished(made[0].root / "encoders") if one.name == name]
    assert one.request["to"] == name
    with pytest.raises(EncoderUnavailableError, match="no tuned encoder"):
        open_encoder(f"tuned:{name}", memo=made[0].root / "encoders")
    done = run_tune(asked(made, name, method=method), made[0], made[1])
    assert done["losses"] == pytest.approx(whole["losses"], rel=1e-5)
    expected = weights(made, "first" if method == "simclr" else "whole")
    for key, value in weights(made, name).items():
        assert torch.allclose(value, expected[key], atol=1e-6), key


def test_a_damaged_checkpoint_begins_anew(made, tuned, monkeypatch):
    monkeypatch.setattr(training, "EVERY", 0.0)
    stop = Stop(2)
    with pytest.raises(JobCancelled):
        run_tune(asked(made, "damaged"), made[0], made[1],
                 Progress(stop.listen, stop, interval=0.0))  # fmt: skip
    path = made[0].root / "encoders" / "tuned" / "damaged.part" / FILE
    path.write_bytes(path.read_bytes()[:1000])
    done = run_tune(asked(made, "damaged"), made[0], made[1])
    assert done["losses"] == pytest.approx(tuned["losses"], rel=1e-5)


@pytest.mark.parametrize("method", ["vicreg", "byol"])
def test_other_methods_learn_too(made, method):
    request = asked(made, f"learns-{method}", method=method, epochs=4, rate=3e-4, jitter=0.1,
                    crop=0.6)  # fmt: skip
    losses = run_tune(request, made[0], made[1])["losses"]
    assert losses[-1] < losses[0]


def test_the_time_limit_ends_training_and_is_told(made, monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr(training, "monotonic", lambda: float(next(clock)))
    done = run_tune(asked(made, "short", epochs=500, minutes=0.1), made[0], made[1])
    assert 0 < done["epochs"] < 10
    assert done["planned"] == 500
    assert "training ended after 0.1 minutes" in done["notes"][0]


def test_a_loss_that_is_no_number_ends_it_and_says_what_to_do(made, monkeypatch):
    blank = torch.full((8, 3, SIDE, SIDE), torch.nan)
    monkeypatch.setattr(training, "stacked", lambda transform, pictures: (blank, blank))
    with pytest.raises(InputError, match="lower rate"):
        run_tune(asked(made, "wild"), made[0], made[1])


def test_a_set_is_made_with_it_and_it_is_tuned_further(made, tuned):
    workspace, settings, _ = made
    source = str(Path(made[2].removeprefix("timm:local-dir:")).parent / "pictures")
    summary = run(RunRequest(source, "again", "tuned:first", ("pca",)), workspace, settings)
    assert summary["encoded"] == KINDS * EACH
    opened = Library(workspace).open("again")
    further = run_tune({**asked(made, "second"), "name": "again", "base": ""}, workspace, settings)
    assert further["base"] == "tuned:first"
    assert further["base_key"] == opened.spec.key


def test_what_cannot_be_tuned_says_why(made):
    workspace, settings, base = made
    for more, words in (
        ({"base": ""}, "the set's own encoder 'pixels' cannot be tuned"),
        ({"base": "colour-texture"}, "base 'colour-texture' cannot be tuned"),
        ({"base": f"{base}?layer=blocks.1"}, "leave layer out"),
    ):
        with pytest.raises(InputError, match=words):
            run_tune({**asked(made, "no"), **more}, workspace, settings)
    with pytest.raises(NotFoundError):
        run_tune({**asked(made, "no"), "name": "none"}, workspace, settings)
    request = TuneRequest.from_json(asked(made, "no"))
    with pytest.raises(InputError, match="26 units are needed"):
        split(np.arange(100), np.arange(100) % 25, request)


def test_whole_units_are_held_out():
    units = np.random.default_rng(0).integers(0, 80, 400)
    request = TuneRequest("a", "b", held=0.2)
    train, held, _ = split(np.arange(400), units, request)
    assert not set(units[train]) & set(units[held])
    assert sorted([*train, *held]) == list(range(400))
    assert 0.2 <= len(held) / 400 < 0.24
    again = split(np.arange(400), units, request)[1]
    assert np.array_equal(held, again)


@pytest.mark.parametrize(
    ("field", "value"),
    [("to", "a/b"), ("to", "x.part"), ("to", ""), ("method", "magic"), ("epochs", -1),
     ("epochs", 1.5), ("size", 16), ("held", 0.9), ("rate", float("nan")), ("batch", True),
     ("base", 3), ("column", ""), ("more", 1)],
)  # fmt: skip
def test_a_wrong_field_is_named(field, value):
    with pytest.raises(InputError, match=field):
        TuneRequest.from_json({"name": "a", "to": "b", field: value})


def test_a_damaged_lineage_is_no_encoder(made, tuned, tmp_path):
    folder = tmp_path / "tuned" / "broken"
    folder.mkdir(parents=True)
    record = json.loads((made[0].root / "encoders/tuned/first/lineage.json").read_text())
    (folder / "lineage.json").write_text(json.dumps({**record, "images": 1}))
    assert read_lineage(folder) is None
    assert tuned_encoders(tmp_path) == []


# -- the command ----------------------------------------------------------------------------------


@pytest.fixture
def ask(made, capsys):
    """Give a function that runs a command and returns exit code, stdout and stderr."""

    def told(*arguments):
        common = argparse.ArgumentParser(add_help=False)
        common.add_argument("--workspace")
        common.add_argument("--json", action="store_true")
        parser = Parser(prog="t")
        commands = parser.add_subparsers(required=True)
        command.add(commands, common)
        encoders_command.add(commands, common)
        code = perform(parser.parse_args([*arguments, "--workspace", str(made[0].root)]))
        said = capsys.readouterr()
        return code, said.out, said.err

    return told


def test_the_command_tunes_and_says_whether_it_is_better(ask, made, tuned):
    options = ("--base", made[2], "--epochs", "2", "--size", str(SIDE), "--batch", "16",
               "--rate", "1e-3", "--held", "0.25", "--device", "cpu")  # fmt: skip
    code, out, _ = ask("tune", "grain", "--as", "first", *options)
    assert code == 0
    assert "tuned:first" in out
    assert tuned["comparison"]["text"] in out
    assert "Neighbour agreement" in out
    listed = json.loads(ask("encoders", "list", "--json")[1])["tuned"]
    assert "tuned:first" in {one["name"] for one in listed}
    code, out, err = ask("tune", "grain", "--as", "no")
    assert (code, out) == (2, "")
    assert "cannot be tuned" in err
    assert err.count("\n") == 1
