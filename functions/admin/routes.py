"""The routes of settings, saved views and flags: types checked by Powertools, one call each."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from admin.answers import MAX_CHANGED_POINTS, AdminAnswers
from vitals.http.access import granted
from vitals.http.responses import json_answer
from vitals.model.kinds import Kind
from vitals.model.points import MAX_NAME
from vitals.model.records.flags import MAX_POINTS
from vitals.model.records.sites import Units
from vitals.model.records.tokens import Grant
from vitals.model.records.views import MAX_VIEW

router = APIGatewayRouter()

Name = Annotated[StrictStr, Field(max_length=MAX_NAME)]
Number = StrictFloat | StrictInt
SiteName = Annotated[str, Path(max_length=64, description="site name, as in /sites")]


class SiteBody(BaseModel):
    """Settings of a site to change; null restores the default."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    timezone: StrictStr | None = Field(None, max_length=64, description="IANA name; null is UTC")
    units: Units | None = Field(None, description="units of the answers; null is source")
    holidays: list[StrictStr] | None = Field(
        None, description="local dates YYYY-MM-DD from 1990 to 2100, at most 400; null is none"
    )


class PointBody(BaseModel):
    """Settings of a point to change; null removes a setting."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    kind: Kind | None = Field(None, description="null is the derived kind")
    rollover: Number | None = Field(None, description="the value after which the counter begins again at 0")
    states: dict[StrictStr, Number] | None = Field(None, description="the numbers of its state texts")


class PointsBody(BaseModel):
    """Settings of points to change, by their names."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    points: dict[Name, PointBody] = Field(min_length=1, max_length=MAX_CHANGED_POINTS)


class ViewBody(BaseModel):
    """A view to save."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    name: StrictStr = Field(description="1 to 80 printable characters, without the outer spaces")
    view: StrictStr = Field(
        min_length=1, max_length=MAX_VIEW, description="the query part of the page's address, without ?"
    )


class FlagBody(BaseModel):
    """A span of points to mark as bad."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    point_names: list[Name] = Field(min_length=1, max_length=MAX_POINTS)
    start_time: StrictStr | StrictInt | StrictFloat = Field(description="ISO 8601 or epoch milliseconds")
    end_time: StrictStr | StrictInt | StrictFloat = Field(
        description="the end, which is not part of the span; it may be in the future"
    )
    reason: StrictStr = Field(description="1 to 200 printable characters, without the outer spaces")


@router.patch("/sites/<site>", summary="Set the timezone, the units or the holidays of a site")
def set_site(site: SiteName, body: Annotated[SiteBody, Body()]) -> Response[Any]:
    return json_answer(_api().set_site(_grant(), site, body.model_dump(exclude_unset=True)))


@router.patch("/sites/<site>/points", summary="Set the kind, the rollover or the states of points")
def set_points(site: SiteName, body: Annotated[PointsBody, Body()]) -> Response[Any]:
    changes = body.model_dump(exclude_unset=True)["points"]
    return json_answer(_api().set_points(_grant(), site, changes))


@router.get("/sites/<site>/changes", summary="Changes of the settings of a site and its points")
def changes(
    site: SiteName,
    limit: Annotated[int, Query(ge=1, le=100, description="maximum number of changes")] = 20,
    next_token: Annotated[str | None, Query(max_length=200, description="from the previous page")] = None,
) -> Response[Any]:
    return json_answer(_api().page_of_changes(_grant(), site, limit, next_token))


@router.get("/sites/<site>/views", summary="Saved views of the page Explore, by name")
def views(site: SiteName) -> Response[Any]:
    return json_answer(_api().site_views(_grant(), site))


@router.put("/sites/<site>/views", summary="Save a view, in place of one of the same name")
def save_view(site: SiteName, body: Annotated[ViewBody, Body()]) -> Response[Any]:
    return json_answer(_api().save_view(_grant(), site, body.name, body.view))


@router.delete("/sites/<site>/views", summary="Delete a saved view")
def delete_view(site: SiteName, name: Annotated[str, Query(description="its name")]) -> Response[Any]:
    return json_answer(_api().delete_view(_grant(), site, name))


@router.get("/sites/<site>/flags", summary="Spans of points that people marked as bad")
def flags(
    site: SiteName,
    point_name: Annotated[list[Name] | None, Query(description="flags of any of these; repeat it")] = None,
    next_token: Annotated[str | None, Query(max_length=200, description="from the previous page")] = None,
) -> Response[Any]:
    return json_answer(_api().site_flags(_grant(), site, point_name or (), next_token))


@router.post("/sites/<site>/flags", summary="Mark a span of points as bad; its samples stay")
def add_flag(site: SiteName, body: Annotated[FlagBody, Body()]) -> Response[Any]:
    return json_answer(
        _api().add_flag(_grant(), site, body.point_names, body.start_time, body.end_time, body.reason)
    )


@router.delete("/sites/<site>/flags", summary="Remove a flag")
def remove_flag(
    site: SiteName, flag_id: Annotated[str, Query(max_length=64, description="its id")]
) -> Response[Any]:
    return json_answer(_api().remove_flag(_grant(), site, flag_id))


def _api() -> AdminAnswers:
    api: AdminAnswers = router.context["connect"]()
    return api


def _grant() -> Grant:
    return granted(router.current_event)
