"""The tags of points, and how a request names them. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from vitals.model.points import ListedPoint, Point

# A few sites of the largest known size.
_CACHED = 20_000
_EQUIPMENT_TAGS = ("equip", "equipRef", "equipment")
# What a display ignores besides format characters: fillers, joiners and variation selectors.
_IGNORED = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u3164", "\uffa0"}
_IGNORED |= {chr(code) for low, high in ((0x180B, 0x180F), (0xFE00, 0xFE0F)) for code in range(low, high + 1)}
_IGNORED |= {chr(code) for code in range(0xE0100, 0xE01F0)}
_IOTA = "\N{GREEK SMALL LETTER IOTA}"


def tagged(points: Iterable[Point], tags: Sequence[str]) -> list[Point]:
    """Returns the points that have every one of `tags`."""
    required = set(map(form, tags))
    return [point for point in points if required <= tags_of(point.listed)]


@lru_cache(_CACHED)
def tags_of(listed: ListedPoint) -> frozenset[str]:
    """Returns tags as requests name them: `ahu`, `floor=2`, and `floor` for any floor."""
    whole = whole_tags(listed)
    return frozenset(form(text) for tag in whole for text in (tag, tag.partition("=")[0]))


def form(tag: str) -> str:
    """Returns a tag as it is compared: upstreams differ in case and spaces."""
    return folded(tag).strip()


def whole_tags(listed: ListedPoint) -> list[str]:
    """Returns the point's tags, and its unit and equipment as tags; several tags may name the equipment."""
    pairs = {"unit": listed.unit, "equip": equipment_of(listed)}
    return [*listed.tags, *(f"{key}={value}" for key, value in pairs.items() if value)]


def equipment_of(listed: ListedPoint) -> str | None:
    """Returns the equipment that the point belongs to."""
    pairs = dict(tag.split("=", 1) for tag in listed.tags if "=" in tag)
    return next((pairs[key] for key in _EQUIPMENT_TAGS if pairs.get(key)), None)


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
