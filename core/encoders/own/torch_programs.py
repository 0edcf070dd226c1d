"""Compiled PyTorch programs as encoders: `torchscript:FILE` and `exported:FILE` (.pt2).

The program takes float32 `(n, channels, height, width)`, prepared as the name's options declare
(`core.encoders.own.preprocessing`). Further options as for ONNX: `output`, the number or key of the
output that is the vector; `pool`, avg, max or token.

A pickled model (`torch.save`) can run any code while it is loaded and is refused, as is a program
whose archive has such a pickle in it (`core.encoders.own.torch_archives`).
"""

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encoders.base import EncoderName, Memo, check_options
from core.encoders.device import choose_device, free_memory, out_of_memory
from core.encoders.own.families import OPTIONS as COMMON
from core.encoders.own.families import absent, combined, family_of, spec_of
from core.encoders.own.outputs import pool_of, pooled
from core.encoders.own.preprocessing import read_preprocessing
from core.encoders.own.proving import as_vectors
from core.encoders.own.torch_archives import check_archive
from core.encoders.timm.source import file_digest
from core.errors import EncoderUnavailableError

if TYPE_CHECKING:
    from core.imaging.decode import Picture

OPTIONS = (*COMMON, "output", "pool")


def identity(name: EncoderName, memo: Memo) -> tuple[object, ...]:
    """Return what tells a program from others: the digest of its file."""
    check_options(name, OPTIONS)
    read_preprocessing(name)
    pool_of(name)
    return (family_of(name), file_digest(_path(name), memo))


def _path(name: EncoderName) -> Path:
    path = Path(name.base.partition(":")[2]).expanduser()
    if not path.is_file():
        raise absent(name, path, "program")
    return path


def load(name: EncoderName, memo: Memo, device: str) -> "ProgramEncoder":
    """Load a program after looking into its archive.

    Raises
    ------
    EncoderUnavailableError
        It is no such program, is pickled, or does not take pictures.
    """
    made_of = combined(*identity(name, memo))
    path, family = _path(name), family_of(name)
    check_archive(path, family)
    place = choose_device(device)
    try:
        program = _scripted(path, place) if family == "torchscript" else _exported(path, place)
    except Exception as error:  # torch has many types for a file that it cannot read
        text = " ".join(str(error).split())[:300]
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: torch cannot load it ({type(error).__name__}: {text})"
        ) from error
    return ProgramEncoder(name, program, made_of, place)


def _scripted(path: Path, device: str) -> Any:
    import torch

    with warnings.catch_warnings():  # torch advises its users to export instead; this is a file
        warnings.simplefilter("ignore", FutureWarning)
        return torch.jit.load(str(path), map_location=device).eval()


def _exported(path: Path, device: str) -> Any:
    import torch

    with _weights_only():
        program = torch.export.load(str(path))
    if device != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    return program.module()


@contextmanager
def _weights_only() -> Iterator[None]:
    """Have torch refuse, whoever asks it, to unpickle anything but tensors."""
    name, before = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", os.environ.get("TORCH_FORCE_WEIGHTS_ONLY_LOAD")
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


class ProgramEncoder:
    """Pictures through a compiled program."""

    def __init__(self, name: EncoderName, program: Any, made_of: str, device: str):
        self._name, self._program, self.device = name.text, program, device
        self._output, self._pool = name.options.get("output", ""), pool_of(name)
        self._ready = read_preprocessing(name)
        self._fits = 0
        self.concurrent = device == "cpu"
        self.at_least = self._ready.at_least
        blank = np.zeros((1, *self._ready.size, self._ready.channels), np.uint8)
        dims = self.encode(blank).shape[1]
        extra = {"output": self._output, "pool": self._pool}
        self.spec = spec_of(name, made_of, self._ready, dims, **extra)

    def prepare(self, picture: "Picture") -> np.ndarray:
        """Return the picture as declared, uint8 `(h, w, channels)`."""
        return self._ready.prepare(picture)

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 `(n, dims)` for inputs uint8 `(n, h, w, channels)`.

        A batch that does not fit into memory is halved, and later ones are cut to what did fit.

        Raises
        ------
        EncoderUnavailableError
            The program fails, or its output is not one vector a picture.
        """
        step, start = self._fits or len(inputs), 0
        parts: list[np.ndarray] = []
        while start < len(inputs):
            part = inputs[start : start + step]
            try:
                parts.append(self._forward(part))
            except EncoderUnavailableError:
                raise
            except Exception as error:
                if not out_of_memory(error) or len(part) == 1:
                    text = " ".join(str(error).split())[-300:]
                    raise EncoderUnavailableError(
                        f"encoder {self._name!r}: it fails on {len(part)} pictures of "
                        f"{' x '.join(map(str, self._ready.shape))}: {text}"
                    ) from error
                free_memory(self.device)
                step = self._fits = len(part) // 2
            else:
                start += len(part)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _forward(self, inputs: np.ndarray) -> np.ndarray:
        import torch

        batch = torch.from_numpy(self._ready.normalised(inputs)).to(self.device)
        with torch.inference_mode():
            output = self._chosen(self._program(batch))
        if not isinstance(output, torch.Tensor):
            raise EncoderUnavailableError(
                f"encoder {self._name!r}: it gives {type(output).__name__}, not one array; say "
                "which of its outputs is the vector with ?output=NUMBER or ?output=KEY"
            )
        array = pooled(output.detach().float().cpu().numpy(), self._pool, self._name)
        return as_vectors(array, len(inputs), self._name)

    def _chosen(self, output: Any) -> Any:
        """Return the output that the name asks for; the only one needs no asking."""
        if isinstance(output, Mapping):
            if not self._output and len(output) == 1:
                return next(iter(output.values()))
            if self._output in output:
                return output[self._output]
            return self._refused(list(map(str, output)))
        if isinstance(output, tuple | list):
            if not self._output and len(output) == 1:
                return output[0]
            if self._output.isdecimal() and int(self._output) < len(output):
                return output[int(self._output)]
            return self._refused([str(at) for at in range(len(output))])
        return output

    def _refused(self, known: list[str]) -> Any:
        asked = f"no output {self._output!r}" if self._output else "it has several outputs"
        raise EncoderUnavailableError(
            f"encoder {self._name!r}: {asked}; give ?output=, one of {', '.join(known)}"
        )
