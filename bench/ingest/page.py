"""One poll of 4,583 one-minute points, from HTTP bytes to written blocks; run in a process of its own."""

import io
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import requests
from urllib3 import HTTPResponse

from bench.capacity import write_units
from bench.table import MemoryTable
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.model.samples import Samples, concat
from vitals.model.timespan import WINDOW_MS, Span
from vitals.pipeline.acceptance import accept
from vitals.store.tiers.hot import HotTier


class CannedAnswer(requests.adapters.BaseAdapter):
    """Answers every request with the same page."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response.raw = HTTPResponse(io.BytesIO(self._body), status=200, preload_content=False)
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        pass


def poll(body: bytes, ids: dict[str, int], now_ms: int, table: MemoryTable) -> tuple[Samples, float]:
    """Writes what a page holds; returns its samples and the CPU seconds that it took."""
    session = requests.Session()
    session.mount("http://", CannedAnswer(body))
    ace = AceClient("http://ace", "key", Pace(60_000), session=session)
    hot = HotTier(table.client(), "HotTable")
    began = time.process_time()
    span = Span(now_ms - WINDOW_MS, now_ms)
    pieces = ace.pages("site", span, lambda readings: accept(readings, ids, now_ms))
    written = concat(accepted.samples for accepted in pieces)
    hot.write("site", written, now_ms)
    return written, time.process_time() - began


def naive_units(samples: Samples, names: dict[int, str]) -> tuple[int, int]:
    """Returns the write units of one item per sample, and of one item per point and poll."""
    sample = {"t": {"N": "1767225600000"}, "v": {"N": "72.30000305175781"}}
    per_sample = sum(
        write_units({"pk": {"S": f"site#{names[point]}"}} | sample) for point in samples.ids.tolist()
    )
    return per_sample, len(set(samples.ids.tolist()))


def main() -> None:
    """Reads {body, ids, now_ms} by path and prints the figures as JSON."""
    folder = Path(sys.argv[1])
    body = (folder / "page.json").read_bytes()
    ids = json.loads((folder / "ids.json").read_text())
    now_ms = int((folder / "now_ms").read_text())
    samples, first = poll(body, ids, now_ms, MemoryTable())
    again = []
    for _ in range(4):
        table = MemoryTable()
        again.append(poll(body, ids, now_ms, table)[1])
    per_sample, per_point = naive_units(samples, {i: name for name, i in ids.items()})
    figures = {
        "samples": len(samples),
        "page_bytes": len(body),
        "puts": table.puts,
        "requests": table.requests,
        "write_units": table.write_units,
        "naive_write_units": per_sample,
        "per_point_write_units": per_point,
        "cpu_first_s": first,
        "cpu_median_s": sorted(again)[2],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
