"""The proof of a total: what it rests on, and what was left out of it."""

from dataclasses import replace
from typing import TypedDict

import numpy as np

from vitals.model.measures.conversion import Conversion
from vitals.model.measures.counters import Event
from vitals.model.measures.measure import BucketRows
from vitals.model.points import Point
from vitals.model.samples import Values
from vitals.model.timespan import DAY_MS, Span, iso
from vitals.reading.plan import QueryPlan
from vitals.reading.reader import Page
from vitals.reading.reads import PlannedRead

Step = TypedDict("Step", {"time": str, "from": float, "to": float})
Step.__doc__ = "A step of a counter: the time and value of its second sample, and the value before."


class DayFile(TypedDict):
    """The day file of a UTC day (YYYY-MM-DD), by its ETag."""

    date: str
    etag: str


class Proof(TypedDict):
    """What a total rests on."""

    known_share: float | None
    """Known time, 0 to 1 of the page's range; null if the site is not synced in any of it."""
    bridged: float
    """The part of an increase that happened in gaps."""
    resets: list[Step]
    """Where a counter began again at 0, and steps over more than 31 days, which count 0."""
    rollovers: list[Step]
    dips: list[Step]
    """Samples that were left out because they are lower than those around them."""
    spikes: list[Step]
    newest_correction: str | None
    """When samples of the range's days were last written."""
    files: list[DayFile]
    """The archived days of the range, in UTC."""


def proof(point: Point, rows: BucketRows, query: PlannedRead, page: Page, conversion: Conversion) -> Proof:
    """Returns the proof of the rows of one point on a page, which are converted already."""
    span = Span(query.plan.start_ms, query.plan.span.end_ms if page.next_ms is None else page.next_ms)
    records = [record for record in query.records if _overlaps(record.day_ms, span)]
    changes = [record.changed_ms for record in records if record.changed_ms is not None]
    events = [_converted(event, conversion) for event in page.stats.events if event.point == point.id]
    return {
        "known_share": _known_share(query.plan, page.held_ms.get(point.id, 0), span, query.synced_until_ms),
        "bridged": _sum(rows.bridged),
        "resets": [_step(event) for event in events if event.kind in ("reset", "gap")],
        "rollovers": [_step(event) for event in events if event.kind == "rollover"],
        "dips": [_step(event) for event in events if event.kind == "dip"],
        "spikes": [_step(event) for event in events if event.kind == "spike"],
        "newest_correction": iso(max(changes)) if changes else None,
        "files": [_file(record.day_ms, record.etag) for record in records if record.etag],
    }


def _sum(values: Values) -> float:
    """Returns the sum, the largest double if it overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.nan_to_num(values.sum()))


def _known_share(plan: QueryPlan, held_ms: int, span: Span, synced_until_ms: int | None) -> float | None:
    end_ms = min(span.end_ms, synced_until_ms or 0)
    length_ms = plan.open_ms(*np.array([[span.start_ms], [end_ms]]))[0] if end_ms > span.start_ms else 0
    return min(1.0, held_ms / length_ms) if length_ms > 0 else None


def _overlaps(day_ms: int, span: Span) -> bool:
    return day_ms < span.end_ms and span.start_ms < day_ms + DAY_MS


def _converted(event: Event, conversion: Conversion) -> Event:
    return replace(event, before=conversion.value(event.before), after=conversion.value(event.after))


def _step(event: Event) -> Step:
    return {"time": iso(event.time_ms), "from": event.before, "to": event.after}


def _file(day_ms: int, etag: str) -> DayFile:
    return {"date": iso(day_ms)[:10], "etag": etag.strip('"')}
