"""The name of a site, which is part of keys and object paths."""

import re
from typing import TYPE_CHECKING

from vitals.errors import InvalidRequestError

if TYPE_CHECKING:
    pass

# A site's name is part of keys and object paths; ACE names sites in lower case with underscores.
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


def check_site(site: str) -> str:
    """The name itself when it can be part of a key and of a path; InvalidRequestError otherwise."""
    if not _SITE.fullmatch(site):
        raise InvalidRequestError("a site name has 1 to 64 letters, digits, dots, dashes and underscores")
    return site
