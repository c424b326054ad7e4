"""The answers of the query API: the one definition, which the views return and /openapi.json describes.

`tools/openapi.py` generates the document from it, and `tools/types.py` the page's and the client's types.
"""

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

from query.timeseries.proofs import Proof
from query.warnings import Warned
from vitals.http.site_answer import Site
from vitals.model.kinds import Kind
from vitals.model.quality.findings import FindingName
from vitals.model.records.ledger import ArchiveStatus
from vitals.model.records.sites import Units
from vitals.reading.gaps import Reason
from vitals.reading.reads import Source

Method = Literal["m4", "minmax", "lttb", "mean"]


class Gap(TypedDict):
    """A time without rows: between two rows of a series, or up to an edge of the range."""

    start: str
    """ISO 8601."""
    end: str
    reason: Reason
    continues: NotRequired[bool]
    """Whether this continues the last gap of the previous page."""


class Coverage(TypedDict):
    """Samples expected from the collection interval, and samples received."""

    expected: int | None
    received: int


# JSON has lists, as the defaults say. Columns that were just read are arrays until they are encoded, so the
# query's own answers are `ColumnAnswer`: generics type both without a cast.
class Series[Integers = list[int], Numbers = list[float]](TypedDict):
    """One point; the lists have one entry per row, in order of time."""

    point_name: str
    unit: str
    """Of `values`; empty for none."""
    source_unit: str
    """Of the point, as the upstream spells it."""
    timestamps: Integers
    """UTC milliseconds; for aggregates, the start of each bucket."""
    values: Numbers
    """Samples; for aggregates, the measure."""
    min: NotRequired[Numbers]
    """Only for means."""
    max: NotRequired[Numbers]
    """Only for means."""
    count: NotRequired[Integers]
    """Samples of each bucket; only for aggregates."""
    first: NotRequired[Numbers]
    """Only for means."""
    last: NotRequired[Numbers]
    """Only for means."""
    known: NotRequired[Sequence[float | None]]
    """Known share of each bucket, 0 to 1; null where rollups of version 1 do not tell. Not in charts."""
    partial: NotRequired[list[int]]
    """Rows whose bucket is not over, or not synced to its end."""
    ends: NotRequired[Integers]
    """UTC milliseconds at which buckets end; for buckets of days, weeks, months and years."""
    at_least: NotRequired[Numbers]
    """With at_most: what runtime, or an integral of a binary point, may be where time is not known."""
    at_most: NotRequired[Numbers]
    proof: NotRequired[Proof]
    """With the measures increase, runtime and integral."""
    gaps: list[Gap]
    coverage: Coverage


class Cost(TypedDict):
    """What the answer cost to read, at list prices."""

    read_units: float
    requests: int
    bytes: int
    bytes_scanned: int
    micro_dollars: float


class RequestCost(TypedDict):
    """Duration and cost of this request."""

    query_time_ms: float
    cache_hit: bool
    cost: Cost


class Metadata(RequestCost):
    """What the answer was read from, how a chart was reduced, and what the request took."""

    total_samples: int
    sources: list[Source]
    next_token: str | None
    """Set when there is more: repeat the request with it."""
    method: Method | None
    """How a chart was reduced."""
    samples_read: int
    samples_returned: int
    """Rows of the answer: of all series, or of the table."""


class QueryHead(Warned):
    """What every answer of a query says of its range and its rows."""

    site_name: str
    start_time: str
    end_time: str
    resolution: str
    """raw, or the length of the buckets, such as 15m, 1h, 1d."""
    data_type: Literal["raw", "aggregate"]
    timezone: str
    """The zone of the buckets, an IANA name."""
    measure: str | None
    """What `values` are; null for raw."""
    units: Units
    """The system of the units of the values."""
    metadata: Metadata


class QueryAnswer[Integers = list[int], Numbers = list[float]](QueryHead):
    """One series per point in the order requested, empty when there is no data."""

    series: list[Series[Integers, Numbers]]


class TableColumn[NumbersOrNull = list[float | None]](TypedDict):
    """A point, or a sum of points, by the name requested; `values` has an entry per row of the table."""

    point_name: str
    unit: str
    """Of `values`; empty for none."""
    source_unit: str
    """Of its points, as the upstream spells it; empty where a sum's points differ."""
    values: NumbersOrNull
    """Null where nothing is known."""
    filled: list[int]
    """Rows of this page whose value is filled."""


class TableAnswer[Integers = list[int], NumbersOrNull = list[float | None]](QueryHead):
    """A row for each bucket, from the first to the last that began, and a column for each name requested."""

    timestamps: Integers
    """UTC milliseconds of the start of each bucket."""
    columns: list[TableColumn[NumbersOrNull]]
    partial: list[int]
    """Rows whose bucket is not over, or not synced to its end."""
    ends: NotRequired[Integers]
    """UTC milliseconds at which buckets end; for buckets of days, weeks, months and years."""


class SummaryOfPoint(TypedDict):
    """A point, or a sum of points, in the range; null where it has no such value, or nothing is known."""

    point_name: str
    unit: str
    """Of the values; empty for none. That of `sd` and `increase` of a temperature is a difference."""
    source_unit: str
    """As the upstream spells it."""
    kind: Kind | None
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


class SummaryMetadata(RequestCost):
    """What the summary was read from, and what the request took."""

    sources: list[Source]


class SummaryAnswer(Warned):
    """A summary of each name requested, in that order."""

    site_name: str
    start_time: str
    end_time: str
    timezone: str
    units: Units
    points: list[SummaryOfPoint]
    metadata: SummaryMetadata


type Integers = list[int] | npt.NDArray[np.int64]
type Numbers = list[float] | npt.NDArray[np.float64]
type ColumnSeries = Series[Integers, Numbers]
type AnyAnswer = ColumnAnswer | SummaryAnswer
type ColumnAnswer = QueryAnswer[Integers, Numbers] | TableAnswer[Integers, Numbers]


class Sites(TypedDict):
    """The sites that the token grants."""

    sites: list[Site]


class SiteStatus(Site):
    """A site with its lag, rejected readings and unarchived days."""

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


class DeadLetterCounts(TypedDict):
    """About how many messages failed for good, by queue; null where SQS did not answer."""

    sync: int | None
    archive: int | None
    export: int | None


class Status(Warned):
    """Status of each site: lag, rejected readings, unarchived days, dead letters."""

    sites: list[SiteStatus]
    dead_letters: DeadLetterCounts | None
    """Null for tokens of some sites only."""


class PointAnswer(TypedDict):
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
    kind: Kind
    """What its values mean: derived, or as set by hand."""
    rollover: NotRequired[float]
    """The value after which the counter begins again at 0, if it was set."""
    states: NotRequired[dict[str, float]]
    """The numbers of its state texts, if they were set."""


class Points(TypedDict):
    """A page of points in name order."""

    points: list[PointAnswer]
    next_token: str | None


class TagCount(TypedDict):
    """A tag as the parameter `tag` takes it, with the number of its points."""

    tag: str
    points: int


class Equipment(TypedDict):
    """Points that belong together; `tag=equip=<equipment>` selects them."""

    equipment: str
    device: str | None
    points: int


class Tags(TypedDict):
    """The tags and the equipment that a site's points can be selected by."""

    site_name: str
    tags: list[TagCount]
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


class Latest(Warned):
    """A page of newest samples."""

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
    archive: ArchiveStatus
    archived_samples: int
    settled: bool
    """Archived, and nothing written since."""


class CoverageAnswer(TypedDict):
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


class FindingAnswer(TypedDict):
    """What a rule found in the day of a point, or an outage of the site; docs/quality.md has the rules."""

    finding: FindingName
    point_name: str | None
    """Null for an outage of the site."""
    display_name: str
    unit: str
    kind: Kind | None
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


class QualityAnswer(TypedDict):
    """A page of the findings of an archived day: outages, then the worst finding first, in order of names."""

    site_name: str
    date: str
    archived_at: str
    """When the archiving that judged the day began to read it."""
    points: int
    """How many were judged."""
    counts: FindingCounts
    findings: list[FindingAnswer]
    next_token: str | None


class Health(TypedDict):
    """Whether every site is synced."""

    status: Literal["ok", "degraded"]
    lag_seconds: int | None
