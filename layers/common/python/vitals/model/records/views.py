"""Saved views: what the page Explore of a site shows, under a name that links share."""

import re
from dataclasses import dataclass

from vitals.errors import InvalidRequestError

MAX_VIEWS = 200
"""Views of a site."""
MAX_NAME = 80
MAX_VIEW = 4_000
# Browsers encode the other characters of a query.
_QUERY = re.compile(r"[!$-;=?-~]+")


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view with the label of the token that saved it last, and when (UTC ms)."""

    name: str
    view: str
    """The query part of the page's address, without `?`."""
    saved_by: str
    saved_ms: int


def check_name(text: str) -> str:
    """Returns the name without outer spaces; InvalidRequestError if it is empty, long or not printable."""
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidRequestError(f"name must have 1 to {MAX_NAME} printable characters")
    return name


def check_view(text: str) -> str:
    """Returns the text if it is the query part of an address; InvalidRequestError otherwise."""
    if not 1 <= len(text) <= MAX_VIEW or not _QUERY.fullmatch(text):
        raise InvalidRequestError(
            f"view must have 1 to {MAX_VIEW} characters of a query as a browser writes it,"
            ' which are printable ASCII without spaces, ", #, < and >'
        )
    if text.startswith("?"):
        raise InvalidRequestError("view must begin after the ? of the address")
    return text
