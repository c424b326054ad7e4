"""A backfill in words: what it takes, where it is, and how it ended."""

import shlex
from datetime import UTC, datetime, timedelta

from vitals_client.cli.output import days
from vitals_client.cli.progress import Step
from vitals_client.shapes import Plan, Run

_MOST_FAILED_DAYS = 20
_MOST_READING_DAYS = 3


def progress_step(run: Run, now: datetime) -> Step:
    """Where the run is."""
    news = (_finished(run), run["samples"], _reading(run), run["cancel_requested"])
    return Step(run["progress_percent"], progress_text(run, now), news, run["status"] != "running")


def progress_text(run: Run, now: datetime) -> str:
    """Where the run is, in one line."""
    parts = [f"{_finished(run)} of {days(run['days_total'])}"]
    if run["days_failed"]:
        parts.append(f"{run['days_failed']} failed")
    parts.append(f"{run['samples']:,} samples")
    if run["samples_per_second"]:
        parts.append(f"{run['samples_per_second']:,.0f} a second")
    if run["estimated_end"]:
        left = max(_time(run["estimated_end"]) - now, timedelta())
        parts.append(f"{timedelta(seconds=round(left.total_seconds()))} left")
    if reading := _reading(run):
        more = " …" if len(reading) > _MOST_READING_DAYS else ""
        parts.append(f"reading {', '.join(reading[:_MOST_READING_DAYS])}{more}")
    if run["cancel_requested"]:
        parts.append("being cancelled")
    return ", ".join(parts)


def estimate_text(plan: Plan) -> str:
    """What a run would read, and what that costs; also of a run that has just started."""
    estimate = plan["estimate"]
    complete = f" ({plan['days_complete']} complete already)" if plan["days_complete"] else ""
    return (
        f"{days(plan['days_total'])} of {plan['site_name']} to read, "
        f"{plan['start_date']} to {plan['end_date']}{complete}: about {estimate['requests']:,} requests, "
        f"{estimate['minutes']:,.1f} minutes, ${estimate['dollars']:,.2f}"
    )


def summary(run: Run) -> list[str]:
    """How the run ended, and what to do when days are left."""
    return outcome(run) if run["status"] == "succeeded" else [*outcome(run), *_advice(run)]


def outcome(run: Run) -> list[str]:
    """How the run ended, and which days failed and why."""
    counts = [f"{days(run['days_done'])} done", f"{run['days_empty']} empty", f"{run['days_failed']} failed"]
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
    command = f"vitals backfill start {'--force ' if run['force'] else ''}"
    command += f"{shlex.quote(run['site_name'])} {run['start_date']} {run['end_date']}"
    return [f"start the same range again; {said}:", f"  {command}"]


def _finished(run: Run) -> int:
    """Days of the run that nothing more will be done about."""
    return run["days_done"] + run["days_empty"] + run["days_failed"] + run["days_cancelled"]


def _reading(run: Run) -> list[str]:
    """The days that are being read just now."""
    return [day["date"] for day in run["days"] if day["status"] == "reading"]


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
