"""What a source holds at one look, without reading it: whether something came, and settled."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from core.errors import DecodeError, InputError
from core.imaging.files import reason_of_os_error
from core.ingest.archives import expand
from core.ingest.credentials import conceal
from core.ingest.folders import list_files, printable
from core.ingest.naming import is_roots, parse_roots
from core.ingest.schemes import SCHEMES

#: Each file with its size and what changes with its content.
Look = Mapping[str, str]
_ELSEWHERE = "core.ingest.remote"


def look(source: str) -> Look:
    """Return the files of a source, a folder or an address or several, as they are now.

    Parameters
    ----------
    source
        As `core.ingest.naming.canonical` returns it.

    Raises
    ------
    InputError
        It is not there or cannot be listed.
    """
    if is_roots(source):
        return {f"{root} {name}": told for root in parse_roots(source)
                for name, told in look(root).items()}  # fmt: skip
    scheme, _, rest = source.partition(":")
    if scheme == "sample":
        return {source: ""}
    if SCHEMES.get(scheme) == _ELSEWHERE:
        return _look_elsewhere(source)
    if scheme in SCHEMES:
        path, _, query = rest.partition("?")
        more = [value for name, value in parse_qsl(query) if name in {"images", "masks", "labels"}]
        found: dict[str, str] = {}
        for one in (path, *more):
            found |= _look_here(Path(one))
        return found
    return _look_here(Path(source))


def _look_elsewhere(source: str) -> Look:
    from core.ingest.fetching import open_place
    from core.ingest.listing import list_place, look_at

    file_system, path = open_place(source)
    entries, _ = list_place(file_system, path, source)
    if len(entries) == 1:  # lists of the web tell names only; one file can be asked for
        try:
            entries = [look_at(file_system, entries[0])]
        except DecodeError as error:
            raise InputError(f"{conceal(source)}: {error}") from error
    return {entry.path: entry.version for entry in entries}


def _look_here(path: Path) -> dict[str, str]:
    try:
        if path.is_dir():
            root = path.resolve(strict=True)
            names = [root / name for name in list_files(root).sizes]
        elif not path.exists() and set("{*?") & set(path.name):
            names = expand(str(path))[0]
        else:
            path.stat()
            names = [path]
    except OSError as error:
        raise InputError(f"{printable(str(path))}: {reason_of_os_error(error)}") from error
    found = {}
    for name in names:
        try:
            state = name.stat()
        except OSError:  # it went while we looked
            continue
        found[str(name)] = f"{state.st_size} {state.st_mtime_ns}"
    return found
