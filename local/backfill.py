"""Starts, watches, cancels and lists backfills of a deployed stack: `python -m local.backfill`."""

import argparse
import shlex
import sys

from local import settings
from local.backfill_api import BackfillApi, RefusedError, UnansweredError, cancel_command, watch_command
from local.backfill_view import estimate_text, summary, view
from local.problem import Problem
from local.processes import interrupt_on_signals

_REFUSED = 2
_INTERRUPTED = 130
_EXIT_CODES = {"succeeded": 0, "partial": 1, "failed": 1, "cancelled": 3}


def main() -> int:
    """Does the command; 0 succeeded, 1 some days failed, 2 refused, 3 cancelled, 130 interrupted."""
    asked = _parser().parse_args()
    interrupt_on_signals()
    try:
        api = BackfillApi(*settings.api_and_token())
        if asked.command == "start":
            return _start(api, asked)
        if asked.command == "watch":
            return _watch(api, asked.id)
        return _cancel(api, asked.id) if asked.command == "cancel" else _list(api, asked.site)
    except RefusedError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.running_id:
            print(f"backfill {error.running_id} is at work; watch it with", file=sys.stderr)
            print(f"  {watch_command(error.running_id)}", file=sys.stderr)
        return _REFUSED
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.backfill", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="read the days of a site that are missing, and watch")
    start.add_argument("site")
    start.add_argument("start", metavar="start", help="first day, YYYY-MM-DD in UTC")
    start.add_argument("end", help="last day")
    start.add_argument("--force", action="store_true", help="also the days that are finished")
    start.add_argument("--dry-run", action="store_true", help="only say what it would read and cost")
    start.add_argument("--no-wait", action="store_true", help="do not watch it")
    commands.add_parser("watch", help="follow a run to its end").add_argument("id", type=_run_id)
    commands.add_parser("cancel", help="stop a run").add_argument("id", type=_run_id)
    commands.add_parser("list", help="the latest runs of a site").add_argument("site")
    return parser


def _run_id(text: str) -> str:
    # An empty id or dots would make the address of another route.
    if not text.strip("."):
        raise argparse.ArgumentTypeError(f"{text!r} is no id of a backfill")
    return text


def _start(api: BackfillApi, asked: argparse.Namespace) -> int:
    look = (
        f"`.venv/bin/python -m local.backfill list {shlex.quote(asked.site)}` tells whether a run has started"
    )
    try:
        run = api.start(asked.site, asked.start, asked.end, force=asked.force, dry_run=asked.dry_run)
    except UnansweredError as error:
        raise error if asked.dry_run else Problem(f"{error}; {look}") from None
    except KeyboardInterrupt:
        print(look, file=sys.stderr)
        raise
    if asked.dry_run:
        print(f"dry run: {estimate_text(run)}")
        return 0
    print(f"backfill {run['id']}: {estimate_text(run)}", flush=True)
    if asked.no_wait:
        print(f"watch it with `{watch_command(run['id'])}`")
        return 0
    return _watch(api, run["id"])


def _watch(api: BackfillApi, run_id: str) -> int:
    """Shows the run until it ends; Ctrl-C ends the showing only."""
    try:
        with view() as shown:
            for run in api.follow(run_id, shown.say):
                shown.show(run)
    except KeyboardInterrupt:
        print(
            f"no longer watching; backfill {run_id} goes on\n"
            f"  watch it again:  {watch_command(run_id)}\n"
            f"  cancel it:       {cancel_command(run_id)}",
            file=sys.stderr,
        )
        return _INTERRUPTED
    print("\n".join(summary(run)))
    return _EXIT_CODES[run["status"]]


def _cancel(api: BackfillApi, run_id: str) -> int:
    run = api.cancel(run_id)
    if run["status"] == "running":
        print(f"backfill {run_id} is being cancelled; see it end with `{watch_command(run_id)}`")
    else:
        print(f"backfill {run_id} has ended already: {run['status']}")
    return 0


def _list(api: BackfillApi, site: str) -> int:
    runs = api.runs(site)
    for run in runs:
        percent = f"{run['progress_percent']:.0f} %"
        print(
            f"{run['id']}  {run['start_date']} to {run['end_date']}  {run['status']:<9}  {percent:>5}  "
            f"{run['samples']:,} samples  started {run['started_at']}"
        )
    if not runs:
        print(f"no backfill of {site} yet")
    return 0


if __name__ == "__main__":
    sys.exit(main())
