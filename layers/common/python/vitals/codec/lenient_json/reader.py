"""The members of a body around its list of entries."""

import re
from collections.abc import Callable
from typing import Any

from vitals.codec.lenient_json.entries import EntryList
from vitals.codec.lenient_json.findings import Findings, clean
from vitals.codec.lenient_json.forms import Body, BrokenJsonError, Form
from vitals.codec.lenient_json.text import STRING, BodyText, ExhaustedError, UndecodableError

_KEY = re.compile(STRING + r"(?=[ \t\n\r]*:)", re.DOTALL)
_BRACE = re.compile(r"\}[ \t\n\r]*\Z")
_TWO_BRACES = re.compile(r"\}[ \t\n\r]*\}[ \t\n\r]*\Z")


def read(data: bytes | bytearray, form: Form, is_late: Callable[[], bool] = lambda: False) -> Body:
    """Reads every entry that can be separated; BrokenJsonError when the body is incomplete, or `is_late`.

    An entry that cannot be used becomes a MalformedEntry. Elsewhere NaN and Infinity become None, and invalid
    Unicode becomes U+FFFD.
    """
    text = BodyText(data, is_late)
    try:
        return _Reader(text, form).body()
    except (UndecodableError, ExhaustedError) as error:
        raise BrokenJsonError(text.located(error)) from None


class _Reader:
    def __init__(self, text: BodyText, form: Form) -> None:
        self._text = text
        self._form = form
        self._findings = Findings(text, form)
        self._entries = EntryList(text, form, self._findings, self._tail)
        members = "|".join(map(re.escape, form.members))
        self._member_name = re.compile(rf'"(?:{members})"(?=[ \t\n\r]*:)') if members else None

    def body(self) -> Body:
        begin = self._text.skip(0)
        if self._text.mark(begin) != "{":
            raise UndecodableError("not a JSON object", begin)
        answer = self._members(self._text.skip(begin + 1))
        self._findings.prove(answer, len(self._text))
        return Body(answer, self._findings.malformed, self._findings.problem)

    def _members(self, position: int, *, is_tail: bool = False) -> dict[str, Any]:
        """Returns the members from the name at a position to the end of the body."""
        answer: dict[str, Any] = {}
        while True:
            begin = position
            try:
                key, position = self._key(position)
                if key == self._form.entries and not is_tail and self._text.mark(position) == "[":
                    entries, tail = self._entries.read(self._text.skip(position + 1))
                    return answer | {key: entries} | tail
                answer[key], position = self._member(key, position)
                position = self._text.skip(position)
                if self._text.mark(position) != ",":
                    self._expect_end(position)
                    return answer
                position = self._text.skip(position + 1)
            except UndecodableError as error:
                position = self._next_member(begin, error, answer)
                if position < 0:
                    return answer

    def _tail(self, position: int) -> dict[str, Any]:
        """Returns the members after the list, whose bracket is the character before the position."""
        if self._text.mark(position) == ",":
            return self._members(self._text.skip(position + 1), is_tail=True)
        self._expect_end(position)
        return {}

    def _expect_end(self, position: int) -> None:
        if not self._is_end(position):
            raise UndecodableError("expecting the end of the body", position)

    def _is_end(self, position: int) -> bool:
        return self._text.mark(position) == "}" and self._text.skip(position + 1) == len(self._text)

    def _key(self, position: int) -> tuple[str, int]:
        if _KEY.match(self._text.text, position) is None:
            raise UndecodableError("expecting the name of a member", position)
        key, end = self._text.decode(position)
        return clean(key), self._text.skip(self._text.skip(end) + 1)

    def _member(self, key: str, position: int) -> tuple[Any, int]:
        must_be_whole, constants = key in self._form.whole, self._text.constants
        try:
            value, end = self._text.decode(position)
        except UndecodableError as error:
            extent = self._text.extent(position)
            if must_be_whole or extent is None or not self._ends_member(position, extent):
                raise
            self._findings.is_guessed = True
            return self._findings.reject(error), extent
        if not self._findings.is_suspect(constants, position, end):
            return value, end
        if must_be_whole:
            raise UndecodableError(f"{key!r} must be valid JSON", position)
        if key not in self._form.members:
            return clean(value), end
        return self._findings.repaired(value, position), end

    def _ends_member(self, begin: int, position: int) -> bool:
        if self._member_name and self._member_name.search(self._text.text, begin, position):
            return False
        if self._text.mark(position) == ",":
            return _KEY.match(self._text.text, self._text.skip(position + 1)) is not None
        return self._is_end(position)

    def _next_member(self, begin: int, error: UndecodableError, answer: dict[str, Any]) -> int:
        """Returns the start of the form's next member after an undecodable one; -1 after the last."""
        match = self._member_name.search(self._text.text, begin + 1) if self._member_name else None
        # A body that was cut short may end in a brace, but hardly in two.
        ending = _TWO_BRACES if set(self._form.members) - answer.keys() else _BRACE
        if self._member_name is None or (match is None and not ending.search(self._text.text, begin)):
            raise error
        self._findings.reject(error)
        return match.start() if match else -1
