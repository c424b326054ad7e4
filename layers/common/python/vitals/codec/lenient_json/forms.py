"""What a body must have, and what was read of it."""

from typing import Any, NamedTuple


class BrokenJsonError(ValueError):
    """The body is not whole; the text says what is wrong and at which byte."""


class MalformedEntry(NamedTuple):
    """An entry that cannot be used, with its name and time where they can be read."""

    name: str = ""
    time: str = ""


class Form(NamedTuple):
    """What a body must have."""

    entries: str = ""
    """The member that is the list of entries."""
    fields: tuple[str, ...] = ()
    """Fields of every entry; an entry is malformed when one of them is not valid Unicode or not finite."""
    whole: tuple[str, ...] = ()
    """Members beside the list that must be intact where they are present."""
    proof: tuple[str, ...] = ()
    """Members of which one must be present where brackets, quotes or a member had to be guessed."""
    members: tuple[str, ...] = ()
    """Members that are entries themselves."""


class Body(NamedTuple):
    """What was read of a body."""

    answer: dict[str, Any]
    malformed: int
    """How many entries were rejected."""
    problem: str
    """The first fault and its position; empty when there is none."""
