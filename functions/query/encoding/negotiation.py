"""The choice of a media type from an Accept header (RFC 9110)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vitals.errors import NotAcceptableError

_RANGE = re.compile(r"([\w!#$&^.+-]+)/([\w!#$&^.+-]+|\*)|\*(/\*)?")
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class _Range:
    """One media range of an Accept header; a later `position` counts less."""

    kind: str
    subtype: str
    quality: float
    position: int

    @property
    def preference(self) -> tuple[float, int, int]:
        return self.quality, (self.kind != "*") + (self.subtype != "*"), -self.position

    def covers(self, media_type: str) -> bool:
        kind, subtype = media_type.split("/")
        return self.kind in ("*", kind) and self.subtype in ("*", subtype)


def preferred(accept: str, media_types: Sequence[str]) -> str:
    """Returns the media type to answer with, the first one for an empty header.

    Of types that are accepted equally it is the one that is named more exactly, then the one named first.
    NotAcceptableError when none is accepted.
    """
    ranges = list(_ranges(accept)) if accept.strip() else [_Range("*", "*", 1, 0)]
    best: tuple[tuple[float, int, int], str] | None = None
    for media_type in media_types:
        covering = [item for item in ranges if item.covers(media_type)]
        if not covering:
            continue
        # The most specific range decides: */* does not bring back what q=0 excludes.
        deciding = max(covering, key=lambda item: (item.preference[1], item.quality))
        if deciding.quality > 0 and (best is None or deciding.preference > best[0]):
            best = deciding.preference, media_type
    if best is None:
        raise NotAcceptableError(f"Accept must allow one of {', '.join(media_types)}")
    return best[1]


def _ranges(accept: str) -> Iterator[_Range]:
    """Yields the ranges of an Accept header; malformed ones accept nothing."""
    for position, text in enumerate(accept.split(",")):
        media, *parameters = (parameter.strip() for parameter in text.split(";"))
        match = _RANGE.fullmatch(media)
        pairs = (parameter.partition("=") for parameter in parameters)
        qualities = [value for name, _, value in pairs if name in ("q", "Q")]
        quality = qualities[0] if qualities else "1"
        if match and _QUALITY.fullmatch(quality):
            yield _Range((match[1] or "*").lower(), (match[2] or "*").lower(), float(quality), position)
