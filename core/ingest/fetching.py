"""One file from somewhere else, whole or not at all.

Run as a program it fetches one file for the dashboard, which itself loads nothing that speaks to
other hosts: the address comes on standard input, the file is the argument.
"""

import base64
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from core.errors import DecodeError, InputError, VitrineError
from core.ingest.credentials import cleaned, conceal, reveal

#: Times that a transfer is begun before it is given up, and seconds before the second.
_TRIES, _PAUSE = 3, 0.5
#: Seconds without an answer after which a host counts as out of reach.
_SILENCE = 30
_NEEDED = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs"}
NOT_FOUND = "not found"
ANSWERS = "the host answers"
NOT_ALLOWED = (
    "not allowed: credentials are missing or do not hold; they are taken from the environment"
    " (docs/methods/inputs.md)"
)


#: Hosts whose addresses begin with a bucket, and where their credentials are looked for.
_BUCKETS = dict.fromkeys(("s3", "s3a"), "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") | (
    dict.fromkeys(("gs", "gcs"), "GOOGLE_APPLICATION_CREDENTIALS")
)


def address_of(source: str) -> str:
    """Return a source without the "fsspec:" before it."""
    return source.removeprefix("fsspec:")


def open_place(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path there.

    Parameters
    ----------
    address
        As it is stored: secrets are added here (`core.ingest.credentials`).

    Raises
    ------
    InputError
        Its protocol is unknown or its package is missing, or a variable it names is not set.
    """
    import fsspec

    whole = reveal(address_of(address))
    protocol = whole.partition(":")[0].lower()
    if protocol in _BUCKETS and "@" in urlsplit(whole).netloc:
        raise InputError(
            f"{conceal(address)}: an address of a bucket holds no credentials; set "
            f"{_BUCKETS[protocol]}"
        )
    try:
        if protocol in {"http", "https"}:
            return _open_web(whole)
        file_system, path = fsspec.core.url_to_fs(whole)
    except ImportError as error:
        package = _NEEDED.get(protocol, "a package of its own")
        how = "`uv run --extra cloud`" if protocol in _NEEDED else "install it"
        raise InputError(f"{conceal(address)}: {protocol}:// needs {package}: {how}") from error
    except (ValueError, TypeError, OSError) as error:
        raise InputError(f"{conceal(address)}: {cleaned(error, whole)}") from error
    return file_system, str(path)


def _open_web(whole: str) -> tuple[Any, str]:
    """Return the web as a file system; a name and password go into a header, not the address."""
    import aiohttp
    import fsspec

    parts = urlsplit(whole)
    user, at, host = parts.netloc.rpartition("@")
    options: dict[str, Any] = {
        "trust_env": True,
        "headers": {"Accept-Encoding": "identity"},  # or sizes are those of packed bytes
        "timeout": aiohttp.ClientTimeout(total=None, sock_connect=_SILENCE, sock_read=_SILENCE),
    }
    if at:
        told = base64.b64encode(unquote(user).encode()).decode()
        options["headers"]["Authorization"] = f"Basic {told}"
    file_system = fsspec.filesystem(
        parts.scheme, client_kwargs=options, use_listings_cache=False, skip_instance_cache=True
    )
    path = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    return file_system, path


def why(error: BaseException, address: str = "") -> str:
    """Return in words why a host did not give what was asked for, free of secrets."""
    status = getattr(error, "status", None)
    name = type(error).__name__
    if isinstance(error, VitrineError):
        return str(error)
    if isinstance(error, FileNotFoundError) and error.__cause__ is not None:
        return why(error.__cause__, address)  # fsspec says so of anything that goes wrong
    if isinstance(error, FileNotFoundError) or status == 404:
        return NOT_FOUND
    if isinstance(error, PermissionError) or status in {401, 403} or "Credentials" in name:
        return NOT_ALLOWED
    if status is not None:
        return f"{ANSWERS} {status}"
    if "Connect" in name or isinstance(error, ConnectionError):
        return "the host cannot be reached"
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return f"the host gave no answer within {_SILENCE} s"
    if "Payload" in name:
        return "the transfer ended before the file did"
    return cleaned(error, address)[:160] or name


def _is_final(error: BaseException) -> bool:
    """Tell whether trying again cannot help."""
    if isinstance(error, VitrineError | FileNotFoundError | PermissionError | IsADirectoryError):
        return True
    status = getattr(error, "status", None)
    return status is not None and 400 <= status < 500 and status not in {408, 425, 429}


def fetch(address: str, part: Path, most: int) -> None:
    """Write one file to `part`.

    Parameters
    ----------
    address
        As it is stored.
    part
        Where it is written; what is there is overwritten.
    most
        More bytes than this are refused.

    Raises
    ------
    DecodeError
        It cannot be had; the message is the reason.
    """
    try:
        file_system, path = open_place(address)
    except InputError as error:
        raise DecodeError(str(error)) from error
    transfer(file_system, path, part, most)


def transfer(file_system: Any, path: str, part: Path, most: int, size: int | None = None) -> None:
    """Write one file of a file system to `part`, tried three times where that may help.

    Parameters
    ----------
    file_system, path
        Where it is.
    part
        Where it is written.
    most
        More bytes than this are refused.
    size
        Bytes that it is known to have; None is not known.

    Raises
    ------
    DecodeError
        It cannot be had; the message is the reason.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            _transfer_once(file_system, path, part, most, size)
            return
        except VitrineError as error:
            if not isinstance(error, _ShortError) or attempt == _TRIES:
                raise
        except Exception as error:  # each library has errors of its own
            if _is_final(error) or attempt == _TRIES:
                raise DecodeError(why(error, path)) from error
        time.sleep(_PAUSE * 2 ** (attempt - 1))


class _ShortError(DecodeError):
    """A transfer that ended before the file did."""


def _transfer_once(file_system: Any, path: str, part: Path, most: int, size: int | None) -> None:
    from fsspec.callbacks import Callback

    class Counting(Callback):
        """Counts bytes; raises where they are too many."""

        def set_size(self, size: Any) -> None:
            super().set_size(size)
            self._check(size or 0)

        def relative_update(self, inc: int = 1) -> None:
            super().relative_update(inc)
            self._check(self.value)

        def _check(self, count: int) -> None:
            if count > most:
                raise DecodeError(
                    f"more than the limit of {most / 2**20:.1f} MiB: raise max_file_mb if you"
                    " trust the file"
                )

    counting = Counting()
    file_system.get_file(path, str(part), callback=counting)
    written = part.stat().st_size
    announced = size if size is not None else counting.size
    if announced is not None and written < announced:
        raise _ShortError(f"the transfer ended after {written:,} of {announced:,} bytes")
    if written > most:
        raise DecodeError(f"more than the limit of {most / 2**20:.1f} MiB")


def main() -> int:
    """Fetch one file for another process; the reason of a failure is the last line of stderr."""
    from core.imaging.imagefile import Limits

    try:
        fetch(sys.stdin.read().strip(), Path(sys.argv[1]), Limits().max_bytes)
    except VitrineError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
