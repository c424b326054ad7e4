"""The routes of the query API: Powertools checks the types, and each route makes one call."""

from dataclasses import replace
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from query import encoding, pages
from query.answers import Api
from query.timeseries.samples import Reply
from vitals.errors import InvalidRequestError
from vitals.http.access import granted
from vitals.http.responses import accepted, answer, json_answer
from vitals.http.strict import ignores_unknown
from vitals.model.measures import sums
from vitals.model.points import MAX_NAME
from vitals.model.ranges import MAX_TEXT
from vitals.model.records.tokens import Grant
from vitals.reading.request import MAX_POINTS, Form, QueryRequest

router = APIGatewayRouter()

SiteName = Annotated[str, Query(max_length=64, description="site name, as in /sites")]
SiteOfPath = Annotated[str, Path(max_length=64, description="site name, as in /sites")]
Names = Annotated[list[str] | None, Query(description="repeat it, or separate names by commas")]
# As long as a name in a catalog can be; an unknown name is repeated in the answer.
Name = Annotated[str, Field(max_length=MAX_NAME)]
WholeNames = Annotated[
    list[Name] | None,
    Query(description="a whole name, which may contain commas; repeat it, also together with point_names"),
]
Time = Annotated[str, Query(max_length=MAX_TEXT, description="ISO 8601 or epoch milliseconds")]
# Decomposed (NFD), a name or tag is several times as long.
Tag = Annotated[str, Field(max_length=2_000)]
Tags = Annotated[
    list[Tag] | None,
    Query(description="a marker or key=value; repeat it for points that have all of them", max_length=20),
]
_RESOLUTION_HELP = (
    "auto, raw, or the length of the buckets in local time: minutes that divide an hour (15m),"
    " hours that divide a day (1h), months that divide a year (1mo), days, weeks or years (1d, 1w, 1y);"
    " auto is the finest with at most max_points rows per series"
)
Resolution = Annotated[str, Query(max_length=8, description=_RESOLUTION_HELP)]
_ZONE_HELP = (
    "zone of the buckets, an IANA name, by default the site's;"
    " if given, also of times without an offset, which are otherwise UTC"
)
Timezone = Annotated[str | None, Query(max_length=64, description=_ZONE_HELP)]
_WEEK_HELP = "first day of weeks: monday or sunday"
WeekStartDay = Annotated[str | None, Query(max_length=8, description=_WEEK_HELP)]
_MEASURE_HELP = (
    "what a row says of its bucket: mean (default), min, max, first, last, count, sd, p1 to p99,"
    " time_weighted_mean, integral, runtime, starts, held, increase, rate; at (of tables), the"
    " sample in force at its start"
)
MeasureName = Annotated[str | None, Query(max_length=20, description=_MEASURE_HELP)]
_UNITS_HELP = "units of the values: source, metric or imperial; by default as set for the site"
UnitsName = Annotated[str | None, Query(max_length=8, description=_UNITS_HELP)]
_FORM_HELP = (
    "series: rows of each point (default); table: a row for each bucket and a column for each name, which may"
    " be a sum such as `sum: a + b - c`"
)
_HOURS_HELP = "count only what is within these local hours, such as 06:00-18:00; the rest is left out"
Hours = Annotated[str | None, Query(max_length=11, description=_HOURS_HELP)]
_DAYS_HELP = "count only these days of the week, such as mon-fri or sat,sun, and no holiday of the site"
Days = Annotated[str | None, Query(max_length=27, description=_DAYS_HELP)]
_EXCLUDE_HELP = "bad: leave out what people have flagged, before anything is computed"
Exclude = Annotated[str | None, Query(max_length=8, description=_EXCLUDE_HELP)]
FormName = Annotated[Form, Query(description=_FORM_HELP)]
_FILL_HELP = (
    "what a table has where a bucket has no value: null (default), last: the sample in force at its start,"
    " linear: the line over its start; never across a gap"
)
FillName = Annotated[str | None, Query(max_length=8, description=_FILL_HELP)]
_TAGS_HELP = (
    "in place of names: a marker or key=value; repeat it for points that have all of them, at most"
    f" {MAX_POINTS:,} points"
)
QueryTags = Annotated[list[Tag] | None, Query(description=_TAGS_HELP, max_length=20)]
# A sum is a column of many names.
Column = Annotated[str, Field(max_length=sums.MAX_TEXT)]
MaxPoints = Annotated[
    int | None, Query(ge=1, description="rows per series, by default 1,000; not with width or interval_ms")
]
Token = Annotated[str | None, Query(max_length=2_000, description="`next_token` of the previous answer")]
_METHOD = "^(m4|minmax|lttb|mean)$"
Width = Annotated[int | None, Query(ge=1, description="pixel columns of the chart")]
IntervalMs = Annotated[
    int | None, Query(ge=1, description="instead of width, the length of a pixel column in milliseconds")
]
Method = Annotated[str | None, Query(pattern=_METHOD, description="m4 by default with `width`")]
# The same for everybody until the next deployment.
_PUBLIC = {"Cache-Control": "public, max-age=300"}
# The name of a file that a page loads changes with its content; the next deployment has other names.
_REVALIDATED = {"Cache-Control": "no-cache"}
_IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
Limit = Annotated[int, Query(ge=1, le=1_000, description="points per page")]


class RangeBody(BaseModel):
    """Points and a range as JSON: what queries and summaries have in common.

    Keys have the names of QueryRequest, but for those of the points and the range.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    site_name: str = Field(max_length=64)
    point_names: list[Column] | None = Field(None, description="or else tag")
    tag: list[Tag] | None = Field(None, max_length=20, description=_TAGS_HELP)
    start_time: StrictStr | StrictInt | StrictFloat = Field(description="ISO 8601 or epoch milliseconds")
    end_time: StrictStr | StrictInt | StrictFloat = Field(
        description="the end, which is not part of the range"
    )
    timezone: str | None = Field(None, max_length=64, description=_ZONE_HELP)
    units: str | None = Field(None, max_length=8, description=_UNITS_HELP)
    hours: str | None = Field(None, max_length=11, description=_HOURS_HELP)
    days: str | None = Field(None, max_length=27, description=_DAYS_HELP)
    exclude: str | None = Field(None, max_length=8, description=_EXCLUDE_HELP)

    def request(self) -> QueryRequest:
        """Returns the body as a request."""
        selection = {"site_name", "point_names", "tag", "start_time", "end_time"}
        return QueryRequest(
            site=self.site_name,
            point_names=self.point_names or (),
            tags=self.tag or (),
            start=self.start_time,
            end=self.end_time,
            **self.model_dump(exclude=selection),
        )


class QueryBody(RangeBody):
    """A query as JSON; the keys are those of the GET."""

    resolution: str = Field("auto", max_length=8, description=_RESOLUTION_HELP)
    week_start: str | None = Field(None, max_length=8, description=_WEEK_HELP)
    measure: str | None = Field(None, max_length=20, description=_MEASURE_HELP)
    form: Form = Field("series", description=_FORM_HELP)
    fill: str | None = Field(None, max_length=8, description=_FILL_HELP)
    max_points: int | None = Field(None, ge=1)
    next_token: str | None = Field(None, max_length=2_000)
    width: int | None = Field(None, ge=1)
    method: str | None = Field(None, pattern=_METHOD)
    interval_ms: int | None = Field(None, ge=1)


class SummaryBody(RangeBody):
    """The points and the range of a summary."""


class LatestBody(BaseModel):
    """Points by name as JSON, or a page of all points."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    point_names: list[Name] | None = Field(None, description="without names: every point, by page")
    limit: int = Field(100, ge=1, le=1_000, description="points per page; named points are in one response")
    next_token: str | None = Field(None, max_length=2_000)


@router.get("/timeseries/query", summary="Samples of some points in a range")
def query(
    site_name: SiteName,
    start_time: Time,
    end_time: Time,
    point_names: Names = None,
    point_name: WholeNames = None,
    resolution: Resolution = "auto",
    max_points: MaxPoints = None,
    next_token: Token = None,
    width: Width = None,
    method: Method = None,
    interval_ms: IntervalMs = None,
    timezone: Timezone = None,
    week_start: WeekStartDay = None,
    measure: MeasureName = None,
    units: UnitsName = None,
    form: FormName = "series",
    fill: FillName = None,
    tag: QueryTags = None,
    hours: Hours = None,
    days: Days = None,
    exclude: Exclude = None,
) -> Response[Any]:
    return _reply(
        QueryRequest(
            site=site_name,
            point_names=_names(point_names, point_name),
            start=start_time,
            end=end_time,
            resolution=resolution,
            max_points=max_points,
            next_token=next_token,
            width=width,
            method=method,
            interval_ms=interval_ms,
            timezone=timezone,
            week_start=week_start,
            measure=measure,
            units=units,
            form=form,
            fill=fill,
            tags=tag or (),
            hours=hours,
            days=days,
            exclude=exclude,
        )
    )


@router.post("/timeseries/query", summary="Samples by POST, for more points than fit in a URL")
def query_by_post(body: Annotated[QueryBody, Body()]) -> Response[Any]:
    return _reply(body.request())


@router.post("/timeseries/summary", summary="What points did in a range: extremes, means, totals, peaks")
def summary(body: Annotated[SummaryBody, Body()]) -> Response[Any]:
    reply = _api().summary(_grant(), body.request(), _if_none_match())
    return _sent(reply, encoding.JSON)


@router.get("/sites/<site>/coverage", summary="Windows polled and windows with data, day by day")
def coverage(site: SiteOfPath, start: Time, end: Time) -> Response[Any]:
    return json_answer(_api().coverage(_grant(), site, start, end))


@router.get(
    "/sites/<site>/quality", summary="Data quality of an archived day: findings of points and the site"
)
def quality(
    site: SiteOfPath,
    date: Annotated[
        str | None,
        Query(max_length=MAX_TEXT, description="UTC day, YYYY-MM-DD; by default the latest archived"),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="findings per page")] = 1_000,
    next_token: Token = None,
) -> Response[Any]:
    return json_answer(_api().quality(_grant(), site, date, limit, next_token))


@router.get("/sites", summary="The sites this token may read")
def sites() -> Response[Any]:
    return json_answer(_api().list_sites(_grant()))


@router.get("/status", summary="Status of each site: lag, rejected readings, unarchived days, dead letters")
def status() -> Response[Any]:
    return json_answer(_api().status(_grant()))


@router.get("/sites/<site>/points", summary="Points of a site by words and tags")
def points(
    site: SiteOfPath,
    search: Annotated[
        str,
        Query(
            max_length=2_000,
            description="words; each must occur in the name, description, unit, device or tags",
        ),
    ] = "",
    tag: Tags = None,
    limit: Limit = 100,
    next_token: Token = None,
) -> Response[Any]:
    return json_answer(_api().points(_grant(), site, search, tag or [], limit, next_token))


@router.get("/sites/<site>/tags", summary="The tags and the equipment of a site")
def tags(site: SiteOfPath) -> Response[Any]:
    return json_answer(_api().tags(_grant(), site))


@router.get("/sites/<site>/latest", summary="The newest sample of each point")
def latest(
    site: SiteOfPath,
    point_names: Names = None,
    point_name: WholeNames = None,
    limit: Limit = 100,
    next_token: Token = None,
) -> Response[Any]:
    names = _names(point_names, point_name)
    return json_answer(_api().latest(_grant(), site, names, limit, next_token))


@router.post("/sites/<site>/latest", summary="Newest samples by POST, for more points than fit in a URL")
def latest_by_post(site: SiteOfPath, body: Annotated[LatestBody, Body()]) -> Response[Any]:
    names = body.point_names or ()
    return json_answer(_api().latest(_grant(), site, names, body.limit, body.next_token))


@router.get("/health", summary="Whether the API and the syncs work; needs no token")
@ignores_unknown
def health() -> Response[Any]:
    return json_answer(_api().health())


@router.get("/", summary="The chart page; needs no token")
@ignores_unknown
def page() -> Response[Any]:
    content, policy = pages.web.page()
    headers = _REVALIDATED | {"Content-Security-Policy": policy}
    return answer(content, "text/html; charset=utf-8", headers=headers)


@router.get("/assets/<file>", summary="What the chart page and /docs load; needs no token")
@ignores_unknown
def asset(file: Annotated[str, Path(description="a file that one of the pages names")]) -> Response[Any]:
    content, content_type = pages.web.asset(file)
    return answer(content, content_type, headers=_IMMUTABLE)


@router.get("/openapi.json", summary="This document; needs no token")
def openapi() -> Response[Any]:
    return answer(pages.openapi(), "application/json", headers=_PUBLIC)


@router.get("/docs", summary="The API reference as a page; needs no token")
@ignores_unknown
def docs() -> Response[Any]:
    page, policy = pages.docs()
    headers = _REVALIDATED | {"Content-Security-Policy": policy}
    return answer(page, "text/html; charset=utf-8", headers=headers)


def _reply(request: QueryRequest) -> Response[Any]:
    """Returns the query's answer in an accepted format, which is chosen before anything is read."""
    media_type = encoding.negotiated(accepted(router.current_event))
    reply = _api().query(_grant(), replace(request, media_type=media_type), _if_none_match())
    return _sent(reply, media_type)


def _sent(reply: Reply, media_type: str) -> Response[Any]:
    headers = {
        "Cache-Control": f"private, max-age={reply.max_age_s}",
        "Vary": "Accept, Accept-Encoding, Authorization",
        **({"ETag": reply.etag} if reply.etag else {}),
    }
    if reply.answer is None:
        return Response(304, headers=dict(headers))
    result = encoding.encoded(reply.answer, media_type)
    return answer(result.body, result.content_type, headers=result.headers | headers)


def _if_none_match() -> str:
    return router.current_event.headers.get("If-None-Match") or ""


def _api() -> Api:
    api: Api = router.context["connect"]()
    return api


def _grant() -> Grant:
    return granted(router.current_event)


def _names(joined: list[str] | None, whole: list[str] | None) -> list[str]:
    """Returns the names of a GET: of `point_names`, separated by commas, and of `point_name`, as they are."""
    names = [name for text in joined or () for name in text.split(",") if name]
    if any(len(name) > MAX_NAME for name in names):
        raise InvalidRequestError(f"a point name must have at most {MAX_NAME} characters")
    return names + (whole or [])
