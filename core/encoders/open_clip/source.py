"""Where a contrastive model of open_clip comes from, and how its weights get into it.

Weights are loaded strictly, both towers, from safetensors or by `torch.load(weights_only=True)`:
nothing is unpickled, and a missing parameter is an error.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.encoders.base import EncoderName, Memo, suggest
from core.encoders.hub import cached, fetch, quiet_hub, reach, short
from core.encoders.timm.source import file_digest
from core.errors import EncoderUnavailableError
from core.keys import digest

CONFIG = "open_clip_config.json"

#: Names of weights files in a model folder or repository, best first, as open_clip looks for them.
WEIGHTS = (
    "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin", "open_clip_pytorch_model.pth",
    "model.safetensors", "pytorch_model.bin", "pytorch_model.pth", "model.pth",
)  # fmt: skip

#: Files of a folder that say how its text is cut into tokens.
TOKENIZERS = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
    "vocab.txt", "merges.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model",
)  # fmt: skip

_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")
_FOLDER, _HUB = "local-dir:", "hf-hub:"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model comes from.

    Attributes
    ----------
    kind
        A folder with its config, a weights file for a known architecture, a tag that open_clip
        knows weights by, or a repository of the hub.
    model
        Architecture, or repository.
    tag
        What open_clip calls the weights; "" unless by tag.
    weights
        The weights file, where it is known before loading.
    config
        What the folder's config says: `model_cfg` and `preprocess_cfg`.
    """

    kind: Literal["folder", "file", "tag", "hub"]
    model: str
    tag: str = ""
    weights: Path | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    def identity(self, memo: Memo) -> tuple[object, ...]:
        """Return what tells this model from others without loading it."""
        if self.weights is None:
            return (self.kind, self.model, self.tag)
        name = self.model if self.kind == "file" else ""
        held = file_digest(self.weights, memo)
        return (self.kind, name, held, self.config, self.tokenizer(memo))

    def tokenizer(self, memo: Memo) -> str:
        """Return a digest of the folder's own tokenizer; "" where it uses open_clip's."""
        text = self.config.get("model_cfg", {}).get("text_cfg", {})
        if self.weights is None or not text.get("hf_tokenizer_name"):
            return ""
        files = [self.weights.parent / name for name in TOKENIZERS]
        return digest([(f.name, file_digest(f, memo)) for f in files if f.is_file()])


@dataclass(frozen=True, slots=True)
class Built:
    """A loaded model: the network, its config, how pictures are prepared, and its weights file."""

    model: Any
    model_cfg: Mapping[str, Any]
    preprocess: Mapping[str, Any]
    weights: Path
    source: Source


def find_source(name: EncoderName) -> Source:
    """Return where the model of `open_clip:...` comes from, by looking at local files only.

    Raises
    ------
    EncoderUnavailableError
        The name is none, or the folder or file has no usable model in it.
    """
    rest = name.base.removeprefix("open_clip:")
    if rest.startswith(_FOLDER):
        return _folder(Path(rest.removeprefix(_FOLDER)).expanduser())
    if rest.startswith(_HUB):
        repository = rest.removeprefix(_HUB).strip("/")
        if repository.count("/") != 1:
            raise EncoderUnavailableError(
                f"encoder {name.text!r}: a repository of the hub is written hf-hub:owner/name"
            )
        return Source("hub", repository)
    model, colon, where = rest.partition(":")
    if not (model and colon and where):
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: name a model and its weights, as in "
            "open_clip:ViT-B-32:laion2b_s34b_b79k, or open_clip:local-dir:<folder>"
        )
    if not _is_path(where):
        return Source("tag", model, where)
    path = Path(where).expanduser()
    if path.is_dir():
        return _folder(path) if (path / CONFIG).is_file() else _file(model, _weights_in(path))
    if not path.is_file():
        raise EncoderUnavailableError(f"encoder {name.text!r}: there is no file or folder {path}")
    return _file(model, path)


def _is_path(text: str) -> bool:
    """Tell a path from a tag: tags have neither separators nor the suffix of a weights file."""
    return any(mark in text for mark in "/\\~") or text.endswith(_SUFFIXES)


def _file(model: str, path: Path) -> Source:
    if path.suffix not in _SUFFIXES:
        raise EncoderUnavailableError(
            f"{path} is no weights file that is read: use one that ends in {', '.join(_SUFFIXES)}"
        )
    return Source("file", model, weights=path)


def _folder(folder: Path) -> Source:
    path = folder / CONFIG
    if not path.is_file():
        raise EncoderUnavailableError(
            f"{path} is not there: open_clip:local-dir: needs a folder with {CONFIG} and "
            f"{WEIGHTS[0]}, as `hf download <repository> --local-dir <folder>` makes it"
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        kept = {"model_cfg": config["model_cfg"],
                "preprocess_cfg": config.get("preprocess_cfg") or {}}  # fmt: skip
        for part in ("vision_cfg", "text_cfg", "embed_dim"):
            kept["model_cfg"][part]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncoderUnavailableError(
            f"{path} does not describe a model of open_clip: {type(error).__name__} {error}"
        ) from None
    return Source("folder", str(folder), weights=_weights_in(folder), config=kept)


def _weights_in(folder: Path) -> Path:
    found = next((folder / n for n in WEIGHTS if (folder / n).is_file()), None)
    if found is None:
        raise EncoderUnavailableError(f"{folder} has no weights file; put {WEIGHTS[0]} there")
    return found


def build(source: Source, size: int | None) -> Built:
    """Build both towers and load their weights, all of them.

    Parameters
    ----------
    source
        Where the model comes from.
    size
        Side of the input in pixels where another than the model's own is wanted.

    Raises
    ------
    EncoderUnavailableError
        Unknown architecture or tag, weights that do not fit, a hub out of reach, or a library
        that the model needs is not installed.
    """
    quiet_hub()
    try:
        return _build(source, size)
    except EncoderUnavailableError:
        raise
    except Exception as error:
        # open_clip, torch and safetensors fail in many types; all mean the same here.
        name = f"{source.model}:{source.tag}" if source.tag else source.model
        raise EncoderUnavailableError(
            f"open_clip model {name!r} cannot be loaded: {_what_failed(error, source.weights)}"
        ) from error


def _build(source: Source, size: int | None) -> Built:
    import open_clip
    from open_clip.factory import get_model_config
    from open_clip.model import get_model_preprocess_cfg

    options: dict[str, Any] = {"force_image_size": size, "pretrained_text": False}
    if source.kind in {"folder", "hub"}:
        found = source if source.kind == "folder" else _snapshot(source.model)
        name, weights = f"{_FOLDER}{found.model}", found.weights
        config = dict(found.config["model_cfg"])
    else:
        found, name = source, _architecture(source.model)
        config = dict(get_model_config(name))
        weights = source.weights
        if source.kind == "tag":
            told = _tag(name, source.tag)
            weights = _fetch_tag(name, source.tag, told)
            options |= {"force_preprocess_cfg": told,
                        "force_quick_gelu": bool(told.get("quick_gelu"))}  # fmt: skip
            config["quick_gelu"] = bool(config.get("quick_gelu") or told.get("quick_gelu"))
        options["pretrained"] = str(weights)
    assert weights is not None
    model = open_clip.create_model(name, weights_only=True, require_pretrained=True, **options)
    return Built(model.eval(), config, get_model_preprocess_cfg(model), weights, found)


def _architecture(model: str) -> str:
    import open_clip

    if model not in (known := open_clip.list_models()):
        raise EncoderUnavailableError(f"open_clip has no model {model!r}{suggest(model, known)}")
    return model


def _tag(model: str, tag: str) -> dict[str, Any]:
    """Return what open_clip knows of a tag's weights."""
    from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

    found: dict[str, Any] = get_pretrained_cfg(model, tag)
    if not found:
        tags = list_pretrained_tags_by_model(model)
        there = f"; there are {', '.join(tags)}" if tags else "; give a file or a folder"
        raise EncoderUnavailableError(
            f"open_clip has no weights {tag!r} for {model}{suggest(tag, tags)}{there}"
        )
    return found


def _fetch_tag(model: str, tag: str, told: Mapping[str, Any]) -> Path:
    """Return a tag's weights file: of the hub where it is there, else of its own address."""
    where, address = str(told.get("hf_hub") or ""), str(told.get("url") or "")
    explain = _explaining(f"{model}:{tag}", where.rpartition("/")[0])
    if where:
        repository, _, filename = where.rpartition("/")
        names = WEIGHTS if not filename else _safe_first(filename)
        return fetch(repository, names, explain)
    from open_clip.pretrained import download_pretrained_from_url

    if not (Path("~/.cache/clip").expanduser() / address.rpartition("/")[2]).is_file():
        reach(address, explain)
    return Path(download_pretrained_from_url(address))


def _safe_first(filename: str) -> tuple[str, ...]:
    safe = str(Path(filename).with_suffix(".safetensors"))
    return tuple(dict.fromkeys((safe, filename)))


def _snapshot(repository: str) -> Source:
    """Return the folder of the cache that holds a repository's config, weights and tokenizer."""
    explain = _explaining(f"{_HUB}{repository}", repository)
    folder = fetch(repository, (CONFIG,), explain).parent
    weights = fetch(repository, WEIGHTS, explain)
    found = _folder(folder)
    if weights.parent != folder:
        raise EncoderUnavailableError(
            f"the cached files of {repository} are of two revisions; fetch it again"
        )
    text = found.config["model_cfg"]["text_cfg"]
    if text.get("hf_tokenizer_name") and cached(repository, TOKENIZERS[:1]) is None:
        for name in TOKENIZERS:
            _try_fetch(repository, name, explain)
    return found


def _try_fetch(repository: str, name: str, explain: Callable[[str], str]) -> None:
    try:
        fetch(repository, (name,), explain)
    except EncoderUnavailableError:
        return  # repositories have some of these files; pictures need none


def _explaining(name: str, repository: str) -> Callable[[str], str]:
    return lambda reason: (
        f"the weights of open_clip:{name} are not in the local cache and cannot be fetched "
        f"({short(reason)}); where there is a network run `hf download "
        f"{repository or '<repository>'} --local-dir FOLDER`, copy FOLDER here and use "
        "open_clip:local-dir:FOLDER, or copy the hub's cache (HF_HUB_CACHE)"
    )


def _what_failed(error: Exception, weights: Path | None) -> str:
    """Return why a model could not be loaded and, where it is known, what to do."""
    text = " ".join(str(error).split())[:400]
    if "weights_only" in text or "TorchScript" in text:
        return (
            f"{weights} holds Python objects or a program, which are never loaded since that can "
            f"run code: use weights saved as {WEIGHTS[0]}"
        )
    if type(error).__name__ in {"SafetensorError", "UnpicklingError", "EOFError"}:
        return f"{weights} is damaged ({text}): fetch it again"
    if "transformers" in text:
        return NEEDS_TRANSFORMERS
    return f"{type(error).__name__}: {text}"


#: Some text towers (SigLIP's, RoBERTa's) cut text by a library that not everybody needs.
NEEDS_TRANSFORMERS = (
    "its text tower needs the package transformers: start with `uv run --extra text`"
)
