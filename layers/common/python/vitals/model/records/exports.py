"""Records of exports: an export, its plan, and the finished parts of it."""

from dataclasses import dataclass
from typing import Final, Literal

from vitals.model.timespan import DAY_MS, HOUR_MS

ExportStatus = Literal["queued", "running", "completed", "failed", "cancelled"]
ExportFormat = Literal["csv", "parquet", "arrow", "json"]
ExportForm = Literal["series", "table"]
ExportPriority = Literal["normal", "high"]

QUEUED: Final = "queued"
RUNNING: Final = "running"
COMPLETED: Final = "completed"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
# From the request on; the bucket keeps each file as long from its writing, so no record outlives its files.
RETENTION_MS = 7 * DAY_MS
# The kind of the parts whose rows are buckets.
BUCKETS: Final = "buckets"
# Longer than a message is hidden by the queues' VisibilityTimeout and a worker's longest delay together.
IDLE_MS = HOUR_MS


@dataclass(frozen=True, slots=True)
class Export:
    """An export of [start_ms, end_ms); times are UTC ms, and 0 before they are set.

    The worker that holds the `claim` may work on it until `claim_until_ms`. `last_try` is 1 in the last
    attempt, after which there is no other. `worked_ms` is when a worker last claimed or released the export,
    and `swept_ms` when a sweep last sent its message. Times in CSV and JSON are in `timezone`. `points` is
    the number of exported points; `rows`, `bytes` and `scanned` (bytes that Athena read) are the sums of the
    finished parts. From `form` to `days` are the parameters of a query, empty where the request has none;
    records of older releases, which lack them, are of raw series, those without a timezone in UTC.
    """

    export: str
    site: str = ""
    status: ExportStatus = QUEUED
    start_ms: int = 0
    end_ms: int = 0
    format: ExportFormat = "parquet"
    priority: ExportPriority = "normal"
    timezone: str = "UTC"
    form: ExportForm = "series"
    resolution: str = "raw"
    measure: str = ""
    fill: str = ""
    week_start: str = ""
    units: str = ""
    hours: str = ""
    days: str = ""
    points: int = 0
    requested_by: str = ""
    created_ms: int = 0
    started_ms: int = 0
    ended_ms: int = 0
    cancel_ms: int = 0
    claim: str = ""
    claim_until_ms: int = 0
    last_try: int = 0
    worked_ms: int = 0
    swept_ms: int = 0
    attempts: int = 0
    days_total: int = 0
    days_done: int = 0
    rows: int = 0
    bytes: int = 0
    scanned: int = 0
    error: str = ""

    @property
    def expires_ms(self) -> int:
        return self.created_ms + RETENTION_MS

    @property
    def is_final(self) -> bool:
        """Whether no worker continues it; one that failed continues when its dead letter is redriven."""
        return self.status in (COMPLETED, CANCELLED)

    def is_claimed(self, now_ms: int) -> bool:
        """Returns whether the claim of a worker runs."""
        return self.claim_until_ms >= now_ms

    def is_lost(self, now_ms: int) -> bool:
        """Returns whether the last attempt was killed, which could not record that the export failed."""
        return self.status == RUNNING and bool(self.last_try) and not self.is_claimed(now_ms)

    def is_idle(self, now_ms: int) -> bool:
        """Returns whether no worker had the export for so long that its message may be lost.

        Sweeps wait longer from one to the next, because the message may also be waiting behind others.
        """
        worked_ms = max(self.created_ms, self.worked_ms, self.claim_until_ms)
        idle_ms = max(IDLE_MS, self.swept_ms - worked_ms)
        has_ended = self.status not in (QUEUED, RUNNING) or self.is_lost(now_ms)
        return not has_ended and max(worked_ms, self.swept_ms) + idle_ms <= now_ms


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """The entry of an export in the index of those that may not have ended."""

    created_ms: int
    export: str


@dataclass(frozen=True, slots=True)
class ExportPart:
    """A span that is read at once.

    Of kind `archive` by SQL; `day`, one day merged from its tiers; `buckets`, whole buckets as a query reads
    them, which begin and end at any time of a day.
    """

    kind: str
    start_ms: int
    end_ms: int

    @property
    def days(self) -> int:
        if self.kind == BUCKETS:
            return max(1, round((self.end_ms - self.start_ms) / DAY_MS))
        return (self.end_ms - 1) // DAY_MS - self.start_ms // DAY_MS + 1


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """The parts of an export; `ids` are the points that were requested, empty for all.

    `columns` are those of a table: names of points, or sums of them. `holidays` (YYYY-MM-DD) are those of the
    site when an export of `days` was requested.
    """

    parts: tuple[ExportPart, ...]
    ids: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FinishedPart:
    """The result of a part: (name, bytes) of its files, their rows, and the bytes that Athena scanned."""

    rows: int = 0
    scanned: int = 0
    files: tuple[tuple[str, int], ...] = ()

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files)
