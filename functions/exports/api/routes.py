"""The routes of exports: types checked by Powertools, one call each."""

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from exports.api.answers import ExportAnswers
from exports.events import ExportRequest
from vitals.http.access import granted
from vitals.http.responses import json_answer
from vitals.model.measures import sums
from vitals.model.records.exports import ExportForm, ExportFormat
from vitals.model.records.tokens import Grant

router = APIGatewayRouter()

Column = Annotated[StrictStr, Field(max_length=sums.MAX_TEXT)]
Tag = Annotated[StrictStr, Field(max_length=2_000)]
ExportId = Annotated[str, Path(description="id from POST /exports")]


class ExportBody(BaseModel):
    """The samples of a site to export, in [start_time, end_time), and their format."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    site_name: StrictStr = Field(max_length=64)
    point_names: list[Column] | None = Field(
        None, description="null or an empty list means every point; those of a table may be sums"
    )
    start_time: StrictStr | StrictInt | StrictFloat = Field(description="ISO 8601 or epoch milliseconds")
    end_time: StrictStr | StrictInt | StrictFloat = Field(
        description="at most 730 days after start_time; limited to the present"
    )
    format: ExportFormat = Field("parquet", description="json has an object a line")
    priority: Literal["normal", "high"] = "normal"
    timezone: StrictStr | None = Field(
        None,
        max_length=64,
        description="zone of the buckets, of the times in CSV and JSON, and of times without an offset; an"
        " IANA name. By default buckets have the site's, and the others UTC",
    )
    form: ExportForm = Field("series", description="table has a column for each name, and a row per bucket")
    resolution: StrictStr = Field("raw", max_length=8, description="raw, or as in a query but auto")
    measure: StrictStr | None = Field(None, max_length=20, description="as in a query")
    fill: StrictStr | None = Field(None, max_length=8, description="as in a query")
    week_start: StrictStr | None = Field(None, max_length=8, description="as in a query")
    units: StrictStr | None = Field(None, max_length=8, description="as in a query")
    hours: StrictStr | None = Field(None, max_length=11, description="as in a query")
    days: StrictStr | None = Field(None, max_length=27, description="as in a query")
    tag: list[Tag] | None = Field(
        None, max_length=20, description="in place of names: points that have all of these tags"
    )


@router.post("/exports", summary="Start an export of samples to files, of any number of points")
def start(body: Annotated[ExportBody, Body()]) -> Response[Any]:
    request = ExportRequest(
        site=body.site_name,
        point_names=body.point_names or (),
        start=body.start_time,
        end=body.end_time,
        format=body.format,
        priority=body.priority,
        timezone=body.timezone,
        form=body.form,
        resolution=body.resolution,
        measure=body.measure,
        fill=body.fill,
        week_start=body.week_start,
        units=body.units,
        hours=body.hours,
        days=body.days,
        tags=body.tag or (),
    )
    return json_answer(_api().start(_grant(), request), 202)


@router.get("/exports", summary="A site's exports, newest first")
def of_site(
    site_name: Annotated[str, Query(max_length=64, description="site name, as in /sites")],
    limit: Annotated[int, Query(ge=1, le=100, description="maximum number of exports")] = 20,
) -> Response[Any]:
    return json_answer(_api().of_site(_grant(), site_name, limit))


@router.get("/exports/<export_id>", summary="An export, with links to its files when it is completed")
def get(export_id: ExportId) -> Response[Any]:
    return json_answer(_api().get(_grant(), export_id))


@router.delete("/exports/<export_id>", summary="Cancel an export, or remove an ended one with its files")
def delete(export_id: ExportId) -> Response[Any]:
    status, answer = _api().delete(_grant(), export_id)
    return json_answer(answer, status)


def _api() -> ExportAnswers:
    api: ExportAnswers = router.context["connect"]()
    return api


def _grant() -> Grant:
    return granted(router.current_event)
