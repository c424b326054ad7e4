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
from vitals.model.points import MAX_NAME
from vitals.model.records.tokens import Grant

router = APIGatewayRouter()

Name = Annotated[StrictStr, Field(max_length=MAX_NAME)]
ExportId = Annotated[str, Path(description="id from POST /exports")]


class ExportBody(BaseModel):
    """The samples of a site to export, in [start_time, end_time), and their format."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    site_name: StrictStr = Field(max_length=64)
    point_names: list[Name] | None = Field(None, description="null or an empty list means every point")
    start_time: StrictStr | StrictInt | StrictFloat = Field(description="ISO 8601 or epoch milliseconds")
    end_time: StrictStr | StrictInt | StrictFloat = Field(
        description="at most 730 days after start_time; limited to the present"
    )
    format: Literal["csv", "parquet"] = "parquet"
    priority: Literal["normal", "high"] = "normal"
    timezone: StrictStr | None = Field(
        None,
        max_length=64,
        description="zone of the times in CSV, and of times without an offset; an IANA name, by default UTC",
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
    api: ExportAnswers = router.context["api"]
    return api


def _grant() -> Grant:
    return granted(router.current_event)
