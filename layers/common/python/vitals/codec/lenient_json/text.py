"""The text of a body: positions, values, and a bound on the work that faults can cause."""

import codecs
import json
import re
from collections.abc import Callable
from typing import Any

from vitals.codec.lenient_json.forms import BrokenJsonError

# A longer malformed entry is skipped too, but counted together with malformed ones after it.
_LONGEST_ENTRY = 2**14
# How much may be decoded in vain, in lengths of the body: faults must not make the work quadratic.
_WASTE_LENGTHS, _LEAST_WASTE = 4, 2**20
# The cost of an attempt, in addition to the text that it decodes.
_ATTEMPT_COST = 16
# The cost of a nesting that is too deep for json, which does not report where it stopped.
_DEPTH_COST = 2**14
# A double ends at 309 digits, and int() refuses 4,301.
_MOST_DIGITS = 400
_EXCERPT_BEFORE, _EXCERPT = 24, 72
_LONGEST_EXCERPT = 160

STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(STRING + r"|[{}\[\],]", re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}


class UndecodableError(Exception):
    """The text at `position` is not valid; text after it may be."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(problem)
        self.position = position


class ExhaustedError(Exception):
    """The limit of work or time was reached at `position`."""

    def __init__(self, position: int, problem: str = "too much of the body is malformed") -> None:
        super().__init__(problem)
        self.position = position


class NotFinite:
    """Stands for a bare NaN, Infinity or -Infinity."""


class _UncountedText(str):
    """A text in which json finds no lines, because it counts the lines before each error."""

    def count(self, *_: Any) -> int:
        return 0

    def rfind(self, *_: Any) -> int:
        return -1


class BodyText:
    """The decoded text of a body. Positions count characters; errors have the number of the byte."""

    def __init__(self, data: bytes | bytearray, is_late: Callable[[], bool]) -> None:
        self._is_late = is_late
        self._encoding = json.detect_encoding(data)
        # An escaped byte and an unpaired surrogate are both recognised by their range afterwards.
        self._errors = "surrogateescape" if self._encoding.startswith("utf-8") else "surrogatepass"
        try:
            self.text = _UncountedText(codecs.decode(bytes(data), self._encoding, self._errors))
        except UnicodeDecodeError as error:
            raise BrokenJsonError(f"not valid {self._encoding} at byte {error.start}") from None
        self._waste_left = self._extents_left = max(_WASTE_LENGTHS * len(self.text), _LEAST_WASTE)
        self.constants = 0
        """The number of NotFinite that were decoded."""
        self._decoder = json.JSONDecoder(strict=False, parse_constant=self._constant, parse_int=_integer)

    def __len__(self) -> int:
        return len(self.text)

    def skip(self, position: int) -> int:
        """Returns the position of the first character from `position` on that is not white space."""
        match = _SPACE.match(self.text, position)
        return match.end() if match else position

    def mark(self, position: int) -> str:
        """Returns the character at a position, or nothing at the end."""
        return self.text[position : position + 1]

    def before(self, position: int) -> str:
        """Returns a few characters before a position."""
        return self.text[max(0, position - _EXCERPT_BEFORE) : position]

    def decode(self, position: int) -> tuple[Any, int]:
        """Returns the value at a position, and where it ends; UndecodableError when there is none."""
        try:
            return self._decoder.raw_decode(self.text, position)
        except json.JSONDecodeError as error:
            self.spend(error.pos - position, position)
            raise UndecodableError(error.msg.removesuffix(" at"), error.pos) from None
        except RecursionError:
            self.spend(_DEPTH_COST, position)
            raise UndecodableError("nested too deeply", position) from None

    def objects_end(self, position: int) -> int:
        """Returns the end of the objects from a position on, with commas between them."""
        while self.mark(position) == "{":
            try:
                _, end = self.decode(position)
            except UndecodableError:
                break
            position = self.skip(end)
            if self.mark(position) != ",":
                break
            position = self.skip(position + 1)
        return position

    def extent(self, position: int) -> int | None:
        """Returns the end of a value by its strings and brackets; None when they do not match."""
        self.check(position)
        limit = min(position + _LONGEST_ENTRY, len(self.text))
        end = self._matching_end(position, limit) if self._extents_left > 0 else None
        if end is None:
            self._extents_left -= limit - position
        return end

    def _matching_end(self, position: int, limit: int) -> int | None:
        open_brackets: list[str] = []
        for match in _TOKEN.finditer(self.text, position, limit):
            token = match[0]
            if token in _CLOSING:
                open_brackets.append(_CLOSING[token])
            elif not open_brackets and token in ",}]":
                return match.start()
            elif token in "}]":
                if open_brackets.pop() != token:
                    return None
                if not open_brackets:
                    return self.skip(match.end())
        return None

    def check(self, position: int) -> None:
        """Raises ExhaustedError when the time limit is reached."""
        if self._is_late():
            raise ExhaustedError(position, "no time left to read what is malformed")

    def spend(self, length: int, position: int) -> None:
        """Counts text that was decoded in vain; ExhaustedError when it is too much, or too late."""
        self.check(position)
        self._waste_left -= length + _ATTEMPT_COST
        if self._waste_left < 0:
            raise ExhaustedError(position)

    def located(self, error: UndecodableError | ExhaustedError) -> str:
        """Returns the text of an error with the number of its byte and an excerpt of the body."""
        offset = len(self.text[: error.position].encode(self._encoding, self._errors))
        excerpt = ascii(self.before(error.position) + self.text[error.position : error.position + _EXCERPT])
        return f"{error} at byte {offset}, near {excerpt[:_LONGEST_EXCERPT]}"

    def _constant(self, _: str) -> NotFinite:
        self.constants += 1
        return NotFinite()


def _integer(text: str) -> float:
    return int(text) if len(text) <= _MOST_DIGITS else float(text)
