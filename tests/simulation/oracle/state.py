"""What must be true of the state table: ids are permanent, and progress is never taken back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
import zstandard

from tests.simulation.oracle.fetches import Fetches
from tests.simulation.oracle.findings import Findings
from tests.simulation.oracle.problems import LOST, WRONG
from vitals.model.site_day import SiteDay
from vitals.model.timespan import WINDOW_MS, Span, iso

type Item = Mapping[str, Mapping[str, Any]]


class Catalogs:
    """The points of each site with their ids; compares each catalog with the one before it."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._chunks: dict[str, dict[str, list[tuple[int, str]]]] = {}
        self._ids: dict[str, dict[str, int]] = {}

    def ids(self, site: str) -> Mapping[str, int]:
        """Returns the ids of all points that the site ever had."""
        return self._ids.get(site, {})

    def names(self, site: str) -> list[str]:
        """Returns the names of the site's points by their ids."""
        return list(self._ids.get(site, {}))

    def written(self, site: str, chunk: str, after: Item | None) -> None:
        """Compares a chunk of a catalog with what it was, and with the other chunks."""
        chunks = self._chunks.setdefault(site, {})
        points = _points(after) if after else []
        before = chunks.get(chunk, [])
        if points[: len(before)] != before:
            self._findings.add(WRONG, f"{site}: {chunk} does not begin with the points that it had")
        chunks[chunk] = points
        if points != before:
            self._number(site)

    def _number(self, site: str) -> None:
        chunks = self._chunks[site]
        points = [point for chunk in sorted(chunks) for point in chunks[chunk]]
        ids = {name: point_id for point_id, name in points}
        if len(ids) < len(points):
            self._findings.add(WRONG, f"{site}: a name is in the catalog twice")
        if [point_id for point_id, _ in points] != list(range(len(points))):
            self._findings.add(WRONG, f"{site}: the ids of the catalog are not 0, 1, 2 and so on")
        self._ids[site] = ids


def _points(item: Item) -> list[tuple[int, str]]:
    rows = orjson.loads(zstandard.decompress(item["b"]["B"]))
    return [(row["id"], row["listed"]["name"]) for row in rows]


class Progress:
    """Compares each checkpoint and each day's windows with what they were, and with each other."""

    def __init__(self, findings: Findings, fetches: Fetches) -> None:
        self._findings = findings
        self._fetches = fetches
        self._polled: dict[SiteDay, Any] = {}

    def site_written(self, site: str, before: Item | None, after: Item | None) -> None:
        """Compares a site's record with the one before it."""
        for name in ("checkpoint_ms", "first_ms"):
            old, new = _number(before, name), _number(after, name)
            if old is not None and (new is None or new < old or (name == "first_ms" and new != old)):
                self._findings.add(WRONG, f"{site}: {name} goes from {old} to {new}")
        start_ms = _number(before, "checkpoint_ms") or _number(after, "first_ms")
        end_ms = _number(after, "checkpoint_ms")
        if start_ms and end_ms:
            self._check_polled(site, Span(start_ms, max(start_ms, end_ms)))

    def _check_polled(self, site: str, span: Span) -> None:
        """Compares a move of the checkpoint with the windows that are noted as polled."""
        for window_ms in range(span.start_ms, span.end_ms, WINDOW_MS):
            day = SiteDay.containing(site, window_ms)
            polled = self._polled.get(day)
            if polled is None or not polled[(window_ms - day.day_ms) // WINDOW_MS]:
                self._findings.add(
                    WRONG, f"{site}: the checkpoint passes {iso(window_ms)}, which is not polled"
                )
                return

    def windows_written(self, site: str, day: str, before: Item | None, after: Item | None) -> None:
        """Compares the windows of a day with what they were."""
        if after is not None:
            self._check_read(SiteDay.parse(site, day), _column(after, "p", "u1"))
        if before is None:
            return
        if after is None:
            self._findings.add(LOST, f"{site}, {day}: the ledger of the windows is deleted")
            return
        if (_column(after, "c", "<u4") < _column(before, "c", "<u4")).any():
            self._findings.add(LOST, f"{site}, {day}: a window counts fewer samples than before")
        if (_column(after, "p", "u1") < _column(before, "p", "u1")).any():
            self._findings.add(LOST, f"{site}, {day}: a polled window is no longer polled")

    def _check_read(self, day: SiteDay, polled: Any) -> None:
        """Compares windows that are now noted as polled with the fetches."""
        before = self._polled.get(day, np.zeros(len(polled), np.uint8))
        self._polled[day] = polled
        for index in np.flatnonzero(polled > before).tolist():
            window_ms = day.day_ms + index * WINDOW_MS
            if not self._fetches.was_read(day.site, window_ms):
                self._findings.add(WRONG, f"{day.site}: {iso(window_ms)} is noted as polled, and not read")
                return


def _number(item: Item | None, name: str) -> int | None:
    return int(item[name]["N"]) if item and name in item else None


def _column(item: Item, name: str, form: str) -> Any:
    return np.frombuffer(item[name]["B"], form)
