"""Where the weights of a timm model come from, and how they get into it: never by chance.

A network is built with its classifier and loaded strictly, so that one missing or unfitting
parameter is an error, and the classifier is taken off afterwards. Weights files are safetensors,
or read by `torch.load(weights_only=True)`: nothing is unpickled.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.encoders.base import EncoderName, Memo, suggest
from core.encoders.hub import fetch, quiet_hub, reach, short
from core.errors import EncoderUnavailableError
from core.keys import digest

#: Names of weights files in a model folder, best first, as timm looks for them.
_WEIGHTS = (
    "model.safetensors",
    "pytorch_model.bin",
    "pytorch_model.pth",
    "model.pth",
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth",
)

#: Fields of a model's config.json that name classes and papers and change no vector.
_WORDS = frozenset({
    "label_names", "label_descriptions", "labels", "license", "description", "origin_url",
    "paper_name", "paper_ids", "notes",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model comes from.

    Attributes
    ----------
    kind
        A folder with a config, a checkpoint file for a known architecture, or the hub.
    model
        Architecture with its tag, repository, or folder.
    weights
        The weights file, where it is known before loading.
    config
        The folder's config.json.
    model_args
        Arguments of the architecture given as options; they outrank the config's.
    """

    kind: Literal["local-dir", "checkpoint", "hub"]
    model: str
    weights: Path | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    model_args: Mapping[str, Any] = field(default_factory=dict)

    def identity(self, memo: Memo) -> tuple[object, ...]:
        """Return what tells this model from others without loading it."""
        if self.weights is None:
            return (self.kind, self.model, self.model_args)
        name = self.model if self.kind == "checkpoint" else ""
        return (self.kind, name, file_digest(self.weights, memo), self.config, self.model_args)


def find_source(name: EncoderName) -> Source:
    """Return where the model of `timm:...` comes from, by looking at local files only.

    Raises
    ------
    EncoderUnavailableError
        The folder has no usable model in it, or the checkpoint file is not there.
    """
    model = name.base.removeprefix("timm:")
    args = {
        option.removeprefix("model_args."): _value(text)
        for option, text in name.options.items()
        if option.startswith("model_args.")
    }
    checkpoint = name.options.get("checkpoint")
    if model.startswith("local-dir:"):
        if checkpoint:
            raise EncoderUnavailableError(
                f"encoder {name.text!r}: a local-dir brings its own weights; leave checkpoint out"
            )
        folder = Path(model.removeprefix("local-dir:")).expanduser()
        return _folder_source(folder, args)
    if not model:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: name a model, as in timm:vit_small_patch14_dinov2.lvd142m"
        )
    if any(mark in model for mark in "/\\:"):
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: {model!r} is not a timm model's name; "
            "for a folder write timm:local-dir:<folder>"
        )
    if checkpoint is None:
        return Source("hub", model, model_args=args)
    path = Path(checkpoint).expanduser()
    if not path.is_file():
        raise EncoderUnavailableError(f"encoder {name.text!r}: there is no checkpoint file {path}")
    return Source("checkpoint", model, path, model_args=args)


def _value(text: str) -> Any:
    """Return an option's text as the JSON value that it spells, else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return {"True": True, "False": False}.get(text, text)


def _folder_source(folder: Path, args: Mapping[str, Any]) -> Source:
    path = folder / "config.json"
    if not path.is_file():
        raise EncoderUnavailableError(
            f"{path} is not there: timm:local-dir: needs a folder with config.json and "
            "model.safetensors, as `hf download timm/<model> --local-dir <folder>` makes it"
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        config["architecture"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderUnavailableError(
            f"{path} does not describe a timm model: {type(error).__name__} {error}"
        ) from None
    weights = next((folder / n for n in _WEIGHTS if (folder / n).is_file()), None)
    if weights is None:
        raise EncoderUnavailableError(f"{folder} has no weights file; put model.safetensors there")
    return Source("local-dir", str(folder), weights, _without_words(config), args)


def _without_words(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_words(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if key not in _WORDS
    }


def file_digest(path: Path, memo: Memo) -> str:
    """Return a file's SHA-256, remembered as long as its size, times and inode stay."""
    stat = path.stat()
    known = ("file", str(path.absolute()), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns,
             stat.st_ino)  # fmt: skip
    found = memo.get(*known)
    if found is None:
        with path.open("rb") as file:
            found = {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}
        memo.put(found, *known)
    return str(found["sha256"])


def build(source: Source, size: int | None) -> tuple[Any, Path | None]:
    """Build the network and load its weights, all of them.

    Parameters
    ----------
    source
        Where it comes from.
    size
        Side of the input in pixels where another than the model's own is wanted.

    Returns
    -------
    The network without classifier, in evaluation mode on the processor, and its weights file
    where it is one.

    Raises
    ------
    EncoderUnavailableError
        Unknown architecture, no weights for it, weights that do not fit, a hub out of reach.
    """
    quiet_hub()
    try:
        if source.kind == "local-dir":
            model, weights = _build_folder(source, size), source.weights
        elif source.kind == "checkpoint":
            model, weights = _build_checkpoint(source, size), source.weights
        else:
            model, weights = _build_hub(source, size)
    except EncoderUnavailableError:
        raise
    except Exception as error:
        # timm, torch, safetensors and the hub's client fail in many types; all mean the same here.
        raise EncoderUnavailableError(
            f"timm model {source.model!r} cannot be loaded: {_what_failed(error, source.weights)}"
        ) from error
    model.reset_classifier(0)
    return model.eval(), weights


def _what_failed(error: Exception, weights: Path | None) -> str:
    """Return why a model could not be loaded and, where it is known, what to do."""
    text = " ".join(str(error).split())[:400]
    if "weights_only" in text:
        return (
            f"{weights} holds Python objects, which are never loaded since that can run code: "
            "use weights saved as model.safetensors"
        )
    if type(error).__name__ in {"SafetensorError", "UnpicklingError", "EOFError"}:
        return f"{weights} is damaged ({text}): fetch it again"
    return f"{type(error).__name__}: {text}"


def _sized(args: Mapping[str, Any], fixed: bool, size: int | None) -> dict[str, Any]:
    """Return model arguments, with the input size for models that must be built for theirs."""
    return {**args, "img_size": size} if size is not None and fixed else dict(args)


def _known_architecture(name: str) -> None:
    import timm

    architecture = name.partition(".")[0]
    if not timm.is_model(architecture):
        near = suggest(architecture, timm.list_models())
        raise EncoderUnavailableError(f"timm has no model {architecture!r}{near}")


def _build_folder(source: Source, size: int | None) -> Any:
    import timm

    _known_architecture(str(source.config["architecture"]))
    fixed = bool(source.config.get("pretrained_cfg", {}).get("fixed_input_size", False))
    args = _sized(source.model_args, fixed, size)
    return timm.create_model(f"local-dir:{source.model}", pretrained=True, **args)


def _build_checkpoint(source: Source, size: int | None) -> Any:
    """Build an architecture around a checkpoint, with as many classes as the checkpoint has."""
    import timm
    from timm.models import get_pretrained_cfg, load_state_dict

    _known_architecture(source.model)
    config = get_pretrained_cfg(source.model)
    fixed = bool(config.fixed_input_size) if config else False
    classifier = config.classifier if config else None
    if isinstance(classifier, tuple | list):
        classifier = classifier[0]
    weight = load_state_dict(str(source.weights)).get(f"{classifier}.weight")
    classes = 0 if weight is None else int(weight.shape[0])
    overlay = {"file": str(source.weights), "num_classes": classes, "label_offset": 0}
    return timm.create_model(
        source.model,
        pretrained=True,
        pretrained_cfg_overlay=overlay,
        **{"num_classes": classes, **_sized(source.model_args, fixed, size)},
    )


def _build_hub(source: Source, size: int | None) -> tuple[Any, Path | None]:
    """Build a model with the weights that timm knows for it, from the cache or the network."""
    import timm
    from timm.models import get_pretrained_cfg

    _known_architecture(source.model)
    architecture, _, tag = source.model.partition(".")
    tags = timm.list_pretrained(architecture) or []
    if not tags:
        raise EncoderUnavailableError(
            f"timm has no trained weights for {architecture!r}; give your own with ?checkpoint="
        )
    if tag and source.model not in timm.list_pretrained(f"{architecture}.*"):
        raise EncoderUnavailableError(
            f"timm has no weights {source.model!r}{suggest(source.model, tags)}"
        )
    config = get_pretrained_cfg(source.model)
    assert config is not None
    args = _sized(source.model_args, bool(config.fixed_input_size), size)
    if config.custom_load or not config.hf_hub_id:
        from huggingface_hub import constants

        explain = _explaining(source.model, config.hf_hub_id or "")
        reach(str(config.url or "") or constants.ENDPOINT, explain)
        return timm.create_model(source.model, pretrained=True, **args), None
    explain = _explaining(source.model, config.hf_hub_id)
    path = fetch(config.hf_hub_id, _names(config.hf_hub_filename), explain)
    overlay = {"file": str(path)}
    model = timm.create_model(source.model, pretrained=True, pretrained_cfg_overlay=overlay, **args)
    return model, path


def _names(filename: str | None) -> tuple[str, ...]:
    """Return the names a weights file may have on the hub, the safe format first."""
    if filename is None:
        return ("model.safetensors", "pytorch_model.bin")
    if filename == "open_clip_pytorch_model.bin":
        return ("open_clip_model.safetensors", filename)
    return tuple(dict.fromkeys((str(Path(filename).with_suffix(".safetensors")), filename)))


def _explaining(model: str, repository: str) -> Callable[[str], str]:
    repository = repository.partition("@")[0]
    return lambda reason: (
        f"the weights of timm:{model} are not in the local cache and cannot be fetched "
        f"({short(reason)}); where there is a network run `hf download "
        f"{repository or f'timm/{model}'} --local-dir FOLDER`, copy FOLDER here and use "
        "timm:local-dir:FOLDER, or copy the hub's cache (HF_HUB_CACHE); pixels and "
        "colour-texture need no weights"
    )


def state_digest(model: Any) -> str:
    """Return a digest over every parameter and buffer of a network, by name."""
    return digest(
        {name: value.detach().cpu().numpy() for name, value in model.state_dict().items()}
    )
