"""Validates names of sites, which are part of keys and object paths."""

import re

from vitals.errors import InvalidRequestError

_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


def check_site(site: str) -> str:
    """Returns the name; raises InvalidRequestError when it cannot be part of a key and a path."""
    if not _SITE.fullmatch(site):
        raise InvalidRequestError(
            "a site name must have 1 to 64 letters, digits, dots, dashes and underscores"
        )
    return site
