"""Runs the SQL of docs/data.md for measures of a local day, and compares it with the API."""

import dataclasses
import re
import textwrap
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import boto3
import duckdb
import numpy as np
import pytest

from query.answers import Api
from tests.support.clock import Clock
from tests.support.query_tiers import query_api
from tests.support.sites import SITE
from tests.support.template import ROOT
from vitals.aws.clients import CONFIG
from vitals.aws.runtime import SYSTEM
from vitals.model.points import ListedPoint
from vitals.model.records.tokens import Grant
from vitals.model.samples import Samples, concat
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, day_start
from vitals.pipeline.archiver import Archiver
from vitals.reading.request import QueryRequest
from vitals.store.stores import Stores

PAGE = (ROOT / "docs/data.md").read_text().partition("### Measures of a local day")[2]
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"(?:^ {4}.*\n)+", PAGE, re.M)]
POINT = "ses/ses_falls_city/8000:33-8033/analogValue/104"
# The day of 25 hours, and those that are read around it.
FIRST, LAST = day_start("2025-10-31"), day_start("2025-11-05")
LONG_AGO = day_start("2025-09-30")
GRANT = Grant("reader", frozenset(["read"]), frozenset(["*"]))
METERS = [POINT, *(f"meter {number}" for number in range(5)), "rollover"]
ROLLOVER = 100.0
NAMES = [*METERS, "fan", "replaced after a month"]


def meter(seed: str) -> dict[int, float]:
    """Returns a counter with gaps, jitter, resets, dips and spikes."""
    random, result = Random(seed), {}
    rolls_over = seed == "rollover"
    time_ms, value = FIRST + random.randrange(900_000), 50.0 if rolls_over else 8_900.0
    while time_ms < LAST:
        value = round(value + random.random(), 1)
        if value > ROLLOVER if rolls_over else random.random() < 0.004:
            value = round(random.random(), 1)
        wrong = (0.0, 9_999_999.0, round(value - 0.1, 1), value * 1.3, -4.0)
        result[time_ms] = random.choice(wrong) if random.random() < 0.03 else value
        time_ms += 5 * MINUTE_MS + random.choice((0, 0, -1_500, 2_750))
        if random.random() < 0.01:
            time_ms += random.randrange(20 * MINUTE_MS, 4 * HOUR_MS)
    return result


def series() -> dict[str, dict[int, float]]:
    fan = {time_ms: float(value > 9_000) for time_ms, value in meter("fan").items()}
    replaced = {LONG_AGO: 50.0, day_start("2025-11-02") + 9 * HOUR_MS: 70.0}
    replaced |= {day_start("2025-11-02") + 10 * HOUR_MS: 75.0}
    return {name: meter(name) for name in METERS} | {"fan": fan, "replaced after a month": replaced}


@pytest.fixture
def api(dynamodb: Any, clock: Clock, tmp_path: Path) -> Api:
    """Archives the days; their files are in the folder."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="cold-bucket")
    runtime = dataclasses.replace(SYSTEM, now_ms=clock)
    names = {"hot_table": "HotTable", "state_table": "StateTable", "cold_bucket": "cold-bucket"}
    stores = Stores.connect(SimpleNamespace(**names, max_day_file_bytes=2**28), runtime, CONFIG)
    stores.catalogs.refresh(SITE, [ListedPoint(name, "kWh", "", 60) for name in NAMES])
    stores.catalogs.set_points(SITE, {"rollover": {"rollover": ROLLOVER}}, "test")
    stores.sites.record_catalog(SITE, "Falls City", len(NAMES), 0)
    stores.sites.advance(SITE, None, Span(LONG_AGO, clock() - HOUR_MS), {})
    ids = {point.name: point.id for point in stores.catalogs.load(SITE).points}
    samples = concat(
        Samples(np.full(len(rows), ids[name], np.int32), np.array(list(rows)), np.array(list(rows.values())))
        for name, rows in series().items()
    )
    samples = samples[np.lexsort((samples.times, samples.ids))]
    archiver = Archiver.connect(stores, runtime, 20)
    for day_ms in (LONG_AGO, *range(FIRST, LAST, DAY_MS)):
        inside = samples[(samples.times >= day_ms) & (samples.times < day_ms + DAY_MS)]
        archiver.archive_fresh(SiteDay(SITE, day_ms), lambda group, rows=inside: rows, "test")
    for item in s3.list_objects_v2(Bucket="cold-bucket", Prefix="timeseries/")["Contents"]:
        path = tmp_path / item["Key"]
        path.parent.mkdir(parents=True)
        path.write_bytes(s3.get_object(Bucket="cold-bucket", Key=item["Key"])["Body"].read())
    return query_api(dynamodb, clock)


def answer(api: Api, name: str, measure: str) -> Any:
    request = QueryRequest(
        SITE, [name], "2025-11-02", "2025-11-03", "1d", timezone="America/Chicago", measure=measure
    )
    reply = api.query(GRANT, request).answer
    assert reply is not None
    return reply["series"][0]


def sql(block: str, folder: Path, name: str = POINT) -> list[tuple[Any, ...]]:
    text = block.replace("s3://vitals-archive", str(folder)).replace(f"'{POINT}'", f"'{name}'")
    if name == "rollover":
        text = text.replace("NULL::DOUBLE AS rollover", f"{ROLLOVER}::DOUBLE AS rollover")
    with duckdb.connect() as connection:
        return connection.execute(text).fetchall()


def test_the_sql_has_the_values_of_the_api(api: Api, tmp_path: Path) -> None:
    kinds = set()
    for name in NAMES:
        [(*values, known)] = sql(BLOCKS[0], tmp_path, name)
        for measure, value in zip(("increase", "runtime", "integral"), values, strict=True):
            item = answer(api, name, measure)
            assert list(item["values"]) == [pytest.approx(value, rel=1e-12, abs=1e-8)], (name, measure)
            assert list(item["known"]) == [pytest.approx(known)]
            proof = item["proof"]
            kinds |= {kind for kind in ("resets", "rollovers", "dips", "spikes") if proof[kind]}
    assert kinds == {"resets", "rollovers", "dips", "spikes"}


def test_the_etags_are_those_of_the_proof(api: Api, tmp_path: Path) -> None:
    files = answer(api, POINT, "increase")["proof"]["files"]
    assert [(file["date"].replace("-", "/"), file["etag"]) for file in files] == sql(BLOCKS[1], tmp_path)
