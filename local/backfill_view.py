"""How a backfill looks to a person: plain lines, a progress bar, and the summary at its end."""

import shlex
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from local.backfill_api import Run

_QUIET_SECONDS = 5
_MOST_FAILED_DAYS = 20
_MOST_READING_DAYS = 3


class Lines:
    """A line when something has changed, at most one every few seconds."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.say = say
        self._clock = clock
        self._said: object = None
        self._next = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def show(self, run: Run) -> None:
        news = (finished(run), run["samples"], reading(run), run["cancel_requested"])
        if run["status"] == "running" and news != self._said and self._clock() >= self._next:
            self._said, self._next = news, self._clock() + _QUIET_SECONDS
            self.say(progress_text(run, datetime.now(UTC)))


class Bar:
    """A bar and a line below it, drawn anew with each answer."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._live.stop()

    def say(self, text: str) -> None:
        self._live.console.print(text, markup=False, highlight=False)

    def show(self, run: Run) -> None:
        shown = Table.grid()
        shown.add_row(ProgressBar(completed=run["progress_percent"], width=60, complete_style="green"))
        shown.add_row(Text(progress_text(run, datetime.now(UTC))))
        self._live.update(shown, refresh=True)


def view() -> Lines | Bar:
    """The bar on a terminal that can draw one, lines elsewhere."""
    console = Console()
    if sys.stdout.isatty() and not console.is_dumb_terminal:
        return Bar(console)
    return Lines(lambda text: print(text, flush=True))


def finished(run: Run) -> int:
    """Days of the run that nothing more will be done about."""
    done: int = run["days_done"] + run["days_empty"] + run["days_failed"] + run["days_cancelled"]
    return done


def reading(run: Run) -> list[str]:
    """The days that are being read just now."""
    return [day["date"] for day in run["days"] if day["status"] == "reading"]


def progress_text(run: Run, now: datetime) -> str:
    """Where the run is, in one line."""
    parts = [f"{finished(run)} of {_days(run['days_total'])}"]
    if run["days_failed"]:
        parts.append(f"{run['days_failed']} failed")
    parts.append(f"{run['samples']:,} samples")
    if run["samples_per_second"]:
        parts.append(f"{run['samples_per_second']:,.0f} a second")
    if run["estimated_end"]:
        left = max(_time(run["estimated_end"]) - now, timedelta())
        parts.append(f"{timedelta(seconds=round(left.total_seconds()))} left")
    if days := reading(run):
        more = " …" if len(days) > _MOST_READING_DAYS else ""
        parts.append(f"reading {', '.join(days[:_MOST_READING_DAYS])}{more}")
    if run["cancel_requested"]:
        parts.append("being cancelled")
    return ", ".join(parts)


def estimate_text(plan: dict[str, Any]) -> str:
    """What a run would read, and what that costs; also of a run that has just started."""
    estimate = plan["estimate"]
    complete = f" ({plan['days_complete']} complete already)" if plan["days_complete"] else ""
    return (
        f"{_days(plan['days_total'])} of {plan['site_name']} to read, "
        f"{plan['start_date']} to {plan['end_date']}{complete}: about {estimate['requests']:,} requests, "
        f"{estimate['minutes']:,.1f} minutes, ${estimate['dollars']:,.2f}"
    )


def summary(run: Run) -> list[str]:
    """How the run ended, and what to do when days are left."""
    return outcome(run) if run["status"] == "succeeded" else [*outcome(run), *_advice(run)]


def outcome(run: Run) -> list[str]:
    """How the run ended, and which days failed and why."""
    counts = [f"{_days(run['days_done'])} done", f"{run['days_empty']} empty", f"{run['days_failed']} failed"]
    if run["days_cancelled"]:
        counts.append(f"{run['days_cancelled']} cancelled")
    seconds = ""
    if run["ended_at"]:
        seconds = f" in {(_time(run['ended_at']) - _time(run['started_at'])).total_seconds():,.0f} s"
    lines = [f"{run['status']}: {', '.join(counts)}; {run['samples']:,} samples{seconds}"]
    if run["error"]:
        lines.append(f"  {run['error']}")
    failed = [f"  {day['date']}  {day['error']}" for day in run["days"] if day["status"] == "failed"]
    lines += failed[:_MOST_FAILED_DAYS]
    if len(failed) > _MOST_FAILED_DAYS:
        lines.append(f"  and {len(failed) - _MOST_FAILED_DAYS} more")
    return lines


def _advice(run: Run) -> list[str]:
    # Only a forced run reads what is finished, so one that was forced has to be forced again.
    said = "every day of it is read again" if run["force"] else "finished days are left out"
    command = f"make backfill SITE={shlex.quote(run['site_name'])} START={run['start_date']}"
    command += f" END={run['end_date']}{' FORCE=1' if run['force'] else ''}"
    return [f"start the same range again; {said}:", f"  {command}"]


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
