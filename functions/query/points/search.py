"""Selects points by words and tags, and describes them under names that people can read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from query.points.names import display_name
from query.schemas import Equipment, PointAnswer, TagCount
from vitals.model import units
from vitals.model.kinds import Kind
from vitals.model.points import ListedPoint, Point
from vitals.reading.points.tags import equipment_of, folded, form, tagged, tags_of, whole_tags

# A few sites of the largest known size.
_CACHED = 20_000
# A list to choose from; the rarer tags are found by searching.
MAX_TAGS = 500


def find(points: Iterable[Point], site: str, search: str, tags: Sequence[str]) -> list[Point]:
    """Returns the points that have every word of `search` in their texts, and every one of `tags`."""
    terms = folded(search).split()
    return [
        point
        for point in tagged(points, tags)
        if all(term in _search_text(site, point.listed, point.kind) for term in terms)
    ]


def point_answer(point: Point, site: str) -> PointAnswer:
    """Returns a point as the API lists it."""
    listed, settings = point.listed, point.settings
    answer: PointAnswer = {
        "point_name": listed.name,
        "display_name": display_name_of(site, listed),
        "unit": listed.unit,
        "tags": list(listed.tags),
        "interval_seconds": listed.interval_s,
        "description": listed.description,
        "device": listed.device or None,
        "equipment": equipment_of(listed),
        "kind": point.kind,
    }
    if settings.rollover is not None:
        answer["rollover"] = settings.rollover
    if settings.states:
        answer["states"] = dict(settings.states)
    return answer


def tags(points: Sequence[Point]) -> list[TagCount]:
    """Returns the tags, units and equipment that points can be selected by, those of most points first."""
    counts = Counter(tag for point in points for tag in tags_of(point.listed))
    spelled = {form(tag): tag.strip() for point in reversed(points) for tag in whole_tags(point.listed)}
    common = sorted(spelled, key=lambda tag: (-counts[tag], tag))[:MAX_TAGS]
    return [{"tag": spelled[tag], "points": counts[tag]} for tag in common]


def equipment(points: Iterable[Point]) -> list[Equipment]:
    """Returns the equipment by name, with its device when all of its points that name one agree."""
    members: dict[str, list[ListedPoint]] = {}
    for point in points:
        name = equipment_of(point.listed)
        if name:
            members.setdefault(name, []).append(point.listed)
    return [
        {"equipment": name, "device": _device(members[name]), "points": len(members[name])}
        for name in sorted(members)
    ]


def _device(members: Iterable[ListedPoint]) -> str | None:
    named = {listed.device for listed in members if listed.device}
    return named.pop() if len(named) == 1 else None


@lru_cache(_CACHED)
def display_name_of(site: str, listed: ListedPoint) -> str:
    """Returns the name of a point that people can read."""
    return display_name(listed.name, site, listed.object_name, listed.description)


@lru_cache(_CACHED)
def _search_text(site: str, listed: ListedPoint, kind: Kind) -> str:
    texts = (listed.name, display_name_of(site, listed), listed.description, listed.object_name)
    unit = (listed.unit, units.symbol(listed.unit))
    return folded("\n".join((*texts, listed.device, *unit, kind, *listed.tags)))
