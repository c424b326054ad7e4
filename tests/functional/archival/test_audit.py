"""The audit of archived days: files that are not those of the ledger are logged and counted."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from archival.audit import Audit
from vitals.errors import DayFileMissingError
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS

DAY = 1_767_225_600_000


def settled(number: int) -> ArchiveRecord:
    day_ms = DAY + number * DAY_MS
    record = ArchiveRecord(day_ms, day_ms, day_ms + 26 * HOUR_MS, "done", etag="e", checksum="c")
    assert record.settled
    return record


@dataclasses.dataclass
class Log:
    errors: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def error(self, message: str, **fields: Any) -> None:
        self.errors.append({"message": message, **fields})


class Files:
    """Holds files with these etags and checksums, by date."""

    def __init__(self, files: dict[str, tuple[str, str]]) -> None:
        self.files = files

    def describe(self, day: SiteDay) -> Any:
        if day.date not in self.files:
            raise DayFileMissingError(f"the file of {day} does not exist")
        etag, checksum = self.files[day.date]
        return SimpleNamespace(etag=etag), SimpleNamespace(checksum=checksum)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"2026-01-01": ("e", "c")}, ""),
        ({}, "the file of s, 2026-01-01 does not exist"),
        ({"2026-01-01": ("other", "c")}, "the file is not the one in the ledger"),
        ({"2026-01-01": ("e", "other")}, "the file is not the one in the ledger"),
    ],
)
def test_a_file_that_differs_is_logged(files: dict[str, tuple[str, str]], reason: str) -> None:
    log: Any = Log()
    cold: Any = Files(files)
    assert Audit(cold, log).mismatches("s", [settled(0)]) == bool(reason)
    line = {"message": "archive mismatch", "site": "s", "date": "2026-01-01", "reason": reason}
    assert log.errors == ([line] if reason else [])


def test_the_latest_seven_settled_days_are_audited() -> None:
    log: Any = Log()
    cold: Any = Files({})
    changed = dataclasses.replace(settled(20), changed_ms=DAY + 30 * DAY_MS)
    assert Audit(cold, log).mismatches("s", [*map(settled, range(9)), changed]) == 7
    assert log.errors[0]["date"] == "2026-01-03"
