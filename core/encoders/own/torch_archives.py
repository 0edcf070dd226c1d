"""What is in a file of PyTorch, told from its bytes: nothing is loaded, nothing is run.

A pickle may name any function and have it called while it is read. TorchScript's are read by an
interpreter of its own, which knows no Python functions. A program made by `torch.export` keeps its
weights as raw numbers; what may be pickled beside them is refused, but for its example inputs: they
may name nothing but what tensors are made of.
"""

import json
import pickletools
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from core.errors import EncoderUnavailableError

_KINDS = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")

#: What tensors and their containers are made of, and nothing that can do anything.
_HARMLESS = frozenset(
    {
        "collections OrderedDict",
        "torch Size",
        "torch device",
        "torch._utils _rebuild_tensor",
        "torch._utils _rebuild_tensor_v2",
        "torch._utils _rebuild_parameter",
        "torch.serialization _get_layout",
        *(f"torch {kind}Storage" for kind in _KINDS),
    }
)

#: Largest member of an archive that is looked into as a pickle, in bytes.
_LARGEST = 2**28

_SAVED = (
    "is a model pickled by torch.save, which can run any code while it is loaded; save it with "
    "torch.jit.save(torch.jit.script(model)) or torch.export.save, or its weights as safetensors "
    "for timm:ARCHITECTURE?checkpoint=FILE"
)


def check_archive(path: Path, family: str) -> None:
    """Raise unless a file is a program of its family and holds no pickle that can run code.

    Parameters
    ----------
    path
        The file.
    family
        torchscript or exported.

    Raises
    ------
    EncoderUnavailableError
        It is something else; the message says what, and what to use instead.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(path, family, archive)
    except zipfile.BadZipFile as error:
        raise EncoderUnavailableError(f"{path} {_what_else(path)}") from error


def _check(path: Path, family: str, archive: zipfile.ZipFile) -> None:
    names = [name.partition("/")[2] for name in archive.namelist()]
    if len(set(names)) < len(names):
        raise EncoderUnavailableError(f"{path} names a member twice, and is refused")
    scripted = "constants.pkl" in names and any(name.startswith("code/") for name in names)
    exported = any(name.startswith("models/") and name.endswith(".json") for name in names)
    if not scripted and not exported:
        if "data.pkl" in names:
            raise EncoderUnavailableError(f"{path} {_SAVED}")
        raise EncoderUnavailableError(
            f"{path} is an archive, but no program of PyTorch, or one of an old version: save it "
            "again with torch.export.save or torch.jit.save"
        )
    found = "torchscript" if scripted else "exported"
    if found != family:
        raise EncoderUnavailableError(f"{path} is of the other kind: write {found}:{path}")
    if exported:
        for member in archive.infolist():
            _check_member(path, archive, member, member.filename.partition("/")[2])


def _check_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> None:
    """Raise if a member of an exported program would be unpickled, or run as it is."""
    if member.file_size > _LARGEST and not name.startswith("data/weights/"):
        raise EncoderUnavailableError(f"{path} has {name} in it, too large to look into: refused")
    if name.startswith("data/sample_inputs/"):
        data = archive.read(member)
        if data:
            _check_inputs(path, name, data)
    elif name.endswith("_config.json") and name.startswith(("data/weights/", "data/constants/")):
        _check_config(path, name, archive.read(member))
    elif name.endswith((".pt", ".pth", ".pkl", ".so", ".o")) or "aotinductor" in name:
        raise EncoderUnavailableError(
            f"{path} has {name} in it, a pickle or compiled code, which can run anything: refused; "
            "save it again with torch.export.save"
        )


def _check_config(path: Path, name: str, data: bytes) -> None:
    """Raise if a list of weights or constants says that one of them is an object or a pickle."""
    try:
        entries = json.loads(data)["config"]
        pickled = [
            key
            for key, entry in entries.items()
            if entry.get("use_pickle", True)
            or str(entry["path_name"]).startswith(("custom_obj", "opaque"))
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncoderUnavailableError(f"{path}: {name} is damaged") from error
    if pickled:
        raise EncoderUnavailableError(
            f"{path} keeps {pickled[0]} as a pickled object, which can run any code while it is "
            "loaded: refused; export a model of plain tensors"
        )


def _check_inputs(path: Path, name: str, data: bytes) -> None:
    """Raise unless example inputs, an archive of torch.save, are made of tensors alone."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as inner:
            pickles = [m for m in inner.infolist() if m.filename.endswith(".pkl")]
            if len(pickles) != 1 or len(set(inner.namelist())) < len(inner.namelist()):
                raise EncoderUnavailableError(f"{path}: {name} is not one pickle: refused")
            named = list(_globals(inner.read(pickles[0])))
    except (zipfile.BadZipFile, ValueError, IndexError) as error:
        raise EncoderUnavailableError(f"{path}: {name} is damaged: refused") from error
    unknown = [one for one in named if one not in _HARMLESS]
    if unknown:
        raise EncoderUnavailableError(
            f"{path} has example inputs whose pickle calls {unknown[0].replace(' ', '.')}, which "
            "can run any code while it is loaded: refused; export it with plain tensors"
        )


def _what_else(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(2)
    if head[:1] == b"\x80":
        return _SAVED
    return "is damaged, or no program of PyTorch: fetch it again" if head else "is empty"


def _globals(data: bytes) -> Iterator[str]:
    """Yield what a pickle names, as "module name"; what it puts together by itself has no name."""
    for code, argument, _ in pickletools.genops(data):
        if code.name in {"GLOBAL", "INST"}:
            yield str(argument)
        elif code.name in {"STACK_GLOBAL", "EXT1", "EXT2", "EXT4", "NEWOBJ", "NEWOBJ_EX", "OBJ"}:
            yield f"an object ({code.name})"
