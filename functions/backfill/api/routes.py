"""The routes of backfills: types checked by Powertools, one call each."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from backfill.api.answers import BackfillAnswers
from backfill.events import StartRequest
from vitals.http.access import granted
from vitals.http.responses import json_answer
from vitals.model.records.tokens import Grant

router = APIGatewayRouter()

RunId = Annotated[str, Path(description="id from POST /backfill/start")]


class StartBody(BaseModel):
    """The days of a site to backfill, both dates included."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    site_name: StrictStr = Field(max_length=64)
    start_date: StrictStr = Field(max_length=40, description="YYYY-MM-DD, UTC")
    end_date: StrictStr = Field(max_length=40, description="YYYY-MM-DD, UTC")
    force: StrictBool = Field(False, description="read complete days again too")
    dry_run: StrictBool = Field(False, description="return the estimate without starting")
    rebuild: StrictBool = Field(
        False, description="archive days with rollups of an older release again, without the upstream"
    )


@router.post("/backfill/start", summary="Start a backfill of a site")
def start(body: Annotated[StartBody, Body()]) -> Response[Any]:
    request: StartRequest = {
        "site": body.site_name,
        "start_date": body.start_date,
        "end_date": body.end_date,
        "force": body.force,
        "dry_run": body.dry_run,
        "rebuild": body.rebuild,
    }
    status, answer = _api().start(_grant(), request)
    return json_answer(answer, status)


@router.get("/backfill", summary="A site's backfills, newest first")
def of_site(
    site_name: Annotated[str, Query(max_length=64, description="site name, as in /sites")],
    limit: Annotated[int, Query(ge=1, le=100, description="maximum number of backfills")] = 20,
) -> Response[Any]:
    return json_answer(_api().of_site(_grant(), site_name, limit))


@router.get("/backfill/<run_id>", summary="A backfill with its days")
def get(run_id: RunId) -> Response[Any]:
    return json_answer(_api().get(_grant(), run_id))


@router.post("/backfill/<run_id>/cancel", summary="Cancel a backfill before its next hour")
def cancel(run_id: RunId) -> Response[Any]:
    status, answer = _api().cancel(_grant(), run_id)
    return json_answer(answer, status)


def _api() -> BackfillAnswers:
    api: BackfillAnswers = router.context["connect"]()
    return api


def _grant() -> Grant:
    return granted(router.current_event)
