"""From what a person types to a source that means the same in any process, without secrets."""

import json
from collections.abc import Sequence
from pathlib import Path

from core.errors import InputError
from core.ingest.credentials import put_away, without_secrets
from core.ingest.schemes import SCHEMES

ROOTS = "roots:"
#: Schemes that are addresses of other places, and not followed by a path on this computer.
_AWAY = frozenset({"s3", "gs", "http", "https", "memory", "fsspec", "sample", "roots"})
#: Parameters of a scheme that are paths on this computer.
_PATHS = frozenset({"images", "masks", "labels"})


def canonical(sources: str | Sequence[str]) -> str:
    """Return one source string for one or several sources.

    Paths are made absolute; several sources become "roots:" and a JSON list. Passwords, tokens
    and signatures are taken out: this process remembers them, nothing stores them.

    Raises
    ------
    InputError
        None is given, or one is empty.
    """
    given = [sources] if isinstance(sources, str) else list(sources)
    if not given or not all(source.strip() for source in given):
        raise InputError("no source given: name a folder, a table, an archive or an address")
    named = list(dict.fromkeys(_one(source.strip()) for source in given))
    if len(named) == 1:
        return named[0]
    flat = [root for name in named for root in (parse_roots(name) if is_roots(name) else [name])]
    return ROOTS + json.dumps(flat, ensure_ascii=False)


def _one(source: str) -> str:
    scheme, colon, rest = source.partition(":")
    if not colon or (scheme not in SCHEMES and scheme != "sample"):
        if "://" in source:
            return put_away(f"fsspec:{source}")
        return str(Path(source).expanduser().absolute())
    if scheme == "roots":
        return ROOTS + json.dumps([_one(root) for root in parse_roots(source)], ensure_ascii=False)
    if scheme in _AWAY:
        return put_away(source)
    whole = Path(rest).expanduser().absolute()
    if whole.exists():  # a name with a question mark in it
        return f"{scheme}:{whole}"
    path, mark, query = rest.partition("?")
    return f"{scheme}:{Path(path).expanduser().absolute()}{mark}{_absolute_query(query)}"


def _absolute_query(query: str) -> str:
    parts = []
    for part in query.split("&") if query else []:
        name, equals, value = part.partition("=")
        if name in _PATHS and value:
            value = str(Path(value).expanduser().absolute())
        parts.append(f"{name}{equals}{value}")
    return "&".join(parts)


def is_roots(source: str) -> bool:
    """Tell whether a source names several."""
    return source.startswith(ROOTS)


def parse_roots(source: str) -> list[str]:
    """Return the sources that "roots:" and a JSON list name.

    Raises
    ------
    InputError
        It is no list of texts, is empty, or names several sources within several.
    """
    try:
        found = json.loads(source.removeprefix(ROOTS))
    except (ValueError, RecursionError):
        found = None
    if (
        not isinstance(found, list)
        or not found
        or not all(isinstance(one, str) and one.strip() and not is_roots(one) for one in found)
    ):
        raise InputError(
            'several roots: write roots:["/data/a", "/data/b"], a JSON list of sources'
        )
    return found


def shown(source: str) -> str:
    """Return a source as a person reads it."""
    return ", ".join(parse_roots(source)) if is_roots(source) else source


def is_elsewhere(source: str) -> bool:
    """Tell whether a source is looked for by its reader, not as a path on this computer."""
    scheme, colon, _ = source.partition(":")
    return bool(colon) and (scheme in SCHEMES or scheme == "sample" or "://" in source)


def needs_network(source: str) -> bool:
    """Tell whether a source, or one of several, lies on another host."""
    if is_roots(source):
        return any(needs_network(root) for root in parse_roots(source))
    return source.partition(":")[0] in _AWAY - {"sample", "roots", "memory"}


def last_part(source: str) -> str:
    """Return what a set made from a source may be called: the last part of its name.

    >>> last_part("https://${USER}:${KEY}@host/data/wings.tar.gz?sig=1")
    'wings'
    """
    if is_roots(source):
        return " + ".join(last_part(root) for root in parse_roots(source)[:3])
    if is_elsewhere(source):
        source = without_secrets(source.partition(":")[2] if "//" not in source else source)
        source = source.partition("?")[0].rstrip("/")
    path = Path(source)
    return path.name if path.is_dir() else path.name.partition(".")[0]


def is_there(source: str) -> bool:
    """Tell whether a source may be there: a path that is, or what only its reader can say."""
    return is_elsewhere(source) or bool(set("{*?") & set(source)) or Path(source).exists()
