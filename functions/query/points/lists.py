"""Answers with the points of a site, page by page, and with their tags and equipment."""

from collections.abc import Sequence

from query.catalogs import Catalogs
from query.points import paging
from query.points import search as point_search
from query.schemas import Points, Tags
from vitals.reading import page_token


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


def tags_and_equipment(catalogs: Catalogs, site: str) -> Tags:
    """Returns the tags and the equipment of the site's points."""
    active = catalogs.find(site).active
    return {"site_name": site, "tags": point_search.tags(active), "equipment": point_search.equipment(active)}
