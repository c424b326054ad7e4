"""`vitals backfill`: starts, watches, cancels and lists backfills."""

import shlex
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from vitals_client.cli import exit_codes
from vitals_client.cli.backfill_text import combined, estimate_text, progress_step, summary
from vitals_client.cli.output import Json, SiteName, message, show, show_json, valid_id, watch_command
from vitals_client.cli.progress import show_progress
from vitals_client.client import Client
from vitals_client.errors import UnansweredError
from vitals_client.shapes import Plan

_EXIT_CODES = {
    "succeeded": 0,
    "partial": exit_codes.FAILED,
    "failed": exit_codes.FAILED,
    "cancelled": exit_codes.CANCELLED,
}

# The most days of one run; nothing is stored of earlier days.
_MAX_DAYS = 730
_EARLIEST = date(1990, 1, 1)

app = typer.Typer(
    help="Read past days from the upstream into the store.", no_args_is_help=True, rich_markup_mode=None
)

RunId = Annotated[str, typer.Argument(metavar="ID", callback=valid_id, help="the ID of a backfill")]


@app.command()
def start(
    site: SiteName,
    first: Annotated[str, typer.Argument(metavar="START", help="first day, YYYY-MM-DD in UTC")],
    last: Annotated[str, typer.Argument(metavar="END", help="last day, included")],
    force: Annotated[bool, typer.Option("--force", help="read complete days again")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show an estimate")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="return when the backfill has started")] = False,
    json: Json = False,
) -> None:
    """Start a backfill and watch it; complete days are skipped."""
    with Client() as client:
        plan = _start(client, site, first, last, force=force, dry_run=dry_run)
        _show_plan(plan, dry_run=dry_run, json=json)
        if dry_run:
            return
        if not no_wait:
            raise typer.Exit(_watch(client, plan["id"], json))
        message(f"watch it with `{watch_command(plan['id'])}`")


@app.command()
def rebuild(
    site: SiteName,
    force: Annotated[bool, typer.Option("--force", help="rebuild every archived day")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show an estimate")] = False,
    json: Json = False,
) -> None:
    """Rebuild the rollups of days that an older release archived, and watch it.

    The upstream is not read. To continue after an interruption, start it again: rebuilt days are skipped.
    """
    with Client() as client:
        plans = [
            _start(client, site, str(first), str(last), force=force, dry_run=True, rebuild=True)
            for first, last in _runs_until(datetime.now(UTC).date() - timedelta(days=1))
        ]
        pending = [plan for plan in plans if plan["days_total"]]
        if dry_run or not pending:
            return _show_plan(combined(pending or plans), dry_run=True, json=json)
        code = 0
        for plan in pending:
            first, last = plan["start_date"], plan["end_date"]
            started = _start(client, site, first, last, force=force, rebuild=True)
            _show_plan(started, dry_run=False, json=json)
            run_code = _watch(client, started["id"], json)
            code = code or run_code
            if run_code in (exit_codes.CANCELLED, exit_codes.INTERRUPTED):
                raise typer.Exit(run_code)
        raise typer.Exit(code)


def _runs_until(last: date) -> Iterator[tuple[date, date]]:
    """Yields the first and the last day of runs, newest first, that have every day until `last`."""
    while last >= _EARLIEST:
        first = max(_EARLIEST, last - timedelta(days=_MAX_DAYS - 1))
        yield first, last
        last = first - timedelta(days=1)


def _start(
    client: Client,
    site: str,
    first: str,
    last: str,
    *,
    force: bool,
    dry_run: bool = False,
    rebuild: bool = False,
) -> Plan:
    """Starts a run; says that it may have started when that is not known."""
    try:
        return client.backfills.start(site, first, last, force=force, dry_run=dry_run, rebuild=rebuild)
    except (UnansweredError, KeyboardInterrupt):
        if not dry_run:
            message(f"the backfill may have started; check with `vitals backfill list {shlex.quote(site)}`")
        raise


def _show_plan(plan: Plan, *, dry_run: bool, json: bool) -> None:
    if json:
        show_json(plan)
    else:
        show(f"{'dry run' if dry_run else f'backfill {plan["id"]}'}: {estimate_text(plan)}")


@app.command()
def watch(run: RunId, json: Json = False) -> None:
    """Watch a backfill until it ends."""
    with Client() as client:
        raise typer.Exit(_watch(client, run, json))


@app.command()
def cancel(run: RunId, json: Json = False) -> None:
    """Cancel a backfill before its next requests."""
    with Client() as client:
        result = client.backfills.cancel(run)
    if json:
        show_json(result)
    elif result["status"] == "running":
        show(f"backfill {run} is being cancelled; watch it with `{watch_command(run)}`")
    else:
        show(f"backfill {run} has already ended: {result['status']}")


@app.command("list")
def list_runs(site: SiteName, json: Json = False) -> None:
    """List the latest backfills of a site, newest first."""
    with Client() as client:
        runs = client.backfills.list(site)
    if json:
        return show_json({"backfills": runs})
    for run in runs:
        percent = f"{run['progress_percent']:.0f} %"
        note = "  rebuild" if run.get("rebuild") else ""
        show(
            f"{run['id']}  {run['start_date']} to {run['end_date']}  {run['status']:<9}  {percent:>5}  "
            f"{run['samples']:,} samples  started {run['started_at']}{note}"
        )
    if not runs:
        message(f"no backfills of {site}")


def _watch(client: Client, run_id: str, json: bool) -> int:
    """Shows the run until it ends, and returns the exit code; Ctrl-C does not cancel the run."""
    try:
        run = show_progress(
            lambda warn: client.backfills.follow(run_id, warn),
            lambda run: progress_step(run, datetime.now(UTC)),
            json=json,
        )
    except KeyboardInterrupt:
        message(
            f"stopped watching; backfill {run_id} continues\n"
            f"  watch it again:  {watch_command(run_id)}\n"
            f"  cancel it:       vitals backfill cancel {shlex.quote(run_id)}"
        )
        return exit_codes.INTERRUPTED
    except UnansweredError:
        message(f"watch it again with `{watch_command(run_id)}`")
        raise
    if json:
        show_json(run)
    else:
        show("\n".join(summary(run)))
    return _EXIT_CODES[run["status"]]
