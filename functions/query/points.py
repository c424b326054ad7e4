"""Points as people look for them: by words and tags, under names that can be read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from query.names import display_name
from vitals.catalog import Listed, Point

# A few sites of the largest known size.
_KEPT = 20_000
_EQUIPMENT_TAGS = ("equip", "equipRef", "equipment")
# A list to choose from; the rarer tags are found by searching.
MAX_TAGS = 500


def find(points: Iterable[Point], site: str, search: str, tags: Sequence[str]) -> list[Point]:
    """The points with every word of `search` in what is said of them, and every one of `tags`."""
    words, wanted = search.casefold().split(), set(map(_form, tags))
    return [
        point
        for point in points
        if wanted <= _tags(point.listed) and all(word in _haystack(site, point.listed) for word in words)
    ]


def told(point: Point, site: str) -> dict[str, Any]:
    """A point as the API lists it."""
    listed = point.listed
    return {
        "point_name": listed.name,
        "display_name": _display_name(site, listed),
        "unit": listed.unit,
        "tags": list(listed.tags),
        "interval_seconds": listed.interval_s,
        "description": listed.description,
        "device": listed.device or None,
        "equipment": _equipment(listed),
    }


def tags(points: Sequence[Point]) -> list[dict[str, Any]]:
    """What points can be asked for by, each with how many have it, most first; units and equipment too."""
    found = Counter(form for point in points for form in _tags(point.listed))
    spelled = {_form(tag): tag.strip() for point in reversed(points) for tag in _whole_tags(point.listed)}
    most = sorted(spelled, key=lambda form: (-found[form], form))[:MAX_TAGS]
    return [{"tag": spelled[form], "points": found[form]} for form in most]


def equipment(points: Iterable[Point]) -> list[dict[str, Any]]:
    """The equipment by name, with its device when all of its points that name one agree."""
    members: dict[str, list[Listed]] = {}
    for point in points:
        name = _equipment(point.listed)
        if name:
            members.setdefault(name, []).append(point.listed)
    return [
        {"equipment": name, "device": _device(members[name]), "points": len(members[name])}
        for name in sorted(members)
    ]


def _device(members: Iterable[Listed]) -> str | None:
    named = {listed.device for listed in members if listed.device}
    return named.pop() if len(named) == 1 else None


def _equipment(listed: Listed) -> str | None:
    pairs = dict(tag.split("=", 1) for tag in listed.tags if "=" in tag)
    return next((pairs[key] for key in _EQUIPMENT_TAGS if pairs.get(key)), None)


@lru_cache(_KEPT)
def _display_name(site: str, listed: Listed) -> str:
    return display_name(listed.name, site, listed.object_name, listed.description)


@lru_cache(_KEPT)
def _haystack(site: str, listed: Listed) -> str:
    said = (listed.name, _display_name(site, listed), listed.description, listed.object_name)
    return "\n".join((*said, listed.device, listed.unit, *listed.tags)).casefold()


@lru_cache(_KEPT)
def _tags(listed: Listed) -> frozenset[str]:
    """Tags as they are asked for: `ahu`, `floor=2`, and `floor` for whatever floor."""
    whole = _whole_tags(listed)
    return frozenset(_form(part) for tag in whole for part in (tag, tag.partition("=")[0]))


def _form(tag: str) -> str:
    """A tag as it is compared: upstreams spell it this way and that, and pad it."""
    return tag.strip().casefold()


def _whole_tags(listed: Listed) -> list[str]:
    """The point's tags; its unit and, by whatever tag it is told, its equipment are such tags too."""
    more = {"unit": listed.unit, "equip": _equipment(listed)}
    return [*listed.tags, *(f"{key}={value}" for key, value in more.items() if value)]
