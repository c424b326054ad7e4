"""The days before today that a new local stack starts with."""

from collections.abc import Sequence
from datetime import date, timedelta

from local.backfill_api import BackfillApi, RefusedError, watch_command
from local.backfill_view import Lines, outcome
from local.problem import Problem
from local.progress import Progress

_ADVICE = "VITALS_BACKFILL_DAYS=0 brings the stack up without a history"


def backfill_history(
    api: BackfillApi, sites: Sequence[str], days: int, today: date, progress: Progress
) -> None:
    """Backfills the last whole days of each site; Problem names the days that could not be read."""
    if not days:
        return
    start, end = today - timedelta(days=days), today - timedelta(days=1)
    for site in sites:
        try:
            _backfill(api, site, start.isoformat(), end.isoformat(), progress)
        except Problem as problem:
            raise Problem(f"the history of {site}: {problem}\n{_ADVICE}") from None


def _backfill(api: BackfillApi, site: str, start: str, end: str, progress: Progress) -> None:
    try:
        # Asked first, so that a stack that has all of it does not collect runs that do nothing.
        total = api.start(site, start, end, dry_run=True)["days_total"]
        if not total:
            progress.say(f"history of {site} from {start} to {end} is there already")
            return
        progress.say(
            f"history of {site} from {start} to {end}, {total} day{'' if total == 1 else 's'} to read"
        )
        run_id = api.start(site, start, end)["id"]
    except RefusedError as error:
        if error.running_id is None:
            raise
        progress.say(f"backfill {error.running_id} of {site} is at work; `{watch_command(error.running_id)}`")
        return
    shown = Lines(lambda text: progress.say(f"  {text}"))
    for run in api.follow(run_id, shown.say):
        shown.show(run)
    first, *more = outcome(run)
    if run["status"] != "succeeded":
        raise Problem("\n".join([first, *more]))
    progress.say(f"  {first}")
