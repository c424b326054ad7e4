"""The expected form of a body, and the result of reading it."""

from typing import Any, NamedTuple


class BrokenJsonError(ValueError):
    """The body is incomplete; the message has the fault and its byte."""


class MalformedEntry(NamedTuple):
    """An entry that cannot be used, with its name and time where they can be read."""

    name: str = ""
    time: str = ""


class Form(NamedTuple):
    """The expected form of a body."""

    entries: str = ""
    """The member that is the list of entries."""
    fields: tuple[str, ...] = ()
    """Fields of every entry; an entry is malformed when one of them is not valid Unicode or not finite."""
    whole: tuple[str, ...] = ()
    """Members outside the list that must be valid if they are present."""
    proof: tuple[str, ...] = ()
    """One of these members must be present if brackets, quotes or a member were guessed."""
    members: tuple[str, ...] = ()
    """Members that are entries themselves."""


class Body(NamedTuple):
    """The result of reading a body."""

    answer: dict[str, Any]
    malformed: int
    """The number of rejected entries."""
    problem: str
    """The first fault and its position; empty when there is none."""
