"""Pages of readings: what of a span is visible, from a cursor on and up to a number of readings."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from local.ace_simulator.requests import Query, RequestError, page_size, time_range
from tests.simulation.ace.book import SiteBook
from tests.simulation.ace.readings import Batch, Version, batch
from vitals.model.timespan import Span


class Position(NamedTuple):
    """A reading from which a page goes on: its time, and the number of its point."""

    time_ms: int
    number: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a page continues: its number is `page`; a page has `limit` readings; `unique` makes it unique."""

    span: Span
    position: Position
    limit: int
    page: int = 1
    unique: int = 0

    def __str__(self) -> str:
        numbers = (*self.span_ms, *self.position, self.limit, self.page, self.unique)
        return "c" + ".".join(map(str, numbers))

    @property
    def span_ms(self) -> tuple[int, int]:
        return self.span.start_ms, self.span.end_ms

    def continued(self, position: Position, unique: int) -> "Cursor":
        """Returns the cursor of the page after this one."""
        return replace(self, position=position, page=self.page + 1, unique=unique)


@dataclass(slots=True)
class Page:
    """A page before it is a body; `end` is where the next one begins, None after the last."""

    cursor: Cursor
    batches: list[Batch]
    end: Position | None

    @property
    def size(self) -> int:
        return sum([len(current.versions) for current in self.batches])


def cursor_of(query: Query, draw_limit: Callable[[Span], int]) -> Cursor:
    """Returns the cursor of a request, or of a first page with a limit; RequestError when it is invalid."""
    start_us, end_us = time_range(query)
    span = Span(-(-start_us // 1000), -(-end_us // 1000))
    size = page_size(query)
    text = query.get("cursor", "")
    if not text:
        return Cursor(span, Position(span.start_ms), min(size, draw_limit(span)))
    try:
        start_ms, end_ms, time_ms, number, limit, page, unique = map(int, text[1:].split("."))
    except ValueError:
        raise RequestError(422, "cursor is invalid") from None
    if (start_ms, end_ms) != (span.start_ms, span.end_ms):
        raise RequestError(422, "cursor belongs to another request")
    return Cursor(span, Position(time_ms, number), limit, page, unique)


def read(book: SiteBook, cursor: Cursor, at_ms: int) -> Page:
    """Returns the page at a cursor, of what is visible at a time."""
    position, remaining = cursor.position, cursor.limit
    batches: list[Batch] = []
    for current in book.visible(Span(position.time_ms, cursor.span.end_ms), at_ms):
        if position.number and current.versions[0].time_ms == position.time_ms:
            current = _from(book, current, position)
        if remaining <= 0 and current.versions:
            return Page(cursor, batches, position_of(book, current.versions[0]))
        if len(current.versions) > remaining:
            end = position_of(book, current.versions[remaining])
            return Page(cursor, [*batches, batch(current.window_ms, current.versions[:remaining])], end)
        remaining -= len(current.versions)
        batches.append(current)
    return Page(cursor, batches, None)


def _from(book: SiteBook, current: Batch, position: Position) -> Batch:
    remaining = [row for row in current.versions if position_of(book, row) >= position]
    return batch(current.window_ms, remaining)


def position_of(book: SiteBook, version: Version) -> Position:
    """Returns the position at which a page begins with this reading."""
    return Position(version.time_ms, book.by_name[version.name].number)
