"""JSON bodies that a strict parser refuses: each entry that can be separated is read, the others are marked.

A fault inside an entry costs that entry only. The body around the entries must be whole: without the end of
the list, the members behind it and the closing brace it is broken, and nothing of it is believed.
"""

import codecs
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

# A longer entry that is malformed is skipped too, but counted together with malformed ones behind it.
_LONGEST_ENTRY = 2**14
# What may be decoded in vain, in lengths of the body: faults must not make the work quadratic.
_VAIN_LENGTHS, _LEAST_VAIN = 4, 2**20
# What an attempt costs beside the text that it decodes.
_ATTEMPT_COST = 16
# What a nesting costs that is too deep for json to say where it gave up.
_DEPTH_COST = 2**14
# A double ends at 309 digits, and int() refuses 4,301.
_MOST_DIGITS = 400
_EXCERPT_BEFORE, _EXCERPT = 24, 72
_LONGEST_EXCERPT = 160

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_KEY = re.compile(_STRING + r"(?=[ \t\n\r]*:)", re.DOTALL)
_TOKEN = re.compile(_STRING + r"|[{}\[\],]", re.DOTALL)
_FIRST_KEY = re.compile(r'\{[ \t\n\r]*("[^"\\]*")[ \t\n\r]*:')
_BETWEEN = re.compile(r"\}[ \t\n\r]*,[ \t\n\r]*\Z")
_BRACKET = re.compile(r":[ \t\n\r]*+\[|[{\]]")
_BRACE = re.compile(r"\}[ \t\n\r]*\Z")
_TWO_BRACES = re.compile(r"\}[ \t\n\r]*\}[ \t\n\r]*\Z")
_LONE = re.compile("[\ud800-\udfff]")
_SUSPECT = re.compile("[\ud800-\udfff]|\\\\u[dD][89a-fA-F]")
_CLOSING = {"{": "}", "[": "]"}


class BrokenJsonError(ValueError):
    """A body that is not whole; the text says what is wrong and at which byte."""


class MalformedEntry(NamedTuple):
    """An entry that cannot be used, with its name and time where they can be read."""

    name: str = ""
    time: str = ""


class Form(NamedTuple):
    """What a body must have."""

    entries: str = ""
    """The member that is the list of entries."""
    fields: tuple[str, ...] = ()
    """What every entry has; without valid Unicode or a finite number in one of them an entry is malformed."""
    whole: tuple[str, ...] = ()
    """Members beside the list that must be intact where they are present."""
    proof: tuple[str, ...] = ()
    """One of them must be present where brackets, quotes or a member had to be guessed."""
    members: tuple[str, ...] = ()
    """Members that are entries themselves."""


class Body(NamedTuple):
    """What could be read."""

    answer: dict[str, Any]
    malformed: int
    """How many entries were rejected."""
    problem: str
    """What is wrong first and where, or nothing."""


def read(data: bytes, form: Form, late: Callable[[], bool] = lambda: False) -> Body:
    """Reads what can be separated; BrokenJsonError when the body around them is not whole, or it is late.

    An entry that cannot be used is `Malformed`. Elsewhere NaN and Infinity become None, and what is not
    valid Unicode becomes U+FFFD.
    """
    return _Reader(data, form, late).body()


class _Undecodable(Exception):
    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem)
        self.at = at


class _Exhausted(Exception):
    def __init__(self, at: int, problem: str = "too much of the body is malformed") -> None:
        super().__init__(problem)
        self.at = at


class _Text(str):
    """json counts the lines before each error, which takes as long as the text before it."""

    def count(self, *_: Any) -> int:
        return 0

    def rfind(self, *_: Any) -> int:
        return -1


class _NotFinite:
    """Stands for a bare NaN, Infinity or -Infinity."""


class _Reader:
    def __init__(self, data: bytes, form: Form, late: Callable[[], bool]) -> None:
        self._late = late
        self._encoding = json.detect_encoding(data)
        # An escaped byte and an unpaired surrogate are both recognised by their range afterwards.
        self._errors = "surrogateescape" if self._encoding.startswith("utf-8") else "surrogatepass"
        try:
            self._text = _Text(codecs.decode(bytes(data), self._encoding, self._errors))
        except UnicodeDecodeError as error:
            raise BrokenJsonError(f"not valid {self._encoding} at byte {error.start}") from None
        self._form = form
        self._vain = self._vain_extents = max(_VAIN_LENGTHS * len(self._text), _LEAST_VAIN)
        self._opening: re.Pattern[str] | None = None
        self._typical: set[str] = set()
        self._malformed = 0
        self._problem = ""
        self._constants = 0
        self._guessed = False
        self._farthest: _Undecodable | None = None
        self._decoder = json.JSONDecoder(strict=False, parse_constant=self._constant, parse_int=_int)
        members = "|".join(map(re.escape, form.members))
        self._member_name = re.compile(rf'"(?:{members})"(?=[ \t\n\r]*:)') if members else None

    def body(self) -> Body:
        try:
            begin = self._skip(0)
            if self._mark(begin) != "{":
                raise _Undecodable("not a JSON object", begin)
            answer = self._members(self._skip(begin + 1))
            self._prove(answer, len(self._text))
        except (_Undecodable, _Exhausted) as error:
            raise BrokenJsonError(self._located(error)) from None
        return Body(answer, self._malformed, self._problem)

    # The body around the entries.

    def _prove(self, answer: dict[str, Any], at: int) -> None:
        """Nobody can tell where a damaged body ends, or what a damaged member took with it."""
        if self._guessed and self._form.proof and not answer.keys() & set(self._form.proof):
            raise _Undecodable(f"no {self._form.proof[0]!r}", at)

    def _members(self, at: int, *, behind_list: bool = False) -> dict[str, Any]:
        """The members from the name at `at` to the end of the body."""
        answer: dict[str, Any] = {}
        while True:
            begin = at
            try:
                key, at = self._key(at)
                if key == self._form.entries and not behind_list and self._mark(at) == "[":
                    entries, behind = self._entries(self._skip(at + 1))
                    return answer | {key: entries} | behind
                answer[key], at = self._member(key, at)
                at = self._skip(at)
                if self._mark(at) != ",":
                    self._end(at)
                    return answer
                at = self._skip(at + 1)
            except _Undecodable as error:
                at = self._next_member(begin, error, answer)
                if at < 0:
                    return answer

    def _end(self, at: int) -> None:
        if self._mark(at) != "}" or self._skip(at + 1) != len(self._text):
            raise _Undecodable("expecting the end of the body", at)

    def _key(self, at: int) -> tuple[str, int]:
        if _KEY.match(self._text, at) is None:
            raise _Undecodable("expecting the name of a member", at)
        key, end = self._decode(at)
        return _clean(key), self._skip(self._skip(end) + 1)

    def _member(self, key: str, at: int) -> tuple[Any, int]:
        whole, constants = key in self._form.whole, self._constants
        try:
            value, end = self._decode(at)
        except _Undecodable as error:
            extent = self._extent(at)
            if whole or extent is None or not self._ends_member(at, extent):
                raise
            self._guessed = True
            return self._rejected(error), extent
        if constants == self._constants and not _SUSPECT.search(self._text, at, end):
            return value, end
        if whole:
            raise _Undecodable(f"{key!r} is not usable", at)
        if key not in self._form.members:
            return _clean(value), end
        return self._repaired(value, at), end

    def _ends_member(self, begin: int, at: int) -> bool:
        if self._member_name and self._member_name.search(self._text, begin, at):
            return False
        if self._mark(at) == ",":
            return _KEY.match(self._text, self._skip(at + 1)) is not None
        return self._mark(at) == "}" and self._skip(at + 1) == len(self._text)

    def _next_member(self, begin: int, error: _Undecodable, answer: dict[str, Any]) -> int:
        """Where the next of the form's members begins behind one that does not decode; -1 behind the last."""
        match = self._member_name.search(self._text, begin + 1) if self._member_name else None
        # A body that was cut short may end in a brace, but hardly in two.
        ends = _TWO_BRACES if set(self._form.members) - answer.keys() else _BRACE
        if self._member_name is None or (match is None and not ends.search(self._text, begin)):
            raise error
        self._rejected(error)
        return match.start() if match else -1

    # The entries of the list.

    def _entries(self, at: int) -> tuple[list[Any], dict[str, Any]]:
        """The entries from `at` to the end of the list, and the members behind it."""
        entries: list[Any] = []
        if first := _FIRST_KEY.match(self._text, at):
            self._opening = re.compile(rf"\{{[ \t\n\r]*{re.escape(first[1])}[ \t\n\r]*:")
        while True:
            if self._mark(at) == "]" and (behind := self._behind_list(at)) is not None:
                return entries, behind
            self._check(at)
            constants = self._constants
            try:
                if self._mark(at) == "[":
                    # It would take the end of the list for its own.
                    raise _Undecodable("an entry cannot be a list", at)
                value, end = self._decode(at)
                after = self._skip(end)
                separated = self._mark(after) in (",", "]")
                if not separated and not self._is_complete(value):
                    raise _Undecodable("expecting a comma or the end of the list", after)
            except _Undecodable as error:
                entries.append(self._rejected(error))
                at = self._next_entry(at, error)
                continue
            if not isinstance(value, dict):
                value = self._rejected(_Undecodable("an entry must be an object", at))
            elif constants != self._constants or _SUSPECT.search(self._text, at, end):
                value = self._repaired(value, at)
            elif not self._typical and self._is_complete(value):
                self._typical = set(value)
            entries.append(value)
            # Where only the comma is missing, the next entry begins right here.
            at = self._skip(after + 1) if self._mark(after) == "," else after

    def _behind_list(self, at: int) -> dict[str, Any] | None:
        """The members behind the bracket, when it is the one that ends the list."""
        after = self._skip(at + 1)
        saved = self._malformed, self._problem, self._guessed
        try:
            if self._mark(after) == ",":
                behind = self._members(self._skip(after + 1), behind_list=True)
            else:
                self._end(after)
                behind = {}
            if saved[2] and self._malformed > saved[0]:
                raise _Undecodable("a member behind the list is malformed", at)
            self._prove(behind, at)
            return behind
        except _Undecodable as error:
            self._malformed, self._problem, self._guessed = saved
            self._farthest = max(self._farthest or error, error, key=lambda tried: tried.at)
            self._spend(error.at - at, at)
            return None

    def _next_entry(self, begin: int, error: _Undecodable) -> int:
        """Where the next entry begins, or the list ends, after the one at `begin` that does not decode."""
        end = self._extent(begin)
        if end is not None and not self._ends_entry(begin, end):
            end = None
        self._guessed = self._guessed or end is None
        quote = self._text.find('"', begin)
        at, limit = begin + 1, len(self._text) if end is None else end
        while match := _BRACKET.search(self._text, at, limit):
            self._check(at)
            bracket, at = match.end() - 1, match.end()
            if self._mark(bracket) == "[":
                # A member's list; the objects in it are no entries.
                at = max(at, self._objects(self._skip(at)))
                self._spend(at - bracket, bracket)
            elif self._mark(bracket) == "]":
                if self._behind_list(bracket) is not None:
                    return bracket
            elif self._may_begin_entry(quote, bracket) and self._begins_entry(bracket):
                self._guessed = True
                return bracket
        if end is None:
            raise max(error, self._farthest or error, key=lambda tried: tried.at)
        return self._skip(end + 1) if self._mark(end) == "," else end

    def _ends_entry(self, begin: int, at: int) -> bool:
        """Whether an entry from `begin` can end before `at`, and is not cut within a list of its own."""
        cut = self._text.find("]", begin, at) >= 0 and self._ends_inside(self._skip(at + 1))
        return self._is_boundary(at) and not cut

    def _may_begin_entry(self, quote: int, at: int) -> bool:
        """Not so an object behind a member's name, such as `"bacnet_data": {`; `quote` is the first one."""
        before = at - 1
        while self._text[before] in " \t\n\r":
            before -= 1
        return self._text[before] != ":" or not 0 <= quote < before

    def _begins_entry(self, at: int) -> bool:
        try:
            value, end = self._decode(at)
        except _Undecodable:
            # Another malformed one, by its looks.
            before = self._text[max(0, at - _EXCERPT_BEFORE) : at]
            alike = self._opening and self._opening.match(self._text, at) and _BETWEEN.search(before)
            return bool(alike) and not self._ends_inside(at)
        if (
            self._is_complete(value)
            and 2 * len(self._typical & value.keys()) >= len(self._typical)
            and self._is_boundary(self._skip(end))
            and not self._ends_inside(at)
        ):
            return True
        self._spend(end - at, at)
        return False

    def _ends_inside(self, at: int) -> bool:
        """Whether the objects from `at` are in an entry's own list: the bracket behind them ends no other."""
        end = self._objects(at)
        if self._mark(end) == "{" and (extent := self._extent(end)) and self._mark(extent) in (",", "]"):
            # One that is malformed does not end them; the second one does, or this would take for ever.
            end = self._objects(self._skip(extent + 1)) if self._mark(extent) == "," else extent
        if self._mark(end) != "]" or self._behind_list(end) is not None:
            return False
        self._spend(end - at, at)
        return True

    def _objects(self, at: int) -> int:
        """Where the objects from `at`, with commas between them, end."""
        while self._mark(at) == "{":
            try:
                _, end = self._decode(at)
            except _Undecodable:
                break
            at = self._skip(end)
            if self._mark(at) != ",":
                break
            at = self._skip(at + 1)
        return at

    def _is_complete(self, value: Any) -> bool:
        return isinstance(value, dict) and value.keys() >= set(self._form.fields)

    def _is_boundary(self, at: int) -> bool:
        """Whether an entry can end before `at`."""
        if self._mark(at) == ",":
            return self._mark(self._skip(at + 1)) == "{"
        return self._mark(at) == "]" and self._behind_list(at) is not None

    # Values.

    def _decode(self, at: int) -> tuple[Any, int]:
        try:
            return self._decoder.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            self._spend(error.pos - at, at)
            raise _Undecodable(error.msg.removesuffix(" at"), error.pos) from None
        except RecursionError:
            self._spend(_DEPTH_COST, at)
            raise _Undecodable("nested too deeply", at) from None

    def _repaired(self, value: Any, at: int) -> Any:
        """The entry without what JSON does not allow, or malformed when that is in one of its fields."""
        if isinstance(value, _NotFinite):
            return self._rejected(_Undecodable("an entry is NaN or Infinity", at))
        try:
            if not isinstance(value, dict):
                return _clean(value)
            for field in self._form.fields:
                item = value.get(field)
                if isinstance(item, _NotFinite):
                    return self._unusable(f"{field!r} is NaN or Infinity", value, at)
                if isinstance(item, str) and _LONE.search(item):
                    return self._unusable(f"{field!r} is not valid Unicode", value, at)
            return _clean(value)
        except RecursionError:
            return self._rejected(_Undecodable("nested too deeply", at))

    def _unusable(self, problem: str, value: dict[str, Any], at: int) -> MalformedEntry:
        entry = self._rejected(_Undecodable(problem, at))
        return entry._replace(name=_valid(value.get("name")), time=_valid(value.get("time")))

    def _rejected(self, error: _Undecodable) -> MalformedEntry:
        self._malformed += 1
        self._problem = self._problem or self._located(error)
        return MalformedEntry()

    def _extent(self, at: int) -> int | None:
        """Where the value at `at` ends by its strings and brackets; None when they do not match."""
        self._check(at)
        stack: list[str] = []
        limit = min(at + _LONGEST_ENTRY, len(self._text))
        for match in _TOKEN.finditer(self._text, at, limit) if self._vain_extents > 0 else ():
            token = match[0]
            if token in _CLOSING:
                stack.append(_CLOSING[token])
            elif not stack and token in ",}]":
                return match.start()
            elif token in "}]":
                if stack.pop() != token:
                    break
                if not stack:
                    return self._skip(match.end())
        self._vain_extents -= limit - at
        return None

    def _constant(self, _: str) -> _NotFinite:
        self._constants += 1
        return _NotFinite()

    # Positions.

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _mark(self, at: int) -> str:
        return self._text[at : at + 1]

    def _check(self, at: int) -> None:
        if self._late():
            raise _Exhausted(at, "no time left to read what is malformed")

    def _spend(self, length: int, at: int) -> None:
        self._check(at)
        self._vain -= length + _ATTEMPT_COST
        if self._vain < 0:
            raise _Exhausted(at)

    def _located(self, error: _Undecodable | _Exhausted) -> str:
        offset = len(self._text[: error.at].encode(self._encoding, self._errors))
        excerpt = ascii(self._text[max(0, error.at - _EXCERPT_BEFORE) : error.at + _EXCERPT])
        return f"{error} at byte {offset}, near {excerpt[:_LONGEST_EXCERPT]}"


def _int(text: str) -> float:
    return int(text) if len(text) <= _MOST_DIGITS else float(text)


def _valid(text: Any) -> str:
    return text if isinstance(text, str) and not _LONE.search(text) else ""


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, _NotFinite):
        return None
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
