"""The faults so far: entries that were repaired or rejected, and whether something was guessed."""

import re
from typing import Any

from vitals.codec.lenient_json.forms import Form, MalformedEntry
from vitals.codec.lenient_json.text import BodyText, NotFinite, UndecodableError

_SURROGATE = re.compile("[\ud800-\udfff]")
_MAY_HAVE_SURROGATES = re.compile("[\ud800-\udfff]|\\\\u[dD][89a-fA-F]")
_REPLACEMENT = "\ufffd"

type Snapshot = tuple[int, str, bool]


class Findings:
    """The faults of a body."""

    def __init__(self, text: BodyText, form: Form) -> None:
        self._text = text
        self._form = form
        self.malformed = 0
        """The number of rejected entries."""
        self.problem = ""
        """The first of them, with its position."""
        self.is_guessed = False
        """Whether brackets, quotes or a member had to be guessed."""

    def snapshot(self) -> Snapshot:
        """Returns the current findings, for `restore`."""
        return self.malformed, self.problem, self.is_guessed

    def restore(self, snapshot: Snapshot) -> None:
        """Drops the findings after a snapshot."""
        self.malformed, self.problem, self.is_guessed = snapshot

    def reject(self, error: UndecodableError) -> MalformedEntry:
        """Counts an entry that cannot be used, and returns a MalformedEntry in its place."""
        self.malformed += 1
        self.problem = self.problem or self._text.located(error)
        return MalformedEntry()

    def prove(self, answer: dict[str, Any], position: int) -> None:
        """Raises UndecodableError when something was guessed and the answer has no proof that it is complete.

        The end and the members of a damaged body are unknown.
        """
        if self.is_guessed and self._form.proof and not answer.keys() & set(self._form.proof):
            raise UndecodableError(f"no {self._form.proof[0]!r}", position)

    def is_suspect(self, constants: int, begin: int, end: int) -> bool:
        """Returns whether the value from `begin` to `end` needs repair; there were `constants` before it."""
        return constants != self._text.constants or bool(
            _MAY_HAVE_SURROGATES.search(self._text.text, begin, end)
        )

    def repaired(self, value: Any, position: int) -> Any:
        """Returns the entry as valid JSON; rejects an entry that is invalid in a field of the form.

        NaN and Infinity become None, and invalid Unicode becomes U+FFFD.
        """
        if isinstance(value, NotFinite):
            return self.reject(UndecodableError("an entry is NaN or Infinity", position))
        try:
            if isinstance(value, dict) and (problem := self._field_problem(value)):
                entry = self.reject(UndecodableError(problem, position))
                return entry._replace(
                    name=_valid_text(value.get("name")), time=_valid_text(value.get("time"))
                )
            return clean(value)
        except RecursionError:
            return self.reject(UndecodableError("nested too deeply", position))

    def _field_problem(self, entry: dict[str, Any]) -> str:
        for field in self._form.fields:
            value = entry.get(field)
            if isinstance(value, NotFinite):
                return f"{field!r} is NaN or Infinity"
            if isinstance(value, str) and _SURROGATE.search(value):
                return f"{field!r} is not valid Unicode"
        return ""


def clean(value: Any) -> Any:
    """Returns the value with None for NaN and Infinity, and U+FFFD for invalid Unicode."""
    if isinstance(value, str):
        return _SURROGATE.sub(_REPLACEMENT, value)
    if isinstance(value, NotFinite):
        return None
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value


def _valid_text(value: Any) -> str:
    return value if isinstance(value, str) and not _SURROGATE.search(value) else ""
