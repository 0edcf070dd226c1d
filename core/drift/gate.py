"""The condition under which a pipeline stops: `p<0.01 and auc>0.6`, read and judged, never run.

either   = both { "or" both }
both     = single { "and" single }
single   = "not" single | "(" either ")" | side sign side [sign side]
side     = number | name
sign     = "<" | "<=" | ">" | ">=" | "==" | "!="
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne

from core.errors import InputError

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne,
}  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?%?|\.\d+(?:[eE][+-]?\d+)?%?)"
    r"|(?P<name>[A-Za-z_][\w.]*)|(?P<sign><=|>=|==|!=|<|>)|(?P<bracket>[()])|(?P<minus>-))"
)
_WORDS = {"and", "or", "not"}
#: Characters of a condition, and how deep brackets may go.
LONGEST, DEEPEST = 1000, 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a condition.

    Attributes
    ----------
    failed
        Whether it holds: the pipeline is to stop.
    used
        The names it asked for with their values, None where a value is unknown.
    unknown
        Names that had no value; a comparison with one never holds, nor does its opposite.
    """

    failed: bool
    used: dict[str, float | None]
    unknown: tuple[str, ...]


class Gate:
    """A condition on figures, read once.

    Parameters
    ----------
    text
        As a person wrote it.
    names
        The figures that may be asked for.

    Raises
    ------
    InputError
        It cannot be read; the message says where, and which names there are.
    """

    def __init__(self, text: str, names: tuple[str, ...]):
        if len(text) > LONGEST:
            raise InputError(f"fail-on: {len(text)} characters; at most {LONGEST}")
        self.text, self._names = text, names
        self._tokens = self._read(text)
        self._at = self._depth = 0
        if not self._tokens:
            raise InputError("fail-on: it is empty; for example: p<0.01 and auc>0.6")
        self._tree = self._either()
        if self._at < len(self._tokens):
            raise self._wrong("nothing more is expected")

    def judge(self, values: Mapping[str, float | None]) -> Verdict:
        """Return whether the condition holds for these figures."""
        used: dict[str, float | None] = {}
        holds = self._tree(values, used)
        unknown = tuple(name for name, value in used.items() if value is None)
        return Verdict(holds is True, used, unknown)

    # -- reading -----------------------------------------------------------------------------------

    def _read(self, text: str) -> list[tuple[str, str, int]]:
        tokens, at = [], 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                place = at + len(text[at:]) - len(text[at:].lstrip())
                raise InputError(f"fail-on: {text[place]!r} at character {place + 1} is no sign")
            tokens.append((found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
            at = found.end()
        return tokens

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _wrong(self, why: str) -> InputError:
        if self._at < len(self._tokens):
            _, text, place = self._tokens[self._at]
            return InputError(f"fail-on: {text!r} at character {place + 1}: {why}")
        return InputError(f"fail-on: it ends too early: {why}")

    def _either(self) -> "_Part":
        parts = [self._both()]
        while self._peek() == "or":
            self._at += 1
            parts.append(self._both())
        return lambda values, used: _any([part(values, used) for part in parts])

    def _both(self) -> "_Part":
        parts = [self._single()]
        while self._peek() == "and":
            self._at += 1
            parts.append(self._single())
        return lambda values, used: _all([part(values, used) for part in parts])

    def _single(self) -> "_Part":
        if self._peek() == "not":
            self._at += 1
            inner = self._deeper(self._single)
            return lambda values, used: _not(inner(values, used))
        if self._peek() == "(":
            self._at += 1
            inner = self._deeper(self._either)
            if self._peek() != ")":
                raise self._wrong("a bracket is not closed")
            self._at += 1
            return inner
        return self._comparison()

    def _deeper(self, read: Callable[[], "_Part"]) -> "_Part":
        self._depth += 1
        if self._depth > DEEPEST:
            raise InputError(f"fail-on: brackets go deeper than {DEEPEST}")
        found = read()
        self._depth -= 1
        return found

    def _comparison(self) -> "_Part":
        sides, signs = [self._side()], []
        while self._peek() in _SIGNS:
            signs.append(_SIGNS[self._peek()])
            self._at += 1
            sides.append(self._side())
        if not signs:
            raise self._wrong("a comparison is expected, such as auc>0.6")

        def compared(values: Mapping[str, float | None], used: "_Used") -> bool | None:
            found = [side(values, used) for side in sides]
            return _all([
                None if one is None or two is None else sign(one, two)
                for sign, one, two in zip(signs, found, found[1:], strict=False)
            ])  # fmt: skip

        return compared

    def _side(self) -> "_Side":
        less = self._peek() == "-"
        self._at += less
        if self._at >= len(self._tokens):
            raise self._wrong("a number or a name is expected")
        kind, text, _ = self._tokens[self._at]
        if kind == "number":
            self._at += 1
            value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
            return lambda values, used: -value if less else value
        if kind != "name" or text in _WORDS or less:
            raise self._wrong("a number or a name is expected")
        if text not in self._names:
            raise self._wrong(f"there is no such figure; there are {', '.join(self._names)}")
        self._at += 1

        def named(values: Mapping[str, float | None], used: "_Used") -> float | None:
            used[text] = values.get(text)
            return used[text]

        return named


_Used = dict[str, float | None]
_Part = Callable[[Mapping[str, float | None], _Used], bool | None]
_Side = Callable[[Mapping[str, float | None], _Used], float | None]


def _all(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _any(parts: list[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


def _not(part: bool | None) -> bool | None:
    return None if part is None else not part
