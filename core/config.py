"""Settings: one frozen record, read once from defaults, a TOML file, `VITRINE_*` and flags."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from core.errors import InputError


@dataclass(frozen=True, slots=True)
class Option:
    """One documented setting: its name, default and help."""

    name: str
    default: Any
    help: str


OPTIONS: tuple[Option, ...] = (
    Option("workspace", "", "Folder for everything Vitrine keeps; empty is the user's data folder"),
    Option("host", "127.0.0.1", "Address to listen on; loopback unless a proxy guards it"),
    Option("port", 8050, "Port of the dashboard; the next free one is used when it is taken"),
    Option("behind_proxy", False, "An authenticating proxy is in front: allow any host"),
    Option("allowed_hosts", "", "Comma-separated host names that requests may name"),
    Option("device", "auto", "auto, cpu, cuda or mps"),
    Option("workers", 0, "Decoding threads; 0 is one for each processor"),
    Option("batch_size", 0, "Images in a forward pass; 0 finds one that fits"),
    Option("seed", 0, "Seed of every map, clustering and sample"),
    Option("max_pixels", 200_000_000, "Larger pictures are refused as decompression bombs"),
    Option("max_file_mb", 512, "Larger image files are refused"),
    Option("thumbnail_side", 256, "Longest side of a stored thumbnail, in pixels"),
    Option("thumbnail_cache_mb", 4096, "Size of the thumbnail cache, oldest dropped first"),
    Option("copies_mb", 20480, "Local copies of images from archives and addresses, oldest first"),
    Option("neighbors", 90, "Nearest neighbours kept for each item"),
    Option("exact_neighbors_up_to", 100_000, "Above this many items neighbours are approximate"),
    Option("warm_worker", True, "Keep one process ready with UMAP imported and compiled"),
    Option("max_jobs", 1, "Jobs that run at the same time; others wait"),
)  # fmt: skip


#: The least and the greatest value of each setting that is a number.
LIMITS: dict[str, tuple[int, int]] = {
    "port": (0, 65535),
    "workers": (0, 1024),
    "batch_size": (0, 65536),
    "seed": (0, 2**32 - 1),
    "max_pixels": (1, 2**40),
    "max_file_mb": (1, 2**20),
    "thumbnail_side": (16, 2048),
    "thumbnail_cache_mb": (1, 2**30),
    "copies_mb": (1, 2**30),
    "neighbors": (2, 1000),
    "exact_neighbors_up_to": (0, 2**31),
    "max_jobs": (1, 64),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force; see `OPTIONS` for what each means."""

    workspace: str = ""
    host: str = "127.0.0.1"
    port: int = 8050
    behind_proxy: bool = False
    allowed_hosts: str = ""
    device: str = "auto"
    workers: int = 0
    batch_size: int = 0
    seed: int = 0
    max_pixels: int = 200_000_000
    max_file_mb: int = 512
    thumbnail_side: int = 256
    thumbnail_cache_mb: int = 4096
    copies_mb: int = 20480
    neighbors: int = 90
    exact_neighbors_up_to: int = 100_000
    warm_worker: bool = True
    max_jobs: int = 1

    @property
    def workspace_path(self) -> Path:
        """Return the workspace folder, absolute."""
        folder = Path(self.workspace) if self.workspace else user_data_path("vitrine", False)
        return folder.expanduser().absolute()

    @property
    def n_workers(self) -> int:
        """Return the number of decoding threads."""
        return self.workers or max(1, os.cpu_count() or 1)


def _convert(name: str, value: Any, origin: str) -> Any:
    """Turn a text or TOML value into the type of the setting's default."""
    default = next((o.default for o in OPTIONS if o.name == name), None)
    if default is None:
        raise InputError(f"{origin}: unknown setting {name!r}; see docs/settings.md")
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        if str(value).lower() in {"1", "true", "yes", "on"}:
            return True
        if str(value).lower() in {"0", "false", "no", "off", ""}:
            return False
        raise InputError(f"{origin}: {name} must be true or false, not {value!r}")
    if isinstance(default, int):
        low, high = LIMITS[name]
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise InputError(f"{origin}: {name} must be a whole number, not {value!r}") from None
        if not low <= number <= high:
            raise InputError(f"{origin}: {name} must be from {low} to {high}, not {number}")
        return number
    text = str(value)
    if name == "device" and not re.fullmatch(r"auto|cpu|(cuda|mps)(:\d+)?", text):
        raise InputError(f"{origin}: device must be auto, cpu, cuda or mps, not {text!r}")
    return text


def load_settings(
    flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings: defaults, then the TOML file `VITRINE_CONFIG`, `VITRINE_*`, flags.

    Parameters
    ----------
    flags
        Values from the command line; None values are left out.
    environ
        The environment; `os.environ` if not given.

    Raises
    ------
    InputError
        A value has the wrong type or a name is unknown; the message says where it came from.
    """
    env = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    if env.get("VITRINE_CONFIG"):
        path = Path(env["VITRINE_CONFIG"])
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"VITRINE_CONFIG={path}: {error}") from error
        values |= {name: _convert(name, value, str(path)) for name, value in table.items()}
    for option in OPTIONS:
        text = env.get(f"VITRINE_{option.name.upper()}")
        if text is not None:
            values[option.name] = _convert(option.name, text, f"VITRINE_{option.name.upper()}")
    for name, value in (flags or {}).items():
        if value is not None:
            values[name] = _convert(name, value, f"--{name.replace('_', '-')}")
    return Settings(**values)


assert [o.name for o in OPTIONS] == [f.name for f in fields(Settings)]
