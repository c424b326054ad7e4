"""The shapes of the query API's answers, for /openapi.json."""

from typing import Literal

from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import Field

from query import encoding, warnings
from vitals.http.described import Shape, answers


class WarningDetail(Shape):
    """A warning with its code, and with what it is about."""

    code: warnings.Code
    text: str = Field(description="the same text as in `warnings`")
    point_name: str = Field("", description="with UNKNOWN_POINT")
    day: str = Field("", description="with DAY_UNREADABLE, as YYYY-MM-DD")
    site_name: str = Field("", description="with SOURCE_UNREADABLE, when only this site is affected")


class Gap(Shape):
    """From the last row before it to the first one after it, or the edges of what was asked for."""

    start: str = Field(description="ISO 8601")
    end: str
    reason: Literal["not_polled", "no_data", "rejected"]
    continues: bool = Field(False, description="whether it goes on with the last gap of the page before")


class Coverage(Shape):
    """How many samples the collection interval lets expect, and how many there are."""

    expected: int | None
    received: int


class Series(Shape):
    """One point; the lists have one entry per row, in order of time."""

    point_name: str
    timestamps: list[int] = Field(description="UTC milliseconds; of aggregates, where their bucket begins")
    values: list[float] = Field(description="samples, or of aggregates the mean")
    min: list[float] = Field([], description="of aggregates only, as are the next four")
    max: list[float] = Field([])
    count: list[int] = Field([])
    first: list[float] = Field([])
    last: list[float] = Field([])
    gaps: list[Gap]
    coverage: Coverage


class Cost(Shape):
    """What the answer cost to read, by the price list of the source."""

    read_units: float
    requests: int
    bytes: int
    bytes_scanned: int
    micro_dollars: float


class Metadata(Shape):
    """Where the answer comes from and what became of it on the way."""

    total_samples: int
    sources: list[Literal["hot", "rollup", "archive", "athena"]]
    query_time_ms: float
    cache_hit: bool
    next_token: str | None = Field(description="set when there is more: ask the same again with it")
    method: Literal["m4", "minmax", "lttb", "mean"] | None = Field(description="how a chart was reduced")
    samples_read: int
    samples_returned: int
    cost: Cost


class QueryAnswer(Shape):
    """One series per point in the order asked, empty when there is nothing."""

    site_name: str
    start_time: str
    end_time: str
    resolution: Literal["raw", "5m", "1h", "1d"]
    data_type: Literal["raw", "aggregate"]
    series: list[Series]
    metadata: Metadata
    warnings: list[str] = Field(description="what is missing and why; empty when nothing is")
    warning_details: list[WarningDetail] = Field(description="the same warnings with their codes")


class Site(Shape):
    """A site with how far it is synced."""

    site_name: str
    display_name: str
    points: int
    synced_from: str | None
    synced_until: str | None
    lag_seconds: int | None


class Sites(Shape):
    """The sites that the token grants."""

    sites: list[Site]


class SiteStatus(Site):
    """A site with what was refused of its latest sync, and its days that are due to be archived."""

    late: bool = Field(description="more than 20 minutes behind, or never synced")
    overdue: bool = Field(description="an unarchived day ended more than 48 hours ago")
    rejected: dict[str, int] = Field(description="readings of the latest sync, by reason")
    rejected_since: str | None = Field(description="which times it asked for; null until the next sync")
    rejected_until: str | None
    unarchived_days: list[str] = Field(description="complete days that are due, oldest first, at most 100")
    unarchived_count: int | None = Field(description="null when it could not be read, as `warnings` says")
    upstream_paused_until: str | None = Field(description="set while the upstream is left alone")


class DeadLetterCounts(Shape):
    """How many messages were given up and wait for somebody, about; null where SQS did not answer."""

    sync: int | None
    archive: int | None
    export: int | None


class Status(Shape):
    """How the sites that the token grants are kept."""

    sites: list[SiteStatus]
    dead_letters: DeadLetterCounts | None = Field(description="null for tokens of some sites only")
    warnings: list[str] = Field(description="which parts could not be read; empty when all were")
    warning_details: list[WarningDetail] = Field(description="the same warnings with their codes")


class PointAnswer(Shape):
    """A point as it is listed upstream."""

    point_name: str
    display_name: str = Field(description="for people; not unique")
    unit: str
    tags: list[str] = Field(description="markers, and pairs as key=value")
    interval_seconds: int | None = Field(description="how often it is collected")
    description: str
    device: str | None
    equipment: str | None


class Points(Shape):
    """A page of points in name order."""

    points: list[PointAnswer]
    next_token: str | None


class TagCount(Shape):
    """A marker or a pair as `tag` takes it, and how many points it finds."""

    tag: str
    points: int


class Equipment(Shape):
    """Points that belong together; `tag=equip=<equipment>` finds them."""

    equipment: str
    device: str | None
    points: int


class Tags(Shape):
    """What the points of a site can be asked for by."""

    site_name: str
    tags: list[TagCount] = Field(description="most points first, at most 500")
    equipment: list[Equipment] = Field(description="by name")


class Newest(Shape):
    """A point's newest sample, null when there is none within 24 hours."""

    point_name: str
    timestamp: int | None
    value: float | None
    unit: str
    last_seen: int | None = Field(
        description="UTC milliseconds of that sample, or else of the last archived hour with samples; or null"
    )


class Latest(Shape):
    """A page of newest samples."""

    site_name: str
    latest: list[Newest]
    next_token: str | None
    warnings: list[str]
    warning_details: list[WarningDetail]


class CoverageDay(Shape):
    """A day of a site. `archive` is empty until the day is archived for the first time.

    `settled`: the archive holds all that was ever stored of the day.
    """

    date: str
    windows_expected: int
    windows_polled: int
    windows_with_data: int
    samples: int
    archive: Literal["", "verified", "done"]
    archived_samples: int
    settled: bool


class CoverageAnswer(Shape):
    """Day by day, windows asked for and windows with data."""

    site_name: str
    windows_per_day: int
    days: list[CoverageDay]


class Health(Shape):
    """Whether every site is synced."""

    status: Literal["ok", "degraded"]
    lag_seconds: int | None


def _query(*errors: int) -> dict[int, OpenAPIResponse]:
    found = answers(
        QueryAnswer, "The series; in other forms as docs/api.md tells", 404, 406, 413, 502, *errors
    )
    text, binary = {"type": "string"}, {"type": "string", "format": "binary"}
    others = {encoding.CSV: text, encoding.MSGPACK: binary, encoding.ARROW: binary}
    found[200]["content"] |= {media_type: {"schema": schema} for media_type, schema in others.items()}
    found[200]["headers"] = {
        "ETag": {"description": "of settled data; send it as If-None-Match", "schema": text},
        "Vitals-Next-Token": {"description": "CSV only: next_token, when there is more", "schema": text},
        "Vitals-Warnings": {"description": "CSV only: warnings as JSON, when there are any", "schema": text},
        "Vitals-Warning-Codes": {"description": "CSV only: the codes of Vitals-Warnings", "schema": text},
        "Vitals-Metadata": {"description": "CSV only: all but series and warnings, as JSON", "schema": text},
    }
    found[304] = {"description": "what If-None-Match names is still right", "content": {}}
    return found


def _page(description: str, media_type: str, kind: str, *errors: int) -> dict[int, OpenAPIResponse]:
    found = answers(Shape, description, *errors)
    found[200]["content"] = {media_type: {"schema": {"type": kind}}}
    return found


# By the name of the route's function; only tools/openapi.py asks for them.
ANSWERS = {
    "query": _query(),
    "query_by_post": _query(415),
    "sites": answers(Sites, "The sites that the token grants"),
    "status": answers(Status, "Lag, refusals, days due and what was given up"),
    "points": answers(Points, "A page of points", 404),
    "tags": answers(Tags, "Tags and equipment", 404),
    "latest": answers(Latest, "Newest samples", 404, 413),
    "latest_by_post": answers(Latest, "Newest samples", 404, 413, 415),
    "coverage": answers(CoverageAnswer, "One entry per day", 404, 413),
    "health": answers(Health, "Degraded means that some site is more than 20 minutes behind"),
    "openapi": _page("An OpenAPI 3.1 document", "application/json", "object"),
    "docs": _page("A page that needs nothing but this API", "text/html", "string"),
    "page": _page("A page that asks for a token and shows what it grants", "text/html", "string", 404),
    "asset": _page("A script or style of that page; it never changes", "*/*", "string", 404),
}
