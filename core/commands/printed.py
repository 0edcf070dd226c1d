"""Results of commands as JSON."""

import json
import sys
from typing import Any


def print_json(value: Any) -> None:
    """Print one JSON value; text that is no valid Unicode must not end the program."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    sys.stdout.buffer.write(text.encode("utf-8", errors="backslashreplace") + b"\n")
    sys.stdout.buffer.flush()
