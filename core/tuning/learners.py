"""What is trained: a timm backbone with the heads and the loss of lightly, by method.

Chen et al. (2020), arXiv:2002.05709 (SimCLR); Bardes et al. (2022), arXiv:2105.04906 (VICReg);
Grill et al. (2020), arXiv:2006.07733 (BYOL).
"""

import copy
import math
from typing import Any

from core.encoders.base import EncoderName
from core.encoders.timm.source import build, find_source
from core.encoders.tuned import folder_of, read_lineage
from core.tuning.subject import Subject

#: SimCLR's temperature; lower looks at the nearest others more closely. 0.1 to 0.5 in the paper.
TEMPERATURE = 0.2
#: How slowly BYOL's target follows, at the beginning; it ends at 1.
MOMENTUM = 0.99
#: Width of the heads, for small networks and small batches.
HIDDEN, OUT = 512, 128


def backbone_of(subject: Subject) -> Any:
    """Return the network to begin with, without classifier."""
    model, _ = build(find_source(_inner(subject)), None)
    return model


def _inner(subject: Subject) -> EncoderName:
    """Return the timm model that a base is; a tuned one lies in a folder."""
    name = subject.base
    if not name.base.startswith("tuned:"):
        return name
    folder = folder_of(subject.memo, name.base.removeprefix("tuned:"))
    assert read_lineage(folder) is not None, "it was opened before"
    return EncoderName(name.text, f"timm:local-dir:{folder}", name.options)


def config_of(subject: Subject, backbone: Any) -> dict[str, Any]:
    """Return the config.json with which timm builds a backbone again."""
    source = find_source(_inner(subject))
    known = dict(backbone.pretrained_cfg)
    keep = ("input_size", "fixed_input_size", "interpolation", "crop_pct", "crop_mode", "mean",
            "std", "first_conv", "classifier")  # fmt: skip
    settings = {field: known[field] for field in keep if known.get(field) is not None}
    return {
        "architecture": str(known.get("architecture") or source.model.partition(".")[0]),
        "num_classes": 0,
        "num_features": int(backbone.num_features),
        "model_args": {**source.config.get("model_args", {}), **source.model_args},
        "pretrained_cfg": {**settings, "num_classes": 0, "tag": "tuned"},
    }


def learner_of(method: str, backbone: Any, dims: int) -> Any:
    """Return a torch module with `loss(first, second)` and `follow(share)` around a backbone.

    Parameters
    ----------
    method
        simclr, vicreg or byol.
    backbone
        `(n, c, h, w)` to `(n, dims)`; it is trained in place.
    dims
        Length of its vectors.
    """
    makers = {"simclr": _simclr, "vicreg": _vicreg, "byol": _byol}
    return makers[method](backbone, dims)


def _simclr(backbone: Any, dims: int) -> Any:
    from lightly.loss import NTXentLoss
    from lightly.models.modules.heads import SimCLRProjectionHead

    head = SimCLRProjectionHead(dims, HIDDEN, OUT)
    return _two_views(backbone, head, NTXentLoss(temperature=TEMPERATURE))


def _vicreg(backbone: Any, dims: int) -> Any:
    from lightly.loss import VICRegLoss
    from lightly.models.modules.heads import VICRegProjectionHead

    head = VICRegProjectionHead(dims, HIDDEN, HIDDEN)
    return _two_views(backbone, head, VICRegLoss())


def _two_views(backbone: Any, head: Any, criterion: Any) -> Any:
    import torch

    class TwoViews(torch.nn.Module):
        """A backbone and a head that see two views of each picture."""

        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.head, self.criterion = backbone, head, criterion

        def loss(self, first: Any, second: Any) -> Any:
            """Return the loss of two views `(n, c, h, w)`."""
            together = self.head(self.backbone(torch.cat([first, second])))
            return self.criterion(*together.chunk(2))

        def follow(self, share: float) -> None:
            """Do nothing: nothing follows the network."""

    return TwoViews()


def _byol(backbone: Any, dims: int) -> Any:
    import torch
    from lightly.loss import NegativeCosineSimilarity
    from lightly.models.modules.heads import BYOLPredictionHead, BYOLProjectionHead
    from lightly.models.utils import update_momentum

    class Byol(torch.nn.Module):
        """A network that foretells what a slower copy of itself makes of the other view."""

        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.head = backbone, BYOLProjectionHead(dims, HIDDEN, OUT)
            self.foretell = BYOLPredictionHead(OUT, HIDDEN, OUT)
            self.slow = copy.deepcopy(backbone)
            self.slow_head = copy.deepcopy(self.head)
            for one in (*self.slow.parameters(), *self.slow_head.parameters()):
                one.requires_grad = False
            self.criterion = NegativeCosineSimilarity()

        def loss(self, first: Any, second: Any) -> Any:
            """Return the loss of two views `(n, c, h, w)`, both ways round."""
            both = torch.cat([first, second])
            told = self.foretell(self.head(self.backbone(both))).chunk(2)
            with torch.no_grad():
                meant = self.slow_head(self.slow(both)).chunk(2)
            one = self.criterion(told[0], meant[1])
            return (one + self.criterion(told[1], meant[0])) / 2

        def follow(self, share: float) -> None:
            """Let the copy follow; `share` of the training is done."""
            momentum = 1 - (1 - MOMENTUM) * (math.cos(math.pi * min(1.0, share)) + 1) / 2
            update_momentum(self.backbone, self.slow, momentum)
            update_momentum(self.head, self.slow_head, momentum)

    return Byol()
