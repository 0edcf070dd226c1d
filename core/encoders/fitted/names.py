"""Names of encoders that are made from others: `ensemble:a+b?weights=2,1`, `residual:a?columns=x`.

A member's own options would run into those of the whole, so in a member `?` is written %3F, `&`
%26, `+` %2B and `%` %25: `ensemble:timm:resnet18%3Flayer=layer3+pixels?weights=2,1`. What is behind
`fit=` names the fit, which a run puts there once it has fitted the encoder on a set.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast
from urllib.parse import quote, unquote

from core.encoders.base import EncoderName, check_options, parse_name, suggest, whole_number
from core.errors import EncoderUnavailableError

#: The member that stands for the vectors that came with a set's source.
GIVEN = "given"

#: Members of an ensemble, and dimensions of its vectors, at most.
MEMBERS, DIMS = 10, 1024

OPTIONS = {
    "ensemble": ("weights", "dims", "power", "fit"),
    "residual": ("columns", "keep", "how", "fit"),
}

How = Literal["regress", "project"]

_ESCAPED = {"%": "%25", "?": "%3F", "&": "%26", "+": "%2B"}


@dataclass(frozen=True, slots=True)
class Derived:
    """An encoder made from others, as its name says it.

    Attributes
    ----------
    text
        The name as it was given.
    kind
        "ensemble" or "residual".
    members
        Names of the encoders it is made from; a residual has one.
    weights
        A weight for each member, adding up to 1.
    dims, power
        Most dimensions, and the power of each component's variance that its scores are divided
        by, of an ensemble.
    columns, keep, how
        The columns that a residual is free of, those whose effects stay, and in which way.
    fit
        The key of the fit; "" before there is one.
    """

    text: str
    kind: Literal["ensemble", "residual"]
    members: tuple[str, ...]
    weights: tuple[float, ...] = ()
    dims: int = DIMS
    power: float = 0.0
    columns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    how: How = "regress"
    fit: str = ""

    @property
    def unfitted(self) -> str:
        """The name without its fit."""
        return without_fit(self.text)

    def fitted(self, key: str) -> "Derived":
        """Return the same with a fit."""
        text = self.unfitted
        return replace(self, text=f"{text}{'&' if '?' in text else '?'}fit={key}", fit=key)


def is_derived(name: str) -> bool:
    """Tell whether an encoder's name is that of one made from others."""
    return name.strip().partition(":")[0] in OPTIONS


def derived(name: str | EncoderName) -> Derived:
    """Take the name of an encoder made from others apart, and check all that can be checked.

    Raises
    ------
    EncoderUnavailableError
        An option or a member is missing or is none that there is; the message says which.
    """
    parsed = parse_name(name) if isinstance(name, str) else name
    kind, _, rest = parsed.base.partition(":")
    _check_options(parsed, kind)
    fit = parsed.options.get("fit", "")
    if fit and not re.fullmatch(r"[0-9a-f]{16,64}", fit):
        raise _wrong(parsed, f"fit is a key of 16 to 64 hex digits, not {fit!r}; leave it out")
    if kind == "residual":
        member = unquote(rest.strip())
        if not member:
            raise _wrong(parsed, "name the encoder behind residual:, as residual:pixels")
        columns, keep = _columns(parsed, "columns"), _columns(parsed, "keep")
        for column in keep:
            if column in columns:
                raise _wrong(parsed, f"{column!r} cannot both go and stay")
        return Derived(parsed.text, "residual", (member,), (1.0,), columns=columns, keep=keep,
                       how=_how(parsed), fit=fit)  # fmt: skip
    members = tuple(unquote(part.strip()) for part in rest.split("+"))
    if "" in members or not 2 <= len(members) <= MEMBERS:
        raise _wrong(parsed, f"name 2 to {MEMBERS} encoders joined by +, as ensemble:a+b")
    for member in members:
        if members.count(member) > 1:
            raise _wrong(parsed, f"{member} is named twice; use weights to count it more")
    dims = whole_number(parsed, "dims", DIMS, 2, 8192)
    return Derived(parsed.text, "ensemble", members, _weights(parsed, len(members)), dims,
                   _power(parsed), fit=fit)  # fmt: skip


def ensemble_name(members: Sequence[str], weights: Sequence[float] | None = None) -> str:
    """Return the name of the ensemble of some encoders.

    >>> ensemble_name(["pixels?side=8", "colour-texture"], [2, 1])
    'ensemble:pixels%3Fside=8+colour-texture?weights=2,1'
    """
    joined = "+".join(escaped(member) for member in members)
    if weights is None or len(set(weights)) == 1:
        return f"ensemble:{joined}"
    return f"ensemble:{joined}?weights={','.join(f'{weight:g}' for weight in weights)}"


def residual_name(
    member: str, columns: Sequence[str], how: str = "regress", keep: Sequence[str] = ()
) -> str:
    """Return the name of an encoder without what some columns tell.

    >>> residual_name("pixels", ["batch", "camera, left"], keep=["label"])
    'residual:pixels?columns=batch,camera%252C%20left&keep=label'
    """
    name = f"residual:{escaped(member)}?columns={_joined(columns)}"
    name += f"&keep={_joined(keep)}" if keep else ""
    return name if how == "regress" else f"{name}&how={how}"


def _joined(columns: Sequence[str]) -> str:
    """Return columns as an option holds them: quoted, joined, and quoted as all options are."""
    twice = (quote(quote(column, safe=" "), safe=" ") for column in columns)
    return ",".join(twice).replace(" ", "%20")


def escaped(member: str) -> str:
    """Return a member's name as it is written inside another name."""
    return re.sub(r"[%?&+]", lambda found: _ESCAPED[found[0]], member.strip())


def shortened(name: str, short: Callable[[str], str]) -> str:
    """Return an encoder's name with those of its members shortened, as `short` does.

    >>> shortened("ensemble:timm:local-dir:/a/net+pixels?fit=x", lambda name: name.upper())
    'ensemble:TIMM:LOCAL-DIR:/A/NET+PIXELS?fit=x'
    """
    if not is_derived(name):
        return short(name)
    base, mark, query = name.strip().partition("?")
    kind, _, rest = base.partition(":")
    parts = rest.split("+") if kind == "ensemble" else [rest]
    inner = "+".join(escaped(shortened(unquote(part), short)) for part in parts)
    return f"{kind}:{inner}{mark}{query}"


def spoken(name: str, short: Callable[[str], str]) -> str:
    """Return what people call an encoder: "a + b", "a without batch"; `short` names the others.

    >>> spoken("residual:ensemble:pixels+colour-texture?columns=batch,site", str)
    'pixels + colour-texture without batch and site'
    """
    if not is_derived(name):
        return short(name)
    try:
        asked = derived(name)
    except EncoderUnavailableError:
        return name
    members = [spoken(member, short) for member in asked.members]
    if asked.kind == "residual":
        kept = f", {' and '.join(asked.keep)} kept" if asked.keep else ""
        return f"{members[0]} without {' and '.join(asked.columns)}{kept}"
    if len(set(asked.weights)) == 1:
        return " + ".join(members)
    least = min(asked.weights)
    counts = [weight / least for weight in asked.weights]
    return " + ".join(
        name if count == 1 else f"{round(count, 2):g} × {name}"
        for count, name in zip(counts, members, strict=True)
    )


def without_fit(name: str) -> str:
    """Return an encoder's name without the key of its fit.

    >>> without_fit("ensemble:a+b?weights=2,1&fit=00112233445566778899")
    'ensemble:a+b?weights=2,1'
    """
    base, mark, query = name.strip().partition("?")
    left = [part for part in query.split("&") if not part.startswith("fit=")] if mark else []
    return f"{base}?{'&'.join(left)}" if left else base


def _wrong(name: EncoderName, why: str) -> EncoderUnavailableError:
    return EncoderUnavailableError(f"encoder {name.text!r}: {why}")


def _check_options(name: EncoderName, kind: str) -> None:
    try:
        check_options(name, OPTIONS[kind])
    except EncoderUnavailableError as error:
        raise EncoderUnavailableError(
            f"{error}. Options of a member are written with %3F for ? and %26 for &, "
            f"as {kind}:pixels%3Fside=8"
        ) from None


def _weights(name: EncoderName, count: int) -> tuple[float, ...]:
    text = name.options.get("weights", ",".join(["1"] * count))
    try:
        given = [float(part) for part in text.split(",")]
    except ValueError:
        given = []
    if len(given) != count or not all(math.isfinite(w) and w > 0 for w in given):
        raise _wrong(name, f"weights are {count} numbers above 0 with commas, not {text!r}")
    whole = math.fsum(given)
    return tuple(weight / whole for weight in given)


def _power(name: EncoderName) -> float:
    text = name.options.get("power", "0")
    try:
        power = float(text)
    except ValueError:
        power = math.nan
    if not 0 <= power <= 0.4:
        raise _wrong(
            name,
            f"power is a number from 0 to 0.4, not {text!r}; 0.25 evens the components out half "
            "way, and 0.5 would be full whitening, which drowns what matters in noise",
        )
    return power


def _columns(name: EncoderName, option: str) -> tuple[str, ...]:
    text = name.options.get(option, "")
    columns = tuple(unquote(part.strip()) for part in text.split(",") if part.strip())
    if not columns and (option == "columns" or text):
        raise _wrong(name, "say which columns are taken out, as ?columns=batch,camera")
    if len(set(columns)) != len(columns):
        raise _wrong(name, f"a column is named twice in {text!r}")
    return columns


def _how(name: EncoderName) -> How:
    text = name.options.get("how", "regress")
    if text not in {"regress", "project"}:
        near = suggest(text, ["regress", "project"])
        raise _wrong(name, f"how is regress or project, not {text!r}{near}")
    return cast(How, text)
