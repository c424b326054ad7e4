"""`vitals export`: samples as files, of as many points and days as wanted."""

import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from vitals_client.cli.output import Json, SiteName, message, named, show, show_json, show_table
from vitals_client.cli.progress import Step, watched
from vitals_client.client import Client
from vitals_client.errors import UnansweredError
from vitals_client.shapes import Export

_EXIT_CODES = {"completed": 0, "failed": 1, "cancelled": 3}
_INTERRUPTED = 130

app = typer.Typer(
    help="Export samples of any number of points and days to files.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ExportId = Annotated[str, typer.Argument(metavar="ID", callback=named, help="the id of an export")]
Folder = Annotated[Path | None, typer.Option("--download", "-o", help="folder to download the files to")]


@app.command()
def create(
    site: SiteName,
    start: Annotated[str, typer.Option(help="ISO 8601 or epoch milliseconds")],
    end: Annotated[str, typer.Option(help="the end, which is not part of the range")],
    points: Annotated[list[str] | None, typer.Argument(metavar="[POINT]...", help="by default all")] = None,
    format: Annotated[Literal["parquet", "csv"], typer.Option()] = "parquet",
    priority: Annotated[Literal["normal", "high"], typer.Option()] = "normal",
    no_wait: Annotated[bool, typer.Option("--no-wait", help="do not wait for it")] = False,
    download: Folder = None,
    json: Json = False,
) -> None:
    """Export points of a site, and wait."""
    if no_wait and download:
        raise typer.BadParameter("--no-wait leaves nothing to download yet")
    with Client() as client:
        try:
            export = client.exports.create(site, points or (), start, end, format=format, priority=priority)
        except (UnansweredError, KeyboardInterrupt):
            message(f"`vitals export list {shlex.quote(site)}` tells whether an export has started")
            raise
        if json:
            show_json(export)
        else:
            show(f"export {export['id']}: {export['points']:,} points, {export['days_total']:,} days")
        if no_wait:
            message(f"wait for it with `{_wait_command(export['id'])}`")
            return
        raise typer.Exit(_wait(client, export["id"], download, json))


@app.command()
def wait(export: ExportId, download: Folder = None, json: Json = False) -> None:
    """Follow an export to its end."""
    with Client() as client:
        raise typer.Exit(_wait(client, export, download, json))


@app.command()
def download(
    export: ExportId,
    folder: Annotated[Path, typer.Argument(help="where the files go")] = Path("."),
    json: Json = False,
) -> None:
    """Download the files of an export that is completed."""
    with Client() as client:
        _download(client, export, folder, json)


@app.command("list")
def list_(site: SiteName, json: Json = False) -> None:
    """The latest exports of a site, newest first."""
    with Client() as client:
        exports = client.exports.list(site)
    if json:
        return show_json({"exports": exports})
    if not exports:
        return message(f"no export of {site}")
    show_table(
        ("id", "from", "to", "format", "points", "status", "rows", "bytes", "expires"),
        [
            (
                each["id"],
                each["start_time"],
                each["end_time"],
                each["format"],
                f"{each['points']:,}",
                each["status"],
                f"{each['rows']:,}",
                f"{each['bytes']:,}",
                each["expires_at"],
            )
            for each in exports
        ],
        right=("points", "rows", "bytes"),
    )


@app.command()
def cancel(export: ExportId, json: Json = False) -> None:
    """End an export, or remove one that has ended with its files."""
    with Client() as client:
        answer = client.exports.cancel(export)
    if json:
        show_json(answer)
    elif answer["status"] in ("queued", "running"):
        show(f"export {export} is being cancelled; see it end with `{_wait_command(export)}`")
    else:
        show(f"export {export} is {answer['status']}")


def _wait(client: Client, export_id: str, folder: Path | None, json: bool) -> int:
    """Shows the export until it ends, and returns its exit code; Ctrl-C ends the showing only."""
    try:
        export = watched(lambda warn: client.exports.follow(export_id, warn), _progress, json=json)
    except KeyboardInterrupt:
        message(
            f"no longer waiting; export {export_id} goes on\n"
            f"  wait for it again:  {_wait_command(export_id)}\n"
            f"  cancel it:          vitals export cancel {shlex.quote(export_id)}"
        )
        return _INTERRUPTED
    except UnansweredError:
        message(f"wait for it again with `{_wait_command(export_id)}`")
        raise
    if json:
        show_json(export)
    else:
        show(_outcome(export))
    if export["status"] == "completed" and folder:
        _download(client, export_id, folder, json)
    elif export["status"] == "completed" and not json:
        message(f"download it with `vitals export download {shlex.quote(export_id)} <folder>`")
    return _EXIT_CODES[export["status"]]


def _download(client: Client, export_id: str, folder: Path, json: bool) -> None:
    files = [str(path) for path in client.exports.download(export_id, folder)]
    if json:
        show_json({"id": export_id, "files": files})
    else:
        show("\n".join(files) if files else "no samples, and so no files")


def _progress(export: Export) -> Step:
    text = (
        f"{export['status']}, {export['days_done']} of {export['days_total']} days, {export['rows']:,} rows"
    )
    if export["cancel_requested"]:
        text += ", being cancelled"
    return Step(export["progress_percent"], text, text, export["status"] in _EXIT_CODES)


def _outcome(export: Export) -> str:
    why = f": {export['error']}" if export["error"] else ""
    return f"{export['status']}{why}; {export['rows']:,} rows, {export['bytes']:,} bytes"


def _wait_command(export_id: str) -> str:
    return f"vitals export wait {shlex.quote(export_id)}"
