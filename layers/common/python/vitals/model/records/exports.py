"""Records of exports: an export, its plan, and its finished parts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitals.model.timespan import DAY_MS

if TYPE_CHECKING:
    pass

QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = "queued", "running", "completed", "failed", "cancelled"
# From the request on, so that no record outlives its files, which the bucket keeps as long from their making.
RETENTION_MS = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class Export:
    """One export of [start_ms, end_ms); times that have not come yet are 0.

    Whoever works on it holds the `claim`, until `claim_until_ms` at most; `last_try` is 1 when nobody follows
    if this one is killed. `points` counts them, and `rows`, `bytes` and `scanned` what the parts done have.
    """

    export: str
    site: str = ""
    status: str = QUEUED
    start_ms: int = 0
    end_ms: int = 0
    format: str = ""
    priority: str = ""
    points: int = 0
    requested_by: str = ""
    created_ms: int = 0
    started_ms: int = 0
    ended_ms: int = 0
    cancel_ms: int = 0
    claim: str = ""
    claim_until_ms: int = 0
    last_try: int = 0
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


@dataclass(frozen=True, slots=True)
class ExportPart:
    """A span within whole days that is read in one go: `archive` by SQL, or `day`, one day merged anew."""

    kind: str
    start_ms: int
    end_ms: int

    @property
    def days(self) -> int:
        return (self.end_ms - 1) // DAY_MS - self.start_ms // DAY_MS + 1


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What an export consists of; `ids` are the points asked for, or none for all."""

    parts: tuple[ExportPart, ...]
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FinishedPart:
    """What became of one part: names and bytes of its files, rows in them, and bytes that were scanned."""

    rows: int = 0
    scanned: int = 0
    files: tuple[tuple[str, int], ...] = ()

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files)
