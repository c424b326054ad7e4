"""What a chart of a month weighs: ten points of the simulated building, m4 at 1,000 pixels."""

import gzip

import orjson

from local.ace_simulator.simulator import Simulator
from vitals.model.samples import merge
from vitals.model.timespan import DAY_MS, Span, iso
from vitals.pipeline.acceptance import accept
from vitals.reading import shape
from vitals.reading.shape import Columns

POINTS, DAYS, WIDTH = 10, 31, 1_000


def figures(simulator: Simulator, site: str, now_ms: int) -> dict[str, float]:
    """Samples before and after, and the bytes of the series as JSON."""
    span = Span(now_ms - DAYS * DAY_MS, now_ms)
    ids: dict[str, int] = {}
    parts = []
    for day in span.pieces(DAY_MS):
        for name, (times, values) in simulator.site_series(site, day.start_ms, day.end_ms, now_ms).items():
            if len(ids) < POINTS:
                ids.setdefault(name, len(ids))
            rows = zip(times.tolist(), values, strict=True) if name in ids else ()
            readings = [{"name": name, "value": value, "time": iso(time_ms)} for time_ms, value in rows]
            parts.append(accept(readings, ids, now_ms).samples)
    samples = merge(parts)
    drawn = shape.m4(samples, Columns(span, WIDTH))
    series = [
        {"point_name": name, "timestamps": drawn.times[rows], "values": drawn.values[rows]}
        for name, point in ids.items()
        for rows in [drawn.ids == point]
    ]
    body = orjson.dumps(series, option=orjson.OPT_SERIALIZE_NUMPY)
    return {
        "samples": len(samples),
        "rows": len(drawn),
        "bytes": len(body),
        "gzip_bytes": len(gzip.compress(body, 6)),
    }
