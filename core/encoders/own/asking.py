"""Have an encoder of one's own checked or registered in a process of its own.

A web process asks this way, since loading a model takes libraries that it never loads.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import core
from core.encoders.own.registering import checked_text
from core.errors import EncoderUnavailableError

#: Seconds that loading and checking may take.
PATIENCE = 180
#: Where the package lies that is run.
ROOT = Path(core.__path__[0]).parent


def ask(action: str, text: str, workspace: Path, *, patience: float = PATIENCE) -> dict[str, Any]:
    """Run `encoders check` or `encoders register` and return what it printed.

    Parameters
    ----------
    action
        check or register.
    text
        The encoder's name; a Python callable is refused (`checked_text`).
    workspace
        The workspace's folder.
    patience
        Seconds after which it is given up.

    Returns
    -------
    dict
        name, key, dims, passed, seconds and checks.

    Raises
    ------
    InputError
        The name is empty, or Python code.
    EncoderUnavailableError
        It cannot be loaded or fails a check, with the reason; or it took too long.
    """
    name = checked_text(text)
    command = [sys.executable, "-m", "core", "encoders", action, name, "--json",
               "--workspace", str(workspace)]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=patience, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise EncoderUnavailableError(
            f"encoder {name!r}: checking took more than {patience:g} s and was given up; try "
            f"`uv run app.py encoders {action}` on the command line"
        ) from error
    try:
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        lines = done.stderr.strip().splitlines() or ["the check ended without a word"]
        raise EncoderUnavailableError(lines[-1].removeprefix("error: ")) from None
    return found
