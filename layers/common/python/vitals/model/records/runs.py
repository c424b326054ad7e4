"""Records of backfills: a run, a day of it, and the lock of a site."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass

RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Run:
    """One backfill, both dates included; `force` is 1 or 0, `ended_ms` and `cancel_ms` are 0 at first."""

    run: str
    site: str = ""
    start_date: str = ""
    end_date: str = ""
    force: int = 0
    status: str = RUNNING
    requested_by: str = ""
    started_ms: int = 0
    ended_ms: int = 0
    cancel_ms: int = 0
    days_total: int = 0
    days_complete: int = 0
    days: str = ""
    """The days to read, YYYY-MM-DD, separated by commas."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class RunDay:
    """One day of a run: waiting, reading, done, empty, failed or cancelled; `hours` of it are read.

    While the run goes on a day that failed may be tried again. `seconds` is of all attempts.
    """

    day: str
    status: str = "waiting"
    samples: int = 0
    rejected: int = 0
    requests: int = 0
    hours: int = 0
    attempts: int = 0
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class BackfillLock:
    """Which run holds a site, and since when (UTC ms)."""

    run: str
    taken_ms: int
