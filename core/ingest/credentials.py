"""Passwords, tokens and signed links in a source: used by this process, never written down.

What is stored, logged and shown is the address without them (`conceal`). A process that was given
one whole remembers it until it ends (`reveal`). What other processes shall use is named in the
address by its environment variable, `https://${USER}:${PASSWORD}@host/`, and looked up there.
"""

import os
import re
from threading import Lock
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from core.errors import InputError

#: Stands where a secret was.
HIDDEN = "***"
#: Names of parameters in an address whose values let people in (signed links of S3, Google and
#: Azure among them).
_SECRET = re.compile(
    r"(^|[-_.])(sig|signature|sign|token|secret|password|passwd|pwd|pass|key|apikey|auth|"
    r"authorization|credential|credentials|session|jwt|code|policy|hmac|access)($|[-_.])"
    r"|^x-(amz|goog|oss|cos)-|accesskey|apikey|token$|secret$|^se$|^sp$|^sv$|^sr$|^st$|^skoid$",
    re.IGNORECASE,
)
#: What no word looks like: long, with digits in it.
_OPAQUE = re.compile(r"(?=(?:[A-Za-z+=_%-]*[0-9]){4})[A-Za-z0-9+=_%-]{24,}")
#: Where one address wraps another, as "zip://*.png::https://host/a.zip".
_CHAIN = re.compile(r"::(?=[a-z][a-z0-9+.-]*(?:://|::|$))")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>|\\]+", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE)

_known: dict[str, str] = {}
_lock = Lock()


def conceal(text: str) -> str:
    """Return a text with the secrets of every address in it replaced by "***".

    Hidden are the part before "@" and every parameter whose name or value looks like a key; names
    of environment variables, `${NAME}`, stay. What is concealed already comes back as it is.
    """
    return _BEARER.sub(rf"\1 {HIDDEN}", _ADDRESS.sub(lambda found: _conceal_one(found[0]), text))


def _conceal_one(address: str) -> str:
    links = _CHAIN.split(address)
    if len(links) > 1:
        return "::".join(_conceal_one(link) if "//" in link else link for link in links)
    try:
        parts = urlsplit(address)
    except ValueError:  # no address: what stands before an "@" goes all the same
        return re.sub(r"//[^/@]*@", f"//{HIDDEN}@", address)
    user, at, host = parts.netloc.rpartition("@")
    if at and not _is_named(user):
        user = HIDDEN
    return urlunsplit(
        (parts.scheme, user + at + host, parts.path, _conceal_query(parts.query),
         _conceal_query(parts.fragment))
    )  # fmt: skip


def _conceal_query(query: str) -> str:
    kept = []
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        secret = bool(_SECRET.search(name)) or bool(_OPAQUE.search(value or name))
        if value == HIDDEN or not secret or _is_named(value or name):
            kept.append(part)
        else:
            kept.append(f"{name}={HIDDEN}" if equals else HIDDEN)
    return "&".join(kept)


def _is_named(text: str) -> bool:
    """Tell whether a text is nothing but names of variables and what joins them."""
    return not _VARIABLE.sub("", text).strip(":&=") and bool(_VARIABLE.search(text))


def without_secrets(address: str) -> str:
    """Return what an address names, whoever asks: the same for other credentials."""
    try:
        parts = urlsplit(conceal(address))
    except ValueError:
        return conceal(address)
    host = parts.netloc.rpartition("@")[2]
    kept = [part for part in parts.query.split("&") if HIDDEN not in part and not _is_named(part)]
    return urlunsplit((parts.scheme, host, parts.path, "&".join(kept), ""))


def put_away(source: str) -> str:
    """Return a source as it may be stored; this process remembers it whole for `reveal`."""
    hidden = conceal(source)
    if hidden != source:
        with _lock:
            _known[hidden] = source
    return hidden


def reveal(address: str) -> str:
    """Return an address with its secrets, as far as this process has been given them.

    Raises
    ------
    InputError
        It names an environment variable that is not set, or its secrets were given to another
        process.
    """
    with _lock:
        whole = _known.get(address, "")
        if not whole:  # a file below an address that was given whole
            whole = next(
                (_known[root] + address[len(root):] for root in sorted(_known, key=len)[::-1]
                 if address.startswith(root)),
                address,
            )  # fmt: skip
    missing = [name for name in _VARIABLE.findall(whole) if name not in os.environ]
    if missing:
        raise InputError(f"{conceal(address)}: the environment variable {missing[0]} is not set")
    if HIDDEN in whole:
        raise InputError(
            f"{whole}: credentials are not stored. Put them into environment variables and name "
            "these in the address, as https://${USER}:${PASSWORD}@host/, or give the whole address "
            "on the command line again"
        )
    return _VARIABLE.sub(lambda found: os.environ[found[1]], whole)


def secrets_of(address: str) -> list[str]:
    """Return the secret parts of a whole address, longest first, to be kept out of messages."""
    try:  # libraries take the protocol off before they complain
        parts = urlsplit(address if "://" in address else f"//{address}")
    except ValueError:
        return []
    user = parts.netloc.rpartition("@")[0]
    values = [user, *user.split(":", 1)]
    for query in (parts.query, parts.fragment):
        pairs = parse_qsl(query, keep_blank_values=True)
        values += [value for name, value in pairs if _SECRET.search(name)]
        values += [query] if conceal(f"x://h/?{query}") != f"x://h/?{query}" else []
    return sorted({value for value in values if len(value) > 2}, key=len, reverse=True)


def cleaned(message: object, address: str = "") -> str:
    """Return an error's text on one line, free of secrets, those of `address` among them."""
    text = " ".join(str(message).split())
    for secret in secrets_of(address):
        text = text.replace(secret, HIDDEN)
    return conceal(text)
