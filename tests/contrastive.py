"""A small contrastive pair, trained here on real digits and their names: no weights needed."""

import json
from pathlib import Path

import numpy as np
from making import shared
from PIL import Image

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

#: What stands around a word in training.
CAPTIONS = ("{}", "a photo of a {}.", "the number {}")

CONFIG = {
    "model_cfg": {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 16, "layers": 2, "width": 48, "head_width": 16,
                       "patch_size": 4},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2,
                     "layers": 1},
    },
    "preprocess_cfg": {"mean": [0.3, 0.3, 0.3], "std": [0.4, 0.4, 0.4],
                       "interpolation": "bilinear", "resize_mode": "squash"},
}  # fmt: skip


def digit_pictures():
    """Return the 1,797 digits as uint8 `(n, 8, 8)`, and which digit each is."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return np.rint(found.images * 255 / 16).astype(np.uint8), found.target


def save_digits(folder: Path, rows) -> list[int]:
    """Save some digits as pictures, a folder for each word; return the digit of each file sorted.

    Files are named so that their order is that of the rows given.
    """
    pictures, target = digit_pictures()
    for at, row in enumerate(rows):
        path = folder / f"{at:04d}-{WORDS[target[row]]}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pictures[row]).save(path)
    return [int(target[row]) for row in rows]


def write_untrained(folder: Path, config=CONFIG, seed: int = 0):
    """Save a model of random weights to a folder as open_clip's local-dir wants it; return it."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(seed)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return model


def train(folder: Path, rows, steps: int = 200, batch: int = 80) -> str:
    """Train both towers on some digits and their names; return the encoder's name.

    The loss is that of contrastive training with all pictures of a name as its positives
    (Yang et al. 2022, unified contrastive learning).
    """
    import torch
    from open_clip import SimpleTokenizer
    from open_clip.transform import PreprocessCfg, image_transform_v2
    from safetensors.torch import save_file
    from torch.nn.functional import cross_entropy, log_softmax, one_hot

    model = write_untrained(folder)
    model.train()
    model.token_embedding.requires_grad_(False)  # 49,408 random tokens tell words apart as well
    prepare = image_transform_v2(PreprocessCfg(size=16, **CONFIG["preprocess_cfg"]), is_train=False)
    pictures, target = digit_pictures()
    inputs = torch.stack([prepare(Image.fromarray(pictures[r]).convert("RGB")) for r in rows])
    digits = torch.from_numpy(target[np.asarray(rows)])
    tokens = torch.stack([
        SimpleTokenizer(context_length=16)([c.format(w) for w in WORDS])
        for c in CAPTIONS
    ])  # fmt: skip
    trained = [p for p in model.parameters() if p.requires_grad]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a network only waits for more
    generator = torch.Generator().manual_seed(0)
    optimiser = torch.optim.AdamW(trained, lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for _ in range(steps):
        picked = torch.randint(len(inputs), (batch,), generator=generator)
        caption = int(torch.randint(len(tokens), (1,), generator=generator))
        seen = model.encode_image(inputs[picked], normalize=True)
        read = model.encode_text(tokens[caption], normalize=True)
        logits = model.logit_scale.exp() * seen @ read.T
        same = one_hot(digits[picked], len(WORDS)).float()
        to_words = cross_entropy(logits, digits[picked])
        to_pictures = -(log_softmax(logits, 0) * same / same.sum(0).clamp(min=1)).sum(0).mean()
        optimiser.zero_grad()
        (to_words + to_pictures).backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, np.log(100))
    torch.set_num_threads(threads)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return f"open_clip:local-dir:{folder}"


def trained(factory) -> str:
    """Return the name of the pair trained on every other digit, trained once for all processes.

    Parameters
    ----------
    factory
        `tmp_path_factory`.
    """
    from filelock import FileLock

    home = shared(factory)
    folder, done = home / "pair", home / "pair-trained"
    with FileLock(home / "pair.lock"):
        if not done.exists():
            train(folder, np.arange(0, 1797, 2))
            done.touch()
    return f"open_clip:local-dir:{folder}"


def held_out_set(workspace, pair: str, name: str = "digits", labels=None):
    """Store every other digit, those that a pair was not trained on, as a set; return their digits.

    Parameters
    ----------
    pair
        What `trained` returned.
    labels
        A function from the digits to the column "label"; none if None.
    """
    from types import SimpleNamespace

    from vectorsets import vector_set

    from core.encoders import open_encoder

    encoder = open_encoder(pair, device="cpu")
    pictures, target = digit_pictures()
    inputs = [
        encoder.prepare(SimpleNamespace(image=Image.fromarray(one))) for one in pictures[1::2]
    ]
    digits = target[1::2]
    more = {} if labels is None else {"label": labels(digits)}
    vector_set(workspace, encoder.encode(np.stack(inputs)), name=name, spec=encoder.spec, **more)
    return digits
