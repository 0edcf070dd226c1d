"""A Python function as an encoder: `python:module:function`.

The function takes float32 `(n, channels, height, width)`, prepared as the name's options declare
(`core.encoders.own.preprocessing`), and returns one vector a picture, `(n, dims)`. Further options:
`path`, the folder that the module lies in; `takes`, numpy (the default) or torch; `files`, weights
and others that the function reads, joined by commas: their content counts as part of the encoder.

The module, and what it imports of its own folder or package, is read and hashed without being run.
"""

import ast
import sys
import sysconfig
from collections.abc import Iterator
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encoders.base import EncoderName, Memo, check_options
from core.encoders.own.families import OPTIONS as COMMON
from core.encoders.own.families import absent, combined, spec_of
from core.encoders.own.preprocessing import Preprocessing, read_preprocessing
from core.encoders.own.proving import as_vectors
from core.encoders.timm.source import file_digest
from core.errors import EncoderUnavailableError

if TYPE_CHECKING:
    from core.imaging.decode import Picture

OPTIONS = (*COMMON, "path", "takes", "files")
_TAKES = ("numpy", "torch")


def identity(name: EncoderName, memo: Memo) -> tuple[object, ...]:
    """Return what tells a callable from others: its name and the bytes of its code and files."""
    _check(name)
    module, function = _target(name)
    sources = {str(where): file_digest(path, memo) for where, path in _sources(name, module)}
    files = [file_digest(path, memo) for path in _files(name)]
    return (module, function, name.options.get("takes", _TAKES[0]), sources, files)


def load(name: EncoderName, memo: Memo, device: str) -> "CallableEncoder":
    """Import the function and try it on one empty picture; this runs its code.

    Raises
    ------
    EncoderUnavailableError
        It cannot be imported or called, or returns no vector.
    """
    made_of = combined(*identity(name, memo))
    ready = read_preprocessing(name)
    module, function = _target(name)
    _let_find(_folder(name))
    return CallableEncoder(name, _imported(name, module, function), ready, made_of)


def _check(name: EncoderName) -> None:
    check_options(name, OPTIONS)
    read_preprocessing(name)
    if name.options.get("takes", _TAKES[0]) not in _TAKES:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: takes is {' or '.join(_TAKES)}, not {name.options['takes']!r}"
        )


def _target(name: EncoderName) -> tuple[str, str]:
    """Return module and function of `python:module:function`."""
    module, _, function = name.base.removeprefix("python:").partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), *function.split("."))):
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: write python:module:function, as in python:wings.net:encode"
        )
    return module, function


def _folder(name: EncoderName) -> Path | None:
    """Return the folder that the name says the module lies in."""
    if "path" not in name.options:
        return None
    folder = Path(name.options["path"]).expanduser().absolute()
    if not folder.is_dir():
        raise absent(name, folder, "folder")
    return folder


def _files(name: EncoderName) -> list[Path]:
    """Return the further files that an encoder declares itself to be made of."""
    given = name.options.get("files", "")
    base = _folder(name) or Path.cwd()
    paths = [base / Path(part).expanduser() for part in given.split(",") if part]
    for path in paths:
        if not path.is_file():
            raise absent(name, path, "file")
    return paths


# -- the code, read and not run ------------------------------------------------------------------


def _sources(name: EncoderName, module: str) -> Iterator[tuple[str, Path]]:
    """Yield the modules that an encoder's code is made of, as far as its own folder goes."""
    folder = _folder(name)
    search = None if folder is None else [str(folder)]
    first = _find(module, search)
    if first is None:
        where = f" in {folder}" if folder else "; give its folder with ?path=FOLDER"
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: there is no module {module!r}{where}"
        )
    own = first.parents[module.count(".") + (first.name == "__init__.py")]
    library = Path(sysconfig.get_paths()["stdlib"])
    installed = own == library or {"site-packages", "dist-packages"} & set(own.parts)
    top = module.partition(".")[0]
    waiting, seen = [module], set[str]()
    while waiting:
        wanted = waiting.pop()
        if wanted in seen or (installed and wanted.partition(".")[0] != top):
            continue
        seen.add(wanted)
        path = _find(wanted, [str(own)])
        if path is None:
            continue  # of the standard library, or installed beside it
        yield wanted, path
        waiting += _imports(name, wanted, path)
        waiting += [wanted.rpartition(".")[0]] if "." in wanted else []


def _find(module: str, search: list[str] | None) -> Path | None:
    """Return a module's source file without importing anything, packages above it included."""
    path, parts = search, module.split(".")
    for at in range(len(parts)):
        try:
            found = PathFinder.find_spec(".".join(parts[: at + 1]), path)
        except (ImportError, ValueError, OSError):
            return None
        if found is None:
            return None
        if at + 1 == len(parts):
            return Path(found.origin) if found.origin and found.origin.endswith(".py") else None
        if found.submodule_search_locations is None:
            return None
        path = list(found.submodule_search_locations)
    return None


def _imports(name: EncoderName, module: str, path: Path) -> list[str]:
    """Return the modules that a source file imports, by their full names."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError) as error:
        raise EncoderUnavailableError(f"encoder {name.text!r}: {path.name}: {error}") from error
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*above, *([node.module] if node.module else [])])
            found += [stem, *(f"{stem}.{alias.name}".lstrip(".") for alias in node.names)]
    return [one for one in found if one]


# -- the code, run --------------------------------------------------------------------------------


def _let_find(folder: Path | None) -> None:
    """Let modules of a folder be found, now and when the function imports more of them later."""
    if folder is not None and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _imported(name: EncoderName, module: str, function: str) -> Any:
    expected = _find(module, None if (folder := _folder(name)) is None else [str(folder)])
    try:
        loaded = import_module(module)
        target: Any = loaded
        for part in function.split("."):
            target = getattr(target, part)
    except Exception as error:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: {module} cannot be imported: {_said(error)}"
        ) from error
    actual = Path(getattr(loaded, "__file__", "") or "")
    if expected is None or actual.resolve() != expected.resolve():
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: another module named {module!r} is loaded already "
            f"({actual.name}); give yours a name of its own"
        )
    if not callable(target):
        raise EncoderUnavailableError(f"encoder {name.text!r}: {function} cannot be called")
    if hasattr(target, "eval") and hasattr(target, "parameters"):  # a torch module
        target.eval()
    return target


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class CallableEncoder:
    """Pictures through a function."""

    #: A function of one's own is not asked from several threads at once.
    concurrent = False

    def __init__(self, name: EncoderName, target: Any, ready: Preprocessing, made_of: str):
        self._name, self._target, self._ready = name.text, target, ready
        self._torch = name.options.get("takes", _TAKES[0]) == "torch"
        self.at_least = ready.at_least
        blank = np.zeros((1, *ready.size, ready.channels), np.uint8)
        dims = self.encode(blank).shape[1]
        self.spec = spec_of(name, made_of, ready, dims)

    def prepare(self, picture: "Picture") -> np.ndarray:
        """Return the picture as declared, uint8 `(h, w, channels)`."""
        return self._ready.prepare(picture)

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 `(n, dims)` for inputs uint8 `(n, h, w, channels)`.

        Raises
        ------
        EncoderUnavailableError
            The function raised, or returned no vectors.
        """
        batch: Any = self._ready.normalised(inputs)
        try:
            output = self._through_torch(batch) if self._torch else self._target(batch)
        except Exception as error:
            raise EncoderUnavailableError(
                f"encoder {self._name!r}: the function raised {_said(error)}"
            ) from error
        return as_vectors(output, len(inputs), self._name)

    def _through_torch(self, batch: np.ndarray) -> Any:
        import torch

        with torch.inference_mode():
            output = self._target(torch.from_numpy(batch))
        return output.detach().cpu().numpy() if isinstance(output, torch.Tensor) else output
