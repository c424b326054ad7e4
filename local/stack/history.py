"""The days before today that a new local stack starts with."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from local.stack.progress import Progress
from operations.errors import OperatorError
from vitals_client.backfills import Backfills
from vitals_client.cli.backfill_text import outcome, progress_step
from vitals_client.cli.output import watch_command
from vitals_client.cli.progress import Lines
from vitals_client.errors import ConflictError, VitalsError

_ADVICE = "VITALS_BACKFILL_DAYS=0 brings the stack up without a history"


def backfill_history(
    backfills: Backfills, sites: Sequence[str], days: int, today: date, progress: Progress
) -> None:
    """Backfills the last whole days of each site; OperatorError names the days that could not be read."""
    if not days:
        return
    start, end = today - timedelta(days=days), today - timedelta(days=1)
    for site in sites:
        try:
            _backfill(backfills, site, start.isoformat(), end.isoformat(), progress)
        except (OperatorError, VitalsError) as problem:
            raise OperatorError(f"the history of {site}: {problem}\n{_ADVICE}") from None


def _backfill(backfills: Backfills, site: str, start: str, end: str, progress: Progress) -> None:
    try:
        # Asked first, so that a stack that has all of it does not collect runs that do nothing.
        total = backfills.start(site, start, end, dry_run=True)["days_total"]
        if not total:
            progress.say(f"history of {site} from {start} to {end} is there already")
            return
        progress.say(
            f"history of {site} from {start} to {end}, {total} day{'' if total == 1 else 's'} to read"
        )
        run_id = backfills.start(site, start, end)["id"]
    except ConflictError as error:
        if error.running_id is None:
            raise
        progress.say(f"backfill {error.running_id} of {site} is at work; `{watch_command(error.running_id)}`")
        return
    shown = Lines(say := lambda text: progress.say(f"  {text}"), say)
    for run in backfills.follow(run_id, shown.warn):
        shown.show(run, progress_step(run, datetime.now(UTC)))
    first, *more = outcome(run)
    if run["status"] != "succeeded":
        raise OperatorError("\n".join([first, *more]))
    progress.say(f"  {first}")
