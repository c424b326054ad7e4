"""Records of backfills: a run, a day of a run, and the lock of a site."""

from dataclasses import dataclass
from typing import Literal

RunStatus = Literal["running", "succeeded", "partial", "failed", "cancelled"]
DayStatus = Literal["waiting", "reading", "done", "empty", "failed", "cancelled"]

RUNNING: Literal["running"] = "running"


@dataclass(frozen=True, slots=True)
class Run:
    """One backfill, both dates included; times are UTC ms, and 0 before they are set.

    `force` is 1 when complete days are read too, else 0. `rebuild` is 1 when archived days are archived again
    without the upstream, else 0.
    """

    run: str
    site: str = ""
    start_date: str = ""
    end_date: str = ""
    force: int = 0
    status: RunStatus = RUNNING
    requested_by: str = ""
    started_ms: int = 0
    ended_ms: int = 0
    cancel_ms: int = 0
    days_total: int = 0
    days_complete: int = 0
    days: str = ""
    """The days to read, YYYY-MM-DD, separated by commas."""
    error: str = ""
    rebuild: int = 0


@dataclass(frozen=True, slots=True)
class RunDay:
    """One day of a run. `status` is waiting, reading, done, empty, failed or cancelled.

    `hours` is the number of hours that were read, `seconds` the time of all attempts. A failed day may be
    retried while the run is running.
    """

    day: str
    status: DayStatus = "waiting"
    samples: int = 0
    rejected: int = 0
    requests: int = 0
    hours: int = 0
    attempts: int = 0
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class BackfillLock:
    """The run that has the lock of a site, and the time (UTC ms) since when."""

    run: str
    taken_ms: int
