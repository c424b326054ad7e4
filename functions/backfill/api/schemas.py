"""The answers about backfills: the one definition, which the views return and /openapi.json describes."""

from typing import Literal, TypedDict

from vitals.model.records.runs import DayStatus, RunStatus


class Estimate(TypedDict):
    """What reading the days is expected to take."""

    requests: int
    minutes: float
    dollars: float


class Planned(TypedDict):
    """What a run reads or rebuilds; `days_complete` are skipped because the archive has them."""

    site_name: str
    start_date: str
    end_date: str
    force: bool
    rebuild: bool
    days_total: int
    days_complete: int
    estimate: Estimate


class DryRun(Planned):
    """What a run would do."""

    dry_run: Literal[True]


class Started(Planned):
    """A run that has started."""

    id: str
    status: Literal["running"]


class Run(TypedDict):
    """A run with its progress; it reads `days_total` days."""

    id: str
    site_name: str
    start_date: str
    end_date: str
    force: bool
    rebuild: bool
    """Archived days are archived again, without requests to the upstream."""
    status: RunStatus
    requested_by: str
    started_at: str
    ended_at: str | None
    cancel_requested: bool
    progress_percent: float
    days_total: int
    days_complete: int
    days_done: int
    days_empty: int
    days_failed: int
    days_cancelled: int
    samples: int
    requests: int
    samples_per_second: float
    estimated_end: str | None
    error: str


class Day(TypedDict):
    """The progress of one day; `hours` of it are read."""

    date: str
    status: DayStatus
    samples: int
    rejected: int
    requests: int
    hours: int
    attempts: int
    seconds: float
    error: str


class RunWithDays(Run):
    """A run with the progress of each day."""

    days: list[Day]


class Runs(TypedDict):
    """A site's runs, newest first."""

    backfills: list[Run]


class Cancelled(TypedDict):
    """Result of a cancel request."""

    id: str
    status: RunStatus
    cancel_requested: bool
    """False when the run had already ended."""
