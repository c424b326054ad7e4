"""A stand-in: answers each task as the real handler will, from the event alone."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from vitals import errors


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Plans, does or counts days; `asked.fail` names the error that every day raises."""
    return {"plan": _plan, "day": _day, "summarise": _summarise}[event["task"]](event)


def _plan(event: dict[str, Any]) -> dict[str, Any]:
    asked = event["asked"]
    first, last = date.fromisoformat(asked["start_date"]), date.fromisoformat(asked["end_date"])
    if last < first:
        raise errors.InvalidRequestError("end_date is before start_date")
    days = [str(first + timedelta(n)) for n in range((last - first).days + 1)]
    return {
        "run": event["run"],
        "site": asked["site"],
        "dry_run": asked.get("dry_run", False),
        "days": days,
        "days_complete": 0,
        "max_concurrency": 2,
        "estimate": {"requests": len(days), "minutes": 1, "dollars": 0.01},
    }


def _day(event: dict[str, Any]) -> dict[str, Any]:
    _, _, name = event["run"].partition("-fail-")
    if name and event["day"].endswith("2"):
        raise getattr(errors, name)("asked to fail")
    return {"day": event["day"], "status": "done", "samples": 1}


def _summarise(event: dict[str, Any]) -> dict[str, Any]:
    counts = Counter(day["status"] for day in event["days"])
    status = "failed" if "error" in event else "partial" if counts["failed"] else "succeeded"
    days = {kind: counts[kind] for kind in ("done", "empty", "failed", "cancelled")}
    samples = sum(day["samples"] for day in event["days"])
    return {"run": event["run"], "site": event["site"], "status": status, "days": days, "samples": samples}
