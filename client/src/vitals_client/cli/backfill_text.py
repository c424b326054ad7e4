"""The plan, the progress and the outcome of a backfill as text."""

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from vitals_client.cli.formatting import counted
from vitals_client.cli.progress import Step
from vitals_client.shapes import Plan, Run

_MAX_FAILED_DAYS = 20
_MAX_READING_DAYS = 3


def progress_step(run: Run, now: datetime) -> Step:
    """Returns the progress of a run."""
    key = (_ended_days(run), run["samples"], _reading_days(run), run["cancel_requested"])
    return Step(run["progress_percent"], progress_text(run, now), key, run["status"] != "running")


def progress_text(run: Run, now: datetime) -> str:
    """Returns the progress of a run as one line."""
    phrases = [f"{_ended_days(run)} of {counted(run['days_total'], 'day')}"]
    if run["days_failed"]:
        phrases.append(f"{run['days_failed']} failed")
    phrases.append(f"{run['samples']:,} samples")
    if run["samples_per_second"]:
        phrases.append(f"{run['samples_per_second']:,.0f} per second")
    if run["estimated_end"]:
        remaining = max(_time(run["estimated_end"]) - now, timedelta())
        phrases.append(f"{timedelta(seconds=round(remaining.total_seconds()))} remaining")
    if days := _reading_days(run):
        ellipsis = " …" if len(days) > _MAX_READING_DAYS else ""
        phrases.append(f"reading {', '.join(days[:_MAX_READING_DAYS])}{ellipsis}")
    if run["cancel_requested"]:
        phrases.append("being cancelled")
    return ", ".join(phrases)


def estimate_text(plan: Plan) -> str:
    """Returns what a run reads and costs, as one line."""
    estimate = plan["estimate"]
    verb, requests = "rebuild", ""
    if not plan.get("rebuild"):
        verb, requests = "read", f"{counted(estimate['requests'], 'request')}, "
    complete = f" ({plan['days_complete']} already complete)" if plan["days_complete"] else ""
    return (
        f"{counted(plan['days_total'], 'day')} of {plan['site_name']} to {verb}, "
        f"{plan['start_date']} to {plan['end_date']}{complete}: about {requests}"
        f"{estimate['minutes']:,.1f} minutes, ${estimate['dollars']:,.2f}"
    )


def combined(plans: Sequence[Plan]) -> Plan:
    """Returns the plan of several runs, newest first, as if it were of one."""
    estimates = [plan["estimate"] for plan in plans]
    return plans[-1] | {
        "end_date": plans[0]["end_date"],
        "days_total": sum(plan["days_total"] for plan in plans),
        "days_complete": sum(plan["days_complete"] for plan in plans),
        "estimate": {
            "requests": sum(estimate["requests"] for estimate in estimates),
            "minutes": round(sum(estimate["minutes"] for estimate in estimates), 1),
            "dollars": round(sum(estimate["dollars"] for estimate in estimates), 4),
        },
    }


def summary(run: Run) -> list[str]:
    """Returns the outcome of a run, and unless it succeeded the command that reads the remaining days."""
    return outcome(run) if run["status"] == "succeeded" else [*outcome(run), *_advice(run)]


def outcome(run: Run) -> list[str]:
    """Returns the outcome of a run: its totals, and each failed day with its error."""
    totals = [
        f"{counted(run['days_done'], 'day')} done",
        f"{run['days_empty']} empty",
        f"{run['days_failed']} failed",
    ]
    if run["days_cancelled"]:
        totals.append(f"{run['days_cancelled']} cancelled")
    lines = [f"{run['status']}: {', '.join(totals)}; {run['samples']:,} samples{_duration(run)}"]
    if run["error"]:
        lines.append(f"  {run['error']}")
    failed = [f"  {day['date']}  {day['error']}" for day in run["days"] if day["status"] == "failed"]
    lines += failed[:_MAX_FAILED_DAYS]
    if len(failed) > _MAX_FAILED_DAYS:
        lines.append(f"  and {len(failed) - _MAX_FAILED_DAYS} more")
    return lines


def _duration(run: Run) -> str:
    if not run["ended_at"]:
        return ""
    return f" in {(_time(run['ended_at']) - _time(run['started_at'])).total_seconds():,.0f} s"


def _advice(run: Run) -> list[str]:
    if run.get("rebuild"):
        return ["start again:", f"  {_rebuild_command(run)}"]
    # Without --force a run skips complete days, so a forced run has to be forced again.
    effect = "every day is read again" if run["force"] else "complete days are skipped"
    command = f"vitals backfill start {'--force ' if run['force'] else ''}"
    command += f"{shlex.quote(run['site_name'])} {run['start_date']} {run['end_date']}"
    return [f"start the same range again; {effect}:", f"  {command}"]


def _rebuild_command(run: Run) -> str:
    return f"vitals backfill rebuild {'--force ' if run['force'] else ''}{shlex.quote(run['site_name'])}"


def _ended_days(run: Run) -> int:
    return run["days_done"] + run["days_empty"] + run["days_failed"] + run["days_cancelled"]


def _reading_days(run: Run) -> list[str]:
    return [day["date"] for day in run["days"] if day["status"] == "reading"]


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
