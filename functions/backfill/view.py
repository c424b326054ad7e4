"""A run as the API tells it: pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from backfill.days import Asked
from backfill.planning import Planned
from vitals.runs import RUNNING, Run, RunDay
from vitals.timespan import iso

# Reading a day's hours is most of the work; storing it is the rest.
_READING_SHARE = 0.9


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
    statuses = Counter(day.status for day in days)
    share = _share(run, days)
    spent_ms = (run.ended_ms or now_ms) - run.started_ms
    samples = sum(day.samples for day in days)
    going = run.status == RUNNING
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
    """The same with the receipt of each day that anybody came to."""
    return run(run_, days, now_ms) | {"days": [_day(day) for day in days]}


def _share(run: Run, days: Sequence[RunDay]) -> float:
    """How much of the run is behind it, from 0 to 1."""
    if run.status != RUNNING:
        return 1.0
    if not run.days_total:
        return 0.0
    behind = sum(_READING_SHARE * day.hours / 24 if day.status == "reading" else 1.0 for day in days)
    return min(1.0, behind / run.days_total)


def _day(day: RunDay) -> Mapping[str, Any]:
    facts = asdict(day)
    return {"date": facts.pop("day"), **facts}
