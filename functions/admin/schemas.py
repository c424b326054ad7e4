"""The answers about settings and views: the definition that routes return and /openapi.json describes."""

from typing import Literal, NotRequired, TypedDict

from vitals.model.kinds import Kind
from vitals.model.records.changes import ChangedSetting


class PointWithSettings(TypedDict):
    """A point and its settings after a change."""

    point_name: str
    kind: Kind
    """What its values mean: derived, or as set by hand."""
    rollover: NotRequired[float]
    """The value after which the counter begins again at 0, if it was set."""
    states: NotRequired[dict[str, float]]
    """The numbers of its state texts, if they were set."""


class ChangedPoints(TypedDict):
    """The points that the request names, in its order."""

    points: list[PointWithSettings]


class SettingChange(TypedDict):
    """Who changed a setting, and when."""

    time: str
    """ISO 8601."""
    who: str
    """Name and id of the token, or the operator's identity in AWS."""
    what: ChangedSetting
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
