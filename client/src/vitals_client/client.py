"""The client: one method for each question that the API answers."""

import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import quote

from vitals_client import given, tables, where
from vitals_client.backfills import Backfills
from vitals_client.errors import FailedError, UnansweredError, VitalsWarning
from vitals_client.exports import Exports
from vitals_client.given import Time
from vitals_client.http import Http
from vitals_client.shapes import Coverage, Health, Newest, Point, Site, Status, Tags

if TYPE_CHECKING:
    import pyarrow as pa

# API Gateway waits 29 s for an answer.
_TIMEOUT_SECONDS = 35
_RETRIES = 3
# A thousand million samples, or a million points.
_MOST_PAGES = 10_000
_PAGE = 1_000
_QUERY = "/timeseries/query"
_PACKAGE = str(Path(__file__).parent) + os.sep

type Resolution = Literal["auto", "raw", "5m", "1h", "1d"]
type Method = Literal["m4", "minmax", "lttb", "mean"]


class Client:
    """Building Vitals at `api`, asked with `token`; without both as VITALS_API and VITALS_TOKEN or the local
    stack's file say.

    Every question ends in an answer or a VitalsError; what is safe is asked up to `retries` times again.
    """

    def __init__(
        self,
        api: str | None = None,
        token: str | None = None,
        *,
        timeout_s: float = _TIMEOUT_SECONDS,
        retries: int = _RETRIES,
    ) -> None:
        self.api, found = where.api_and_token(api, token)
        self._http = Http(self.api, found, timeout_s=timeout_s, retries=retries)
        self._polling = Http(self.api, found, timeout_s=timeout_s, retries=0)
        self.exports = Exports(self._http, self._polling)
        self.backfills = Backfills(self._http, self._polling)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()
        self._polling.close()

    def query(
        self,
        site: str,
        points: Sequence[str],
        start: Time,
        end: Time,
        *,
        resolution: Resolution = "auto",
        max_points: int | None = None,
        width: int | None = None,
        method: Method | None = None,
    ) -> "pa.Table":
        """Samples or aggregates of the points in [start, end), all pages of them, point by point.

        The schema's metadata has under `vitals`, as JSON, gaps, coverage, sources and cost. What is missing
        is a VitalsWarning.
        """
        pages = list(
            self._pages(_body(site, points, start, end, resolution, max_points, width, method), warn=False)
        )
        table = tables.joined(pages)
        _warn(tables.beside(table)["warnings"])
        return table

    def query_pages(
        self,
        site: str,
        points: Sequence[str],
        start: Time,
        end: Time,
        *,
        resolution: Resolution = "auto",
        max_points: int | None = None,
        width: int | None = None,
        method: Method | None = None,
    ) -> Iterator["pa.Table"]:
        """The same page by page, in order of time, for what does not fit memory."""
        return self._pages(_body(site, points, start, end, resolution, max_points, width, method), warn=True)

    def sites(self) -> list[Site]:
        """The sites that the token grants."""
        found: list[Site] = self._http.json("GET", "/sites")["sites"]
        return found

    def points(self, site: str, search: str = "", tags: Sequence[str] = ()) -> Iterator[Point]:
        """The site's points, in name order, that have every word of `search` and every one of `tags`."""
        params = {"search": search, "tag": list(tags), "limit": _PAGE}
        for page in self._listed(f"/sites/{quote(site, safe='')}/points", params):
            yield from page["points"]

    def tags(self, site: str) -> Tags:
        """The tags and the equipment of the site, with how many points have them."""
        found: Tags = self._http.json("GET", f"/sites/{quote(site, safe='')}/tags")
        return found

    def latest(self, site: str, points: Sequence[str] = ()) -> list[Newest]:
        """The newest sample of the last 24 hours of each of these points, or of every point.

        Of a point without one, `last_seen` is the start of the last archived hour with samples, or None.
        """
        path = f"/sites/{quote(site, safe='')}/latest"
        names = given.names(points)
        if not names:
            pages = list(self._listed(path, {"limit": _PAGE}))
        else:
            # Names of any characters and length, which an address may not carry.
            pages = [self._http.read(path, {"point_names": group}) for group in given.groups(names)]
        _warn(warning for page in pages for warning in page["warnings"])
        return [newest for page in pages for newest in page["latest"]]

    def coverage(self, site: str, start: Time, end: Time) -> Coverage:
        """Day by day, how many windows were asked for and have data, and what became of the archive."""
        params = {"start": given.time(start), "end": given.time(end)}
        found: Coverage = self._http.json("GET", f"/sites/{quote(site, safe='')}/coverage", params=params)
        return found

    def status(self) -> Status:
        """How the sites are doing."""
        found: Status = self._http.json("GET", "/status")
        return found

    def health(self) -> Health:
        """Whether every site is synced."""
        found: Health = self._http.json("GET", "/health")
        return found

    def _pages(self, body: dict[str, Any], *, warn: bool) -> Iterator["pa.Table"]:
        said: set[str] = set()
        for _ in range(_MOST_PAGES):
            stream = self._http.arrow(_QUERY, body)
            try:
                page = tables.read(stream)
            except ValueError as error:
                raise UnansweredError(f"{self.api} answers a broken Arrow stream: {error}") from None
            told = tables.beside(page)
            if warn:
                news = [warning for warning in tables.lasting(told) if warning not in said]
                said.update(news)
                _warn(news)
            yield page
            if told["metadata"]["next_token"] is None:
                return
            body = body | {"next_token": told["metadata"]["next_token"]}
        raise FailedError(f"the answer does not end within {_MOST_PAGES:,} pages")

    def _listed(self, path: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for _ in range(_MOST_PAGES):
            page = self._http.json("GET", path, params=params)
            yield page
            if page["next_token"] is None:
                return
            params = params | {"next_token": page["next_token"]}
        raise FailedError(f"the list does not end within {_MOST_PAGES:,} pages")


def _body(
    site: str,
    points: Sequence[str],
    start: Time,
    end: Time,
    resolution: str,
    max_points: int | None,
    width: int | None,
    method: str | None,
) -> dict[str, Any]:
    body = {
        "site_name": site,
        "point_names": given.names(points),
        "start_time": given.time(start),
        "end_time": given.time(end),
        "resolution": resolution,
    }
    chart = {"max_points": max_points, "width": width, "method": method}
    return body | {key: value for key, value in chart.items() if value is not None}


def _warn(texts: Any) -> None:
    """As Python warnings, which name the caller's line."""
    for text in texts:
        warnings.warn(text, VitalsWarning, stacklevel=2, skip_file_prefixes=(_PACKAGE,))
