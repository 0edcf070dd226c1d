"""An ONNX file as an encoder: `onnx:FILE`, run by onnxruntime.

The model takes one input of pictures, as the name's options declare them
(`core.encoders.own.preprocessing`); a size or layout that the file fixes need not be given. Further
options: `output`, the name or number of the output that is the vector; `pool`, avg, max or token,
for an output that is a map or a sequence. Weights that lie in files of their own beside the model
are part of its identity.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encoders.base import EncoderName, Memo, check_options, suggest
from core.encoders.own.families import OPTIONS as COMMON
from core.encoders.own.families import absent, combined, spec_of
from core.encoders.own.onnx_weights import external_files
from core.encoders.own.outputs import pool_of, pooled
from core.encoders.own.preprocessing import Preprocessing, read_preprocessing
from core.encoders.own.proving import as_vectors
from core.encoders.timm.source import file_digest
from core.errors import EncoderUnavailableError

if TYPE_CHECKING:
    from core.imaging.decode import Picture

OPTIONS = (*COMMON, "output", "pool")

#: What onnxruntime calls the types of input that pictures can be given as.
_TYPES: dict[str, Any] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


def identity(name: EncoderName, memo: Memo) -> tuple[object, ...]:
    """Return the digests of the file and of the weights that it keeps in others."""
    check_options(name, OPTIONS)
    read_preprocessing(name)
    pool_of(name)
    path = _path(name)
    return ("onnx", file_digest(path, memo), *(file_digest(p, memo) for p in external_files(path)))


def _path(name: EncoderName) -> Path:
    path = Path(name.base.removeprefix("onnx:")).expanduser()
    if not path.is_file():
        raise absent(name, path, "ONNX file")
    return path


def load(name: EncoderName, memo: Memo, device: str) -> "OnnxEncoder":
    """Load an ONNX file.

    Raises
    ------
    EncoderUnavailableError
        onnxruntime refuses it, or it does not take pictures.
    """
    made_of = combined(*identity(name, memo))
    return OnnxEncoder(name, _session(name, device), made_of)


def _session(name: EncoderName, device: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # threads each take a batch
    options.log_severity_level = 3
    there = onnxruntime.get_available_providers()
    wanted = ["CPUExecutionProvider"]
    if device == "auto" or device.startswith("cuda"):
        wanted = [*(p for p in ("CUDAExecutionProvider",) if p in there), *wanted]
    if device.startswith("cuda") and len(wanted) == 1:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: this onnxruntime has no CUDA; use --device cpu"
        )
    try:
        return onnxruntime.InferenceSession(str(_path(name)), options, providers=wanted)
    except Exception as error:  # onnxruntime has its own type for each fault
        text = " ".join(str(error).split())[:300]
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: onnxruntime cannot load it ({text}); a file in the ONNX "
            "format is needed, with operators of the standard sets"
        ) from error


class OnnxEncoder:
    """Pictures through an ONNX model."""

    def __init__(self, name: EncoderName, session: Any, made_of: str):
        self._name, self._session = name.text, session
        self._input, self._type, ready, self._batch = _taken(name, session)
        self._output = _given(name, session)
        self._pool = pool_of(name)
        self._ready: Preprocessing = ready
        self.concurrent = session.get_providers()[0] == "CPUExecutionProvider"
        self.at_least = ready.at_least
        dims = self.encode(np.zeros((1, *ready.size, ready.channels), np.uint8)).shape[1]
        extra = {"output": self._output, "pool": self._pool}
        self.spec = spec_of(name, made_of, ready, dims, **extra)

    def prepare(self, picture: "Picture") -> np.ndarray:
        """Return the picture as declared, uint8 `(h, w, channels)`."""
        return self._ready.prepare(picture)

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 `(n, dims)` for inputs uint8 `(n, h, w, channels)`.

        A model of a fixed batch size gets its batches, the last one filled up with black pictures.

        Raises
        ------
        EncoderUnavailableError
            The model fails, or its output is not one vector a picture.
        """
        step = self._batch or len(inputs)
        parts = [self._forward(inputs[at : at + step]) for at in range(0, len(inputs), step)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _forward(self, inputs: np.ndarray) -> np.ndarray:
        batch = self._ready.normalised(inputs)
        if self._batch and len(batch) < self._batch:
            more = np.zeros((self._batch - len(batch), *batch.shape[1:]), batch.dtype)
            batch = np.concatenate([batch, more])
        try:
            output = self._session.run([self._output], {self._input: batch.astype(self._type)})[0]
        except Exception as error:
            text = " ".join(str(error).split())[:300]
            raise EncoderUnavailableError(f"encoder {self._name!r}: it fails: {text}") from error
        array = pooled(np.asarray(output), self._pool, self._name)
        return as_vectors(array, len(batch), self._name)[: len(inputs)]


def _taken(name: EncoderName, session: Any) -> tuple[str, Any, Preprocessing, int]:
    """Return the input's name and type, how pictures are prepared, and a fixed batch size or 0."""
    inputs = session.get_inputs()
    if len(inputs) != 1:
        listed = ", ".join(one.name for one in inputs)
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: the model takes {len(inputs)} inputs ({listed}); one, of "
            "pictures, is needed"
        )
    (one,) = inputs
    shape = [side if isinstance(side, int) and side > 0 else None for side in one.shape]
    if one.type not in _TYPES or len(shape) != 4:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: its input {one.name} is {one.type} of {len(shape)} axes; "
            "pictures are float (n, channels, height, width)"
        )
    if "layout" not in name.options and shape[3] in {1, 3} and shape[1] not in {1, 3}:
        name = EncoderName(name.text, name.base, {**name.options, "layout": "nhwc"})
    if name.options.get("layout", "").lower() == "nhwc":
        height, width, channels = shape[1:]
    else:
        channels, height, width = shape[1:]
    ready = read_preprocessing(name, (height, width) if height and width else None)
    if channels not in {None, ready.channels}:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: the model takes {channels} channels, {ready.channels} were "
            f"declared; use colour={'grey' if channels == 1 else 'rgb'}"
        )
    return one.name, _TYPES[one.type], ready, shape[0] or 0


def _given(name: EncoderName, session: Any) -> str:
    """Return the name of the output that is the vector."""
    outputs = session.get_outputs()
    names = [one.name for one in outputs]
    wanted = name.options.get("output")
    if wanted is None:
        flat = [one.name for one in outputs if len(one.shape) == 2]
        if len(names) == 1 or len(flat) == 1:
            return str(names[0] if len(names) == 1 else flat[0])
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: it has {len(names)} outputs; say which is the vector with "
            f"?output=, one of {', '.join(names)}"
        )
    if wanted in names:
        return wanted
    if re.fullmatch(r"\d+", wanted) and int(wanted) < len(names):
        return str(names[int(wanted)])
    raise EncoderUnavailableError(
        f"encoder {name.text!r}: no output {wanted!r}{suggest(wanted, names)}; there are "
        f"{', '.join(names)}"
    )
