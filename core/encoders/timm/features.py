"""Which features of a network become the vector: its own, or those of a layer, pooled."""

import re
from threading import local
from typing import Any

from core.encoders.base import suggest
from core.errors import EncoderUnavailableError

#: avg and max pool over places (class and register tokens left out); token is the class token.
POOLINGS = ("avg", "max", "token")
#: Sizes of maps that are looked at together for small things.
DEPTHS = 3


class _Reached(Exception):  # noqa: N818 - it ends a forward pass early, nothing is wrong
    """The layer that was wanted has spoken; the rest of the network need not run."""


class Features:
    """A network, a layer of it, and a way of pooling.

    Parameters
    ----------
    model
        A timm model without classifier, in evaluation mode.
    layer
        "" for the network's own last features, a module's name ("blocks.6", "layer3"), or the
        number of a feature stage, counted from the end where negative.
    pooling
        avg, max or token; "" is the network's own at its end, and avg elsewhere.

    Raises
    ------
    EncoderUnavailableError
        The network has no such layer.
    """

    def __init__(self, model: Any, layer: str, pooling: str):
        self.layer = layer
        self.pooling = pooling or ("avg" if layer else "")
        self._model = model
        self._caught = local()
        self._stage: int | None = None
        if re.fullmatch(r"-?\d+", layer) and layer not in dict(model.named_modules()):
            self._stage = self._checked_stage(int(layer))
        elif layer:
            self._watch(layer)
        # Channels last is nearly twice as fast for convolutions on the processor, and what tensor
        # cores want; a transformer has one convolution and gains nothing.
        self._convolutional = sum(type(m).__name__ == "Conv2d" for m in model.modules()) > 4

    def _checked_stage(self, stage: int) -> int:
        if not hasattr(self._model, "forward_intermediates"):
            raise EncoderUnavailableError(
                f"layer {stage}: this model numbers no feature stages; give a module's name"
            )
        return stage

    def _watch(self, layer: str) -> None:
        modules = dict(self._model.named_modules())
        if layer not in modules:
            raise EncoderUnavailableError(
                f"the model has no layer {layer!r}{suggest(layer, modules)}"
            )

        def catch(_module: Any, _inputs: Any, output: Any) -> None:
            self._caught.output = output
            raise _Reached

        modules[layer].register_forward_hook(catch)

    def to(self, device: str) -> "Features":
        """Move the network to a device, in the memory layout that suits it; return itself."""
        import torch

        self._model = self._model.to(device)
        if self._convolutional:
            self._model = self._model.to(memory_format=torch.channels_last)
        return self

    def dims(self, input_size: tuple[int, int, int]) -> int:
        """Return the length of a vector, found by trying one empty picture.

        Raises
        ------
        EncoderUnavailableError
            The network cannot take this size, or the layer's output cannot be pooled this way.
        """
        import torch

        try:
            with torch.inference_mode():
                return int(self(torch.zeros(1, *input_size)).shape[1])
        except EncoderUnavailableError:
            raise
        except Exception as error:
            text = " ".join(str(error).split())[:200]
            raise EncoderUnavailableError(
                f"the model cannot take pictures of {input_size[1]} x {input_size[2]} px"
                f"{f' at layer {self.layer}' if self.layer else ''}: {text}"
            ) from error

    def __call__(self, batch: Any) -> Any:
        """Return `(n, dims)` for a normalised batch `(n, c, h, w)`."""
        if not self._convolutional:
            batch = batch.contiguous()
        if self._stage is not None:
            return self._intermediate(batch)
        if self.layer:
            return self._pool(self._of_layer(batch), self._prefix())
        if self.pooling:
            return self._pool(self._model.forward_features(batch), self._prefix())
        return self._flat(self._model(batch))

    def at_places(self, batch: Any) -> Any:
        """Return the features before they are pooled, `(n, h, w, c)`, for a normalised batch.

        Raises
        ------
        EncoderUnavailableError
            The layer has no places: it gives one vector a picture.
        """
        if not self._convolutional:
            batch = batch.contiguous()
        if self._stage is not None:
            found = self._model.forward_intermediates(
                batch, indices=[self._stage], intermediates_only=True, output_fmt="NCHW"
            )[0]
            return found.float().permute(0, 2, 3, 1)
        found = self._of_layer(batch) if self.layer else self._model.forward_features(batch)
        return self._grid(found, batch)

    def in_detail(self, batch: Any) -> Any:
        """Return the features of the last three sizes of maps together, `(n, h, w, c)`.

        The places are those of the last but one: a coarser map is interpolated, a finer averaged,
        and at each place every one is of length 1. A layer that was named stands alone, as in
        `at_places`, and so does a network whose maps are all of one size.
        """
        from torch import cat
        from torch.nn.functional import adaptive_avg_pool2d, interpolate, normalize

        depths = self._narrowing()
        if self.layer or depths < 2:
            return self.at_places(batch)
        found = self._model.forward_intermediates(
            batch if self._convolutional else batch.contiguous(),
            indices=depths, intermediates_only=True, output_fmt="NCHW",
        )  # fmt: skip
        places, maps = found[-2].shape[2:], []
        for one in found:
            finer = one.shape[2] > places[0]
            sized = (
                adaptive_avg_pool2d(one.float(), places) if finer
                else interpolate(one.float(), size=places, mode="bilinear")
            )  # fmt: skip
            maps.append(normalize(sized, dim=1))
        return cat(maps, 1).permute(0, 2, 3, 1)

    def _narrowing(self) -> int:
        """Return how many of the last stages, up to three, each have fewer places than before."""
        stages = getattr(self._model, "feature_info", None)
        if not hasattr(self._model, "forward_intermediates") or not isinstance(stages, list):
            return 1
        steps = [int(one.get("reduction", 0)) for one in stages[-DEPTHS:]]
        count = 1
        while count < len(steps) and steps[-count - 1] < steps[-count]:
            count += 1
        return count

    def _of_layer(self, batch: Any) -> Any:
        """Return what the layer gives; the rest of the network does not run."""
        try:
            self._model(batch)
        except _Reached:
            return self._caught.output
        finally:
            self._caught.__dict__.clear()
        raise EncoderUnavailableError(f"layer {self.layer!r} takes no part in the forward pass")

    def _grid(self, output: Any, batch: Any) -> Any:
        """Return a map or tokens as `(n, h, w, c)`."""
        shape = tuple(getattr(output, "shape", ()))
        if len(shape) == 4:
            first = getattr(self._model, "output_fmt", "NCHW") == "NCHW"
            return (output.permute(0, 2, 3, 1) if first else output).float()
        if len(shape) == 3:
            tokens = output[:, self._prefix() :]
            high, wide = self._token_grid(int(tokens.shape[1]), batch)
            return tokens.reshape(shape[0], high, wide, shape[2]).float()
        raise EncoderUnavailableError(
            f"{f'layer {self.layer!r}' if self.layer else 'the model'} gives {shape[1:]} for each "
            "picture, no features by place; choose a layer before pooling"
        )

    def _token_grid(self, tokens: int, batch: Any) -> tuple[int, int]:
        """Return rows and columns of as many tokens, which run row by row."""
        size = (int(batch.shape[2]), int(batch.shape[3]))
        embed = getattr(self._model, "patch_embed", None)
        grid = getattr(embed, "dynamic_feat_size", lambda _: getattr(embed, "grid_size", None))
        found = grid(size) if embed is not None else None
        high, wide = found or (0, 0)
        if high * wide != tokens:  # tokens were merged on the way: the same shape, smaller
            high = wide = int(tokens**0.5)
        if not tokens or high * wide != tokens:
            raise EncoderUnavailableError(f"{tokens} tokens lie on no grid of the picture")
        return int(high), int(wide)

    def _prefix(self) -> int:
        """Return how many tokens before the patches' are of another kind."""
        return int(getattr(self._model, "num_prefix_tokens", 0) or 0)

    def _intermediate(self, batch: Any) -> Any:
        token = self.pooling == "token"
        more = {"return_prefix_tokens": True} if token else {}
        found = self._model.forward_intermediates(
            batch, indices=[self._stage], intermediates_only=True, output_fmt="NCHW", **more
        )[0]
        if not token:
            return self._pool(found, 0, channels_first=True)
        if not isinstance(found, tuple) or not found[1].shape[1]:
            raise EncoderUnavailableError(_NO_TOKEN)
        return found[1][:, 0]

    def _pool(self, output: Any, prefix: int, *, channels_first: bool | None = None) -> Any:
        """Pool a layer's output: a map `(n, c, h, w)`, tokens `(n, t, c)`, or a vector already."""
        if not hasattr(output, "ndim"):
            raise EncoderUnavailableError(
                f"layer {self.layer!r} gives {type(output).__name__}, not one array; take another"
            )
        output = output.float()
        if output.ndim == 3:
            if self.pooling == "token":
                if not prefix:
                    raise EncoderUnavailableError(_NO_TOKEN)
                return output[:, 0]
            return self._over(output[:, prefix:], (1,))
        if self.pooling == "token":
            raise EncoderUnavailableError(_NO_TOKEN)
        if output.ndim == 4:
            if channels_first is None:
                channels_first = getattr(self._model, "output_fmt", "NCHW") == "NCHW"
            return self._over(output, (2, 3) if channels_first else (1, 2))
        return self._flat(output)

    def _over(self, output: Any, axes: tuple[int, ...]) -> Any:
        return output.amax(axes) if self.pooling == "max" else output.mean(axes)

    def _flat(self, output: Any) -> Any:
        if getattr(output, "ndim", 0) != 2:
            shape = tuple(getattr(output, "shape", ()))
            raise EncoderUnavailableError(
                f"the output {shape} is not one vector a picture; choose a pool or another layer"
            )
        return output


_NO_TOKEN = "this model or layer has no class token; use pool=avg or pool=max"
