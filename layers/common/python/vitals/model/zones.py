"""Names of timezones: the keys of the pinned tzdata package, and never of the machine's own files."""

from functools import cache
from pathlib import Path

import tzdata

from vitals.errors import InvalidRequestError

UTC = "UTC"
_EXPECTED = "timezone must be an IANA name such as America/Chicago"
# It stands for a machine without a timezone.
_PLACEHOLDER = "Factory"


def check_zone(text: str) -> str:
    """Returns the name; InvalidRequestError unless it is spelled exactly as a key of the package."""
    names = zone_names()
    if text in names:
        return text
    hint = _by_lower_case().get(text.lower())
    raise InvalidRequestError(_EXPECTED + (f"; use {hint}" if hint else ""))


@cache
def zone_names() -> frozenset[str]:
    """Returns the names of every zone, links such as US/Central included."""
    lines = Path(tzdata.__file__).with_name("zones").read_text().split()
    return frozenset(lines) - {_PLACEHOLDER}


@cache
def _by_lower_case() -> dict[str, str]:
    """Returns the exact names by their lower case."""
    return {name.lower(): name for name in zone_names()}


def version() -> str:
    """Returns the version of the zones' rules, such as 2026f."""
    iana_version: str = tzdata.IANA_VERSION
    return iana_version
