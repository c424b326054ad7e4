"""The answers about exports: the one definition, which the views return and /openapi.json describes."""

from typing import Literal, NotRequired, TypedDict

from vitals.model.records.exports import ExportForm, ExportFormat, ExportPriority, ExportStatus


class Export(TypedDict):
    """An export with its progress; times that have not been reached are null."""

    id: str
    status: ExportStatus
    progress_percent: float
    site_name: str
    start_time: str
    """ISO 8601, like all times here."""
    end_time: str
    """Cut at the time of the request."""
    format: ExportFormat
    priority: ExportPriority
    timezone: str
    """Of the buckets, and of the times in CSV and JSON."""
    form: ExportForm
    resolution: str
    """The length of the buckets, or raw."""
    measure: str | None
    """Null for samples."""
    fill: str | None
    """Null where nothing is filled."""
    units: str
    """source, metric or imperial."""
    hours: str | None
    """The local hours that count, null for all."""
    days: str | None
    """The days of the week that count, null for all."""
    points: int
    """How many are exported."""
    requested_by: str
    """The name of the token."""
    created_at: str
    started_at: str | None
    ended_at: str | None
    expires_at: str
    """When the export and its files are gone."""
    cancel_requested: bool
    attempts: int
    days_total: int
    days_done: int
    rows: int
    """Of the finished parts."""
    bytes: int
    """Of the files of the finished parts."""
    bytes_scanned: int
    """By Athena, for the finished parts."""
    error: str
    """Why the last attempt failed; empty if it did not."""


class File(TypedDict):
    """A file of the result."""

    name: str
    bytes: int
    url: str
    """Needs no token; valid until links_expire_at."""


class ExportWithFiles(Export):
    """An export; once it is completed, with links to its files, which each request signs again."""

    files: NotRequired[list[File]]
    links_expire_at: NotRequired[str]


class Exports(TypedDict):
    """A site's exports, newest first."""

    exports: list[Export]


class Removed(TypedDict):
    """The export and its files are removed."""

    id: str
    status: Literal["removed"]
