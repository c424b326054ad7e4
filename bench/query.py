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
    """The tables of a site whose catalog is loaded already, as in a warm function."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.changed_ms: int | None = None
        """When a write changed the days, if not long ago."""

    def load(self, site: str) -> Any:
        return SiteRecord(site)

    def archive_records(self, site: str, span: Span, cost: Any) -> list[ArchiveRecord]:
        return [
            ArchiveRecord(day, changed_ms=self.changed_ms or day)
            for day in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS)
        ]


def figures(day: Samples, catalog: Catalog, start_ms: int) -> dict[str, float]:
    """Writes the day, then asks for one point of it through the handler."""
    table = MemoryTable()
    hot = HotTier(table.client(), "HotTable")
    hot.write("site", day, start_ms)
    now_ms = start_ms + DAY_MS
    warm = _WarmTables(catalog)
    tables: Any = warm
    executor = Executor(hot, tables, tables, tables, tables)
    api = Api(
        executor=executor,
        catalogs=Catalogs(tables, lambda: now_ms, {"site": (now_ms, catalog)}),
        sites=Sites(tables, ("site",), lambda: now_ms, {"site": (now_ms, SiteRecord("site"))}),
        now=lambda: now_ms,
        max_range_days=365,
        cache=AnswerCache(None, lambda: now_ms, observability.logger().warning),
        status_reader=tables,
    )
    app.api.connect = lambda: api
    request = event("site", catalog.points[0].name, start_ms, now_ms, "raw")
    app.handler(request, CONTEXT)
    table.read_units, table.requests = 0.0, 0
    spent = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        answer = app.handler(request, CONTEXT)
        spent.append(time.perf_counter() - began)
    read_units, requests = table.read_units / _RUNS, table.requests / _RUNS
    warm.changed_ms, table.read_units = now_ms, 0.0
    app.handler(request, CONTEXT)
    result = json.loads(answer["body"])
    samples = day[day.ids == 0]
    assert np.array_equal(result["series"][0]["timestamps"], samples.times), "the answer is not exact"
    assert np.array_equal(result["series"][0]["values"], samples.values), "the answer is not exact"
    return {
        "samples": len(samples),
        "read_units": read_units,
        "read_units_changing": table.read_units,
        "requests": requests,
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
