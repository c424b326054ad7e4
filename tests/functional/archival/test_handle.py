"""The archiving of due days: what is sent, and what a failing site stops."""

from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics

from archival.audit import Audit
from archival.handle import Archival
from archival.planning import DuePlanner
from vitals.errors import ConflictError, NotFoundError
from vitals.model.records.ledger import ArchiveRecord
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
    """Notes the sites that it archives, and whether it reads their days from the upstream."""

    def __init__(self) -> None:
        self.archived: list[tuple[str, bool]] = []

    def archive(self, day: SiteDay, *, from_upstream: bool) -> dict[str, Any]:
        self.archived.append((day.site, from_upstream))
        return {"rows": 0}


def archival(
    sent: list[dict[str, str]],
    statuses: dict[str, RecordedStatus | None],
    archiver: Any = None,
    initial: tuple[str, ...] = (),
) -> Archival:
    logger, metrics = Logger(service="t"), Metrics(namespace="t", service="t")
    table: Any = Sites(statuses)
    records: Any = NoRecords()
    cold: Any = None
    planner = DuePlanner(
        ledger=records,
        sites=table,
        audit=Audit(cold, logger),
        enqueue=sent.extend,
        now=lambda: DAY + 3 * DAY_MS,
        metrics=metrics,
    )
    return Archival(archiver, planner, initial, lambda: DAY + 3 * DAY_MS, logger, metrics)


def test_a_failing_site_stops_no_other() -> None:
    sent: list[dict[str, str]] = []
    with pytest.raises(ExceptionGroup):
        archival(sent, {"broken": "enabled", "fine": "enabled"}).handle({})
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


@pytest.mark.parametrize("status", ["enabled", "paused", "removed"])
def test_only_enabled_sites_are_read_again(status: RecordedStatus) -> None:
    archiver = Archiver()
    archival([], {"mill": status}, archiver).handle({"site": "mill", "date": "2026-01-01"})
    assert archiver.archived == [("mill", status == "enabled")]


def test_an_unknown_site_is_refused() -> None:
    with pytest.raises(NotFoundError, match="add it with `vitals site add elsewhere`"):
        archival([], {}).handle({"site": "elsewhere", "date": "2026-01-01"})
