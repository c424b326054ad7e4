"""One sync of one site: fetch, accept, write, and only then move the checkpoint."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from etl import plan
from etl.catalog import CatalogSync
from etl.circuit_guard import guarded
from etl.receipt import Log, Receipt
from etl.rereads import Message, reread_messages
from etl.weather import write_weather
from vitals.codec import segments
from vitals.model.points import Catalog
from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import DAY_MS, Span, day_name
from vitals.pipeline.ingest import Ingest
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable

_NAMES_LOGGED = 5


@dataclass(frozen=True, slots=True)
class StepResult:
    """Whether the sync has caught up after a step, and whether the step moved the checkpoint."""

    caught_up: bool
    advanced: bool


@dataclass(frozen=True, slots=True)
class Syncer:
    """Syncs sites; `enqueue` sends sync messages, and a new site starts `initial_lookback_ms` back.

    Points are listed again after `catalog_every_ms`.
    """

    ingest: Ingest
    catalogs: CatalogTable
    sites: SiteTable
    circuits: CircuitTable
    enqueue: Callable[[Sequence[Message]], None]
    log: Log
    initial_lookback_ms: int
    catalog_every_ms: int

    def sync_site(
        self, record: SiteRecord | None, receipt: Receipt, max_steps: int, may_continue: Callable[[], bool]
    ) -> None:
        """Syncs from the checkpoint, step by step, until caught up or out of steps or time.

        Messages carry the remaining work: the next step when this sync moved the checkpoint and is not caught
        up, or the re-reads that are due. A sync that loses the checkpoint to another one leaves them to it.
        The weather is requested while the readings are.
        """
        with guarded(self.circuits, self.ingest.now), self.ingest.pool(1, "weather") as pool:
            catalog = self._load_catalog(record, receipt)
            # The weather and the first page of the readings.
            self.ingest.ace.announce(2)
            weather = pool.submit(self.ingest.request_weather, receipt.site)
            result = StepResult(caught_up=False, advanced=False)
            for number in range(max_steps):
                result = self._step(catalog, receipt, announced=0 if number else 1)
                if result.caught_up or not result.advanced or not may_continue():
                    break
            write_weather(self.ingest, catalog, receipt, self.log, weather)
        self._log_dense(catalog, receipt)
        if result.caught_up:
            self._send_rereads(catalog, receipt)
        elif result.advanced:
            self._send([{"site": receipt.site}], receipt)

    def sync_span(self, record: SiteRecord | None, receipt: Receipt, span: Span) -> None:
        """Reads the span (widened to whole windows) again; the checkpoint does not move."""
        with guarded(self.circuits, self.ingest.now):
            catalog = self._load_catalog(record, receipt)
            self.ingest.fetch_long(receipt.site, catalog, span.whole_windows(), receipt.tally)
        self._log_dense(catalog, receipt)

    def _load_catalog(self, record: SiteRecord | None, receipt: Receipt) -> Catalog:
        catalogs = CatalogSync(self.ingest, self.catalogs, self.sites, self.log, self.catalog_every_ms)
        return catalogs.load(record, receipt)

    def _step(self, catalog: Catalog, receipt: Receipt, announced: int) -> StepResult:
        """Reads one step, `announced` of its requests being so, and notes in the receipt what it did."""
        record = self.sites.load(receipt.site)
        checkpoint_ms = record.checkpoint_ms if record else None
        step = plan.next_step(checkpoint_ms, self.ingest.now(), self.initial_lookback_ms)
        receipt.checkpoint_ms = checkpoint_ms
        before = receipt.tally.rejected.copy()
        self.ingest.fetch(receipt.site, catalog, step.span, receipt.tally, announced=announced)
        rejected = receipt.tally.rejected - before
        advanced = self.sites.advance(receipt.site, checkpoint_ms, step.span, rejected)
        if advanced:
            receipt.checkpoint_ms = step.checkpoint_ms
        receipt.caught_up = step.caught_up
        return StepResult(step.caught_up, advanced)

    def _send_rereads(self, catalog: Catalog, receipt: Receipt) -> None:
        record = self.sites.load(receipt.site)
        now_ms = self.ingest.now()
        if record is None or record.checkpoint_ms is None or not plan.reread_due(record, now_ms):
            return
        # A site that was just read for the first time needs no full re-read yet. Older versions set
        # `full_reread_ms` before `reread_ms` if points were listed meanwhile.
        is_first = record.reread_ms is None and record.full_reread_ms is None
        full = not is_first and plan.full_reread_due(record, now_ms)
        unread = plan.next_unread(catalog.unread_from_ms, record, record.checkpoint_ms, full=full)
        messages = reread_messages(
            self.ingest, record, catalog, record.checkpoint_ms, full=full, unread=unread
        )
        self._send(messages, receipt)
        # Noted after sending: a sync that dies in between sends the messages twice, which is harmless.
        if unread:
            self._log_too_old(unread, receipt)
            self.catalogs.record_requested(receipt.site, catalog, unread.until_ms)
        self.sites.record_reread(receipt.site, now_ms, full=full or is_first)

    def _send(self, messages: Sequence[Message], receipt: Receipt) -> None:
        self.enqueue(messages)
        receipt.follow_ups += len(messages)

    def _log_too_old(self, unread: plan.Unread, receipt: Receipt) -> None:
        """Names the days for which points that were listed late need a backfill."""
        if unread.too_old:
            self.log.warning(
                "points were listed too late to be read from the start",
                site=receipt.site,
                start_date=day_name(unread.too_old.start_ms),
                end_date=day_name(unread.too_old.end_ms - 1),
                reason=f"the last {plan.MAX_UNREAD_MS // DAY_MS} days are read again; backfill these days",
            )

    def _log_dense(self, catalog: Catalog, receipt: Receipt) -> None:
        """Names the points of which a block could not hold all samples."""
        counts = receipt.tally.too_dense
        if counts:
            self.log.warning(
                "points with more samples than a block can hold",
                site=receipt.site,
                points=[catalog.points[point_id].name for point_id, _ in counts.most_common(_NAMES_LOGGED)],
                count=len(counts),
                reason=f"the samples of 64 points in five minutes take at most {segments.MAX_BYTES:,} bytes",
            )
