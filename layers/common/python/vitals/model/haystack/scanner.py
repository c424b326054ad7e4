"""Reads values as Zinc and filters write them."""

import re
from collections.abc import Callable, Mapping
from datetime import date, time

from vitals.errors import InvalidRequestError
from vitals.model.haystack.values import Coord, DateTime, Mark, Number, Ref, Symbol, Uri, Value, XStr
from vitals.model.timespan import check_year, parse_instant

NAME = re.compile(r"[a-z][A-Za-z0-9_]*")
_BLANKS = re.compile(r"[ \t]*")
_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REF = re.compile(r"@([A-Za-z0-9_:.~-]+)")
_SYMBOL = re.compile(r"\^([A-Za-z0-9_:.~-]+)")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_URI = re.compile(r"`((?:[^`\\\n]|\\.)*)`")
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))(?: [A-Z][A-Za-z0-9_+-]*)?"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d\d?:\d\d(?::\d\d(?:\.\d+)?)?")
_DIGITS = r"\d+(?:_+\d+)*"
_NUMBER = re.compile(rf"(-?{_DIGITS}(?:\.{_DIGITS})?(?:[eE][+-]?\d+)?)([A-Za-z%_/$\u0080-\U0010ffff]*)")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: Mapping[str, Value] = {
    "T": True,
    "F": False,
    "M": Mark.MARKER,
    "NA": Mark.NA,
    "R": Mark.REMOVE,
    "NaN": Number(float("nan")),
    "INF": Number(float("inf")),
}
# A unit that a number can be written with, in Zinc.
_UNIT = re.compile(r"[A-Za-z%_/$\u0080-\U0010ffff]+")


def is_unit(text: str) -> bool:
    """Returns whether a number can be written with this unit."""
    return _UNIT.fullmatch(text) is not None


class Scanner:
    """Reads a text from `position` on; InvalidRequestError says what was expected where."""

    def __init__(self, text: str, subject: str) -> None:
        self._text, self._subject = text, subject
        self.position = 0

    @property
    def at_end(self) -> bool:
        """Whether everything was read."""
        return self.position >= len(self._text)

    def error(self, expected: str) -> InvalidRequestError:
        """Returns the error of another text than was expected at the position."""
        return InvalidRequestError(
            f"{self._subject} is not valid at character {self.position + 1}: expected {expected}"
        )

    def skip_blanks(self) -> None:
        """Goes to the next character that is neither a space nor a tab."""
        self.take(_BLANKS)

    def skip_space(self) -> None:
        """Goes to the next character that is no white space."""
        self.take(_SPACE)

    def next_is(self, literal: str) -> bool:
        """Returns whether the literal comes next."""
        return self._text.startswith(literal, self.position)

    def skip(self, literal: str) -> bool:
        """Goes behind the literal if it comes next, and returns whether it did."""
        if not self.next_is(literal):
            return False
        self.position += len(literal)
        return True

    def expect(self, literal: str, name: str = "") -> None:
        """Goes behind the literal, which must come next."""
        if not self.skip(literal):
            raise self.error(name or repr(literal))

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Goes behind a match at the position, and returns it; None where there is none."""
        match = pattern.match(self._text, self.position)
        if match:
            self.position = match.end()
        return match

    def word(self) -> str:
        """Returns the letters and digits that come next, "" when there are none."""
        match = self.take(_WORD)
        return match[0] if match else ""

    def scalar(self) -> Value | None:
        """Returns the scalar that comes next; `N` is None."""
        for pattern, value_of in _SCALARS:
            match = self.take(pattern)
            if match:
                try:
                    return value_of(match)
                except ValueError:
                    self.position = match.start()
                    raise self.error("a date, a time or a number that exists") from None
        start = self.position
        if self.skip("-INF"):
            return Number(float("-inf"))
        return self._named(self.word(), start)

    def string(self) -> str:
        """Returns the text in quotes that must come next."""
        match = self.take(_STRING)
        if not match:
            raise self.error("a text in quotes")
        return _unescaped(match[1])

    def _named(self, word: str, start: int) -> Value | None:
        """Returns the value of a word that was read from `start` on."""
        if word == "N":
            return None
        if self.skip("("):
            value: Value = self._position() if word == "C" else XStr(word, self.string())
            self.expect(")")
            return value
        if word not in _WORDS:
            self.position = start
            raise self.error("a value")
        return _WORDS[word]

    def _position(self) -> Coord:
        latitude = self._plain_number()
        self.expect(",")
        self.skip_blanks()
        return Coord(latitude, self._plain_number())

    def _plain_number(self) -> float:
        match = self.take(_NUMBER)
        if not match:
            raise self.error("a number")
        return _number(match).value


def _unescaped(text: str) -> str:
    """Returns the text of a literal; halves of a character beyond 16 bits become one."""
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else _escaped(match[2]), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _escaped(sign: str) -> str:
    return _ESCAPED.get(sign, sign)


def _date_time(match: re.Match[str]) -> DateTime:
    return DateTime(check_year(parse_instant(match[1]) // 1))


def _time(match: re.Match[str]) -> time:
    return time.fromisoformat(match[0] if match[0][1] != ":" else f"0{match[0]}")


def _number(match: re.Match[str]) -> Number:
    return Number(float(match[1].replace("_", "")), match[2])


# The first pattern that matches decides.
_SCALARS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Value]], ...] = (
    (_STRING, lambda match: _unescaped(match[1])),
    (_REF, lambda match: Ref(match[1])),
    (_SYMBOL, lambda match: Symbol(match[1])),
    (_URI, lambda match: Uri(_unescaped(match[1]))),
    (_DATE_TIME, _date_time),
    (_DATE, lambda match: date.fromisoformat(match[0])),
    (_TIME, _time),
    (_NUMBER, _number),
)
