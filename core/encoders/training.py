"""How a model was trained, told from its name, and what that makes its vectors good for."""

import re

from core.model import ModelType

#: First match wins. Each pattern is looked for in "architecture.tag" as timm spells it.
_RULES: tuple[tuple[str, ModelType], ...] = (
    # Fine-tuned on labels last, whatever came before: mae_in1k_ft..., laion2b_ft_in12k_in1k.
    (r"\..*(_|\b)(ft|dist)_?(in\d|inat)", "classification"),
    (r"^samvit|sa1b|\.sam2?_|_seg\b|ade20k", "segmentation"),
    (r"coco|obj365", "detection"),
    (r"dino|lvd\d+m|sat493m|(^|[._])(mae|fcmae|mim|moco\w*|byol|swav|simclr|ijepa|jepa)(_|\b)",
     "self-supervised"),
    (r"jepa|beitv?2?_\w+\.in22k$|pe_spatial|aimv2", "self-supervised"),
    (r"clip|siglip|openai|laion|datacomp|dfn\d|webli|metaclip|cc12m|yfcc15m|pe_core|pe_lang|merged2b"
     r"|redcaps", "contrastive"),
)  # fmt: skip

_GOOD_FOR: dict[ModelType, str] = {
    "classification": "everyday objects and animals, by the classes it was trained on",
    "self-supervised": "visual likeness of any kind of picture; fine differences, no class bias",
    "contrastive": "meaning: what a picture shows, as a caption would put it",
    "segmentation": "parts and outlines; not made for comparing whole pictures",
    "detection": "objects in scenes; not made for comparing whole pictures",
}


def training_of(architecture: str, tag: str) -> ModelType:
    """Return how a model was trained; classification where the name tells nothing else."""
    name = f"{architecture}.{tag}".lower()
    for pattern, kind in _RULES:
        if re.search(pattern, name):
            return kind
    return "classification"


def is_metric(kind: ModelType) -> bool:
    """Tell whether distances between vectors of this training are meant to be meaningful.

    Contrastive and self-supervised training optimise them. A classifier's last features are not
    trained for it but follow its classes closely, and count, with the caution that what the
    classes ignore is ignored.
    """
    return kind in {"classification", "self-supervised", "contrastive"}


def good_for(kind: ModelType) -> str:
    """Return in one sentence what vectors of this training are good for."""
    return _GOOD_FOR[kind]
