"""Answers with the points of a site, page by page or by tags, and with their tags and equipment."""

from collections.abc import Sequence
from dataclasses import replace

from query.catalogs import Catalogs
from query.points import paging
from query.points import search as point_search
from query.schemas import Points, Tags
from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError
from vitals.model.points import Point
from vitals.reading import page_token
from vitals.reading.request import MAX_POINTS, QueryRequest


def points_page(
    catalogs: Catalogs, site: str, *, search: str, tags: Sequence[str], limit: int, next_token: str | None
) -> Points:
    """Returns the points in name order that match every word of `search` and every one of `tags`."""
    owner = page_token.fingerprint("points", site, search, sorted(tags))
    catalog, after = paging.page_start(catalogs, site, next_token, owner)
    matches = point_search.find(catalog.active, site, search, tags)
    page = paging.points_after(matches, limit, after)
    rows = paging.fitting([point_search.point_answer(point, site) for point in page])
    return {"points": rows, "next_token": paging.next_token(matches, page[: len(rows)], owner)}


def tagged(catalogs: Catalogs, request: QueryRequest) -> QueryRequest:
    """Returns a request of tags with the names, in order, of the points that have all of them.

    Later pages are of the points of the first page, which their token names. InvalidRequestError for a
    request that has names too, and a token of points that do not exist; NotFoundError when no point has the
    tags, TooLargeError for too many.
    """
    if request.point_names:
        raise InvalidRequestError("use either point names or tag, not both")
    if request.next_token is not None:
        points = _of_token(catalogs, request.site, request.next_token)
    else:
        points = point_search.find(catalogs.find(request.site).active, request.site, "", request.tags)
    names = [point.name for point in points]
    if not names:
        raise NotFoundError("no point of the site has all of these tags")
    if len(names) > MAX_POINTS:
        raise TooLargeError(
            f"{len(names):,} points have these tags; a query takes at most {MAX_POINTS}. Add a tag."
        )
    return replace(request, point_names=sorted(names))


def _of_token(catalogs: Catalogs, site: str, token: str) -> list[Point]:
    """Returns the points that a token names; InvalidRequestError when the site does not have them all."""
    ids = page_token.ids_of(token)
    points = catalogs.with_id(site, max(ids, default=-1)).points
    if not ids or max(ids) >= len(points):
        raise page_token.invalid()
    return [points[point_id] for point_id in ids]


def tags_and_equipment(catalogs: Catalogs, site: str) -> Tags:
    """Returns the tags and the equipment of the site's points."""
    active = catalogs.find(site).active
    return {"site_name": site, "tags": point_search.tags(active), "equipment": point_search.equipment(active)}
