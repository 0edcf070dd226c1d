"""Files of the model hub: from its cache without asking the network, else fetched, else soon told.

`explain` turns the reason why a file cannot be had into the sentence that an encoder tells.
"""

import os
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import EncoderUnavailableError

#: Seconds to wait for a sign of life from the hub.
PATIENCE = 5.0

Explain = Callable[[str], str]


def quiet_hub() -> None:
    """Set the hub's client to fail soon and to report nothing, before it is imported."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_ETAG_TIMEOUT", "5")
    os.environ.setdefault("HF_HUB_DOWNLOAD_TIMEOUT", "15")


def cached(repository: str, names: Sequence[str]) -> Path | None:
    """Return the first of some files of a repository that the local cache has; None if none."""
    quiet_hub()
    from huggingface_hub import try_to_load_from_cache

    base, _, revision = repository.partition("@")
    for name in names:
        found = try_to_load_from_cache(base, name, revision=revision or None)
        if isinstance(found, str):
            return Path(found)
    return None


def fetch(repository: str, names: Sequence[str], explain: Explain) -> Path:
    """Return the first of some files that a repository has, from the cache or the network.

    Parameters
    ----------
    repository
        `owner/name`, with `@revision` behind for one that is not the newest.
    names
        File names in the order of preference; the safe formats first.
    explain
        Turns a reason into the sentence of the error.

    Raises
    ------
    EncoderUnavailableError
        The file is neither cached nor can it be fetched.
    """
    found = cached(repository, names)
    if found is not None:
        return found
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.utils import EntryNotFoundError

    reach(constants.ENDPOINT, explain)
    base, _, revision = repository.partition("@")
    for name in names:
        try:
            return Path(hf_hub_download(base, name, revision=revision or None))
        except EntryNotFoundError:
            continue
        except Exception as error:
            raise EncoderUnavailableError(explain(short(str(error)))) from error
    raise EncoderUnavailableError(explain(f"no {' or '.join(names)}"))


def reach(address: str, explain: Explain) -> None:
    """Raise `EncoderUnavailableError` at once where the hub's client would try for a minute."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise EncoderUnavailableError(explain("HF_HUB_OFFLINE is set"))
    request = urllib.request.Request(address, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=PATIENCE).close()
    except urllib.error.HTTPError:
        return  # it answers; whatever it says to this address
    except (OSError, ValueError) as error:
        raise EncoderUnavailableError(explain(short(str(error)))) from error


def short(reason: str) -> str:
    """Return a reason in one line of at most 200 characters."""
    return " ".join(reason.split())[:200]
