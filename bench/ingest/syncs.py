"""Syncs of one-minute points, five minutes apart, as EtlFunction runs them; run in a process of its own.

Each fetches the last 20 minutes, 15 of which are stored. `python -m bench.ingest.syncs FOLDER` measures any
commit whose layer is first on PYTHONPATH.
"""

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import requests

from bench.ingest.page import CannedAnswer
from bench.table import MemoryTable
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.aws.runtime import SYSTEM
from vitals.model.points import Catalog, ListedPoint
from vitals.model.timespan import MINUTE_MS, Span
from vitals.pipeline.ingest import Ingest, Tally
from vitals.store.tiers.hot import HotTier


class NoLedger:
    """Records nothing; a sync's writes to the ledger do not depend on its samples."""

    def mark_changed(self, *_: Any) -> None:
        pass

    def record(self, *_: Any) -> None:
        pass

    def record_rejected(self, *_: Any) -> None:
        pass


class Site:
    """One site in a table of its own, read by syncs."""

    def __init__(self, names: list[str]) -> None:
        self.table = MemoryTable()
        self._catalog = Catalog().refreshed(ListedPoint(name, interval_s=60) for name in names)
        self._hot = HotTier(self.table.client(), "HotTable")

    def sync(self, page: bytes, span: Span) -> tuple[Tally, float]:
        """Writes the page of a span; returns its counts and the CPU seconds."""
        session = requests.Session()
        session.mount("http://", CannedAnswer(page))
        ace = AceClient("http://ace", "key", Pace(60_000), session=session)
        ledger: Any = NoLedger()
        ingest = Ingest(ace, self._hot, ledger, lambda: span.end_ms + MINUTE_MS, SYSTEM.pool)
        tally = Tally()
        began, before = time.process_time(), self.table.cpu_s
        ingest.fetch("site", self._catalog, span, tally)
        return tally, time.process_time() - began - (self.table.cpu_s - before)


def main() -> None:
    """Reads names.json and the pages {end of the span}.page of a folder, and prints figures as JSON.

    The figures are of the syncs after the first.
    """
    folder = Path(sys.argv[1])
    site = Site(json.loads((folder / "names.json").read_text()))
    pages = {int(path.stem): path.read_bytes() for path in sorted(folder.glob("*.page"))}
    spans = [Span(end_ms - 20 * MINUTE_MS, end_ms) for end_ms in pages]
    site.sync(pages[spans[0].end_ms], spans[0])
    table = site.table
    table.puts, table.write_units, table.requests = 0, 0, 0
    syncs = [site.sync(pages[span.end_ms], span) for span in spans[1:]]
    new = sum(tally.written for tally, _ in syncs)
    figures = {
        "fetched": sum(tally.fetched for tally, _ in syncs) / len(syncs),
        "new": new / len(syncs),
        "requests": table.requests / len(syncs),
        "write_units": 1000 * table.write_units / new,
        "cpu_ms": median(1e6 * cpu_s / tally.written for tally, cpu_s in syncs),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
