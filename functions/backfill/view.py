"""A run as the API answers it: pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from backfill.api import schemas
from backfill.events import BackfillRequest
from backfill.planning import RunPlan
from vitals.model.records.runs import RUNNING, DayStatus, Run, RunDay
from vitals.model.timespan import iso

# Reading a day is most of the work; storing it is the rest.
_READING_SHARE = 0.9
_FINAL = ("done", "empty", "cancelled")


def planned(request: BackfillRequest, plan: RunPlan) -> schemas.Planned:
    """Returns what a start would do, or does."""
    estimate = plan.estimate
    return {
        "site_name": request.site,
        "start_date": request.start_date,
        "end_date": request.end_date,
        "force": request.force,
        "rebuild": request.rebuild,
        "days_total": len(plan.days),
        "days_complete": plan.complete,
        "estimate": {
            "requests": estimate.requests,
            "minutes": estimate.minutes,
            "dollars": estimate.dollars,
        },
    }


def run(run: Run, days: Sequence[RunDay], now_ms: int) -> schemas.Run:
    """Returns a run with its progress, rate and estimated end."""
    days = _every_day(run, days)
    statuses = Counter(day.status for day in days)
    going = run.status == RUNNING
    share = _share(run, days)
    spent_ms = (run.ended_ms or now_ms) - run.started_ms
    counted = [day for day in days if day.status == "done" or (going and day.status == "reading")]
    samples = sum(day.samples for day in counted)
    return {
        "id": run.run,
        "site_name": run.site,
        "start_date": run.start_date,
        "end_date": run.end_date,
        "force": bool(run.force),
        "rebuild": bool(run.rebuild),
        "status": run.status,
        "requested_by": run.requested_by,
        "started_at": iso(run.started_ms),
        "ended_at": iso(run.ended_ms) if run.ended_ms else None,
        "cancel_requested": bool(run.cancel_ms),
        "progress_percent": round(100 * share, 1),
        "days_total": run.days_total,
        "days_complete": run.days_complete,
        "days_done": statuses["done"],
        "days_empty": statuses["empty"],
        "days_failed": statuses["failed"],
        "days_cancelled": statuses["cancelled"],
        "samples": samples,
        "requests": sum(day.requests for day in days),
        "samples_per_second": round(samples / (spent_ms / 1000), 1) if spent_ms > 0 else 0.0,
        "estimated_end": iso(now_ms + int(spent_ms * (1 - share) / share)) if going and share else None,
        "error": run.error,
    }


def run_with_days(record: Run, days: Sequence[RunDay], now_ms: int) -> schemas.RunWithDays:
    """Returns a run with the progress of each day as well."""
    return {**run(record, days, now_ms), "days": [_day(day) for day in _every_day(record, days)]}


def _every_day(run: Run, days: Sequence[RunDay]) -> list[RunDay]:
    """Returns each day of the run: one without a record waits, or ended as the run did."""
    recorded = {day.day: day for day in days}
    all_days = [recorded.get(day) or RunDay(day) for day in run.days.split(",") if day]
    if run.status == RUNNING:
        return all_days
    unfinished: DayStatus = "cancelled" if run.status == "cancelled" else "failed"
    return [day if day.status in _FINAL else replace(day, status=unfinished) for day in all_days]


def _share(run: Run, days: Sequence[RunDay]) -> float:
    """Returns how much of the run is finished, from 0 to 1."""
    if run.status != RUNNING:
        return 1.0
    behind = sum(_READING_SHARE * day.hours / 24 if day.status not in _FINAL else 1.0 for day in days)
    return min(1.0, behind / len(days)) if days else 0.0


def _day(day: RunDay) -> schemas.Day:
    return {
        "date": day.day,
        "status": day.status,
        "samples": day.samples,
        "rejected": day.rejected,
        "requests": day.requests,
        "hours": day.hours,
        "attempts": day.attempts,
        "seconds": day.seconds,
        "error": day.error,
    }
