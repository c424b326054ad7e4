"""Handling one event: messages for every site, or one sync with its log lines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger

from etl import events
from etl.receipt import Receipt
from etl.report import StackReport
from etl.rereads import Message
from etl.sync import Syncer
from vitals.errors import CircuitOpenError, UpstreamRefusedError
from vitals.model.records.sites import PAUSED, REMOVED, SiteRecord, key_group_of
from vitals.model.site_status import check_enabled, enabled_sites, site_status
from vitals.store.state.sites import SiteTable

# A direct invoke continues until caught up: 24 hours of a new site, and as much again for a slow one.
DIRECT_STEPS = 48


@dataclass(frozen=True, slots=True)
class Etl:
    """The sync with its queue, its log and the report of the schedule; `now` gives UTC ms.

    `syncer` connects the upstream with the key of a key group. The `initial_sites` are enabled unless their
    records differ.
    """

    syncer: Callable[[str], Syncer]
    sites: SiteTable
    enqueue: Callable[[Sequence[Message]], None]
    now: Callable[[], int]
    initial_sites: tuple[str, ...]
    logger: Logger
    report: StackReport

    def handle(
        self, event: Mapping[str, Any], *, queued: bool, may_continue: Callable[[], bool]
    ) -> dict[str, Any]:
        """Handles one event and returns a receipt; raises the error of a failed sync."""
        request = events.parse(event, self.now())
        if isinstance(request, events.EverySite):
            return self._every_site()
        record = self.sites.load(request.site)
        status = site_status(request.site, record, self.initial_sites)
        receipt, started_ms = Receipt(request.site), self.now()
        if queued and status in (PAUSED, REMOVED):
            # A queued span is read all the same, because no other sync would repeat it.
            if isinstance(request, events.OneSite):
                self.logger.info("sync not started", site=request.site, reason=f"the site is {status}")
                return receipt.as_dict()
        else:
            check_enabled(request.site, status)
        try:
            self._sync(request, record, receipt, queued=queued, may_continue=may_continue)
        except UpstreamRefusedError as error:
            if status != REMOVED or error.status != HTTPStatus.NOT_FOUND:
                raise
            # A dead letter would say nothing else, and would keep an alarm on: ACE no longer has the site.
            self.logger.warning("span of a removed site not read", event=event, reason=str(error))
        finally:
            duration_ms = self.now() - started_ms
            self.logger.info("sync receipt", duration_ms=duration_ms, **receipt.as_dict())
        return receipt.as_dict()

    def _sync(
        self,
        request: events.OneSite | events.OneSpan,
        record: SiteRecord | None,
        receipt: Receipt,
        *,
        queued: bool,
        may_continue: Callable[[], bool],
    ) -> None:
        """Syncs the site or the span; skips a queued sync of a site while the circuit is open."""
        syncer = self.syncer(key_group_of(record))
        try:
            if isinstance(request, events.OneSite):
                syncer.sync_site(record, receipt, 1 if queued else DIRECT_STEPS, may_continue)
            else:
                syncer.sync_span(record, receipt, request.span)
        except CircuitOpenError as error:
            if not queued or isinstance(request, events.OneSpan):
                raise
            # The next schedule continues from the checkpoint; a skipped span would not be sent again.
            self.logger.warning("sync skipped", site=receipt.site, reason=str(error))

    def _every_site(self) -> dict[str, Any]:
        records = {record.site: record for record in self.sites.list()}
        sites = enabled_sites(records.values(), self.initial_sites)
        self.enqueue([{"site": site} for site in sites])
        self.report.send([self._dated(records.get(site) or SiteRecord(site)) for site in sites], self.now())
        return {"sites": sites}

    def _dated(self, record: SiteRecord) -> SiteRecord:
        """Returns the record with the time from which its lag counts while no sync has succeeded."""
        if record.checkpoint_ms is not None or record.status_ms is not None:
            return record
        return replace(record, status_ms=self.sites.record_first_message(record.site))
