"""A syncer over moto and the simulator, with what it sent and what the truth is."""

import struct
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from etl.receipt import Receipt
from etl.sync import Syncer
from local.ace_simulator.simulator import Simulator
from operations import oracle
from operations.oracle import States
from query.answers import Api
from tests.support import moto_aws
from tests.support.clock import Clock
from tests.support.query_tiers import query_api
from tests.support.sites import SITE
from vitals.model.samples import Samples
from vitals.model.timespan import Span, iso

_FILLED_MS: dict[Hashable, int] = {}
"""When the filling of a world ended."""


@dataclass
class Journal:
    warnings: list[str] = field(default_factory=list)

    def warning(self, message: str, **fields: Any) -> None:
        self.warnings.append(message)


@dataclass
class World:
    """A syncer over moto and the simulator, with what it sent and what the truth is."""

    syncer: Syncer
    simulator: Simulator
    clock: Clock
    client: Any
    sent: list[dict[str, str]] = field(default_factory=list)
    journal: Journal = field(default_factory=Journal)

    def sync(self, max_steps: int = 48) -> Receipt:
        receipt = Receipt(SITE)
        self.syncer.sync_site(self.syncer.sites.load(SITE), receipt, max_steps, lambda: True)
        return receipt

    def reread(self, span: Span) -> Receipt:
        receipt = Receipt(SITE)
        self.syncer.sync_span(self.syncer.sites.load(SITE), receipt, span)
        return receipt

    def drain(self, limit: int = 100) -> None:
        """Runs every message that was sent, and what these send, as the queue would."""
        from etl import events

        for _ in range(limit):
            if not self.sent:
                return
            event = events.parse(self.sent.pop(0), self.clock())
            if isinstance(event, events.OneSpan):
                self.reread(event.span)
            else:
                self.sync(1)
        raise AssertionError("the queue never drains")

    def fill_once(self, content: str, fill: Callable[[], Any]) -> None:
        """Fills the stores, with a copy where they were filled before; nothing remains to be sent."""
        key = (content, self.simulator.settings, self.clock())
        moto_aws.fill_once(key, fill)
        self.clock.now_ms = _FILLED_MS.setdefault(key, self.clock())
        self.sent.clear()
        self.journal.warnings.clear()

    def api(self) -> Api:
        return query_api(self.client, self.clock, upstream=self.simulator.url)

    def stored(self, span: Span) -> dict[tuple[str, int], bytes]:
        """Every stored sample but the weather's, by name and time, values to the bit."""
        catalog = self.syncer.catalogs.load(SITE)
        samples: Samples = self.syncer.ingest.hot.read(
            SITE, [p.id for p in catalog.points], span, self.clock()
        )
        names = {p.id: p.name for p in catalog.points}
        return {
            (names[point], time_ms): value.tobytes()
            for point, time_ms, value in zip(
                samples.ids.tolist(), samples.times.tolist(), samples.values, strict=True
            )
            if not names[point].startswith("weather.")
        }

    def truth(self, span: Span, states: States | None = None) -> dict[tuple[str, int], bytes]:
        """The same from the simulator's own books, by the oracle's rules."""
        series = self.simulator.site_series(SITE, span.start_ms, span.end_ms, self.clock())
        readings = [
            {"name": name, "value": value, "time": iso(time_ms)}
            for name, (times, values) in series.items()
            for time_ms, value in zip(times.tolist(), values, strict=True)
        ]
        configured = {item["name"] for item in self.syncer.ingest.ace.configured_points(SITE).items}
        expected = oracle.expected(readings, configured, states)
        return {key: struct.pack("<d", value) for key, value in expected.items()}
