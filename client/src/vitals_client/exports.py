"""Exports: samples of any number of points and days, as files."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal
from urllib.parse import quote

from vitals_client import given
from vitals_client.errors import FailedError
from vitals_client.following import follow
from vitals_client.given import Time
from vitals_client.http import Http
from vitals_client.shapes import Export, Removed

_ENDED = ("completed", "failed", "cancelled")


class Exports:
    """The exports of an API; `polling` is for what is asked again anyway."""

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
        format: Literal["parquet", "csv"] = "parquet",
        priority: Literal["normal", "high"] = "normal",
    ) -> Export:
        """Starts an export of these points, or of all of them when none is named."""
        body = {
            "site_name": site,
            "point_names": given.names(points),
            "start_time": given.time(start),
            "end_time": given.time(end),
            "format": format,
            "priority": priority,
        }
        export: Export = self._http.json("POST", "/exports", body=body)
        return export

    def get(self, export_id: str) -> Export:
        """The export, with links to its files once it is completed."""
        return _export(self._http, export_id)

    def cancel(self, export_id: str) -> Export | Removed:
        """Ends the export; one that has ended is removed with its files."""
        answer: Export | Removed = self._http.json("DELETE", f"/exports/{quote(export_id, safe='')}")
        return answer

    def follow(self, export_id: str, warn: Callable[[str], None] = lambda text: None) -> Iterator[Export]:
        """The export again and again until it has ended; UnansweredError when the API stays silent."""
        return follow(
            lambda: _export(self._polling, export_id),
            lambda export: export["status"] in _ENDED,
            warn,
            self._sleep,
        )

    def wait(self, export_id: str, *, timeout_s: float = 24 * 3600) -> Export:
        """The export once it is completed; FailedError when it ends otherwise or not within the time."""
        until = time.monotonic() + timeout_s
        for export in self.follow(export_id):
            if export["status"] == "completed":
                return export
            if export["status"] in _ENDED:
                why = f": {export['error']}" if export["error"] else ""
                raise FailedError(f"the export {export_id} is {export['status']}{why}")
            if time.monotonic() >= until:
                break
        raise FailedError(f"the export {export_id} did not end within {timeout_s:g} s; it goes on by itself")

    def download(self, export_id: str, folder: str | Path = ".") -> list[Path]:
        """The files of a completed export in this folder, each there only once it is whole."""
        export = self.get(export_id)
        if export["status"] != "completed":
            raise FailedError(f"the export {export_id} is {export['status']}; only a completed one has files")
        Path(folder).mkdir(parents=True, exist_ok=True)
        return [
            self._fetch(export_id, file["name"], Path(folder))
            for file in sorted(export.get("files", []), key=lambda file: file["name"])
        ]

    def _fetch(self, export_id: str, name: str, folder: Path) -> Path:
        if Path(name).name != name or not name.strip("."):
            raise FailedError(f"the export names a file {name!r}, which is no name for one")
        # Asked anew, for a link lasts an hour and the files before this one may have taken longer.
        [file] = [file for file in self.get(export_id).get("files", []) if file["name"] == name]
        with written(folder / name) as out, self._http.download(file["url"]) as parts:
            for part in parts:
                out.write(part)
            if out.tell() != file["bytes"]:
                raise FailedError(f"{name} came with {out.tell():,} bytes instead of {file['bytes']:,}")
        return folder / name

    # The last, for in a class's body its name hides the type.
    def list(self, site: str, limit: int = 20) -> list[Export]:
        """The site's exports, newest first, without their files."""
        params = {"site_name": site, "limit": str(limit)}
        exports: list[Export] = self._http.json("GET", "/exports", params=params)["exports"]
        return exports


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is whole; nothing is left of it otherwise."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as out:
            yield out
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _export(http: Http, export_id: str) -> Export:
    export: Export = http.json("GET", f"/exports/{quote(export_id, safe='')}")
    return export
