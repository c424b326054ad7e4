"""The archiving of due days: what is sent, and what a failing site stops."""

from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics

from archival.audit import Audit
from archival.handle import Archival
from archival.planning import DuePlanner
from vitals.errors import ConflictError, NotFoundError
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import DAY_MS, Span

DAY = 1_767_225_600_000
SITES = ("broken", "fine")


class Sites:
    def load(self, site: str) -> SiteRecord:
        if site == "broken":
            raise ConflictError("no record today")
        return SiteRecord(site, first_ms=DAY, checkpoint_ms=DAY + 2 * DAY_MS)


class NoRecords:
    def archive_records(self, site: str, span: Span) -> list[ArchiveRecord]:
        return []


def archival(sent: list[dict[str, str]], sites: tuple[str, ...]) -> Archival:
    logger, metrics = Logger(service="t"), Metrics(namespace="t", service="t")
    table: Any = Sites()
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
    archiver: Any = None
    return Archival(archiver, planner, sites, lambda: DAY + 3 * DAY_MS, logger, metrics)


def test_a_failing_site_stops_no_other() -> None:
    sent: list[dict[str, str]] = []
    with pytest.raises(ExceptionGroup):
        archival(sent, SITES).handle({})
    assert sent == [{"site": "fine", "date": "2026-01-01"}, {"site": "fine", "date": "2026-01-02"}]


def test_a_site_that_is_not_enabled_is_refused() -> None:
    with pytest.raises(NotFoundError, match="site 'elsewhere' is not enabled; add it to the parameter Sites"):
        archival([], SITES).handle({"site": "elsewhere", "date": "2026-01-01"})
