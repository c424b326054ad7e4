"""Selects points by words and tags, and describes them under names that people can read."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from query.points.names import display_name
from query.schemas import Equipment, PointAnswer, TagCount
from vitals.model.points import ListedPoint, Point

# A few sites of the largest known size.
_CACHED = 20_000
_EQUIPMENT_TAGS = ("equip", "equipRef", "equipment")
# What a display ignores besides format characters: fillers, joiners and variation selectors.
_IGNORED = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u3164", "\uffa0"}
_IGNORED |= {chr(code) for low, high in ((0x180B, 0x180F), (0xFE00, 0xFE0F)) for code in range(low, high + 1)}
_IGNORED |= {chr(code) for code in range(0xE0100, 0xE01F0)}
_IOTA = "\N{GREEK SMALL LETTER IOTA}"
# A list to choose from; the rarer tags are found by searching.
MAX_TAGS = 500


def find(points: Iterable[Point], site: str, search: str, tags: Sequence[str]) -> list[Point]:
    """Returns the points that have every word of `search` in their texts, and every one of `tags`."""
    terms, required = folded(search).split(), set(map(_form, tags))
    return [
        point
        for point in points
        if required <= _tags(point.listed) and all(term in _search_text(site, point.listed) for term in terms)
    ]


def folded(text: str) -> str:
    """Returns the text as it is compared: without case, compatibility forms and what has no width.

    Canonically equivalent texts are folded to the same text, as are a text and its upper case.
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", _visible(text))
    # Upper case first: that of a dotless i is I, from which no folding leads back.
    return unicodedata.normalize("NFKD", _iotas_last(_visible(plain.upper().casefold())))


def _iotas_last(text: str) -> str:
    """Returns the text with each iota moved after the marks that follow it, as upper case has it."""
    if _IOTA not in text:
        return text
    signs, iotas = [], ""
    for sign in text:
        if sign == _IOTA:
            iotas += sign
        elif iotas and unicodedata.combining(sign):
            signs.append(sign)
        else:
            signs += [iotas, sign]
            iotas = ""
    return "".join([*signs, iotas])


def _visible(text: str) -> str:
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf" and sign not in _IGNORED)


def point_answer(point: Point, site: str) -> PointAnswer:
    """Returns a point as the API lists it."""
    listed, settings = point.listed, point.settings
    answer: PointAnswer = {
        "point_name": listed.name,
        "display_name": _display_name(site, listed),
        "unit": listed.unit,
        "tags": list(listed.tags),
        "interval_seconds": listed.interval_s,
        "description": listed.description,
        "device": listed.device or None,
        "equipment": _equipment(listed),
        "kind": point.kind,
    }
    if settings.rollover is not None:
        answer["rollover"] = settings.rollover
    if settings.states:
        answer["states"] = dict(settings.states)
    return answer


def tags(points: Sequence[Point]) -> list[TagCount]:
    """Returns the tags, units and equipment that points can be selected by, those of most points first."""
    counts = Counter(form for point in points for form in _tags(point.listed))
    spelled = {_form(tag): tag.strip() for point in reversed(points) for tag in _whole_tags(point.listed)}
    common = sorted(spelled, key=lambda form: (-counts[form], form))[:MAX_TAGS]
    return [{"tag": spelled[form], "points": counts[form]} for form in common]


def equipment(points: Iterable[Point]) -> list[Equipment]:
    """Returns the equipment by name, with its device when all of its points that name one agree."""
    members: dict[str, list[ListedPoint]] = {}
    for point in points:
        name = _equipment(point.listed)
        if name:
            members.setdefault(name, []).append(point.listed)
    return [
        {"equipment": name, "device": _device(members[name]), "points": len(members[name])}
        for name in sorted(members)
    ]


def _device(members: Iterable[ListedPoint]) -> str | None:
    named = {listed.device for listed in members if listed.device}
    return named.pop() if len(named) == 1 else None


def _equipment(listed: ListedPoint) -> str | None:
    pairs = dict(tag.split("=", 1) for tag in listed.tags if "=" in tag)
    return next((pairs[key] for key in _EQUIPMENT_TAGS if pairs.get(key)), None)


@lru_cache(_CACHED)
def _display_name(site: str, listed: ListedPoint) -> str:
    return display_name(listed.name, site, listed.object_name, listed.description)


@lru_cache(_CACHED)
def _search_text(site: str, listed: ListedPoint) -> str:
    texts = (listed.name, _display_name(site, listed), listed.description, listed.object_name)
    return folded("\n".join((*texts, listed.device, listed.unit, *listed.tags)))


@lru_cache(_CACHED)
def _tags(listed: ListedPoint) -> frozenset[str]:
    """Returns tags as requests name them: `ahu`, `floor=2`, and `floor` for any floor."""
    whole = _whole_tags(listed)
    return frozenset(_form(text) for tag in whole for text in (tag, tag.partition("=")[0]))


def _form(tag: str) -> str:
    """Returns a tag as it is compared: upstreams differ in case and spaces."""
    return folded(tag).strip()


def _whole_tags(listed: ListedPoint) -> list[str]:
    """Returns the point's tags, and its unit and equipment as tags; several tags may name the equipment."""
    pairs = {"unit": listed.unit, "equip": _equipment(listed)}
    return [*listed.tags, *(f"{key}={value}" for key, value in pairs.items() if value)]
