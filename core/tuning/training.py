"""The training itself: steps, the rate of learning, checkpoints, and when it ends."""

import math
from collections.abc import Sequence
from time import monotonic
from typing import Any

import numpy as np

from core.config import Settings
from core.encoders.base import Encoder
from core.encoders.device import choose_device
from core.errors import InputError
from core.progress import Progress
from core.tuning.batches import batches_of, seed_step, stacked, views_of
from core.tuning.checkpoints import Done, load, save
from core.tuning.learners import backbone_of, learner_of
from core.tuning.subject import Subject, epochs_of

STAGE = "tuning"
#: How much faster the new head learns than the backbone, which knows much already.
HEAD_RATE = 10.0
DECAY = 1e-4
#: Share of all steps in which the rate rises to what was asked for.
WARM = 0.05
#: Seconds between two checkpoints; one is kept at the end of each epoch in any case.
EVERY = 30.0


def train(
    subject: Subject,
    key: str,
    base: Encoder,
    pictures: Sequence[np.ndarray],
    size: int,
    settings: Settings,
    progress: Progress,
) -> tuple[Any, Done]:
    """Train until the epochs, or the minutes, are over; go on from a checkpoint if there is one.

    Parameters
    ----------
    subject, key
        What is tuned, and the tuning's key.
    base
        The encoder to begin with: its statistics and dimensions.
    pictures
        The images to train on, uint8 `(h, w, 3)` each, in the order of `subject.train`.
    size
        Side of the views in pixels.
    settings
        The device and the threads.
    progress
        Told about images in stage "tuning"; may cancel, and the checkpoint stays.

    Returns
    -------
    backbone : torch.nn.Module
        Trained, in evaluation mode, on the processor.
    done : Done
        Losses and time.

    Raises
    ------
    InputError
        The loss is no number any more: the rate is too high.
    JobCancelled
        `progress` was cancelled.
    """
    import torch

    asked, device = subject.asked, choose_device(settings.device)
    torch.set_num_threads(settings.n_workers)
    seed_step(asked.seed, 0, 0)
    learner = learner_of(asked.method, backbone_of(subject), base.spec.dims).to(device)
    learner = learner.to(memory_format=torch.channels_last).train()
    _keep_statistics(learner.backbone)
    optimiser = _optimiser(learner, asked.rate)
    epochs = epochs_of(asked, len(pictures), size)
    done = load(subject.unfinished, key, learner, optimiser) or Done(key, epochs=epochs)
    transform = views_of(asked, base, size)
    units = subject.units[subject.train]
    began, kept = monotonic() - done.seconds, monotonic()
    while done.epoch < epochs and done.seconds < 60 * asked.minutes:
        steps = batches_of(units, asked.batch, asked.seed, done.epoch)
        while done.step < len(steps):
            _tell(progress, done, steps, len(pictures))
            share = (done.epoch + done.step / len(steps)) / epochs
            _set_rate(optimiser, asked.rate, share)
            seed_step(asked.seed, done.epoch, done.step)
            chosen = steps[done.step]
            views = stacked(transform, [pictures[place] for place in chosen])
            loss = _step(learner, optimiser, views, device, share)
            done.total, done.count = done.total + loss * len(chosen), done.count + len(chosen)
            done.step, done.seconds = done.step + 1, monotonic() - began
            if done.seconds >= 60 * asked.minutes:
                break
            if done.step < len(steps) and monotonic() - kept > EVERY:
                save(subject.unfinished, done, learner, optimiser)
                kept = monotonic()
        done.losses.append(done.total / max(1, done.count))
        done.epoch, done.step, done.total, done.count = done.epoch + 1, 0, 0.0, 0
        save(subject.unfinished, done, learner, optimiser)
        kept = monotonic()
    return learner.backbone.cpu().eval(), done


def _keep_statistics(backbone: Any) -> None:
    """Leave the means and variances of batch normalisation as the base has them.

    They would follow small, cropped and recoloured views, and whole pictures would then be
    normalised by numbers that are not theirs: measured on 665 butterflies, neighbour agreement
    fell from 0.84 to 0.23 within one epoch.
    """
    import torch

    for module in backbone.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.eval()


def _optimiser(learner: Any, rate: float) -> Any:
    import torch

    own = [p for p in learner.backbone.parameters() if p.requires_grad]
    mine = {id(p) for p in own}
    rest = [p for p in learner.parameters() if p.requires_grad and id(p) not in mine]
    groups = [{"params": own, "factor": 1.0}, {"params": rest, "factor": HEAD_RATE}]
    return torch.optim.AdamW(groups, lr=rate, weight_decay=DECAY)


def _set_rate(optimiser: Any, rate: float, share: float) -> None:
    """Let the rate rise, then fall to nothing along a cosine; `share` of the training is done."""
    now = min(1.0, (share + 1e-3) / WARM) * (1 + math.cos(math.pi * min(1.0, share))) / 2
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"] * now


def _step(learner: Any, optimiser: Any, views: tuple[Any, Any], device: str, share: float) -> float:
    """Take one step; return the loss before it."""
    import torch

    first, second = (
        view.to(device).contiguous(memory_format=torch.channels_last) for view in views
    )
    loss = learner.loss(first, second)
    value = float(loss.detach())
    if not math.isfinite(value):
        raise InputError("the loss is no number any more: tune again with a lower rate")
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    learner.follow(share)
    return value


def _tell(progress: Progress, done: Done, steps: list[np.ndarray], n: int) -> None:
    shown = sum(len(step) for step in steps[: done.step])
    each = sum(len(step) for step in steps)
    last = f", loss {done.losses[-1]:.3g}" if done.losses else ""
    note = f"epoch {done.epoch + 1} of {done.epochs}{last}"
    progress.report(STAGE, done.epoch * each + shown, done.epochs * each, note)
