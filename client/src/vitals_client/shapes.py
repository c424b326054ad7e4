"""What the API answers, as it answers it: dicts of these keys, and of more that nobody needs to know."""

from typing import Literal, NotRequired, TypedDict


class WarningDetail(TypedDict):
    """A warning with its code, and with what it is about."""

    code: str
    text: str
    point_name: NotRequired[str]
    day: NotRequired[str]
    site_name: NotRequired[str]


class Site(TypedDict):
    """A site with how far it is synced."""

    site_name: str
    display_name: str
    points: int
    synced_from: str | None
    synced_until: str | None
    lag_seconds: int | None


class Point(TypedDict):
    """A point as it is listed upstream."""

    point_name: str
    display_name: str
    unit: str
    tags: list[str]
    interval_seconds: int | None
    description: str
    device: str | None
    equipment: str | None


class Newest(TypedDict):
    """A point's newest sample; `timestamp` is UTC ms, null when there is none within 24 hours.

    `last_seen` is that time, or else the start of the last archived hour with samples; null when never seen.
    """

    point_name: str
    timestamp: int | None
    value: float | None
    unit: str
    last_seen: int | None


class Tag(TypedDict):
    """A marker, or a pair as key=value, with how many points have it."""

    tag: str
    points: int


class Equipment(TypedDict):
    """A piece of equipment with how many points it has."""

    equipment: str
    device: str | None
    points: int


class Tags(TypedDict):
    """What the points of a site can be told apart by."""

    site_name: str
    tags: list[Tag]
    equipment: list[Equipment]


class CoverageDay(TypedDict):
    """Of a day's windows of five minutes, how many were asked for and how many have data."""

    date: str
    windows_expected: int
    windows_polled: int
    windows_with_data: int
    samples: int
    archive: Literal["", "verified", "done"]
    archived_samples: int
    settled: bool


class Coverage(TypedDict):
    """The days of a site."""

    site_name: str
    windows_per_day: int
    days: list[CoverageDay]


class SiteStatus(TypedDict):
    """How a site is doing; `rejected` counts readings of the latest sync by reason."""

    site_name: str
    display_name: str
    points: int
    synced_from: str | None
    synced_until: str | None
    lag_seconds: int | None
    late: bool
    overdue: bool
    rejected: dict[str, int]
    rejected_since: str | None
    rejected_until: str | None
    unarchived_days: list[str]
    unarchived_count: int | None
    upstream_paused_until: str | None


class Status(TypedDict):
    """How the sites are doing; `dead_letters` is null for tokens that do not grant every site.

    A count is null when it could not be read, which `warnings` says.
    """

    sites: list[SiteStatus]
    dead_letters: dict[str, int | None] | None
    warnings: list[str]
    warning_details: list[WarningDetail]


class Health(TypedDict):
    """Whether every site is synced."""

    status: Literal["ok", "degraded"]
    lag_seconds: int | None


class ExportFile(TypedDict):
    """A file of an export, behind a link that needs no token."""

    name: str
    bytes: int
    url: str


class Export(TypedDict):
    """An export with its progress; times are ISO 8601, null when they have not come yet."""

    id: str
    status: Literal["queued", "running", "completed", "failed", "cancelled"]
    progress_percent: float
    site_name: str
    start_time: str
    end_time: str
    format: Literal["csv", "parquet"]
    priority: Literal["normal", "high"]
    points: int
    requested_by: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    expires_at: str
    cancel_requested: bool
    attempts: int
    days_total: int
    days_done: int
    rows: int
    bytes: int
    bytes_scanned: int
    error: str
    files: NotRequired[list[ExportFile]]
    links_expire_at: NotRequired[str]


class Removed(TypedDict):
    """Nothing of the export is left."""

    id: str
    status: Literal["removed"]


class Estimate(TypedDict):
    """What reading the days should take."""

    requests: int
    minutes: float
    dollars: float


class Plan(TypedDict):
    """What a backfill reads, and once it is started its id and status; `days_complete` are left out."""

    id: NotRequired[str]
    status: NotRequired[Literal["running"]]
    dry_run: NotRequired[bool]
    site_name: str
    start_date: str
    end_date: str
    force: bool
    days_total: int
    days_complete: int
    estimate: Estimate


class RunDay(TypedDict):
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


class Run(TypedDict):
    """A backfill with its progress; `days` only where one is asked for."""

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
    days: NotRequired[list[RunDay]]


class Cancelled(TypedDict):
    """What became of the wish to cancel; `cancel_requested` is false when the run had ended before."""

    id: str
    status: Literal["running", "succeeded", "partial", "failed", "cancelled"]
    cancel_requested: bool
