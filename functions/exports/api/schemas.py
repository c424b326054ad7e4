"""The shapes of the answers about exports, for /openapi.json."""

from typing import Literal

from pydantic import Field

from vitals.http.described import Shape, answers


class Export(Shape):
    """An export with its progress; times that have not come yet are null."""

    id: str
    status: Literal["queued", "running", "completed", "failed", "cancelled"]
    progress_percent: float
    site_name: str
    start_time: str = Field(description="ISO 8601, as are all times here")
    end_time: str = Field(description="cut at the time of the request")
    format: Literal["csv", "parquet"]
    priority: Literal["normal", "high"]
    points: int = Field(description="how many are exported")
    requested_by: str = Field(description="the name of the token")
    created_at: str
    started_at: str | None
    ended_at: str | None
    expires_at: str = Field(description="when the export and its files are gone")
    cancel_requested: bool
    attempts: int
    days_total: int
    days_done: int
    rows: int = Field(description="of what is done, as are the next two")
    bytes: int
    bytes_scanned: int
    error: str = Field(description="why the last attempt did not end well; empty when it did")


class File(Shape):
    """A file of the result."""

    name: str
    bytes: int
    url: str = Field(description="needs no token, until links_expire_at")


class ExportWithFiles(Export):
    """An export; once it is completed, with links to its files that each request signs anew."""

    files: list[File] = Field([])
    links_expire_at: str = Field("")


class Exports(Shape):
    """A site's exports, newest first."""

    exports: list[Export]


class Removed(Shape):
    """Nothing of the export is left."""

    id: str
    status: Literal["removed"]


# By the name of the route's function; only tools/openapi.py asks for them.
ANSWERS = {
    "start": answers(Export, "The export is queued", 404, 413, 415, status=202),
    "of_site": answers(Exports, "The site's exports", 404),
    "get": answers(ExportWithFiles, "The export", 404),
    "delete": {
        **answers(Export | Removed, "Cancelled before anybody worked on it, or removed with its files", 404),
        **answers(Export, "It will end before its next part", 404, status=202),
    },
}
