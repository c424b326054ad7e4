"""Writes a fetch from the upstream to the hot tier, and updates the ledger before and after."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field, fields

from vitals.ace.client import AceClient, Reading
from vitals.codec.block_merge import BlockKey
from vitals.errors import UpstreamUnavailableError
from vitals.model.point_set import PointSet
from vitals.model.points import Catalog
from vitals.model.samples import Samples, concat
from vitals.model.timespan import HOUR_MS, Span
from vitals.pipeline.acceptance import TOO_DENSE, Accepted, accept
from vitals.pipeline.first_ahead import first_ahead
from vitals.pipeline.page_spans import PagePlan, density_after, density_of, next_page, pages_at_once
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.hot import HotTier

# 20 bytes a sample: samples that wait to be written stay under 10 MB; an hour of a large site is one write.
FLUSH_SAMPLES = 500_000
# An hour of 4,583 points with names of 128 characters takes 276 MB, a page at a time 230 MB.
PAGES_AT_ONCE = 3


@dataclass(slots=True)
class Tally:
    """Counts of the readings of some fetches and of the blocks that they changed."""

    fetched: int = 0
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    written: int = 0
    blocks: int = 0
    conflicts: int = 0
    too_dense: Counter[int] = field(default_factory=Counter)
    """By point id, readings rejected because their block is full."""

    def add(self, tally: "Tally") -> None:
        """Adds the counts of another fetch."""
        for count in fields(self):
            setattr(self, count.name, getattr(self, count.name) + getattr(tally, count.name))


@dataclass(frozen=True, slots=True)
class Weather:
    """The present weather of a site, and when it was requested (UTC ms)."""

    readings: Sequence[Reading]
    fetched_ms: int


@dataclass(frozen=True, slots=True)
class Ingest:
    """Fetches and writes; `now` returns UTC ms, `pool` a pool for requests at the same time."""

    ace: AceClient
    hot: HotTier
    ledger: Ledger
    now: Callable[[], int]
    pool: Callable[[int, str], Executor]

    def fetch(self, site: str, catalog: Catalog, span: Span, tally: Tally, *, announced: int = 0) -> None:
        """Writes the readings of the span, or those before the error if the fetch fails.

        Its pages are requested at once. The caller has `announced` so many of its requests to the pace, at
        most one.
        """
        self._fetch(
            site, catalog, pages_at_once(span, catalog, self.ace.page_size), tally, announced=announced
        )

    def fetch_long(self, site: str, catalog: Catalog, span: Span, tally: Tally) -> None:
        """Writes the readings of a span (whole windows) of any length, in as few requests as possible.

        If it fails, what was read before the error is written.
        """
        density = density_of(catalog)
        while span:
            plan = next_page(span, density, self.ace.page_size)
            fetched = self._fetch_page(site, catalog, plan, tally)
            if fetched is not None:
                density = density_after(density, plan.span, fetched)
                span = Span(plan.span.end_ms, span.end_ms)

    def _fetch_page(self, site: str, catalog: Catalog, plan: PagePlan, tally: Tally) -> int | None:
        """Returns the readings of a span; None when it failed and smaller pages are worth another attempt."""
        counts = Tally()
        try:
            self._fetch(site, catalog, plan, counts)
        except UpstreamUnavailableError:
            # Bounded, because pages only become smaller.
            if self.ace.page_size >= plan.size:
                raise
            # Its readings are counted when they are read again.
            counts = Tally(written=counts.written, blocks=counts.blocks, conflicts=counts.conflicts)
            return None
        finally:
            tally.add(counts)
        return counts.fetched

    def _fetch(
        self, site: str, catalog: Catalog, plan: PagePlan, tally: Tally, *, announced: int = 0
    ) -> None:
        fetched_ms = self.now()
        with closing(self.read(site, catalog, plan, tally, announced=announced)) as parts:
            self.write(site, plan.span, parts, fetched_ms, tally, catalog.configured)

    def read(
        self, site: str, catalog: Catalog, plan: PagePlan, tally: Tally, *, announced: int = 0
    ) -> Generator[Samples]:
        """Yields the samples of the plan's span, unsorted, in parts of bounded size.

        If a read fails, the samples before the error are the last part, and then the error is raised. A
        caller that may leave before the end closes the generator, so that no request is under way.
        """
        pending: list[Samples] = []
        rejected: set[tuple[int, int]] = set()
        try:
            with closing(self._accepted_pieces(site, catalog, plan, announced)) as pieces:
                for accepted in pieces:
                    _count(accepted, tally)
                    pending.append(accepted.samples)
                    rejected |= _inside(plan.span, accepted.rejected_hours)
                    if sum(map(len, pending)) >= FLUSH_SAMPLES:
                        yield concat(pending)
                        pending.clear()
            self.ledger.record_rejected(site, rejected)
        except Exception:
            yield concat(pending)
            raise
        yield concat(pending)

    def write(
        self,
        site: str,
        span: Span,
        parts: Iterable[Samples],
        fetched_ms: int,
        tally: Tally,
        configured: PointSet,
    ) -> None:
        """Writes all parts of a fetch of the span (whole windows), and then records the span as polled.

        `configured` are the points of the fetch.
        """
        counts: dict[BlockKey, int] = {}
        for samples in parts:
            counts.update(self._write(site, samples, fetched_ms, tally))
        windows: Counter[int] = Counter()
        for (_, window_ms), count in counts.items():
            windows[window_ms] += count
        self.ledger.record(site, span, windows, configured)

    def request_weather(self, site: str) -> Weather:
        """Returns the current weather, which is not written yet."""
        fetched_ms = self.now()
        return Weather(self.ace.weather(site), fetched_ms)

    def write_weather(self, site: str, catalog: Catalog, weather: Weather, tally: Tally) -> None:
        """Writes weather that was requested before."""
        accepted = self._accept(weather.readings, catalog)
        _count(accepted, tally)
        self._write(site, accepted.samples, weather.fetched_ms, tally)

    def _accepted_pieces(
        self, site: str, catalog: Catalog, plan: PagePlan, announced: int
    ) -> Generator[Accepted]:
        """Yields what is accepted of each piece of a page, in order; several pages are requested at once."""

        def pages(span: Span) -> Iterator[Accepted]:
            return self.ace.pages(site, span, lambda readings: self._accept(readings, catalog), plan.size)

        if len(plan.spans) == 1:
            yield from pages(plan.span)
            return
        self.ace.announce(len(plan.spans) - announced)
        with closing(first_ahead(map(pages, plan.spans), PAGES_AT_ONCE, self.pool)) as pieces:
            yield from pieces

    def _accept(self, readings: Iterable[Reading], catalog: Catalog) -> Accepted:
        return accept(readings, catalog.active_ids, self.now(), catalog.states)

    def _write(self, site: str, samples: Samples, fetched_ms: int, tally: Tally) -> dict[BlockKey, int]:
        planned = self.hot.plan(site, samples, fetched_ms)
        self.ledger.mark_changed(site, planned.windows, self.now())
        write = self.hot.apply(planned)
        tally.blocks += write.blocks
        tally.written += write.samples
        tally.conflicts += write.conflicts
        if write.too_dense:
            tally.too_dense += write.too_dense
            tally.rejected[TOO_DENSE] += write.too_dense.total()
            tally.accepted -= write.too_dense.total()
        return write.counts


def _count(accepted: Accepted, tally: Tally) -> None:
    tally.fetched += len(accepted.samples) + accepted.rejected.total()
    tally.accepted += len(accepted.samples)
    tally.rejected += accepted.rejected


def _inside(span: Span, rejected: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Returns the rejections in hours that the span touches; a broken clock may write any time."""
    return {(point, hour) for point, hour in rejected if span.start_ms - HOUR_MS < hour < span.end_ms}
