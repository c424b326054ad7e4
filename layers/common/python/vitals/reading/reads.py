"""The argument and the result of a read of the tiers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from vitals.aws.cost import Cost
from vitals.errors import DayFileError
from vitals.model.aggregates import Aggregates
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples
from vitals.model.timespan import day_name
from vitals.reading.plan import QueryPlan

Source = Literal["hot", "rollup", "archive", "athena"]

type Rows = Samples | Aggregates


@dataclass(frozen=True, slots=True)
class PlannedRead:
    """A plan with the ledger's records of its days at `now_ms`; `cost` counts its reads."""

    plan: QueryPlan
    records: Sequence[ArchiveRecord]
    now_ms: int
    cost: Cost


@dataclass(frozen=True, slots=True)
class DayFailure:
    """A day (YYYY-MM-DD) that could not be read, with its error."""

    day: str
    error: DayFileError


@dataclass(frozen=True, slots=True)
class ReadStats:
    """The tiers that answered, and the days that could not be read; both in order, without repetition."""

    sources: tuple[Source, ...] = ()
    failures: tuple[DayFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadResult[RowsT: Rows]:
    """Rows, with the stats of the reads that returned them."""

    rows: RowsT
    stats: ReadStats


def combined(reads: Iterable[ReadStats]) -> ReadStats:
    """Returns the stats of several reads as one; an error that several of them have counts once."""
    sources: dict[Source, None] = {}
    failures: dict[str, DayFailure] = {}
    for read in reads:
        sources |= dict.fromkeys(read.sources)
        for failure in read.failures:
            failures.setdefault(str(failure.error), failure)
    return ReadStats(tuple(sources), tuple(failures.values()))


def day_failures(errors: Mapping[int, DayFileError]) -> tuple[DayFailure, ...]:
    """Returns errors by day start as failures."""
    return tuple(DayFailure(day_name(day_ms), error) for day_ms, error in errors.items())
