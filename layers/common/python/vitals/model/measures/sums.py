"""Sums of points as columns of tables and summaries, such as `sum: a + b - c`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import orjson

from vitals.errors import InvalidRequestError

PREFIX = "sum:"
# As long as a hundred names with their device and object.
MAX_TEXT = 10_000
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SEPARATOR = re.compile(r"\s+([+\-\u2212])\s+")
# One blank before the sign: many would be tried again from each of them.
_NEXT = re.compile(r"\s[+\-\u2212]\s")
_SIGN = re.compile(r"([+\-\u2212])\s+")
_DANGLING = re.compile(r"(?:^|\s)[+\-\u2212]$")
_FORM = (
    'a sum must be like "sum: a + b - c", with spaces around each sign; a name with such a sign in it is'
    " written in double quotes"
)


@dataclass(frozen=True, slots=True)
class Term:
    """A point of a sum by its name, added or subtracted."""

    name: str
    sign: Literal[1, -1] = 1


def terms(text: str) -> tuple[Term, ...]:
    """Returns the terms of a column: one for a point's name; InvalidRequestError when a sum is malformed."""
    if not text.startswith(PREFIX):
        return (Term(text),)
    if len(text) > MAX_TEXT:
        raise InvalidRequestError(f"a sum must have at most {MAX_TEXT:,} characters")
    return tuple(_terms(text.removeprefix(PREFIX).strip()))


def names(columns: Iterable[str]) -> tuple[str, ...]:
    """Returns the names of the points in these columns, without repetition."""
    return tuple(dict.fromkeys(term.name for column in columns for term in terms(column)))


def _terms(text: str) -> Iterator[Term]:
    first = _SIGN.match(text)
    sign, position = ("+", 0) if first is None else (first[1], first.end())
    while True:
        name, end = _operand(text, position)
        yield Term(name, 1 if sign == "+" else -1)
        if end == len(text):
            return
        separator = _SEPARATOR.match(text, end)
        if separator is None:
            raise InvalidRequestError(f"{_FORM}: {text[end : end + 20]!r} follows a name")
        sign, position = separator[1], separator.end()


def _operand(text: str, start: int) -> tuple[str, int]:
    """Returns the name that begins here, and where it ends."""
    quoted = _QUOTED.match(text, start)
    if quoted:
        try:
            name: str = orjson.loads(quoted[0])
        except orjson.JSONDecodeError:
            raise InvalidRequestError(f"{_FORM}, as a JSON string: {quoted[0][:40]}") from None
        end = quoted.end()
    else:
        separator = _NEXT.search(text, start)
        end = separator.start() if separator else len(text)
        name = text[start:end].rstrip()
        if _DANGLING.search(name):
            raise InvalidRequestError(f"{_FORM}: a name is missing at the end")
    if not name:
        raise InvalidRequestError(f"{_FORM}: a name is missing")
    return name, end
