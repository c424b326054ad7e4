"""Generated from functions/query/openapi.json by `python -m tools.types`. Do not edit.

The answers of the API as it sends them. Later versions may add keys.
"""

from typing import Literal, NotRequired, TypedDict


class Site(TypedDict):
    """A site, and how far it is synced."""

    site_name: str
    display_name: str
    status: Literal["enabled", "paused"]
    """A paused site is not synced; its samples can be queried."""
    timezone: str
    """IANA name; UTC until it is set."""
    units: Literal["source", "metric", "imperial"]
    """Units of the answers: those of the source, or converted ones."""
    holidays: list[str]
    """Local dates YYYY-MM-DD, in order."""
    points: int
    synced_from: str | None
    synced_until: str | None
    lag_seconds: int | None
    """Null when the site was never synced."""


class Sites(TypedDict):
    """The sites that the token grants."""

    sites: list[Site]


class Point(TypedDict):
    """A point as the upstream lists it."""

    point_name: str
    display_name: str
    """For people; not unique."""
    unit: str
    tags: list[str]
    """Markers, and pairs as key=value."""
    interval_seconds: int | None
    """How often it is collected."""
    description: str
    device: str | None
    equipment: str | None
    kind: Literal["binary", "multistate", "analog", "counter", "setpoint"]
    """What its values mean: derived, or as set by hand."""
    rollover: NotRequired[float]
    """The value after which the counter begins again at 0, if it was set."""
    states: NotRequired[dict[str, float]]
    """The numbers of its state texts, if they were set."""


class Points(TypedDict):
    """A page of points in name order."""

    points: list[Point]
    next_token: str | None


class Equipment(TypedDict):
    """Points that belong together; `tag=equip=<equipment>` selects them."""

    equipment: str
    device: str | None
    points: int


class Tag(TypedDict):
    """A tag as the parameter `tag` takes it, with the number of its points."""

    tag: str
    points: int


class Tags(TypedDict):
    """The tags and the equipment that a site's points can be selected by."""

    site_name: str
    tags: list[Tag]
    """Most points first, at most 500."""
    equipment: list[Equipment]
    """By name."""


class Newest(TypedDict):
    """A point's newest sample, null when there is none within 24 hours."""

    point_name: str
    timestamp: int | None
    value: float | None
    unit: str
    last_seen: int | None
    """UTC milliseconds of that sample, or else of the last archived hour with samples; or null."""


class WarningDetail(TypedDict):
    """A warning with its code and its subject."""

    code: Literal[
        "UNKNOWN_POINT",
        "COLUMNS_SPLIT_BUCKETS",
        "NEGATIVE_STEPS",
        "DAY_UNREADABLE",
        "TIME_LIMIT",
        "GAPS_OMITTED",
        "SOURCE_UNREADABLE",
        "TOO_MANY_SAMPLES",
    ]
    text: str
    """The same text as in `warnings`."""
    day: NotRequired[str]
    """With DAY_UNREADABLE, as YYYY-MM-DD."""
    point_name: NotRequired[str]
    """With UNKNOWN_POINT and NEGATIVE_STEPS."""
    site_name: NotRequired[str]
    """With SOURCE_UNREADABLE, when only this site is affected."""


class Latest(TypedDict):
    """A page of newest samples."""

    warnings: list[str]
    """What is missing from the response, and why; empty if nothing is."""
    warning_details: list[WarningDetail]
    """The same warnings with their codes."""
    site_name: str
    latest: list[Newest]
    next_token: str | None


class CoverageDay(TypedDict):
    """A day of a site. `archive` is empty until the day is archived for the first time."""

    date: str
    windows_expected: int
    windows_polled: int
    windows_with_data: int
    samples: int
    archive: Literal["", "building", "verified", "done", "failed"]
    archived_samples: int
    settled: bool
    """Archived, and nothing written since."""


class Coverage(TypedDict):
    """Day by day, windows that were polled and windows with data."""

    site_name: str
    windows_per_day: int
    days: list[CoverageDay]


class FindingCounts(TypedDict):
    """How many outages a day had, and how many points each other finding."""

    outage: int
    silent: int
    stuck: int
    range: int
    jump: int
    text: int
    idle: int


class Finding(TypedDict):
    """What a rule found in the day of a point, or an outage of the site; docs/quality.md has the rules."""

    finding: Literal["outage", "silent", "stuck", "range", "jump", "text", "idle"]
    point_name: str | None
    """Null for an outage of the site."""
    display_name: str
    unit: str
    kind: Literal["binary", "multistate", "analog", "counter", "setpoint"] | None
    first_time: str
    last_time: str
    count: int
    """How often it occurred; hours of `text`."""
    longest_seconds: float | None
    """Of the longest run; only for stuck and idle."""
    value: float | None
    """The one that is stuck, the one furthest out of range, or the largest step of a jump."""
    low: float | None
    """The smallest value in range; only for range."""
    high: float | None
    points: int | None
    """How many points were silent at once; only for outages."""


class Quality(TypedDict):
    """A page of the findings of an archived day: outages, then the worst finding first, in order of names."""

    site_name: str
    date: str
    archived_at: str
    """When the archiving that judged the day began to read it."""
    points: int
    """How many were judged."""
    counts: FindingCounts
    findings: list[Finding]
    next_token: str | None


class DeadLetterCounts(TypedDict):
    """About how many messages failed for good, by queue; null where SQS did not answer."""

    sync: int | None
    archive: int | None
    export: int | None


class SiteStatus(TypedDict):
    """A site with its lag, rejected readings and unarchived days."""

    site_name: str
    display_name: str
    status: Literal["enabled", "paused"]
    """A paused site is not synced; its samples can be queried."""
    timezone: str
    """IANA name; UTC until it is set."""
    units: Literal["source", "metric", "imperial"]
    """Units of the answers: those of the source, or converted ones."""
    holidays: list[str]
    """Local dates YYYY-MM-DD, in order."""
    points: int
    synced_from: str | None
    synced_until: str | None
    lag_seconds: int | None
    """Null when the site was never synced."""
    late: bool
    """Whether the site is enabled, and more than 20 minutes behind or was never synced."""
    overdue: bool
    """Whether an unarchived day ended more than 48 hours ago."""
    rejected: dict[str, int]
    """Readings of the latest sync, by reason."""
    rejected_since: str | None
    """Start of the times that this sync requested; null until the next sync."""
    rejected_until: str | None
    unarchived_days: list[str]
    """Days that have ended and are due, oldest first, at most 100."""
    unarchived_count: int | None
    """Null when it could not be read; `warnings` says so."""
    days_to_rebuild: int | None
    """Archived days whose rollups are of an older release; null as `unarchived_count`."""
    upstream_paused_until: str | None
    """Set while requests to the upstream are paused."""


class Status(TypedDict):
    """Status of each site: lag, rejected readings, unarchived days, dead letters."""

    warnings: list[str]
    """What is missing from the response, and why; empty if nothing is."""
    warning_details: list[WarningDetail]
    """The same warnings with their codes."""
    sites: list[SiteStatus]
    dead_letters: DeadLetterCounts | None
    """Null for tokens of some sites only."""


class Estimate(TypedDict):
    """What reading the days is expected to take."""

    requests: int
    minutes: float
    dollars: float


class Plan(TypedDict):
    """What a run would do."""

    site_name: str
    start_date: str
    end_date: str
    force: bool
    rebuild: bool
    days_total: int
    days_complete: int
    estimate: Estimate
    dry_run: NotRequired[Literal[True]]
    id: NotRequired[str]
    status: NotRequired[Literal["running"]]


class RunDay(TypedDict):
    """The progress of one day; `hours` of it are read."""

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
    """A run with its progress; it reads `days_total` days."""

    id: str
    site_name: str
    start_date: str
    end_date: str
    force: bool
    rebuild: bool
    """Archived days are archived again, without requests to the upstream."""
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
    """Result of a cancel request."""

    id: str
    status: Literal["running", "succeeded", "partial", "failed", "cancelled"]
    cancel_requested: bool
    """False when the run had already ended."""


class ExportFile(TypedDict):
    """A file of the result."""

    name: str
    bytes: int
    url: str
    """Needs no token; valid until links_expire_at."""


class Export(TypedDict):
    """An export with its progress; times that have not been reached are null."""

    id: str
    status: Literal["queued", "running", "completed", "failed", "cancelled"]
    progress_percent: float
    site_name: str
    start_time: str
    """ISO 8601, like all times here."""
    end_time: str
    """Cut at the time of the request."""
    format: Literal["csv", "parquet", "arrow", "json"]
    priority: Literal["normal", "high"]
    timezone: str
    """Of the buckets, and of the times in CSV and JSON."""
    form: Literal["series", "table"]
    resolution: str
    """The length of the buckets, or raw."""
    measure: str | None
    """Null for samples."""
    fill: str | None
    """Null where nothing is filled."""
    units: str
    """source, metric or imperial."""
    hours: str | None
    """The local hours that count, null for all."""
    days: str | None
    """The days of the week that count, null for all."""
    points: int
    """How many are exported."""
    requested_by: str
    """The name of the token."""
    created_at: str
    started_at: str | None
    ended_at: str | None
    expires_at: str
    """When the export and its files are gone."""
    cancel_requested: bool
    attempts: int
    days_total: int
    days_done: int
    rows: int
    """Of the finished parts."""
    bytes: int
    """Of the files of the finished parts."""
    bytes_scanned: int
    """By Athena, for the finished parts."""
    error: str
    """Why the last attempt failed; empty if it did not."""
    files: NotRequired[list[ExportFile]]
    links_expire_at: NotRequired[str]


class Removed(TypedDict):
    """The export and its files are removed."""

    id: str
    status: Literal["removed"]


class SettingChange(TypedDict):
    """Who changed a setting, and when."""

    time: str
    """ISO 8601."""
    who: str
    """Name and id of the token, or the operator's identity in AWS."""
    what: Literal["timezone", "units", "holidays", "kind", "rollover", "states", "flag"]
    subject: str
    """The site, or the name of the point."""
    before: str | float | list[str] | dict[str, float] | None
    """Null where nothing was set."""
    after: str | float | list[str] | dict[str, float] | None


class Changes(TypedDict):
    """A page of a site's changes, newest first."""

    site_name: str
    changes: list[SettingChange]
    next_token: str | None


class Health(TypedDict):
    """Whether every site is synced."""

    status: Literal["ok", "degraded"]
    lag_seconds: int | None


class Cost(TypedDict):
    """What the answer cost to read, at list prices."""

    read_units: float
    requests: int
    bytes: int
    bytes_scanned: int
    micro_dollars: float


class SummaryMetadata(TypedDict):
    """What the summary was read from, and what the request took."""

    query_time_ms: float
    cache_hit: bool
    cost: Cost
    sources: list[Literal["hot", "rollup", "archive", "athena"]]


class SummaryOfPoint(TypedDict):
    """A point, or a sum of points, in the range; null where it has no such value, or nothing is known."""

    point_name: str
    unit: str
    """Of the values; empty for none. That of `sd` and `increase` of a temperature is a difference."""
    source_unit: str
    """As the upstream spells it."""
    kind: Literal["binary", "multistate", "analog", "counter", "setpoint"] | None
    """Null for a sum of points of several kinds, and for an unknown point."""
    min: float | None
    max: float | None
    mean: float | None
    time_weighted_mean: float | None
    sd: float | None
    p5: float | None
    p50: float | None
    p95: float | None
    first: float | None
    first_time: str | None
    last: float | None
    last_time: str | None
    increase: float | None
    runtime: float | None
    """In seconds."""
    starts: int | None
    peak: float | None
    """The highest mean of a local quarter of an hour that is whole within the range and the hours."""
    peak_time: str | None
    """When that quarter of an hour begins."""
    known: float | None
    """Known share of the range, or of what is synced of it."""
    count: int | None
    """Samples; null for a sum."""


class SummaryAnswer(TypedDict):
    """A summary of each name requested, in that order."""

    warnings: list[str]
    """What is missing from the response, and why; empty if nothing is."""
    warning_details: list[WarningDetail]
    """The same warnings with their codes."""
    site_name: str
    start_time: str
    end_time: str
    timezone: str
    units: Literal["source", "metric", "imperial"]
    points: list[SummaryOfPoint]
    metadata: SummaryMetadata


class SavedView(TypedDict):
    """What the page Explore of a site shows, under a name."""

    name: str
    view: str
    """The query part of the page's address, without `?`."""
    saved_by: str
    """Name and id of the token that saved it last."""
    saved_at: str
    """ISO 8601."""


class SavedViews(TypedDict):
    """The saved views of a site in the order of their names, at most 200."""

    site_name: str
    views: list[SavedView]


class RemovedView(TypedDict):
    """The view is removed."""

    name: str
    status: Literal["removed"]


class Flag(TypedDict):
    """A span of points that a person marked as bad."""

    flag_id: str
    point_names: list[str]
    start_time: str
    """ISO 8601."""
    end_time: str
    """The end, which is not part of the span."""
    reason: str
    flagged_by: str
    """Name and id of the token."""
    flagged_at: str
    """ISO 8601."""


class Flags(TypedDict):
    """A page of the flags of a site, oldest first; at most 500 in all."""

    site_name: str
    flags: list[Flag]
    next_token: str | None


class RemovedFlag(TypedDict):
    """The flag is removed."""

    flag_id: str
    status: Literal["removed"]
