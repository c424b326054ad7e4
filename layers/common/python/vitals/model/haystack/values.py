"""The kinds of values that Project Haystack defines, and grids of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from enum import Enum

from vitals.model.samples import Times


class Mark(Enum):
    """The kinds that have one value each."""

    MARKER = "marker"
    NA = "na"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Number:
    """A number, with the symbol of its unit or without one."""

    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a record by its id; `dis` is only shown."""

    id: str
    dis: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Symbol:
    """The name of a definition."""

    name: str


@dataclass(frozen=True, slots=True)
class Uri:
    """An address."""

    text: str


@dataclass(frozen=True, slots=True)
class XStr:
    """A text of another type."""

    type: str
    text: str


@dataclass(frozen=True, slots=True)
class Coord:
    """A position in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class DateTime:
    """An instant (UTC ms), written in the local time of `zone`, an IANA name."""

    time_ms: int
    zone: str = field(default="UTC", compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Instants:
    """A column of instants (UTC ms), written in the local time of `zone`."""

    times: Times
    zone: str

    def __len__(self) -> int:
        return len(self.times)


# A request has few of both; an answer that is read back may have more rows.
MAX_COLUMNS = 100
MAX_ROWS = 10_000

type Value = (
    bool
    | str
    | Mark
    | Number
    | Ref
    | Symbol
    | Uri
    | XStr
    | Coord
    | DateTime
    | date
    | time
    | Sequence[Value | None]
    | Mapping[str, Value]
    | Grid
)
type Dict = Mapping[str, Value]
type Cells = Sequence[Value | None] | Instants


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a grid: a value, or None, for each row."""

    name: str
    cells: Cells
    meta: Dict = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with meta data of its own and of its columns, which are all of one length."""

    columns: Sequence[Column]
    meta: Dict = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Sequence[Dict], meta: Dict | None = None) -> "Grid":
        """Returns the grid of these rows; a column for each name, in the order of appearance."""
        names = dict.fromkeys(name for row in rows for name in row)
        return cls([Column(name, [row.get(name) for row in rows]) for name in names], meta or {})

    def rows(self) -> list[Dict]:
        """Returns the rows without their empty cells; the grid has no column of instants."""
        columns = [column.cells for column in self.columns if not isinstance(column.cells, Instants)]
        names = [column.name for column in self.columns]
        return [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in zip(*columns, strict=True)
        ]


def city(zone: str) -> str:
    """Returns the name that Haystack has for a zone: the last segment of its IANA name."""
    return zone.rpartition("/")[2]
