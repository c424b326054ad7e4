"""The argument and the result of a read of the tiers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vitals.aws.cost import Cost
from vitals.errors import DayFileError
from vitals.model.measures.counters import Event
from vitals.model.measures.measure import BucketRows
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples
from vitals.model.timespan import day_name
from vitals.reading.plan import QueryPlan
from vitals.reading.queries.ahead import HotAhead

Source = Literal["hot", "rollup", "archive", "athena"]

type Rows = Samples | BucketRows


@dataclass(frozen=True, slots=True)
class PlannedRead:
    """A plan with the ledger's records of the days of its context at `now_ms`; `cost` counts its reads.

    The site is synced until `synced_until_ms`, None when it never was. `ahead` is what is being read already.
    """

    plan: QueryPlan
    records: Sequence[ArchiveRecord]
    now_ms: int
    cost: Cost
    synced_until_ms: int | None = None
    ahead: HotAhead | None = None


@dataclass(frozen=True, slots=True)
class DayFailure:
    """A day (YYYY-MM-DD) that could not be read, with its error."""

    day: str
    error: DayFileError


@dataclass(frozen=True, slots=True)
class ReadStats:
    """The tiers that answered, and the days that could not be read; both in order, without repetition.

    `events` are the unusual steps of counters. `is_provisional`: samples outside of the days of the
    ledger's records count too, so that the result may change while these records do not.
    """

    sources: tuple[Source, ...] = ()
    failures: tuple[DayFailure, ...] = ()
    events: tuple[Event, ...] = ()
    is_provisional: bool = False

    def until(self, end_ms: int) -> "ReadStats":
        """Returns the stats without events from a time on."""
        return replace(self, events=tuple(event for event in self.events if event.time_ms < end_ms))


@dataclass(frozen=True, slots=True)
class ReadResult[RowsT: Rows]:
    """Rows, with the stats of the reads that returned them."""

    rows: RowsT
    stats: ReadStats


def combined(reads: Iterable[ReadStats]) -> ReadStats:
    """Returns the stats of several reads as one; an error that several of them have counts once."""
    sources: dict[Source, None] = {}
    failures: dict[str, DayFailure] = {}
    reads = list(reads)
    for read in reads:
        sources |= dict.fromkeys(read.sources)
        for failure in read.failures:
            failures.setdefault(str(failure.error), failure)
    return ReadStats(
        sources=tuple(sources),
        failures=tuple(failures.values()),
        events=tuple(event for read in reads for event in read.events),
        is_provisional=any(read.is_provisional for read in reads),
    )


def day_failures(errors: Mapping[int, DayFileError]) -> tuple[DayFailure, ...]:
    """Returns errors by day start as failures."""
    return tuple(DayFailure(day_name(day_ms), error) for day_ms, error in errors.items())
