"""Pages of a site's points, which are in name order."""

import itertools
from bisect import bisect_right
from collections.abc import Sequence

import orjson

from query.catalogs import Catalogs
from vitals.errors import InvalidRequestError
from vitals.model.points import Catalog, Point
from vitals.reading import page_token

MAX_LIMIT = 1_000
# Of JSON, which Lambda escapes once more, at most to twice its size; a response carries 6 MB.
_MAX_BYTES = 2_800_000


def page_start(
    catalogs: Catalogs, site: str, next_token: str | None, owner: str
) -> tuple[Catalog, str | None]:
    """Returns the site's catalog, and the name of the point that a page follows; None for the first page."""
    if next_token is None:
        return catalogs.find(site), None
    last_id = page_token.decode(next_token, owner)
    catalog = catalogs.with_id(site, last_id)
    if not 0 <= last_id < len(catalog.points):
        raise page_token.invalid()
    return catalog, catalog.points[last_id].name


def points_after(points: Sequence[Point], limit: int, after: str | None) -> list[Point]:
    """Returns at most `limit` of the points, those whose name is greater than `after`."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequestError(f"limit must be a whole number from 1 to {MAX_LIMIT}")
    start = 0 if after is None else bisect_right(points, after, key=lambda point: point.name)
    return list(points[start : start + limit])


def fitting[Row](rows: list[Row]) -> list[Row]:
    """Returns the first rows that fit one answer, at least one: names and descriptions are of any length."""
    sizes = itertools.accumulate(len(orjson.dumps(row)) for row in rows)
    return rows[: max(1, sum(size <= _MAX_BYTES for size in sizes))]


def next_token(points: Sequence[Point], page: Sequence[Point], owner: str) -> str | None:
    """Returns the token of the next page; None when the page ends where the points do."""
    return None if not page or page[-1] is points[-1] else page_token.encode(page[-1].id, owner)
