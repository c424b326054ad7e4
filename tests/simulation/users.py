"""Who uses the product in a run: backfills and exports; charts.py and operators.py have the others."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.desk import Desk
from vitals.model.records.exports import RETENTION_MS
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, iso

_BACKFILL_ENDS = ("succeeded", "partial", "failed", "cancelled")
_EXPORT_ENDS = ("completed", "failed", "cancelled")


@dataclass(slots=True)
class Backfills:
    """Starts backfills: first of the days before the run, then of any days again."""

    desk: Desk
    started: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Starts one now and then, for as long as the simulation runs."""
        desk, random = self.desk, self.desk.random
        for number in itertools.takewhile(lambda _: desk.is_open, itertools.count()):
            desk.idle(2 * HOUR_MS, 40 * HOUR_MS)
            site, today_ms = random.choice(desk.api.sites), desk.slowest_clock_ms // DAY_MS * DAY_MS
            first_ms, last_ms = desk.first_ms, desk.first_ms + 2 * DAY_MS
            if number >= len(desk.api.sites):
                days = (today_ms - desk.first_ms) // DAY_MS
                first_ms += int(random.random() * days) * DAY_MS
                last_ms = min(today_ms - DAY_MS, first_ms + random.randint(0, 2) * DAY_MS)
            self.start(site, Span(first_ms, last_ms), force=random.random() < 0.5)

    def start(self, site: str, days: Span, *, force: bool) -> str:
        """Starts a backfill from one day to another, and returns its last known status, "" for none."""
        body = {
            "site_name": site,
            "start_date": iso(days.start_ms)[:10],
            "end_date": iso(days.end_ms)[:10],
            "force": force,
        }
        run = self.desk.start("/backfill/start", body)
        if not run:
            return ""
        self.started.append(run)
        return self._follow(run)

    def unfinished(self) -> list[str]:
        """Returns those that were started and have not ended; they are known for longer than a run."""
        return [run for run in self.started if self.desk.status(f"/backfill/{run}") not in _BACKFILL_ENDS]

    def _follow(self, run: str) -> str:
        status = ""
        for _ in range(20):
            self.desk.wait(5 * MINUTE_MS, 60 * MINUTE_MS)
            status = self.desk.status(f"/backfill/{run}")
            if status in _BACKFILL_ENDS:
                break
            if self.desk.is_open and self.desk.random.random() < 0.02:
                self.desk.api.call("POST", f"/backfill/{run}/cancel")
        return status


@dataclass(slots=True)
class Exports:
    """Starts exports and reads their files."""

    desk: Desk
    open_link: Callable[[str], bytes]
    completed: Callable[[Mapping[str, Any]], None]
    """Is told of each export that is completed, with its answer."""
    started: dict[str, float] = field(default_factory=dict)
    """When each was asked for."""

    def run(self) -> None:
        """Starts one now and then, for as long as the simulation runs."""
        desk, random = self.desk, self.desk.random
        while desk.is_open:
            desk.idle(3 * HOUR_MS, 20 * HOUR_MS)
            site, now_ms = random.choice(desk.api.sites), desk.slowest_clock_ms
            days = (now_ms - desk.first_ms) // DAY_MS + 1
            first_ms = desk.first_ms + int(random.random() * days) * DAY_MS
            names = desk.names(site)
            chosen = random.sample(list(names), 2) if len(names) > 1 and random.random() < 0.5 else ()
            span = Span(first_ms, min(now_ms, first_ms + random.randint(1, 4) * DAY_MS))
            self.start(site, span, random.choice(("parquet", "csv")), chosen)

    def start(self, site: str, span: Span, file_format: str, names: Sequence[str]) -> str:
        """Starts an export, of all points without names, and returns its last known status, "" for none."""
        requested_ms = self.desk.scheduler.now_ms
        body = {
            "site_name": site,
            "start_time": span.start_ms,
            "end_time": span.end_ms,
            "format": file_format,
            "point_names": list(names),
        }
        export = self.desk.start("/exports", body)
        if not export:
            return ""
        self.started[export] = requested_ms
        return self._follow(export, body, requested_ms)

    def unfinished(self) -> list[str]:
        """Returns those that were started, and have neither ended nor expired."""
        now_ms = self.desk.scheduler.now_ms
        return [
            export
            for export, requested_ms in self.started.items()
            if self.desk.status(f"/exports/{export}") not in _EXPORT_ENDS
            and now_ms < requested_ms + RETENTION_MS - HOUR_MS
        ]

    def _follow(self, export: str, body: Mapping[str, Any], requested_ms: float) -> str:
        status = ""
        for _ in range(60):
            self.desk.wait(1 * MINUTE_MS, 30 * MINUTE_MS)
            answer = self.desk.api.call("GET", f"/exports/{export}")
            status = answer.content["status"] if answer.status == 200 else ""
            if status == "completed":
                self.completed({**answer.content, "request": body, "requested_ms": requested_ms})
            if status in _EXPORT_ENDS:
                break
            if self.desk.is_open and self.desk.random.random() < 0.01:
                self.desk.api.call("DELETE", f"/exports/{export}")
                break
        return status
