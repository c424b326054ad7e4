"""Zinc, the text format of Project Haystack: grids as lines of values."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from typing import Any

import numpy as np

from vitals.errors import InvalidRequestError
from vitals.model.haystack.scanner import NAME, Scanner
from vitals.model.haystack.values import (
    MAX_COLUMNS,
    MAX_ROWS,
    Cells,
    Column,
    Coord,
    DateTime,
    Dict,
    Grid,
    Instants,
    Mark,
    Number,
    Ref,
    Symbol,
    Uri,
    Value,
    XStr,
    city,
)
from vitals.model.measures.local_time import local_iso

_MAX_DEPTH = 10
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\", "$": "\\$"}
# Line separators are no part of a line for every reader.
_ESCAPED = re.compile(r'[\x00-\x1f"\\$\x7f-\x9f\u2028\u2029]')
_ESCAPED_URI = re.compile(r"[\x00-\x1f`\\]")
_MARKS = {Mark.MARKER: "M", Mark.NA: "NA", Mark.REMOVE: "R"}
_SPECIAL = {"nan": "NaN", "inf": "INF", "-inf": "-INF"}
# A grid must have a column.
_NO_COLUMN = Column("empty", [])


def encode(grid: Grid) -> str:
    """Returns the grid as text; every number keeps its bits."""
    columns = grid.columns or [_NO_COLUMN]
    lines = [
        'ver:"3.0"' + _tags(grid.meta, " "),
        ",".join(column.name + _tags(column.meta, " ") for column in columns),
        *map(
            ",".join, zip(*(_cells(column.cells, alone=len(columns) == 1) for column in columns), strict=True)
        ),
    ]
    return "\n".join(lines) + "\n"


def text_of(value: Value | None) -> str:
    """Returns a value as text."""
    return _WRITERS[type(value)](value)


def instant_texts(instants: Instants) -> list[str]:
    """Returns times in the zone's local time, with the offset in force and the zone."""
    texts = (text.replace(".000", "", 1) for text in local_iso(instants.times, instants.zone))
    if instants.zone == "UTC":
        return [text.replace("+00:00", "Z") for text in texts]
    ending = f" {city(instants.zone)}"
    return [text + ending for text in texts]


def _cells(cells: Cells, *, alone: bool) -> Iterable[str]:
    if isinstance(cells, Instants):
        return instant_texts(cells)
    # A line without any character would end the grid.
    empty = "N" if alone else ""
    return (empty if value is None else text_of(value) for value in cells)


def _tags(tags: Dict, before: str) -> str:
    """Returns tags with a text before each; those of markers are their names alone."""
    return "".join(
        f"{before}{name}" if value is Mark.MARKER else f"{before}{name}:{text_of(value)}"
        for name, value in tags.items()
    )


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    return _ESCAPES.get(sign) or f"\\u{ord(sign):04x}"


def _escape_uri(match: re.Match[str]) -> str:
    sign = match[0]
    return f"\\{sign}" if sign in "`\\" else f"\\u{ord(sign):04x}"


def _number(value: Number) -> str:
    text = repr(value.value)
    # Zinc has no units of these.
    return _SPECIAL.get(text) or text + value.unit


def _ref(value: Ref) -> str:
    return f"@{value.id} {text_of(value.dis)}" if value.dis else f"@{value.id}"


# A datetime is a date, so the exact type decides.
_WRITERS: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "N",
    bool: lambda value: "T" if value else "F",
    str: lambda value: f'"{_ESCAPED.sub(_escape, value)}"',
    Number: _number,
    Mark: _MARKS.__getitem__,
    Ref: _ref,
    Symbol: lambda value: f"^{value.name}",
    Uri: lambda value: f"`{_ESCAPED_URI.sub(_escape_uri, value.text)}`",
    XStr: lambda value: f"{value.type}({text_of(value.text)})",
    Coord: lambda value: f"C({value.latitude},{value.longitude})",
    DateTime: lambda value: instant_texts(Instants(np.array([value.time_ms]), value.zone))[0],
    date: date.isoformat,
    time: time.isoformat,
    Grid: lambda value: f"<<\n{encode(value)}>>",
    dict: lambda value: f"{{{_tags(value, ' ').strip()}}}",
    list: lambda value: f"[{','.join(map(text_of, value))}]",
}


def decode(text: str, max_rows: int = MAX_ROWS) -> Grid:
    """Returns the grid that the text describes; InvalidRequestError for another text or too many rows."""
    reader = _Reader(Scanner(text.replace("\r\n", "\n"), "the grid"), max_rows)
    grid = reader.grid()
    reader.finish()
    return grid


def decode_value(text: str) -> Value | None:
    """Returns the one value that the text describes; InvalidRequestError for another text."""
    reader = _Reader(Scanner(text, "the value"), MAX_ROWS)
    value = reader.value()
    reader.finish()
    return value


class _Reader:
    def __init__(self, scanner: Scanner, max_rows: int) -> None:
        self._scanner = scanner
        self._max_rows = max_rows
        self._depth = 0

    def finish(self) -> None:
        """Raises InvalidRequestError unless only line ends follow."""
        self._scanner.skip_space()
        if not self._scanner.at_end:
            raise self._scanner.error("the end")

    def grid(self) -> Grid:
        """Returns the grid that must come next."""
        scanner = self._scanner
        scanner.expect("ver:")
        scanner.string()
        meta = self._dict()
        scanner.skip_blanks()
        scanner.expect("\n", "a line end")
        names, metas = self._header()
        rows: list[list[Value | None]] = []
        while scanner.skip("\n") and not scanner.at_end and not scanner.next_is("\n"):
            if scanner.next_is(">>"):
                break
            if len(rows) == self._max_rows:
                raise InvalidRequestError(f"a grid has at most {self._max_rows:,} rows")
            rows.append(self._row(len(names)))
        cells = [[row[index] for row in rows] for index in range(len(names))]
        return Grid([Column(*column) for column in zip(names, cells, metas, strict=True)], meta)

    def _header(self) -> tuple[list[str], list[Dict]]:
        names, metas = [], []
        while True:
            names.append(self._name())
            metas.append(self._dict())
            self._scanner.skip_blanks()
            if not self._scanner.skip(","):
                return names, metas
            if len(names) == MAX_COLUMNS:
                raise InvalidRequestError(f"a grid has at most {MAX_COLUMNS} columns")
            self._scanner.skip_blanks()

    def _row(self, length: int) -> list[Value | None]:
        """Returns the values of a line; those that are missing are None."""
        values: list[Value | None] = []
        while True:
            self._scanner.skip_blanks()
            values.append(None if self._at_end_of_cell() else self.value())
            self._scanner.skip_blanks()
            if not self._scanner.skip(","):
                break
        if len(values) > length:
            raise self._scanner.error(f"at most {length} values in the line")
        return values + [None] * (length - len(values))

    def _at_end_of_cell(self) -> bool:
        return self._scanner.at_end or self._scanner.next_is(",") or self._scanner.next_is("\n")

    def value(self) -> Value | None:
        """Returns the value that must come next."""
        scanner = self._scanner
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise InvalidRequestError(f"the grid has more than {_MAX_DEPTH} values in each other")
        if scanner.skip("["):
            value: Value | None = self._list()
        elif scanner.skip("{"):
            value = self._dict(with_commas=True)
            scanner.expect("}")
        elif scanner.skip("<<"):
            scanner.skip_space()
            value = self.grid()
            scanner.expect(">>")
        else:
            value = scanner.scalar()
            if isinstance(value, Ref):
                value = self._shown(value)
        self._depth -= 1
        return value

    def _shown(self, ref: Ref) -> Ref:
        """Returns the reference with the text that may follow it."""
        start = self._scanner.position
        self._scanner.skip_blanks()
        if self._scanner.next_is('"'):
            return Ref(ref.id, self._scanner.string())
        self._scanner.position = start
        return ref

    def _list(self) -> list[Value | None]:
        values: list[Value | None] = []
        self._scanner.skip_space()
        while not self._scanner.skip("]"):
            values.append(self.value())
            self._scanner.skip_space()
            if not self._scanner.skip(","):
                self._scanner.expect("]")
                break
            self._scanner.skip_space()
        return values

    def _dict(self, *, with_commas: bool = False) -> Dict:
        """Returns the tags that come next: `name` or `name:value`, separated by blanks or maybe commas."""
        tags: dict[str, Value] = {}
        while True:
            start = self._scanner.position
            self._scanner.skip_blanks()
            match = self._scanner.take(NAME)
            if not match:
                self._scanner.position = start
                return tags
            value = self.value() if self._scanner.skip(":") else Mark.MARKER
            if value is not None:
                tags[match[0]] = value
            if with_commas:
                self._scanner.skip_blanks()
                self._scanner.skip(",")

    def _name(self) -> str:
        match = self._scanner.take(NAME)
        if not match:
            raise self._scanner.error("the name of a column")
        return match[0]
