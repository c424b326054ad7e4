"""Points as people look for them: by words and tags, under names that can be read."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from query.names import display_name
from vitals.catalog import Listed, Point

# A few sites of the largest known size.
_KEPT = 20_000
_EQUIPMENT_TAGS = ("equip", "equipRef", "equipment")


def find(points: Iterable[Point], site: str, search: str, tags: Sequence[str]) -> list[Point]:
    """The points with every word of `search` in what is said of them, and every one of `tags`."""
    words, wanted = search.casefold().split(), {tag.strip().casefold() for tag in tags}
    return [
        point
        for point in points
        if wanted <= _tags(point.listed) and all(word in _haystack(site, point.listed) for word in words)
    ]


def told(point: Point, site: str) -> dict[str, Any]:
    """A point as the API lists it."""
    listed = point.listed
    pairs = dict(tag.split("=", 1) for tag in listed.tags if "=" in tag)
    return {
        "point_name": listed.name,
        "display_name": _display_name(site, listed),
        "unit": listed.unit,
        "tags": list(listed.tags),
        "interval_seconds": listed.interval_s,
        "description": listed.description,
        "device": listed.device or None,
        "equipment": next((pairs[key] for key in _EQUIPMENT_TAGS if key in pairs), None),
    }


@lru_cache(_KEPT)
def _display_name(site: str, listed: Listed) -> str:
    return display_name(listed.name, site, listed.object_name, listed.description)


@lru_cache(_KEPT)
def _haystack(site: str, listed: Listed) -> str:
    said = (listed.name, _display_name(site, listed), listed.description, listed.object_name)
    return "\n".join((*said, listed.device, listed.unit, *listed.tags)).casefold()


@lru_cache(_KEPT)
def _tags(listed: Listed) -> frozenset[str]:
    """Tags as they are asked for: `ahu`, `floor=2`, and `floor` for whatever floor; the unit is one too."""
    tags = [*listed.tags, *([f"unit={listed.unit}"] if listed.unit else [])]
    return frozenset(form.casefold() for tag in tags for form in (tag, tag.partition("=")[0]))
