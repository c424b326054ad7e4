"""The list of entries, and the search for the next one after a fault.

After an entry that does not decode, the next begins at a brace from which an object decodes that has the
fields of an entry, and that is followed by another entry or by the end of the list. Neighbours that are both
malformed are distinguished by their brackets, or by the first name that entries begin with. An entry's own
list may hold objects that look like entries (docs/decisions/0014).
"""

import re
from collections.abc import Callable
from typing import Any

from vitals.codec.lenient_json.findings import Findings
from vitals.codec.lenient_json.forms import Form
from vitals.codec.lenient_json.text import BodyText, UndecodableError

_FIRST_KEY = re.compile(r'\{[ \t\n\r]*("[^"\\]*")[ \t\n\r]*:')
_BETWEEN_ENTRIES = re.compile(r"\}[ \t\n\r]*,[ \t\n\r]*\Z")
_BRACKET = re.compile(r":[ \t\n\r]*+\[|[{\]]")

type Members = dict[str, Any]


class EntryList:
    """Reads the entries of a list; `read_tail` reads the members after the bracket at a position."""

    def __init__(
        self, text: BodyText, form: Form, findings: Findings, read_tail: Callable[[int], Members]
    ) -> None:
        self._text = text
        self._fields = set(form.fields)
        self._findings = findings
        self._read_tail = read_tail
        self._opening: re.Pattern[str] | None = None
        self._typical: set[str] = set()
        self._farthest: UndecodableError | None = None

    def read(self, position: int) -> tuple[list[Any], Members]:
        """Returns the entries from `position` to the end of the list, and the members after it."""
        entries: list[Any] = []
        if first := _FIRST_KEY.match(self._text.text, position):
            self._opening = re.compile(rf"\{{[ \t\n\r]*{re.escape(first[1])}[ \t\n\r]*:")
        while True:
            if self._text.mark(position) == "]" and (tail := self._tail(position)) is not None:
                return entries, tail
            self._text.check(position)
            try:
                entry, position = self._entry(position)
            except UndecodableError as error:
                entry = self._findings.reject(error)
                position = self._next_entry(position, error)
            entries.append(entry)

    def _entry(self, position: int) -> tuple[Any, int]:
        """Returns the entry at a position, and where the next one begins or the list ends."""
        if self._text.mark(position) == "[":
            # Its end could be mistaken for the end of the list of entries.
            raise UndecodableError("an entry cannot be a list", position)
        constants = self._text.constants
        value, end = self._text.decode(position)
        after = self._text.skip(end)
        mark = self._text.mark(after)
        if mark not in (",", "]") and not self._is_complete(value):
            raise UndecodableError("expecting a comma or the end of the list", after)
        is_suspect = self._findings.is_suspect(constants, position, end)
        # Where only the comma is missing, the next entry begins right here.
        return self._usable(value, position, is_suspect=is_suspect), (
            self._text.skip(after + 1) if mark == "," else after
        )

    def _usable(self, value: Any, position: int, *, is_suspect: bool) -> Any:
        if not isinstance(value, dict):
            return self._findings.reject(UndecodableError("an entry must be an object", position))
        if is_suspect:
            return self._findings.repaired(value, position)
        if not self._typical and self._is_complete(value):
            self._typical = set(value)
        return value

    def _tail(self, position: int) -> Members | None:
        """Returns the members after a bracket if it ends the list."""
        before = self._findings.snapshot()
        malformed, _, was_guessed = before
        try:
            tail = self._read_tail(self._text.skip(position + 1))
            if was_guessed and self._findings.malformed > malformed:
                raise UndecodableError("a member after the list is malformed", position)
            self._findings.prove(tail, position)
            return tail
        except UndecodableError as error:
            self._findings.restore(before)
            self._farthest = self._farther(error)
            self._text.spend(error.position - position, position)
            return None

    def _farther(self, error: UndecodableError) -> UndecodableError:
        return max(self._farthest or error, error, key=lambda tried: tried.position)

    def _next_entry(self, begin: int, error: UndecodableError) -> int:
        """Returns where the next entry begins, or the list ends, after the undecodable one at `begin`."""
        end = self._text.extent(begin)
        if end is not None and not self._ends_entry(begin, end):
            end = None
        self._findings.is_guessed = self._findings.is_guessed or end is None
        boundary = self._boundary_within(begin, len(self._text) if end is None else end)
        if boundary is not None:
            return boundary
        if end is None:
            # The error itself where both are as far.
            raise max(error, self._farthest or error, key=lambda tried: tried.position)
        return self._text.skip(end + 1) if self._text.mark(end) == "," else end

    def _boundary_within(self, begin: int, limit: int) -> int | None:
        """Returns the first brace after `begin` that begins an entry, or the bracket that ends the list."""
        text, position = self._text, begin + 1
        first_quote = text.text.find('"', begin)
        while match := _BRACKET.search(text.text, position, limit):
            text.check(position)
            bracket, position = match.end() - 1, match.end()
            mark = text.mark(bracket)
            if mark == "[":
                # A member's list; the objects in it are not entries.
                position = max(position, text.objects_end(text.skip(position)))
                text.spend(position - bracket, bracket)
            elif mark == "]":
                if self._tail(bracket) is not None:
                    return bracket
            elif not self._is_member(bracket, first_quote) and self._begins_entry(bracket):
                self._findings.is_guessed = True
                return bracket
        return None

    def _is_member(self, position: int, first_quote: int) -> bool:
        """Returns whether the object follows a member's name, as in `"bacnet_data": {`."""
        before = position - 1
        while self._text.text[before] in " \t\n\r":
            before -= 1
        return self._text.text[before] == ":" and 0 <= first_quote < before

    def _begins_entry(self, position: int) -> bool:
        try:
            value, end = self._text.decode(position)
        except UndecodableError:
            return self._looks_like_entry(position) and not self._ends_inside(position)
        if (
            self._is_complete(value)
            and 2 * len(self._typical & value.keys()) >= len(self._typical)
            and self._is_boundary(self._text.skip(end))
            and not self._ends_inside(position)
        ):
            return True
        self._text.spend(end - position, position)
        return False

    def _looks_like_entry(self, position: int) -> bool:
        """Returns whether another malformed entry seems to begin there."""
        return bool(
            self._opening
            and self._opening.match(self._text.text, position)
            and _BETWEEN_ENTRIES.search(self._text.before(position))
        )

    def _ends_entry(self, begin: int, position: int) -> bool:
        """Returns whether an entry from `begin` can end before a position, outside a list inside it."""
        has_list = self._text.text.find("]", begin, position) >= 0
        is_inside = has_list and self._ends_inside(self._text.skip(position + 1))
        return self._is_boundary(position) and not is_inside

    def _ends_inside(self, position: int) -> bool:
        """Returns whether the objects from a position on are in a list inside an entry.

        They are if the bracket after them does not end the list of entries.
        """
        text = self._text
        end = text.objects_end(position)
        if text.mark(end) == "{" and (extent := text.extent(end)) and text.mark(extent) in (",", "]"):
            # One that is malformed does not end them; the second one does, or this would not end.
            end = text.objects_end(text.skip(extent + 1)) if text.mark(extent) == "," else extent
        if text.mark(end) != "]" or self._tail(end) is not None:
            return False
        text.spend(end - position, position)
        return True

    def _is_complete(self, value: Any) -> bool:
        return isinstance(value, dict) and value.keys() >= self._fields

    def _is_boundary(self, position: int) -> bool:
        """Returns whether an entry can end before a position."""
        mark = self._text.mark(position)
        if mark == ",":
            return self._text.mark(self._text.skip(position + 1)) == "{"
        return mark == "]" and self._tail(position) is not None
