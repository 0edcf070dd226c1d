"""What every `--verify` does: a file is read, made again, and every difference told."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.config import Settings
from core.errors import InputError
from core.progress import Progress
from core.storage.store import Workspace

#: A larger file, in megabytes, was not written by us.
LARGEST_MB = 500
#: Differences printed to a person.
PRINTED = 20

#: Makes what a file holds again: the file's JSON, the workspace, settings and progress to
#: {"same", "intact", "differences": [{"field", "kept", "now"}], …}.
Verify = Callable[[Any, Workspace, Settings, Progress], dict[str, Any]]


def verified(
    options: argparse.Namespace,
    settings: Settings,
    verify: Verify,
    what: str,
    show: Callable[[Any], None],
) -> int:
    """Make what the file `options.verify` holds again and tell the differences.

    Parameters
    ----------
    options
        `verify`, the file, and `json`, whether one JSON value is to be printed.
    verify
        Makes it again and compares.
    what
        What the file should be, as in "a report".
    show
        Prints one JSON value.

    Returns
    -------
    int
        The exit code: 0 where nothing differs, 1 else.

    Raises
    ------
    InputError
        The file cannot be read, is too large, or is not JSON.
    """
    from core.__main__ import terminal_progress
    from core.runner import open_workspace

    kept = read_json_file(options.verify, what)
    with terminal_progress() as listen:
        found = verify(kept, open_workspace(settings), settings, Progress(listen))
    if options.json:
        show(found)
    else:
        _tell(found)
    return 0 if found["same"] else 1


def _tell(found: dict[str, Any]) -> None:
    if found["same"]:
        print("the same: every number came out again")
    if not found["intact"]:
        print("the file is not as it was written: it differs from its checksum")
    for one in found["differences"][:PRINTED]:
        print(f"{one['field']}: {one['kept']} in the file, {one['now']} now")
    more = len(found["differences"]) - PRINTED
    if more > 0:
        print(f"and {more:,} more: --json has them")


def read_json_file(file: str, what: str) -> Any:
    """Return what a JSON file holds; see `verified` for the errors."""
    path = Path(file).expanduser()
    try:
        if path.stat().st_size > LARGEST_MB * 2**20:
            raise InputError(f"{path} has more than {LARGEST_MB} MB: this is not {what}")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is not JSON: {error}") from error
