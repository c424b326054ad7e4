"""`vitals backfill`: reads days of the past, shows how that goes, and ends it."""

import shlex
from datetime import UTC, datetime
from typing import Annotated

import typer

from vitals_client.cli.backfill_text import estimate_text, progress_step, summary
from vitals_client.cli.output import Json, SiteName, message, named, show, show_json, watch_command
from vitals_client.cli.progress import watched
from vitals_client.client import Client
from vitals_client.errors import UnansweredError

_EXIT_CODES = {"succeeded": 0, "partial": 1, "failed": 1, "cancelled": 3}
_INTERRUPTED = 130

app = typer.Typer(
    help="Read days of the past that are missing, or again.", no_args_is_help=True, rich_markup_mode=None
)

RunId = Annotated[str, typer.Argument(metavar="ID", callback=named, help="the id of a backfill")]


@app.command()
def start(
    site: SiteName,
    first: Annotated[str, typer.Argument(metavar="START", help="first day, YYYY-MM-DD in UTC")],
    last: Annotated[str, typer.Argument(metavar="END", help="last day")],
    force: Annotated[bool, typer.Option("--force", help="also the days that are finished")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what it would take")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="do not watch it")] = False,
    json: Json = False,
) -> None:
    """Read the days of a site that are missing, and watch."""
    with Client() as client:
        try:
            plan = client.backfills.start(site, first, last, force=force, dry_run=dry_run)
        except (UnansweredError, KeyboardInterrupt):
            if not dry_run:
                message(f"`vitals backfill list {shlex.quote(site)}` tells whether a run has started")
            raise
        if json:
            show_json(plan)
        elif dry_run:
            show(f"dry run: {estimate_text(plan)}")
        else:
            show(f"backfill {plan['id']}: {estimate_text(plan)}")
        if dry_run:
            return
        if not no_wait:
            raise typer.Exit(_watch(client, plan["id"], json))
        message(f"watch it with `{watch_command(plan['id'])}`")


@app.command()
def watch(run: RunId, json: Json = False) -> None:
    """Follow a run to its end."""
    with Client() as client:
        raise typer.Exit(_watch(client, run, json))


@app.command()
def cancel(run: RunId, json: Json = False) -> None:
    """Stop a run before its next hour."""
    with Client() as client:
        answer = client.backfills.cancel(run)
    if json:
        show_json(answer)
    elif answer["status"] == "running":
        show(f"backfill {run} is being cancelled; see it end with `{watch_command(run)}`")
    else:
        show(f"backfill {run} has ended already: {answer['status']}")


@app.command("list")
def list_(site: SiteName, json: Json = False) -> None:
    """The latest runs of a site, newest first."""
    with Client() as client:
        runs = client.backfills.list(site)
    if json:
        return show_json({"backfills": runs})
    for run in runs:
        percent = f"{run['progress_percent']:.0f} %"
        show(
            f"{run['id']}  {run['start_date']} to {run['end_date']}  {run['status']:<9}  {percent:>5}  "
            f"{run['samples']:,} samples  started {run['started_at']}"
        )
    if not runs:
        message(f"no backfill of {site} yet")


def _watch(client: Client, run_id: str, json: bool) -> int:
    """Shows the run until it ends, and returns its exit code; Ctrl-C ends the showing only."""
    try:
        run = watched(
            lambda warn: client.backfills.follow(run_id, warn),
            lambda run: progress_step(run, datetime.now(UTC)),
            json=json,
        )
    except KeyboardInterrupt:
        message(
            f"no longer watching; backfill {run_id} goes on\n"
            f"  watch it again:  {watch_command(run_id)}\n"
            f"  cancel it:       vitals backfill cancel {shlex.quote(run_id)}"
        )
        return _INTERRUPTED
    except UnansweredError:
        message(f"watch it again with `{watch_command(run_id)}`")
        raise
    if json:
        show_json(run)
    else:
        show("\n".join(summary(run)))
    return _EXIT_CODES[run["status"]]
