"""Points of ACE's `configured_points` as the catalog stores them."""

from collections.abc import Mapping
from typing import Any

from vitals.model.points import ListedPoint

_LONGEST_INTERVAL_S = 31 * 86_400
# A chunk of 256 points must fit an item of DynamoDB, 400 KB, whatever the upstream says of a point.
_MAX_TEXT, _MAX_TYPE, _MAX_TAG, _MAX_TAGS = 1_000, 64, 256, 100


def listed_from_ace(item: Mapping[str, Any]) -> ListedPoint:
    """Returns the point of an item of `configured_points`; missing texts are empty, long ones truncated."""
    bacnet, kv = _mapping(item.get("bacnet_data")), _mapping(item.get("kv_tags"))
    markers = item.get("marker_tags")
    tags = [f"{key}={value}"[:_MAX_TAG] for key, value in kv.items()]
    tags += [str(tag)[:_MAX_TAG] for tag in markers] if isinstance(markers, list) else []
    interval = item.get("collect_interval")
    usable = isinstance(interval, (int, float)) and 1 <= interval <= _LONGEST_INTERVAL_S
    return ListedPoint(
        name=item["name"],
        unit=_text(bacnet.get("object_units") or kv.get("unit")),
        description=_text(bacnet.get("object_description") or bacnet.get("object_name")),
        interval_s=int(interval) if interval is not None and usable else None,
        tags=tuple(sorted(tags)[:_MAX_TAGS]),
        object_name=_text(bacnet.get("object_name")),
        device=_text(bacnet.get("device_name")),
        object_type=_type(bacnet.get("object_type")),
        point_type=_type(item.get("point_type")),
    )


def _text(value: Any) -> str:
    return str(value or "")[:_MAX_TEXT]


def _type(value: Any) -> str:
    """Returns the name or the number of a type; 0 is one."""
    return str(value)[:_MAX_TYPE] if isinstance(value, (str, int)) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
