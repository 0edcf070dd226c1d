"""Which other files an ONNX file keeps its weights in, read from its bytes without onnx.

An ONNX file is a protobuf message (onnx/onnx.proto): ModelProto.graph = 7; GraphProto.node = 1,
.initializer = 5, .sparse_initializer = 15; NodeProto.attribute = 5; AttributeProto.t = 5, .g = 6,
.tensors = 10, .graphs = 11; SparseTensorProto.values = 1, .indices = 2; TensorProto.external_data
= 13, a list of key = 1 and value = 2; ModelProto.functions = 25, FunctionProto.node = 7.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from core.errors import EncoderUnavailableError

#: For each kind of message, the fields that are messages to look into, and of which kind.
_INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
    "entry": {},
}
_DEEPEST = 64


def external_files(path: Path) -> list[Path]:
    """Return the files beside an ONNX file that hold weights of it, sorted.

    Raises
    ------
    EncoderUnavailableError
        It is damaged, or names a file that is missing or lies outside its folder.
    """
    if not path.stat().st_size:
        raise EncoderUnavailableError(f"{path} is empty: fetch it again")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            names = sorted(set(_locations(data, 0, len(data), "model", 0)))
        except (IndexError, ValueError) as error:
            raise EncoderUnavailableError(f"{path} is not an ONNX file, or damaged") from error
    return [_beside(path, name) for name in names]


def _beside(path: Path, name: str) -> Path:
    parts = (*PurePosixPath(name).parts, *PureWindowsPath(name).parts)
    absolute = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive
    if absolute or ".." in parts:
        raise EncoderUnavailableError(
            f"{path} keeps weights in {name!r}, outside its folder, which is refused"
        )
    found = path.parent / name
    if not found.is_file():
        raise EncoderUnavailableError(
            f"{path} keeps weights in {name!r}, which is not there: put it beside"
        )
    return found


def _locations(data: mmap.mmap, start: int, stop: int, kind: str, depth: int) -> Iterator[str]:
    """Yield the value of each external entry named location in a message."""
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    known = _INSIDE[kind]
    entry: dict[int, str] = {}
    for field, low, high in _fields(data, start, stop):
        if kind == "entry" and field in {1, 2}:
            entry[field] = data[low:high].decode("utf-8")
        elif field in known:
            yield from _locations(data, low, high, known[field], depth + 1)
    if entry.get(1) == "location":
        yield entry.get(2, "")


def _fields(data: mmap.mmap, at: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, first and past-last byte of each length-delimited field of a message."""
    while at < stop:
        tag, at = _varint(data, at, stop)
        field, wire = tag >> 3, tag & 7
        if wire == 0:
            _, at = _varint(data, at, stop)
        elif wire == 2:
            length, at = _varint(data, at, stop)
            if at + length > stop:
                raise ValueError("a field ends past its message")
            yield field, at, at + length
            at += length
        elif wire in {1, 5}:
            at += 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if not field or at > stop:
            raise ValueError("not a message")


def _varint(data: mmap.mmap, at: int, stop: int) -> tuple[int, int]:
    value = shift = 0
    while at < stop and shift < 64:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise ValueError("a number does not end")
