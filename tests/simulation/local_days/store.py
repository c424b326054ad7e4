"""A site whose days are in the tiers that a case names: the product's stores over the servers in memory."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from query.answers import Api
from query.catalogs import Catalogs
from query.sites import Sites
from query.timeseries.answer_cache import AnswerCache
from tests.simulation.aws.dynamodb import DynamoDB, TableKeys
from tests.simulation.aws.s3 import S3
from tests.simulation.oracle.store_world import DirectClient, Inline
from tests.support.query_tiers import NoAthena
from tests.support.rollups import old_rollup
from tests.support.template import BUCKET, template
from vitals.aws.clients import CONFIG
from vitals.aws.runtime import Runtime
from vitals.model.points import ListedPoint
from vitals.model.records.tokens import Grant
from vitals.model.samples import Samples, concat
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, floor_window
from vitals.pipeline.archiver import Archiver
from vitals.reading.executor import Executor
from vitals.reading.request import QueryRequest
from vitals.store.stores import Stores

SITE = "plant"
HOT_DAYS = 20
Tier = Literal["hot", "cold", "rollup", "split"]
TIERS: tuple[Tier, ...] = ("hot", "cold", "rollup", "split")
_READER = Grant("oracle", frozenset(["read"]), frozenset(["*"]))
_COLUMNS = (
    *("timestamps", "values", "min", "max", "count", "first", "last"),
    *("known", "ends", "at_least", "at_most"),
)


@dataclass
class Table:
    """The starts of the rows; by the name of a column its values, NaN for none, and the filled starts."""

    starts: list[int]
    values: dict[str, list[float]] = field(default_factory=dict)
    filled: dict[str, set[int]] = field(default_factory=dict)

    def rows(self, name: str) -> dict[int, float]:
        """Returns the values of a column by the start of their row."""
        pairs = zip(self.starts, self.values[name], strict=True)
        return {start_ms: value for start_ms, value in pairs if not math.isnan(value)}


@dataclass
class Store:
    """The samples of points (by name, in name order) in one tier; `intervals` are in seconds.

    hot: only blocks. cold: day files, whose rollups are of version 1. rollup: day files with rollups of
    version 2. split: some days of each kind, and some with file and blocks.
    """

    series: Mapping[str, Mapping[int, float]]
    intervals: Mapping[str, int]
    units: Mapping[str, str]
    tier: Tier
    now_ms: int = 0
    api: Api = field(init=False)

    def __post_init__(self) -> None:
        self._connect()
        samples = concat(
            [
                Samples(
                    np.full(len(points), index, np.int32),
                    np.array(list(points), np.int64),
                    np.array(list(points.values())),
                )
                for index, points in enumerate(self.series.values())
            ]
        )
        first_ms = int(samples.times.min()) // DAY_MS * DAY_MS
        last_ms = int(samples.times.max())
        days = list(range(first_ms, last_ms + 1, DAY_MS))
        for number, day_ms in enumerate(days):
            inside = (samples.times >= day_ms) & (samples.times < day_ms + DAY_MS)
            self._store(SiteDay(SITE, day_ms), samples[inside], self._kind(number))
        self.now_ms = last_ms + (1 if self.tier == "hot" else HOT_DAYS + 5) * DAY_MS
        if self.tier == "split":
            self.now_ms = last_ms + 3 * DAY_MS
        end_ms = floor_window(self.now_ms)
        self.stores.sites.advance(SITE, None, Span(first_ms, end_ms), {})

    def query(self, **parameters: Any) -> dict[str, Any]:
        """Returns the answer to a query, from all its pages."""
        answer: Any = None
        for page in self.pages(**parameters):
            answer = page if answer is None else _appended(answer, page)
        return dict(answer)

    def pages(self, **parameters: Any) -> Iterator[Any]:
        """Yields the pages of the answer to a query."""
        parameters = {"point_names": list(self.series)} | parameters
        token = None
        for _ in range(10_000):
            page: Any = self.api.query(
                _READER, QueryRequest(site=SITE, next_token=token, **parameters)
            ).answer
            yield page
            token = page["metadata"]["next_token"]
            if token is None:
                return
        raise AssertionError("the answer has no last page")

    def table(self, **parameters: Any) -> "Table":
        """Returns the table of a query, from all its pages."""
        pages = list(self.pages(form="table", **parameters))
        firsts = np.cumsum([0, *(len(page["timestamps"]) for page in pages)]).tolist()
        starts = [int(time_ms) for page in pages for time_ms in page["timestamps"]]
        columns = zip(*(page["columns"] for page in pages), strict=True)
        table = Table(starts)
        for column in columns:
            name = column[0]["point_name"]
            table.values[name] = [float(value) for item in column for value in item["values"]]
            table.filled[name] = {
                starts[first + row]
                for first, item in zip(firsts, column, strict=False)
                for row in item["filled"]
            }
        return table

    def summary(self, **parameters: Any) -> dict[str, dict[str, Any]]:
        """Returns the summary of each point."""
        request = QueryRequest(site=SITE, **{"point_names": list(self.series)} | parameters)
        answer: Any = self.api.summary(_READER, request).answer
        return {point["point_name"]: point for point in answer["points"]}

    def etag(self, **parameters: Any) -> str | None:
        """Returns the ETag of the answer to a query, None while the answer may change."""
        request = QueryRequest(site=SITE, point_names=list(self.series), **parameters)
        return self.api.query(_READER, request).etag

    def write(self, values: Mapping[int, float], now_ms: int) -> None:
        """Writes samples of the first point to the hot tier, as a sync at this time does."""
        self.now_ms = now_ms
        times = np.array(list(values), np.int64)
        self._write(Samples(np.zeros(len(times), np.int32), times, np.array(list(values.values()))))

    def _write(self, samples: Samples) -> None:
        planned = self.stores.hot.plan(SITE, samples, self.now_ms)
        self.stores.ledger.mark_changed(SITE, planned.windows, self.now_ms)
        self.stores.hot.apply(planned)

    def _kind(self, number: int) -> str:
        if self.tier != "split":
            return self.tier
        return ("rollup", "hot", "cold", "rollup", "archived and hot")[number % 5]

    def _store(self, day: SiteDay, samples: Samples, kind: str) -> None:
        self.now_ms = day.span.end_ms + HOUR_MS
        if kind in ("hot", "archived and hot"):
            self._write(samples)
        if kind == "hot":
            return
        self.now_ms += HOUR_MS
        if kind == "archived and hot":
            self.archiver.archive(day)
            return
        self.archiver.archive_fresh(day, lambda group: samples, "oracle")
        if kind == "cold":
            payloads = {
                index: old_rollup(samples[samples.ids == index]) for index in np.unique(samples.ids).tolist()
            }
            self.stores.rollups.write(day, payloads, self.now_ms + HOUR_MS)

    def _connect(self) -> None:
        resources = template()["Resources"]
        tables = {
            name: TableKeys.of_properties(resources[name]["Properties"])
            for name in ("HotTable", "StateTable")
        }

        def now_ms() -> int:
            return self.now_ms

        servers = {"dynamodb": DynamoDB(tables, now_ms, Random(1)), "s3": S3(now_ms, Random(2))}
        runtime = Runtime(
            now_ms=now_ms,
            pool=lambda workers, name: Inline(),
            client=lambda service, config=None: DirectClient(service, servers[service]),
        )
        settings = SimpleNamespace(
            hot_table="HotTable", state_table="StateTable", cold_bucket=BUCKET, max_day_file_bytes=2**28
        )
        self.stores = Stores.connect(settings, runtime, CONFIG)
        self.archiver = Archiver.connect(self.stores, runtime, HOT_DAYS)
        self.stores.catalogs.refresh(
            SITE, [ListedPoint(name, self.units[name], "", self.intervals[name]) for name in self.series]
        )
        self.stores.sites.record_catalog(SITE, "Plant", len(self.series), 0)
        unused: Any = None
        self.api = Api(
            executor=Executor.connect(self.stores, NoAthena(), runtime),
            catalogs=Catalogs(self.stores.catalogs, now_ms),
            sites=Sites(self.stores.sites, (SITE,), now_ms),
            now=now_ms,
            max_range_days=365,
            cache=AnswerCache(None, now_ms, print),
            status_reader=unused,
            quality_files=unused,
            flags=unused,
        )


def _appended(answer: dict[str, Any], page: dict[str, Any]) -> dict[str, Any]:
    """Returns the answer with the rows of the next page."""
    for series, more in zip(answer["series"], page["series"], strict=True):
        rows = len(series["timestamps"])
        series["partial"] = [*series["partial"], *(rows + row for row in more["partial"])]
        series["gaps"] = [*series["gaps"], *more["gaps"]]
        series["coverage"]["received"] += more["coverage"]["received"]
        for key in _COLUMNS:
            if key in series and key in more:
                series[key] = [*series[key], *more[key]]
    return answer
