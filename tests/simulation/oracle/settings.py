"""Whether the list of changes is right: each acknowledged setting once, after what was set before."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulation.oracle.problems import LOST, WRONG, Problems

DEFAULT_ZONE = "UTC"

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
    state: dict[Setting, Any] = {("timezone", site): DEFAULT_ZONE}
    for attempt in attempts:
        setting = (attempt.what, attempt.subject)
        before = state.get(setting)
        if listed[setting][:1] == [(before, attempt.value)]:
            state[setting] = listed[setting].pop(0)[1]
        elif attempt.is_set and attempt.value != before:
            problems.add(LOST, f"{site}: no change of {setting} from {before} to {attempt.value}")
            return
    for setting, rest in listed.items():
        if rest:
            problems.add(WRONG, f"{site}: changes of {setting} that nobody made, or twice: {rest}")
    times = [change["time"] for change in changes]
    if times != sorted(times, reverse=True):
        problems.add(WRONG, f"{site}: the changes are not newest first")


def settings_after(changes: Sequence[Mapping[str, Any]]) -> dict[Setting, Any]:
    """Returns the value of each setting after the changes, which are newest first."""
    return {(change["what"], change["subject"]): change["after"] for change in reversed(changes)}
