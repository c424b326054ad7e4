"""The shapes of the answers about backfills, for /openapi.json."""

from typing import Literal

from pydantic import Field

from vitals.http.described import Shape, answers


class Estimate(Shape):
    """What reading the days should take."""

    requests: int
    minutes: float
    dollars: float


class Planned(Shape):
    """What a run reads; `days_complete` are left out because the archive has them."""

    site_name: str
    start_date: str
    end_date: str
    force: bool
    days_total: int
    days_complete: int
    estimate: Estimate


class DryRun(Planned):
    """What a run would do."""

    dry_run: Literal[True]


class Started(Planned):
    """A run that has begun."""

    id: str
    status: Literal["running"]


class Run(Shape):
    """A run with its progress; `days_total` are those that it reads."""

    id: str
    site_name: str
    start_date: str
    end_date: str
    force: bool
    status: Literal["running", "succeeded", "partial", "failed", "cancelled"]
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


class Day(Shape):
    """The receipt of one day; `hours` of it are read."""

    date: str
    status: Literal["waiting", "reading", "done", "empty", "failed", "cancelled"]
    samples: int
    rejected: int
    requests: int
    hours: int
    attempts: int
    seconds: float
    error: str


class RunWithDays(Run):
    """A run with the receipt of each day that anybody came to."""

    days: list[Day]


class Runs(Shape):
    """A site's runs, newest first."""

    backfills: list[Run]


class Cancelled(Shape):
    """What became of the wish to cancel."""

    id: str
    status: Literal["running", "succeeded", "partial", "failed", "cancelled"]
    cancel_requested: bool = Field(description="false when the run had ended before")


# By the name of the route's function; only tools/openapi.py asks for them.
ANSWERS = {
    "start": {
        **answers(DryRun, "What it would take, for dry_run"),
        **answers(Started, "The run has begun", 404, 409, 413, 415, status=202),
    },
    "of_site": answers(Runs, "The site's runs", 404),
    "get": answers(RunWithDays, "The run with its days", 404),
    "cancel": {
        **answers(Cancelled, "The run had ended before"),
        **answers(Cancelled, "No further hour will be read", 404, status=202),
    },
}
