"""`vitals export`: creates, downloads, cancels and lists exports."""

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from vitals_client.cli import exit_codes
from vitals_client.cli.formatting import counted
from vitals_client.cli.output import Json, SiteName, message, show, show_json, show_table, valid_id
from vitals_client.cli.progress import Step, show_progress
from vitals_client.cli.query import options
from vitals_client.client import Client
from vitals_client.errors import UnansweredError
from vitals_client.shapes import Export
from vitals_client.timeseries import Fill

_EXIT_CODES = {"completed": 0, "failed": exit_codes.FAILED, "cancelled": exit_codes.CANCELLED}

app = typer.Typer(
    help="Export samples of any number of points and days to files.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ExportId = Annotated[str, typer.Argument(metavar="ID", callback=valid_id, help="the ID of an export")]
Folder = Annotated[
    Path | None, typer.Option("--download", "-o", help="download the files to this folder afterwards")
]


@app.command()
def create(
    site: SiteName,
    start: Annotated[str, typer.Option(help="start of the range, ISO 8601 or epoch milliseconds")],
    end: Annotated[str, typer.Option(help="end of the range, not included")],
    points: Annotated[
        list[str] | None, typer.Argument(metavar="POINT", help="by default every point")
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="a marker tag or key=value, in place of names; repeat it for more tags"),
    ] = None,
    format: Annotated[
        Literal["parquet", "csv", "arrow", "json"],
        typer.Option(help="format of the files; json has an object a line"),
    ] = "parquet",
    form: Annotated[
        Literal["series", "table"], typer.Option(help="table has a row per bucket and a column per point")
    ] = "series",
    resolution: Annotated[
        str, typer.Option(help="raw, or the length of the buckets in local time, such as 15m, 1h or 1d")
    ] = "raw",
    measure: Annotated[
        str | None, typer.Option(help="what a row says of its bucket", show_default="mean")
    ] = None,
    fill: Annotated[Fill | None, typer.Option(help="of tables: null, last or linear")] = None,
    week_start: options.FirstDay = None,
    units: options.UnitsName = None,
    hours: options.Hours = None,
    days: options.Days = None,
    priority: Annotated[
        Literal["normal", "high"], typer.Option(help="high uses a queue of its own")
    ] = "normal",
    timezone: Annotated[
        str | None,
        typer.Option(
            help="zone of buckets, of times in CSV and JSON, and of times without an offset; an IANA name",
            show_default="UTC; of buckets the site's",
        ),
    ] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="return when the export is queued")] = False,
    download: Folder = None,
    json: Json = False,
) -> None:
    """Create an export and wait for it."""
    if no_wait and download:
        raise typer.BadParameter("--no-wait cannot be combined with --download")
    with Client() as client:
        try:
            export = client.exports.create(
                *(site, points or (), start, end),
                tags=tag or (),
                format=format,
                priority=priority,
                timezone=timezone,
                form=form,
                resolution=resolution,
                measure=measure,
                fill=fill,
                week_start=week_start,
                units=units,
                hours=hours,
                days=days,
            )
        except (UnansweredError, KeyboardInterrupt):
            message(f"the export may have started; check with `vitals export list {shlex.quote(site)}`")
            raise
        if json:
            show_json(export)
        else:
            points_and_days = f"{counted(export['points'], 'point')}, {counted(export['days_total'], 'day')}"
            show(f"export {export['id']}: {points_and_days}")
        if no_wait:
            return message(f"wait for it with `{_wait_command(export['id'])}`")
        raise typer.Exit(_wait(client, export["id"], download, json=json))


@app.command()
def wait(export: ExportId, download: Folder = None, json: Json = False) -> None:
    """Wait for an export to end."""
    with Client() as client:
        raise typer.Exit(_wait(client, export, download, json=json))


@app.command()
def download(
    export: ExportId,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="the folder for the files")] = Path("."),
    json: Json = False,
) -> None:
    """Download the files of a completed export."""
    with Client() as client:
        _download(client, export, folder, json=json)


@app.command("list")
def list_exports(site: SiteName, json: Json = False) -> None:
    """List the latest exports of a site, newest first."""
    with Client() as client:
        exports = client.exports.list(site)
    if json:
        return show_json({"exports": exports})
    if not exports:
        return message(f"no exports of {site}")
    show_table(
        ("id", "start", "end", "format", "points", "status", "rows", "bytes", "expires"),
        [_row(export) for export in exports],
        right=("points", "rows", "bytes"),
    )


def _row(export: Export) -> tuple[str, ...]:
    return (
        export["id"],
        export["start_time"],
        export["end_time"],
        export["format"],
        f"{export['points']:,}",
        export["status"],
        f"{export['rows']:,}",
        f"{export['bytes']:,}",
        export["expires_at"],
    )


@app.command()
def cancel(export: ExportId, json: Json = False) -> None:
    """Cancel an export; one that has ended is removed with its files."""
    with Client() as client:
        result = client.exports.cancel(export)
    if json:
        show_json(result)
    elif result["status"] in ("queued", "running"):
        show(f"export {export} is being cancelled; wait for it with `{_wait_command(export)}`")
    else:
        show(f"export {export} is {result['status']}")


def _wait(client: Client, export_id: str, folder: Path | None, *, json: bool) -> int:
    """Shows the export until it ends, and returns the exit code; Ctrl-C does not cancel the export."""
    try:
        export = show_progress(lambda warn: client.exports.follow(export_id, warn), _progress, json=json)
    except KeyboardInterrupt:
        message(
            f"stopped waiting; export {export_id} continues\n"
            f"  wait for it again:  {_wait_command(export_id)}\n"
            f"  cancel it:          vitals export cancel {shlex.quote(export_id)}"
        )
        return exit_codes.INTERRUPTED
    except UnansweredError:
        message(f"wait for it again with `{_wait_command(export_id)}`")
        raise
    if json:
        show_json(export)
    else:
        show(_outcome(export))
    if export["status"] == "completed":
        _deliver(client, export_id, folder, json=json)
    return _EXIT_CODES[export["status"]]


def _deliver(client: Client, export_id: str, folder: Path | None, *, json: bool) -> None:
    """Downloads the files if a folder is given, and otherwise says how to download them."""
    if folder:
        _download(client, export_id, folder, json=json)
    elif not json:
        message(f"download it with `vitals export download {shlex.quote(export_id)} FOLDER`")


def _download(client: Client, export_id: str, folder: Path, *, json: bool) -> None:
    files = [str(path) for path in client.exports.download(export_id, folder)]
    if json:
        show_json({"id": export_id, "files": files})
    else:
        show("\n".join(files) if files else "no samples in the range, so there are no files")


def _progress(export: Export) -> Step:
    days = f"{export['days_done']} of {counted(export['days_total'], 'day')}"
    text = f"{export['status']}, {days}, {export['rows']:,} rows"
    if export["cancel_requested"]:
        text += ", being cancelled"
    return Step(export["progress_percent"], text, text, export["status"] in _EXIT_CODES)


def _outcome(export: Export) -> str:
    reason = f": {export['error']}" if export["error"] else ""
    return f"{export['status']}{reason}; {export['rows']:,} rows, {export['bytes']:,} bytes"


def _wait_command(export_id: str) -> str:
    return f"vitals export wait {shlex.quote(export_id)}"
