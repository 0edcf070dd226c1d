"""Names of exported files, where the same file is in a set more than once."""

import re

_COPY = re.compile(
    r"^(?P<head>.*) \(copy (?P<number>[1-9][0-9]*)\)(?P<suffix>\.[^./]{1,12})?$", re.S
)


def with_copy(path: str, number: int) -> str:
    """Return a path that tells which of several identical files it is.

    >>> with_copy("moth/1.png", 2)
    'moth/1 (copy 2).png'
    """
    folder, slash, last = path.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    if not stem or len(suffix) > 11:
        stem, dot, suffix = last, "", ""
    return f"{folder}{slash}{stem} (copy {number}){dot}{suffix}"


def split_copy(path: str) -> tuple[str, int]:
    """Return a path as it was before `with_copy`, and the number, 0 where it has none.

    >>> split_copy("moth/1 (copy 2).png")
    ('moth/1.png', 2)
    """
    found = _COPY.match(path)
    if found is None:
        return path, 0
    return f"{found['head']}{found['suffix'] or ''}", int(found["number"])
