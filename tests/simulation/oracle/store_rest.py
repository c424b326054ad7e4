"""What must hold when nothing has run for a while and nothing fails: every day is settled, and whole."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.oracle.archives import Archives
from tests.simulation.oracle.day_files import DayFiles
from tests.simulation.oracle.day_rows import Keys
from tests.simulation.oracle.expiry import Expiry, decoded
from tests.simulation.oracle.fetch import exact, listed
from tests.simulation.oracle.fetches import Fetches
from tests.simulation.oracle.findings import Findings
from tests.simulation.oracle.problems import LOST, WRONG
from tests.simulation.oracle.state import Catalogs
from tests.simulation.process import CLOCKS_DIFFER_MS
from vitals.model.records.ledger import WRITE_GRACE_MS, ArchiveRecord
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, iso

# A day is read again for 24 hours after its end, and for as long as it is hot by each archiving. The next
# night's archiving settles it.
_DONE_AFTER_MS = 28 * HOUR_MS
# When the night's archiving begins.
_NIGHT_MS = 2 * HOUR_MS


@dataclass(frozen=True, slots=True)
class RestOracle:
    """Compares blocks, files and what was fetched, of every day."""

    catalogs: Catalogs
    files: DayFiles
    archives: Archives
    expiry: Expiry
    fetches: Fetches
    findings: Findings
    now_ms: Callable[[], int]
    hot_days: int

    def check(self) -> None:
        """Compares every day."""
        for day in sorted({*self.expiry.days(), *self.archives.days()}):
            self._check_record(day)
            rows = self.files.current(day)
            if rows and self.expiry.marked[day]:
                self.expiry.compare(rows, self.expiry.marked[day])
            self._compare_fetched(day)

    def _check_record(self, day: SiteDay) -> None:
        """Expects that a day is settled, or done while it is hot, or done and changed since the last night.

        A dead letter that is sent again changes a day at any time.
        """
        record = self.archives.record(day) or ArchiveRecord(day.day_ms)
        age_ms = self.now_ms() - day.span.end_ms - _DONE_AFTER_MS
        # What changed before this was to be settled by the last night's archiving.
        due_ms = self.now_ms() // DAY_MS * DAY_MS + _NIGHT_MS - WRITE_GRACE_MS - CLOCKS_DIFFER_MS
        has_changed = record.changed_ms is not None and record.changed_ms > due_ms
        is_waiting = record.status == "done" and (age_ms < self.hot_days * DAY_MS or has_changed)
        is_overdue = age_ms >= 0 and not is_waiting
        if is_overdue and not record.settled:
            text = f"{record.status!r} after {record.attempts} attempts {record.error}"
            self.findings.add(WRONG, f"{day}: not settled at rest, {text}")

    def _compare_fetched(self, day: SiteDay) -> None:
        """Compares the blocks and the file of a day with what was fetched."""
        stored = self._stored(day)
        for name, point in self.catalogs.ids(day.site).items():
            if name.startswith("weather."):
                continue
            samples = stored.get(point, {})
            expected = self.fetches.expected(day.site, name, day.span, self.now_ms())
            missing = expected.required - samples.keys()
            if missing:
                text = f"{len(missing)} samples of {name!r} are stored nowhere, first {iso(min(missing))}"
                self.findings.add(LOST, f"{day}: {text}", len(missing))
            for time_ms, value in samples.items():
                if exact(value) not in expected.possible.get(time_ms, ()):
                    text = f"{name!r} is {exact(value)} at {iso(time_ms)}"
                    wanted = listed(expected.possible.get(time_ms, ()))
                    self.findings.add(WRONG, f"{day}: {text}, not {wanted}")

    def _stored(self, day: SiteDay) -> Mapping[int, Mapping[int, float]]:
        """Returns the values of a day by time, by point id; those of blocks before those of the file."""
        stored: dict[int, dict[int, float]] = defaultdict(dict)
        rows, blocks = self.files.current(day), self.expiry.blocks(day)
        parts: list[tuple[Keys, Any]] = [(rows.keys, rows.values)] if rows else []
        parts += [decoded(blocks)] if blocks else []
        for keys, values in parts:
            times = (day.day_ms + keys % DAY_MS).tolist()
            for point, time_ms, value in zip((keys // DAY_MS).tolist(), times, values.tolist(), strict=True):
                stored[point][time_ms] = value
        return stored
