"""Handling one event: due days sent, or one day archived, with log lines."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from archival import events
from archival.digest import DigestSender
from archival.planning import DuePlanner
from archival.reconcile import ReconcilingArchiver
from vitals.model.records.sites import REMOVED, key_group_of
from vitals.model.site_day import SiteDay
from vitals.model.site_status import check_enabled, site_status
from vitals.model.timespan import DAY_MS


@dataclass(frozen=True, slots=True)
class Archival:
    """The archiving with its log; `now` gives UTC ms.

    `archiver` connects the upstream with the key of a key group; None archives from what is stored. The
    `initial_sites` are enabled unless their records differ.
    """

    archiver: Callable[[str | None], ReconcilingArchiver]
    planner: DuePlanner
    initial_sites: tuple[str, ...]
    now: Callable[[], int]
    logger: Logger
    digests: DigestSender | None = None
    """None where no topic is set."""

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Handles one event and returns a receipt; raises the error of a day that can't be archived."""
        request = events.parse(event, self.now())
        if isinstance(request, events.EveryDueDay):
            due = self.planner.plan_sites(self.initial_sites)
            self._send_missing_digests(due)
            return {"due": due}
        site = request.day.site
        record = self.planner.sites.load(site)
        status = site_status(site, record, self.initial_sites)
        if status is None:
            check_enabled(site, status)
        # The upstream may no longer have a site that was removed.
        archiver = self.archiver(None if status == REMOVED else key_group_of(record))
        receipt = archiver.archive(request.day)
        self.logger.info("day archived", **receipt)
        self._send_digest(request.day)
        return receipt

    def _send_digest(self, day: SiteDay) -> None:
        """Sends the digest of a day; without success it is sent with the next night's planning."""
        if self.digests is None:
            return
        try:
            self.digests.send(day)
        except Exception:
            self.logger.exception("digest not sent", site=day.site, date=day.date)

    def _send_missing_digests(self, sites: Iterable[str]) -> None:
        """Sends digests that could not be sent before, and of days that a backfill has archived."""
        now_ms = self.now()
        today_ms = now_ms - now_ms % DAY_MS
        for site in sites:
            for day_ms in (today_ms - 2 * DAY_MS, today_ms - DAY_MS):
                self._send_digest(SiteDay(site, day_ms))
