"""One sync of one site: fetch, accept, write, and only then move the checkpoint."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from etl import plan
from vitals.ace.client import WEATHER_POINTS
from vitals.ace.listing import Listing
from vitals.ace.points import listed_from_ace
from vitals.codec import segments
from vitals.errors import CircuitOpenError, UpstreamError, UpstreamUnavailableError
from vitals.model.points import MAX_NAME, Catalog, ListedPoint
from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import Span, iso
from vitals.pipeline.ingest import Ingest, Tally
from vitals.store.control.circuit import Circuit, CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable

_WEATHER_UNITS = {
    "weather.temperature": "°C",
    "weather.feels_like": "°C",
    "weather.pressure": "hPa",
    "weather.humidity": "%",
    "weather.dew_point": "°C",
    "weather.clouds": "%",
    "weather.wind_speed": "m/s",
    "weather.wind_direction": "°",
    "weather.wet_bulb": "°C",
}

_NAMES_LOGGED = 5
_MAX_SITE_NAME = 200

type Message = dict[str, str]


class Journal(Protocol):
    """What a sync reports to beside its receipt."""

    @property
    def warning(self) -> Callable[..., None]:
        """Takes a message and fields."""


@dataclass(slots=True)
class Receipt:
    """What a sync of one site did."""

    site: str
    tally: Tally = field(default_factory=Tally)
    checkpoint_ms: int | None = None
    caught_up: bool = False
    advanced: bool = False
    isolated_failures: Counter[str] = field(default_factory=Counter)
    follow_ups: int = 0

    def as_dict(self) -> dict[str, Any]:
        """JSON for whoever invoked the sync."""
        return {
            "site": self.site,
            "fetched": self.tally.fetched,
            "accepted": self.tally.accepted,
            "rejected": dict(self.tally.rejected),
            "written": self.tally.written,
            "blocks": self.tally.blocks,
            "conflicts": self.tally.conflicts,
            "checkpoint": None if self.checkpoint_ms is None else iso(self.checkpoint_ms),
            "caught_up": self.caught_up,
            "isolated_failures": dict(self.isolated_failures),
            "follow_ups": self.follow_ups,
        }


@dataclass(frozen=True, slots=True)
class Syncer:
    """What a sync works with; `enqueue` sends sync messages."""

    ingest: Ingest
    catalogs: CatalogTable
    sites: SiteTable
    circuits: CircuitTable
    enqueue: Callable[[Sequence[Message]], None]
    journal: Journal
    initial_lookback_ms: int

    def sync_site(self, receipt: Receipt, max_steps: int, may_go_on: Callable[[], bool]) -> None:
        """Syncs on from the checkpoint, step by step, until caught up or told to stop.

        Messages carry the rest: the next step when this sync moved the checkpoint and is not caught up, or
        the re-reads that are due. Who loses the checkpoint to another sync of the site leaves the rest to it.
        """
        with _Guard(self, receipt):
            record = self.sites.load(receipt.site)
            catalog = self._catalog(record, receipt)
            for _ in range(max_steps):
                self._step(catalog, receipt)
                if receipt.caught_up or not receipt.advanced or not may_go_on():
                    break
            self._sync_weather(catalog, receipt)
        self._log_dense(catalog, receipt)
        if receipt.caught_up:
            self._send_rereads(receipt)
        elif receipt.advanced:
            self._send([{"site": receipt.site}], receipt)

    def sync_span(self, receipt: Receipt, span: Span) -> None:
        """Reads the span (widened to whole windows) again; the checkpoint stays where it is."""
        with _Guard(self, receipt):
            catalog = self._catalog(self.sites.load(receipt.site), receipt)
            for piece in span.whole_windows().pieces(plan.STEP_MS):
                self.ingest.fetch(receipt.site, catalog, piece, receipt.tally)
        self._log_dense(catalog, receipt)

    def _step(self, catalog: Catalog, receipt: Receipt) -> None:
        record = self.sites.load(receipt.site)
        checkpoint = record.checkpoint_ms if record else None
        step = plan.next_step(checkpoint, self.ingest.now(), self.initial_lookback_ms)
        receipt.checkpoint_ms = checkpoint
        before = receipt.tally.rejected.copy()
        self.ingest.fetch(receipt.site, catalog, step.span, receipt.tally)
        rejected = receipt.tally.rejected - before
        receipt.advanced = self.sites.advance(receipt.site, checkpoint, step.span, rejected)
        if receipt.advanced:
            receipt.checkpoint_ms = step.checkpoint_ms
        receipt.caught_up = step.caught_up

    def _catalog(self, record: SiteRecord | None, receipt: Receipt) -> Catalog:
        """The site's catalog, refreshed when an hour old; a refresh may fail where there is one already."""
        stored = self.catalogs.load(receipt.site)
        now_ms = self.ingest.now()
        if not plan.catalog_due(record, now_ms):
            return stored
        try:
            site = self.ingest.ace.site(receipt.site)
            listing = self.ingest.ace.configured_points(receipt.site)
            if not listing.items and (stored.active_ids or listing.malformed):
                raise UpstreamUnavailableError("the upstream lists no point at all")
        except UpstreamError as error:
            if not stored.points:
                raise
            self._isolate("catalog", error, receipt)
            return stored
        self._log_listing(listing, receipt)
        nice = site.get("nice_name")
        display_name = nice if isinstance(nice, str) and nice.strip() else receipt.site
        return self._relist(record, stored, listing, display_name[:_MAX_SITE_NAME], now_ms, receipt)

    def _relist(
        self,
        record: SiteRecord | None,
        stored: Catalog,
        listing: Listing,
        display_name: str,
        now_ms: int,
        receipt: Receipt,
    ) -> Catalog:
        """Stores the listing; its time is noted last, so that whoever dies before lists again."""
        points = [listed_from_ace(item) for item in listing.items if len(item["name"]) <= MAX_NAME]
        appeared = {point.name for point in points} - stored.active_ids.keys()
        same = not appeared and len(points) == stored.configured.bit_count()
        weather = [
            ListedPoint(name, _WEATHER_UNITS[name], tags=("weather",)) for name in WEATHER_POINTS.values()
        ]
        if appeared:
            # Before the catalog has them, or dying in between would leave them unread; and after, because
            # another sync may have sent the re-reads meanwhile, for the points of the catalog before.
            self._want_reread(record, now_ms, receipt)
        catalog = self.catalogs.refresh(
            receipt.site, [*points, *weather], proves_absence=listing.proves_absence, since=stored
        )
        if appeared:
            begun = record is not None and record.first_ms is not None
            self._want_reread(record if begun else self.sites.load(receipt.site), now_ms, receipt)
        # A doubtful listing of the very points of the catalog has nothing to be looked at again for.
        listed_ms = now_ms if listing.steady or same else None
        before_ms = record.catalog_ms if record else None
        self.sites.record_catalog(receipt.site, display_name, len(catalog.active_ids), listed_ms, before_ms)
        return catalog

    def _want_reread(self, record: SiteRecord | None, now_ms: int, receipt: Receipt) -> None:
        """What came of new points was rejected; one listing without them does not prove since when."""
        if record is None or record.first_ms is None:
            return
        if record.reread_ms is None:
            self.sites.request_full_reread(receipt.site)
        else:
            self.sites.record_reread(receipt.site, min(plan.unlisted_since(record), record.reread_ms, now_ms))

    def _log_listing(self, listing: Listing, receipt: Receipt) -> None:
        """Names what is wrong with a listing that is used all the same."""
        if listing.doubt:
            self.journal.warning("listing of points not steady", site=receipt.site, reason=listing.doubt)
        # What cannot be read at all was logged by the client, by page and byte.
        if listing.nameless:
            self.journal.warning(
                "entries without a name in the listing of points",
                site=receipt.site,
                count=listing.nameless,
                reason=listing.problem,
            )
        names = sorted(item["name"] for item in listing.items if len(item["name"]) > MAX_NAME)
        if names:
            self.journal.warning(
                "points with too long names are left out",
                site=receipt.site,
                count=len(names),
                points=[f"{name[:80]}…" for name in names[:_NAMES_LOGGED]],
                reason=f"a name has at most {MAX_NAME} characters",
            )

    def _log_dense(self, catalog: Catalog, receipt: Receipt) -> None:
        """Names the points of which a block could not hold all."""
        counts = receipt.tally.too_dense
        if counts:
            self.journal.warning(
                "points with more samples than a block can hold",
                site=receipt.site,
                points=[catalog.points[point].name for point, _ in counts.most_common(_NAMES_LOGGED)],
                count=len(counts),
                reason=f"the samples of 64 points in five minutes take at most {segments.MAX_BYTES:,} bytes",
            )

    def _sync_weather(self, catalog: Catalog, receipt: Receipt) -> None:
        try:
            self.ingest.fetch_weather(receipt.site, catalog, receipt.tally)
        except UpstreamError as error:
            self._isolate("weather", error, receipt)

    def _send_rereads(self, receipt: Receipt) -> None:
        record = self.sites.load(receipt.site)
        now_ms = self.ingest.now()
        if record is None or record.checkpoint_ms is None or not plan.reread_due(record, now_ms):
            return
        checkpoint = record.checkpoint_ms
        # A site that has just been read for the first time needs no second look at all of it yet.
        first = record.reread_ms is None
        # Unless points were listed meanwhile.
        full = (not first or record.full_reread_ms is not None) and plan.full_reread_due(record, now_ms)
        coverage = self.ingest.ledger.coverage(receipt.site, Span(checkpoint - plan.HORIZON_MS, checkpoint))
        spans = plan.rereads(coverage, record, checkpoint, full=full)
        messages = [{"site": receipt.site, "start": iso(s.start_ms), "end": iso(s.end_ms)} for s in spans]
        self._send(messages, receipt)
        # Only now: dying in between sends the messages twice, which is harmless.
        self.sites.record_reread(receipt.site, now_ms, full=full or first)

    def _send(self, messages: Sequence[Message], receipt: Receipt) -> None:
        self.enqueue(messages)
        receipt.follow_ups += len(messages)

    def _isolate(self, part: str, error: UpstreamError, receipt: Receipt) -> None:
        receipt.isolated_failures[part] += 1
        self.journal.warning(f"{part} not refreshed", site=receipt.site, reason=str(error))


class _Guard:
    """The circuit breaker around one sync."""

    def __init__(self, syncer: Syncer, receipt: Receipt) -> None:
        self._syncer = syncer
        self._circuit: Circuit = syncer.circuits.load()

    def __enter__(self) -> None:
        self._circuit.check(self._syncer.ingest.now())

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UpstreamUnavailableError) and not isinstance(error, CircuitOpenError):
            self._syncer.circuits.store(self._circuit.after_failure(self._syncer.ingest.now()))
        elif error is None and self._circuit.failures:
            self._syncer.circuits.store(Circuit())
