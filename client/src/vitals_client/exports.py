"""Exports: samples of any number of points and days, as files."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal
from urllib.parse import quote

from vitals_client import arguments
from vitals_client.arguments import Time
from vitals_client.errors import FailedError
from vitals_client.http import Http
from vitals_client.polling import follow
from vitals_client.shapes import Export, Removed

_ENDED = ("completed", "failed", "cancelled")


class Exports:
    """The exports of an API. `polling` sends the requests that are repeated anyway, and does not retry."""

    def __init__(self, http: Http, polling: Http, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http = http
        self._polling = polling
        self._sleep = sleep

    def create(
        self,
        site: str,
        points: Sequence[str],
        start: Time,
        end: Time,
        *,
        tags: Sequence[str] = (),
        format: Literal["parquet", "csv", "arrow", "json"] = "parquet",
        priority: Literal["normal", "high"] = "normal",
        timezone: str | None = None,
        form: Literal["series", "table"] = "series",
        resolution: str = "raw",
        measure: str | None = None,
        fill: Literal["null", "last", "linear"] | None = None,
        week_start: Literal["monday", "sunday"] | None = None,
        units: Literal["source", "metric", "imperial"] | None = None,
        hours: str | None = None,
        days: str | None = None,
    ) -> Export:
        """Starts an export of these points in [start, end); an empty list without tags exports every point.

        It has samples or, with a `resolution`, buckets as a query answers them. Times in CSV and JSON are in
        `timezone`, by default UTC, for buckets the site's.
        """
        options = {
            "tag": arguments.texts("tags", tags) or None,
            "timezone": timezone,
            "form": None if form == "series" else form,
            "resolution": None if resolution == "raw" else resolution,
            "measure": measure,
            "fill": fill,
            "week_start": week_start,
            "units": units,
            "hours": hours,
            "days": days,
        }
        body = {
            "site_name": site,
            "point_names": arguments.names(points),
            "start_time": arguments.time(start),
            "end_time": arguments.time(end),
            "format": format,
            "priority": priority,
            **{name: value for name, value in options.items() if value is not None},
        }
        export: Export = self._http.json("POST", "/exports", body=body)
        return export

    def get(self, export_id: str) -> Export:
        """Returns the export, with links to its files once it is completed."""
        return _export(self._http, export_id)

    def cancel(self, export_id: str) -> Export | Removed:
        """Cancels the export; one that has ended is removed with its files."""
        result: Export | Removed = self._http.json("DELETE", f"/exports/{quote(export_id, safe='')}")
        return result

    def follow(self, export_id: str, warn: Callable[[str], None] = lambda text: None) -> Iterator[Export]:
        """Polls the export until it has ended, and yields each result.

        UnansweredError after 8 failures in a row.
        """
        return follow(
            lambda: _export(self._polling, export_id),
            lambda export: export["status"] in _ENDED,
            warn,
            self._sleep,
        )

    def wait(self, export_id: str, *, timeout_s: float = 24 * 3600) -> Export:
        """Returns the export once it is completed; FailedError if it ends otherwise or takes longer."""
        deadline = time.monotonic() + timeout_s
        for export in self.follow(export_id):
            if export["status"] == "completed":
                return export
            if export["status"] in _ENDED:
                reason = f": {export['error']}" if export["error"] else ""
                raise FailedError(f"export {export_id} has the status {export['status']}{reason}")
            if time.monotonic() >= deadline:
                break
        raise FailedError(f"export {export_id} did not end within {timeout_s:g} s; it continues")

    def download(self, export_id: str, folder: str | Path = ".") -> list[Path]:
        """Downloads the files of a completed export into the folder and returns their paths.

        A file appears under its name only when it is complete.
        """
        export = self.get(export_id)
        if export["status"] != "completed":
            raise FailedError(
                f"export {export_id} has the status {export['status']}; only a completed export has files"
            )
        Path(folder).mkdir(parents=True, exist_ok=True)
        return [
            self._fetch(export_id, file["name"], Path(folder))
            for file in sorted(export.get("files", []), key=lambda file: file["name"])
        ]

    def _fetch(self, export_id: str, name: str, folder: Path) -> Path:
        if Path(name).name != name or not name.strip("."):
            raise FailedError(f"export {export_id} has a file with an invalid name: {name!r}")
        # The link is requested again: it is valid for an hour, and the files before may have taken longer.
        [file] = [file for file in self.get(export_id).get("files", []) if file["name"] == name]
        with atomic_file(folder / name) as out, self._http.download(file["url"]) as chunks:
            for chunk in chunks:
                out.write(chunk)
            if out.tell() != file["bytes"]:
                raise FailedError(f"{name} has {out.tell():,} bytes instead of {file['bytes']:,}")
        return folder / name

    # The last method, because its name hides the type `list` in the rest of the class.
    def list(self, site: str, limit: int = 20) -> list[Export]:
        """Returns the latest exports of the site, newest first, without their files."""
        params = {"site_name": site, "limit": str(limit)}
        exports: list[Export] = self._http.json("GET", "/exports", params=params)["exports"]
        return exports


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Opens a file that gets its name when it is complete, and is removed after an error."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as out:
            yield out
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _export(http: Http, export_id: str) -> Export:
    export: Export = http.json("GET", f"/exports/{quote(export_id, safe='')}")
    return export
