"""Whether the list of changes is right: each acknowledged setting once, after what was set before."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulation.oracle.problems import LOST, WRONG, Problems

DEFAULT_ZONE = "UTC"
_DEFAULTS = {"timezone": DEFAULT_ZONE}

type Setting = tuple[str, str]
"""What is set, and the subject: a site or a point."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A value that was to be set; `is_set` when that was acknowledged, else nobody knows."""

    what: str
    subject: str
    value: str
    is_set: bool


def check_changes(
    site: str, attempts: Sequence[Attempt], changes: Sequence[Mapping[str, Any]], problems: Problems
) -> None:
    """Compares the changes of a site, newest first, with the attempts in their order."""
    listed: dict[Setting, list[tuple[Any, Any]]] = defaultdict(list)
    for change in reversed(changes):
        listed[change["what"], change["subject"]].append((change["before"], change["after"]))
    # How many of a setting's changes the attempts so far may have made: one without an answer is in doubt.
    counts: dict[Setting, set[int]] = defaultdict(lambda: {0})
    for attempt in attempts:
        setting = (attempt.what, attempt.subject)
        values = [_DEFAULTS.get(attempt.what), *(after for _, after in listed[setting])]
        earlier = counts[setting]
        counts[setting] = {new for n in earlier for new in _counts(attempt, n, listed[setting], values[n])}
        if not counts[setting]:
            before = " or ".join(sorted({str(values[n]) for n in earlier}))
            problems.add(LOST, f"{site}: no change of {setting} from {before} to {attempt.value}")
            return
    for setting, rows in listed.items():
        if len(rows) not in counts[setting]:
            others = rows[max(counts[setting]) :]
            problems.add(WRONG, f"{site}: changes of {setting} that nobody made, or twice: {others}")
    times = [change["time"] for change in changes]
    if times != sorted(times, reverse=True):
        problems.add(WRONG, f"{site}: the changes are not newest first")


def _counts(attempt: Attempt, count: int, rows: Sequence[tuple[Any, Any]], value: Any) -> Iterator[int]:
    """Yields how many changes there may be after an attempt, with so many before it and this value."""
    if rows[count : count + 1] == [(value, attempt.value)]:
        yield count + 1
    if not attempt.is_set or attempt.value == value:
        yield count


def settings_after(changes: Sequence[Mapping[str, Any]]) -> dict[Setting, Any]:
    """Returns the value of each setting after the changes, which are newest first."""
    return {(change["what"], change["subject"]): change["after"] for change in reversed(changes)}
