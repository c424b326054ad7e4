"""A hundred charts at once from every tier, in every form: all of them are answered, and right."""

import csv
import io
import json
import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import ormsgpack
import pyarrow as pa
import pytest
import requests

from operations.verification.store import Store
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_name
from vitals_client import Client

pytestmark = pytest.mark.integration

ARROW = "application/vnd.apache.arrow.stream"
REQUESTS = 100
type Values = dict[str, bytes]
"""What a chart shows of each point, to the bit."""


def by_name(rows: Iterable[tuple[str, float]]) -> Values:
    values_of: dict[str, list[float]] = {}
    for name, value in rows:
        values_of.setdefault(name, []).append(value)
    return {name: np.array(values, np.float64).tobytes() for name, values in values_of.items()}


def of_columns(content: dict[str, Any]) -> Values:
    return by_name(
        (series["point_name"], value) for series in content["series"] for value in series["values"]
    )


def of_arrow(data: bytes) -> Values:
    table = pa.ipc.open_stream(data).read_all()
    return by_name(zip(table["point_name"].to_pylist(), table["value"].to_pylist(), strict=True))


def of_csv(data: bytes) -> Values:
    rows = csv.DictReader(io.StringIO(data.decode(), newline=""))
    return by_name((row["point_name"], float(row["value"])) for row in rows)


FORMS: dict[str, Callable[[bytes], Values]] = {
    "application/json": lambda data: of_columns(json.loads(data)),
    "application/msgpack": lambda data: of_columns(ormsgpack.unpackb(data)),
    "text/csv": of_csv,
    ARROW: of_arrow,
}


@dataclass(frozen=True)
class Chart:
    """A question in one form."""

    site: str
    names: tuple[str, ...]
    span: Span
    resolution: str
    accept: str = "application/json"

    def ask(self, stack: dict[str, Any]) -> requests.Response:
        body = {
            "site_name": self.site,
            "point_names": self.names,
            "start_time": self.span.start_ms,
            "end_time": self.span.end_ms,
            "resolution": self.resolution,
        }
        headers = {"Authorization": f"Bearer {stack['token']}", "Accept": self.accept}
        return requests.post(f"{stack['api']}/timeseries/query", json=body, headers=headers, timeout=300)


@pytest.fixture(scope="module")
def charts(stack: dict[str, Any]) -> list[Chart]:
    """Kinds of charts that between them read every tier: by an archived day and by the present."""
    store = Store(stack)
    [(site, (_, until_ms))] = store.synced().items()
    today = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS
    # A day without blocks is read from its file and rollups as soon as it is backfilled.
    api, long_ago = Client(stack["api"], stack["token"]).backfills, today - 8 * DAY_MS
    for other in api.list(site):
        list(api.follow(other["id"], print))
    run = api.start(site, day_name(long_ago), day_name(long_ago))
    assert [state["status"] for state in api.follow(run["id"], print)][-1] == "succeeded"
    names = tuple(store.upstream().points(site)[:12])
    cold = Span(long_ago, long_ago + DAY_MS)
    end_ms = until_ms // HOUR_MS * HOUR_MS - HOUR_MS
    spans = {
        "hot": (Span(end_ms - 3 * HOUR_MS, end_ms), "raw"),
        "cold": (Span(cold.start_ms + 6 * HOUR_MS, cold.start_ms + 12 * HOUR_MS), "raw"),
        "rollup": (cold, "1h"),
        "split": (Span(today - 2 * HOUR_MS, today + HOUR_MS), "5m"),
        "wide": (Span(today - 2 * DAY_MS, end_ms), "1h"),
    }
    return [
        Chart(site, names[i : i + 8], span, resolution)
        for span, resolution in spans.values()
        for i in range(5)
    ]


def test_a_hundred_charts_at_once(stack: dict[str, Any], charts: list[Chart]) -> None:
    alone = {chart: chart.ask(stack) for chart in charts}
    assert {answer.status_code for answer in alone.values()} == {200}
    expected = {chart: of_columns(answer.json()) for chart, answer in alone.items()}
    assert all(expected.values())
    sources = {source for answer in alone.values() for source in answer.json()["metadata"]["sources"]}
    assert sources >= {"hot", "archive", "rollup"}

    # Each names its points in an order of its own, so that no kept answer is right for it.
    chance = random.Random(7)
    requested = [
        (chart, replace(chart, names=tuple(chance.sample(chart.names, len(chart.names))), accept=accept))
        for chart in charts
        for accept in FORMS
    ]
    assert len({(variant.names, variant.span) for _, variant in requested}) == len(requested) == REQUESTS
    chance.shuffle(requested)

    with ThreadPoolExecutor(REQUESTS) as pool:
        answers = list(pool.map(lambda entry: entry[1].ask(stack), requested))
    for (chart, variant), answer in zip(requested, answers, strict=True):
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].split(";")[0] == variant.accept
        assert FORMS[variant.accept](answer.content) == expected[chart]
        if variant.accept == "application/json":
            assert answer.json()["metadata"]["cache_hit"] is False
