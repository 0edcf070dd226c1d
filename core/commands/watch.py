"""The command `watch`."""

import argparse
from typing import Any


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to an argparse sub-parser group."""
