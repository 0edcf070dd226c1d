"""What keeps a local dashboard local: who may ask, and what a page may load.

A page on another site can make a browser send requests to a server on this machine (cross-site
POST, DNS rebinding). So a request must name a host that is ours, and one that changes something
must come from our own pages.
"""

import ipaddress
from collections.abc import Callable, Container, Iterable, Sequence
from urllib.parse import urlsplit

import flask

from core.config import Settings
from core.errors import InputError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

#: Largest request body; a polygon or a callback is a few kilobytes.
MAX_BODY = 8 * 2**20

#: Where Dash takes the callbacks of pages.
CALLBACKS = "/_dash-update-component"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own."""
    name = host.strip("[]").lower()
    if name in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_binding(settings: Settings) -> None:
    """Refuse to listen beyond loopback, since Vitrine itself asks nobody for a password.

    Raises
    ------
    InputError
        The host is not loopback and no authenticating proxy was declared.
    """
    if not is_loopback(settings.host) and not settings.behind_proxy:
        raise InputError(
            f"--host {settings.host} would let everyone on the network see the images: put an "
            "authenticating proxy in front and pass --behind-proxy (docs/serving.md shows one)"
        )


def _host_name(host: str) -> str:
    """Return a Host header's name without its port, lower case."""
    return (urlsplit(f"//{host}").hostname or "").lower()


def allowed_names(settings: Settings) -> frozenset[str]:
    """Return the host names that requests may give."""
    given = {name.strip().lower() for name in settings.allowed_hosts.split(",") if name.strip()}
    own = {settings.host.strip("[]").lower()} - {"0.0.0.0", "::", ""}
    return LOOPBACK | given | own


def content_policy(script_hashes: Iterable[str]) -> str:
    """Return the Content-Security-Policy: our own files, the hashed inline scripts, no eval."""
    scripts = " ".join(["'self'", *script_hashes])
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",  # plotly and Dash set styles from script
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _refusal(request: flask.Request, names: frozenset[str]) -> str:
    """Return why a request is refused, "" if it is not."""
    try:
        named = _host_name(request.host)
    except ValueError:
        named = ""
    if named not in names:
        return "this host name is not one the dashboard answers to"
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return ""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in {"same-origin", "none"}:
        return "requests from other sites are refused"
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        return "requests from other origins are refused"
    return ""


def _unusable(request: flask.Request, outputs: Container[str]) -> str:
    """Return why a callback's request is none that a page sends, "" if it may be one."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        body = None
    if not isinstance(body, dict):
        return "send one JSON object with Content-Type: application/json"
    output = body.get("output")
    if not isinstance(output, str) or output not in outputs:
        return "output: none of this dashboard's callbacks; reload the page"
    for name in ("inputs", "state", "changedPropIds"):
        if not isinstance(body.get(name, []), list):
            return f"{name}: needs a list"
    if not all(isinstance(one, str) for one in body.get("changedPropIds", [])):
        return "changedPropIds: needs a list of texts"
    given = [*body.get("inputs", []), *body.get("state", [])]
    if not all(isinstance(one, dict | list) for one in given):
        return "inputs: needs a list of objects"
    if not isinstance(body.get("outputs"), dict | list | None):
        return "outputs: needs an object or a list"
    return ""


def protect(
    server: flask.Flask,
    settings: Settings,
    hashes: Callable[[], Sequence[str]],
    outputs: Callable[[], Container[str]] | None = None,
) -> None:
    """Check every request and put the security headers on every response.

    Parameters
    ----------
    server
        The Flask application.
    settings
        Which host names are ours.
    hashes
        Returns the hashes of the page's inline scripts; asked once, at the first response.
    outputs
        Returns the outputs of the dashboard's callbacks; without it, none is checked.
    """
    names = allowed_names(settings)
    policy: list[str] = []
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY

    @server.before_request
    def check() -> flask.Response | None:
        reason = _refusal(flask.request, names)
        if reason:
            return flask.make_response(({"error": reason}, 403))
        if outputs and (flask.request.method, flask.request.path) == ("POST", CALLBACKS):
            problem = _unusable(flask.request, outputs())
            if problem:
                return flask.make_response(({"error": problem}, 400))
        return None

    @server.after_request
    def label(response: flask.Response) -> flask.Response:
        if not policy:
            policy.append(content_policy(hashes()))
        response.headers["Content-Security-Policy"] = policy[0]
        for name, value in _HEADERS.items():
            response.headers[name] = value
        return response
