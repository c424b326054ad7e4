"""The client: one method for each route of the API."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Self
from urllib.parse import quote

from vitals_client import arguments, discovery
from vitals_client.arguments import Time
from vitals_client.backfills import Backfills
from vitals_client.exports import Exports
from vitals_client.http import Http
from vitals_client.pages import Pages, warn
from vitals_client.shapes import (
    Coverage,
    Flag,
    Health,
    Newest,
    Point,
    Quality,
    RemovedFlag,
    RemovedView,
    SavedView,
    SettingChange,
    Site,
    Status,
    Tags,
)
from vitals_client.timeseries import Timeseries

# More than the 29 s that API Gateway waits for a response.
_TIMEOUT_SECONDS = 35
_RETRIES = 3
_PAGE_LIMIT = 1_000
_CHANGES_LIMIT = 100


class Client(Timeseries):
    """A client of the API at the address `api`, with a bearer token.

    Without both arguments it uses VITALS_API and VITALS_TOKEN, or else the local stack. Every method returns
    a result or raises a VitalsError; requests that only read are retried up to `retries` times.
    """

    def __init__(
        self,
        api: str | None = None,
        token: str | None = None,
        *,
        timeout_s: float = _TIMEOUT_SECONDS,
        retries: int = _RETRIES,
    ) -> None:
        self.api, token = discovery.api_and_token(api, token)
        self._http = Http(self.api, token, timeout_s=timeout_s, retries=retries)
        self._polling = Http(self.api, token, timeout_s=timeout_s, retries=0)
        self._pages = Pages(self._http, self.api)
        self.exports = Exports(self._http, self._polling)
        self.backfills = Backfills(self._http, self._polling)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()
        self._polling.close()

    def sites(self) -> list[Site]:
        """Returns the sites that the token grants."""
        sites: list[Site] = self._http.json("GET", "/sites")["sites"]
        return sites

    def points(self, site: str, search: str = "", tags: Sequence[str] = ()) -> Iterator[Point]:
        """Yields the points that match every word of `search` and have every tag, in name order."""
        params = {"search": search, "tag": list(tags), "limit": _PAGE_LIMIT}
        for page in self._pages.of_list(_site_path(site, "points"), params):
            yield from page["points"]

    def tags(self, site: str) -> Tags:
        """Returns the tags and the equipment of the site, with the number of points of each."""
        tags: Tags = self._http.json("GET", _site_path(site, "tags"))
        return tags

    def latest(self, site: str, points: Sequence[str] = ()) -> list[Newest]:
        """Returns the newest sample of the last 24 hours of these points, or of every point.

        Without such a sample, `last_seen` is the start of the last archived hour with samples, or None.
        """
        path, names = _site_path(site, "latest"), arguments.names(points)
        if not names:
            pages = list(self._pages.of_list(path, {"limit": _PAGE_LIMIT}))
        else:
            # Posted, because a URL cannot carry names of any length.
            pages = [self._http.read(path, {"point_names": group}) for group in arguments.groups(names)]
        warn(warning for page in pages for warning in page["warnings"])
        return [newest for page in pages for newest in page["latest"]]

    def coverage(self, site: str, start: Time, end: Time) -> Coverage:
        """Returns each day's number of windows polled and windows with data, and its archive status."""
        params = {"start": arguments.time(start), "end": arguments.time(end)}
        coverage: Coverage = self._http.json("GET", _site_path(site, "coverage"), params=params)
        return coverage

    def quality(self, site: str, day: date | str | None = None) -> Quality:
        """Returns all findings of an archived UTC day, by default the latest, the worst first.

        NotFoundError for a day without data quality.
        """
        params: dict[str, Any] = {} if day is None else {"date": str(day)}
        path = _site_path(site, "quality")
        quality: Quality = self._http.json("GET", path, params=params)
        token = quality["next_token"]
        if token is not None:
            # The pages after the first are of the same day, also when another one is archived meanwhile.
            params = {"date": quality["date"], "next_token": token}
            for page in self._pages.of_list(path, params):
                quality["findings"] += page["findings"]
        quality["next_token"] = None
        return quality

    def changes(self, site: str) -> Iterator[SettingChange]:
        """Yields who changed which setting of the site and its points, newest first."""
        for page in self._pages.of_list(_site_path(site, "changes"), {"limit": _CHANGES_LIMIT}):
            yield from page["changes"]

    def views(self, site: str) -> list[SavedView]:
        """Returns the saved views of the site, in the order of their names."""
        views: list[SavedView] = self._http.json("GET", _site_path(site, "views"))["views"]
        return views

    def save_view(self, site: str, name: str, view: str) -> SavedView:
        """Saves a view, in place of one of the same name; `view` is the query part of the page's address."""
        content = {"name": name, "view": view}
        saved: SavedView = self._http.json("PUT", _site_path(site, "views"), body=content)
        return saved

    def delete_view(self, site: str, name: str) -> RemovedView:
        """Deletes a saved view; NotFoundError if there is none of this name."""
        path = _site_path(site, "views")
        removed: RemovedView = self._http.json("DELETE", path, params={"name": name})
        return removed

    def flags(self, site: str, points: Sequence[str] = ()) -> Iterator[Flag]:
        """Yields the flags of the site, or those of any of these points, in the order of their making."""
        chosen = {"point_name": arguments.names(points)}
        for page in self._pages.of_list(_site_path(site, "flags"), chosen):
            yield from page["flags"]

    def add_flag(self, site: str, points: Sequence[str], start: Time, end: Time, reason: str) -> Flag:
        """Marks [start, end) of the points as bad; their samples stay."""
        content = {
            "point_names": arguments.names(points),
            "start_time": arguments.time(start),
            "end_time": arguments.time(end),
            "reason": reason,
        }
        flag: Flag = self._http.json("POST", _site_path(site, "flags"), body=content)
        return flag

    def remove_flag(self, site: str, flag_id: str) -> RemovedFlag:
        """Removes a flag; NotFoundError if there is none of this id."""
        path = _site_path(site, "flags")
        removed: RemovedFlag = self._http.json("DELETE", path, params={"flag_id": flag_id})
        return removed

    def status(self) -> Status:
        """Returns the status of each site: lag, rejected readings, unarchived days, dead letters."""
        status: Status = self._http.json("GET", "/status")
        return status

    def health(self) -> Health:
        """Returns whether every site is synced."""
        health: Health = self._http.json("GET", "/health")
        return health


def _site_path(site: str, resource: str) -> str:
    return f"/sites/{quote(site, safe='')}/{resource}"
