"""Backfills the days before today when a local stack starts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from local.stack.progress import Progress
from operations.errors import OperatorError
from vitals_client.backfills import Backfills
from vitals_client.cli.backfill_text import outcome, progress_step
from vitals_client.cli.output import watch_command
from vitals_client.cli.progress import Lines
from vitals_client.errors import ConflictError, VitalsError

_ADVICE = "set VITALS_BACKFILL_DAYS=0 to start the stack without a history"


def backfill_history(
    backfills: Backfills, sites: Sequence[str], days: int, today: date, progress: Progress
) -> None:
    """Backfills the last whole days of each site; OperatorError names the site and the days that failed."""
    if not days:
        return
    start, end = today - timedelta(days=days), today - timedelta(days=1)
    for site in sites:
        try:
            _backfill(backfills, site, start.isoformat(), end.isoformat(), progress)
        except (OperatorError, VitalsError) as error:
            raise OperatorError(f"the history of {site}: {error}\n{_ADVICE}") from None


def _backfill(backfills: Backfills, site: str, start: str, end: str, progress: Progress) -> None:
    history = f"history of {site} from {start} to {end}"
    try:
        # The dry run keeps a stack that has every day from collecting runs that do nothing.
        total = backfills.start(site, start, end, dry_run=True)["days_total"]
        if not total:
            progress.say(f"{history} is already stored")
            return
        progress.say(f"{history}, {total} day{'' if total == 1 else 's'} to read")
        run_id = backfills.start(site, start, end)["id"]
    except ConflictError as error:
        if error.running_id is None:
            raise
        command = watch_command(error.running_id)
        progress.say(f"backfill {error.running_id} of {site} is already running; follow it with `{command}`")
        return
    _follow(backfills, run_id, progress)


def _follow(backfills: Backfills, run_id: str, progress: Progress) -> None:
    """Prints the run's progress until it ends; OperatorError when it does not succeed."""

    def say(text: str) -> None:
        progress.say(f"  {text}")

    lines = Lines(say, say)
    for run in backfills.follow(run_id, lines.warn):
        lines.show(run, progress_step(run, datetime.now(UTC)))
    summary, *details = outcome(run)
    if run["status"] != "succeeded":
        raise OperatorError("\n".join([summary, *details]))
    say(summary)
