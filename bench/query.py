"""One point over 24 hours from the hot tier: read units, requests, and the handler's time."""

import json
import statistics
import time
from types import SimpleNamespace
from typing import Any

import numpy as np

from bench.table import MemoryTable
from query import app
from query.answers import Api
from query.catalogs import Catalogs
from query.sites import Sites
from query.timeseries.answer_cache import AnswerCache
from vitals import observability
from vitals.model.points import Catalog
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.records.sites import SiteRecord
from vitals.model.samples import Samples
from vitals.model.timespan import DAY_MS, Span
from vitals.reading.executor import Executor
from vitals.store.tiers.hot import HotTier

CONTEXT: Any = SimpleNamespace(
    function_name="query", memory_limit_in_mb=1024, invoked_function_arn="arn", aws_request_id="bench"
)
_RUNS = 15


class _WarmTables:
    """The tables of a site whose catalog is loaded already, as in a warm function, at a time that changes."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def load(self, site: str) -> Any:
        return SiteRecord(site)

    def archive_records(self, site: str, span: Span, cost: Any) -> list[ArchiveRecord]:
        """Returns hot days, each of which was written to until its end, or until now."""
        return [
            ArchiveRecord(day_ms, changed_ms=min(day_ms + DAY_MS, self.now_ms))
            for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS)
        ]


def figures(day: Samples, catalog: Catalog, start_ms: int) -> dict[str, float]:
    """Writes the day, then asks for one point of it through the handler: two days later, and live."""
    table = MemoryTable()
    hot = HotTier(table.client(), "HotTable")
    hot.write("site", day, start_ms)
    end_ms = start_ms + DAY_MS
    warm = _WarmTables(end_ms + 2 * DAY_MS)
    tables: Any = warm
    executor = Executor(hot, tables, tables, tables, tables)
    api = Api(
        executor=executor,
        catalogs=Catalogs(tables, lambda: warm.now_ms, {"site": (warm.now_ms, catalog)}),
        sites=Sites(tables, ("site",), lambda: warm.now_ms, {"site": (warm.now_ms, SiteRecord("site"))}),
        now=lambda: warm.now_ms,
        max_range_days=365,
        cache=AnswerCache(None, lambda: warm.now_ms, observability.logger().warning),
        status_reader=tables,
        quality_files=tables,
        flags=tables,
    )
    app.api.connect = lambda: api
    request = event("site", catalog.points[0].name, start_ms, end_ms, "raw")
    app.handler(request, CONTEXT)
    table.read_units, table.requests = 0.0, 0
    spent = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        answer = app.handler(request, CONTEXT)
        spent.append(time.perf_counter() - began)
    read_units, requests = table.read_units / _RUNS, table.requests / _RUNS
    warm.now_ms, table.read_units, table.requests = end_ms, 0.0, 0
    live = app.handler(request, CONTEXT)
    samples = day[day.ids == 0]
    for [series] in (json.loads(reply["body"])["series"] for reply in (answer, live)):
        assert np.array_equal(series["timestamps"], samples.times), "the answer is not exact"
        assert np.array_equal(series["values"], samples.values), "the answer is not exact"
    return {
        "samples": len(samples),
        "read_units": read_units,
        "requests": requests,
        "read_units_live": table.read_units,
        "requests_live": table.requests,
        "handler_median_s": statistics.median(spent),
    }


def event(
    site: str, names: str, start_ms: int, end_ms: int, resolution: str, **parameters: str
) -> dict[str, Any]:
    """API Gateway's event of one query."""
    query = {"site_name": site, "point_names": names, "resolution": resolution, **parameters}
    query |= {"start_time": str(start_ms), "end_time": str(end_ms)}
    return {
        "resource": "/{proxy+}",
        "path": "/timeseries/query",
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {key: [value] for key, value in query.items()},
        "requestContext": {"requestId": "bench", "authorizer": {"scopes": "read", "sites": "site"}},
        "body": None,
        "isBase64Encoded": False,
    }
