"""What is stored, in the shapes of the answers."""

from collections.abc import Mapping

from admin import schemas
from vitals.model.points import Point
from vitals.model.records.changes import ChangeValue, RecordedChange
from vitals.model.records.views import SavedView
from vitals.model.timespan import iso


def point(point: Point) -> schemas.PointWithSettings:
    answer: schemas.PointWithSettings = {"point_name": point.name, "kind": point.kind}
    if point.settings.rollover is not None:
        answer["rollover"] = point.settings.rollover
    if point.settings.states:
        answer["states"] = dict(point.settings.states)
    return answer


def change(recorded: RecordedChange) -> schemas.SettingChange:
    change = recorded.change
    return {
        "time": iso(recorded.time_ms),
        "who": recorded.who,
        "what": change.what,
        "subject": change.subject,
        "before": _json(change.before),
        "after": _json(change.after),
    }


def _json(value: ChangeValue) -> str | float | list[str] | dict[str, float] | None:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def saved_view(view: SavedView) -> schemas.SavedView:
    saved_at = iso(view.saved_ms)
    return {"name": view.name, "view": view.view, "saved_by": view.saved_by, "saved_at": saved_at}
