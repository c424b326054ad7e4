"""A run as the API tells it: pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from backfill.days import Asked
from backfill.planning import Planned
from vitals.model.records.runs import RUNNING, Run, RunDay
from vitals.model.timespan import iso

# Reading a day's hours is most of the work; storing it is the rest.
_READING_SHARE = 0.9
_FINAL = ("done", "empty", "cancelled")


def planned(asked: Asked, plan: Planned) -> dict[str, Any]:
    """What a start would do, or does."""
    return {
        "site_name": asked.site,
        "start_date": asked.start_date,
        "end_date": asked.end_date,
        "force": asked.force,
        "days_total": len(plan.days),
        "days_complete": plan.complete,
        "estimate": asdict(plan.estimate),
    }


def run(run: Run, days: Sequence[RunDay], now_ms: int) -> dict[str, Any]:
    """A run with its progress, rate and estimated end."""
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
        "status": run.status,
        "requested_by": run.requested_by,
        "started_at": iso(run.started_ms),
        "ended_at": iso(run.ended_ms) if run.ended_ms else None,
        "cancel_requested": bool(run.cancel_ms),
        "progress_percent": round(100 * share, 1),
        "days_total": run.days_total,
        "days_complete": run.days_complete,
        **{f"days_{status}": statuses[status] for status in ("done", "empty", "failed", "cancelled")},
        "samples": samples,
        "requests": sum(day.requests for day in days),
        "samples_per_second": round(samples / (spent_ms / 1000), 1) if spent_ms > 0 else 0.0,
        "estimated_end": iso(now_ms + int(spent_ms * (1 - share) / share)) if going and share else None,
        "error": run.error,
    }


def run_with_days(run_: Run, days: Sequence[RunDay], now_ms: int) -> dict[str, Any]:
    """The same with a receipt of each day."""
    return run(run_, days, now_ms) | {"days": [_day(day) for day in _every_day(run_, days)]}


def _every_day(run: Run, days: Sequence[RunDay]) -> list[RunDay]:
    """Each day of the run: those that nobody came to wait, or have gone the way of the run."""
    known = {day.day: day for day in days}
    found = [known.get(day) or RunDay(day) for day in run.days.split(",") if day]
    if run.status == RUNNING:
        return found
    left = "cancelled" if run.status == "cancelled" else "failed"
    return [day if day.status in _FINAL else replace(day, status=left) for day in found]


def _share(run: Run, days: Sequence[RunDay]) -> float:
    """How much of the run is behind it, from 0 to 1."""
    if run.status != RUNNING:
        return 1.0
    behind = sum(_READING_SHARE * day.hours / 24 if day.status not in _FINAL else 1.0 for day in days)
    return min(1.0, behind / len(days)) if days else 0.0


def _day(day: RunDay) -> Mapping[str, Any]:
    facts = asdict(day)
    return {"date": facts.pop("day"), **facts}
