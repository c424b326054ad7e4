"""The archiving of due days: what is sent and recorded, and what a failing site stops."""

from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from archival.handle import Archival
from archival.planning import DuePlanner
from vitals.errors import ConflictError, NotFoundError
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.records.planning import ArchivePlanning
from vitals.model.records.sites import RecordedStatus, SiteRecord
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, Span

DAY = 1_767_225_600_000


class Sites:
    """The records of sites by their status; None leaves it to the initial list."""

    def __init__(self, statuses: dict[str, RecordedStatus | None]) -> None:
        self.statuses = statuses

    def list(self) -> list[SiteRecord]:
        return [
            SiteRecord(site, status=status, first_ms=DAY, checkpoint_ms=DAY + 2 * DAY_MS)
            for site, status in self.statuses.items()
        ]

    def load(self, site: str) -> SiteRecord | None:
        return next((record for record in self.list() if record.site == site), None)


class NoRecords:
    def archive_records(self, site: str, span: Span) -> list[ArchiveRecord]:
        if site == "broken":
            raise ConflictError("no records today")
        return []


class Archiver:
    """Notes the sites that it archives, and the key group with which it reads their days again."""

    def __init__(self) -> None:
        self.archived: list[tuple[str, str | None]] = []

    def of_group(self, key_group: str | None) -> Any:
        def archive(day: SiteDay) -> dict[str, Any]:
            self.archived.append((day.site, key_group))
            return {"rows": 0}

        return SimpleNamespace(archive=archive)


class Files:
    """The archive whose latest files all differ from the ledger."""

    def __init__(self, count: int) -> None:
        self.count = count

    def mismatches(self, site: str, records: list[ArchiveRecord]) -> int:
        return self.count


def archival(
    sent: list[dict[str, str]],
    statuses: dict[str, RecordedStatus | None],
    archiver: Archiver | None = None,
    initial: tuple[str, ...] = (),
    recorded: list[ArchivePlanning] | None = None,
    now_ms: int = DAY + 3 * DAY_MS,
) -> Archival:
    logger = Logger(service="t")
    table: Any = Sites(statuses)
    audit: Any = Files(1)
    plannings: Any = SimpleNamespace(record=[].append if recorded is None else recorded.append)
    records: Any = NoRecords()
    planner = DuePlanner(
        ledger=records,
        sites=table,
        audit=audit,
        enqueue=sent.extend,
        plannings=plannings,
        now=lambda: now_ms,
        logger=logger,
    )
    return Archival((archiver or Archiver()).of_group, planner, initial, lambda: now_ms, logger)


def test_a_failing_site_stops_no_other() -> None:
    sent: list[dict[str, str]] = []
    recorded: list[ArchivePlanning] = []
    with pytest.raises(ExceptionGroup):
        archival(sent, {"broken": "enabled", "fine": "enabled"}, recorded=recorded).handle({})
    assert recorded == []
    assert sent == [{"site": "fine", "date": "2026-01-01"}, {"site": "fine", "date": "2026-01-02"}]


def test_days_of_removed_sites_are_not_due() -> None:
    sent: list[dict[str, str]] = []
    statuses: dict[str, RecordedStatus | None] = {
        "added": "enabled",
        "gone": "removed",
        "idle": "paused",
        "listed": None,
        "unlisted": None,
    }
    due = archival(sent, statuses, initial=("listed", "new")).handle({})["due"]
    assert due == {"listed": 2, "new": 0, "added": 2, "idle": 2, "unlisted": 2}
    assert {message["site"] for message in sent} == {"listed", "added", "idle", "unlisted"}


@pytest.mark.parametrize(("days", "overdue"), [(3, 0), (4, 1), (5, 2)])
def test_a_planning_is_recorded_with_its_problems(days: int, overdue: int) -> None:
    recorded: list[ArchivePlanning] = []
    now_ms = DAY + days * DAY_MS
    statuses: dict[str, RecordedStatus | None] = {"fine": "enabled", "also fine": "enabled"}
    receipt = archival([], statuses, recorded=recorded, now_ms=now_ms).handle({})
    assert receipt == {"due": {"fine": 2, "also fine": 2}}
    assert recorded == [ArchivePlanning(now_ms, overdue=2 * overdue, mismatches=2)]


@pytest.mark.parametrize("status", ["enabled", "paused", "removed"])
def test_removed_sites_are_not_read_again(status: RecordedStatus) -> None:
    archiver = Archiver()
    archival([], {"mill": status}, archiver).handle({"site": "mill", "date": "2026-01-01"})
    assert archiver.archived == [("mill", None if status == "removed" else "default")]


def test_an_unknown_site_is_refused() -> None:
    with pytest.raises(NotFoundError, match="add it with `vitals site add elsewhere`"):
        archival([], {}).handle({"site": "elsewhere", "date": "2026-01-01"})
