"""Two sites with the same samples, but for those that the first has flagged and the second never had."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import numpy as np

from query.answers import Api
from tests.support.clock import NOON, Clock
from tests.support.moto_aws import fill_once
from tests.support.query_tiers import query_api
from vitals.model.points import ListedPoint
from vitals.model.records.changes import Change
from vitals.model.records.flags import Flag
from vitals.model.records.sites import SiteSettings
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span
from vitals.pipeline.archiver import Archiver
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.flags import FlagTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.footers import FooterTable
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.quality_files import QualityFiles
from vitals.store.tiers.rollups import RollupTier

MARKED, CLEAN = "marked", "clean"
NAMES = ("zone/temp", "fan", "meter")
LISTED = (
    ListedPoint("fan", "", "", 900, object_type="binaryOutput"),
    ListedPoint("meter", "kilowattHours", "", 900),
    ListedPoint("zone/temp", "degreesFahrenheit", "", 900),
)
# The clock shows noon of the fifth day; of the others all but the last are archived.
FIRST_MS = NOON - 12 * HOUR_MS - 4 * DAY_MS
SPAN = Span(FIRST_MS, FIRST_MS + 4 * DAY_MS)
ARCHIVED_DAYS = 3
SLOW_MS = FIRST_MS - 39 * DAY_MS
STEP_MS = 15 * MINUTE_MS


@dataclass
class Flagged:
    """The API over both sites, the samples of the first, and which of them are flagged."""

    api: Api
    table: FlagTable
    samples: Samples
    flags: list[Flag]

    @property
    def is_flagged(self) -> Any:
        """Whether each sample is flagged."""
        return flagged_rows(self.samples, self.flags)


def flagged_rows(samples: Samples, flags: Iterable[Flag]) -> Any:
    """Whether each sample is in one of the flags."""
    result = np.zeros(len(samples), np.bool_)
    for flag in flags:
        inside = (samples.times >= flag.span.start_ms) & (samples.times < flag.span.end_ms)
        result |= inside & np.isin(samples.ids, flag.points)
    return result


def generated(seed: int) -> tuple[Samples, list[Flag]]:
    """Samples with missing hours and steps back, and flags of seconds to a day at odd milliseconds."""
    chance = random.Random(seed)
    values = np.random.default_rng(seed)
    parts = []
    for point in range(len(LISTED)):
        times = np.arange(SPAN.start_ms + 1_000 * point, SPAN.end_ms, STEP_MS)
        times = times[values.random(len(times)) > 0.02]
        hour = chance.randrange(96)
        times = times[(times - SPAN.start_ms) // HOUR_MS != hour]
        column = {
            0: (values.random(len(times)) > 0.6).astype(float),
            1: np.cumsum(values.random(len(times))) * (values.random(len(times)) > 0.01),
            2: values.normal(70, 5, len(times)),
        }[point]
        parts.append(Samples(np.full(len(times), point, np.int32), times, column))
    samples = Samples(*(np.concatenate([getattr(p, n) for p in parts]) for n in ("ids", "times", "values")))
    flags = []
    for number in range(8):
        start_ms = SPAN.start_ms + chance.randrange(SPAN.length_ms)
        length_ms = chance.choice([1, 30_000, HOUR_MS, 7 * HOUR_MS + 17, DAY_MS, 30 * HOUR_MS])
        points = tuple(sorted(chance.sample(range(len(LISTED)), chance.randint(1, 2))))
        span = Span(start_ms, min(start_ms + length_ms, SPAN.end_ms))
        flags.append(Flag(f"{number:013d}-0000", points, span, "bad", "ada", NOON))
    return samples, flags


def flagged_site(dynamodb: Any, clock: Clock, seed: int) -> Flagged:
    samples, flags = generated(seed)
    api = query_api(dynamodb, clock, (MARKED, CLEAN))
    flagged = Flagged(api, FlagTable(dynamodb, "StateTable"), samples, flags)
    boto3.client("s3").create_bucket(Bucket="cold-bucket")

    def fill() -> None:
        _write(dynamodb, clock, MARKED, samples)
        _write(dynamodb, clock, CLEAN, samples[~flagged.is_flagged])
        for flag in flags:
            flagged.table.add(MARKED, flag, [Change("flag", "fan", None, flag.reason)])

    fill_once(("flagged", seed, clock()), fill)
    return flagged


def slow_site(dynamodb: Any, clock: Clock, minutes: Sequence[int], flagged: Sequence[tuple[int, int]]) -> Api:
    """The API over a site whose meter has the minutes since SLOW_MS as values, some of them flagged."""
    times = SLOW_MS + np.array(minutes) * MINUTE_MS
    boto3.client("s3").create_bucket(Bucket="cold-bucket")
    _write(dynamodb, clock, MARKED, Samples(np.full(len(times), 1, np.int32), times, np.array(minutes) * 1.0))
    for number, (low, high) in enumerate(flagged):
        span = Span(SLOW_MS + low * MINUTE_MS, SLOW_MS + high * MINUTE_MS)
        flag = Flag(f"{number:013d}-0000", (1,), span, "bad", "ada", NOON)
        FlagTable(dynamodb, "StateTable").add(MARKED, flag, [Change("flag", "meter", None, "bad")])
    return query_api(dynamodb, clock, (MARKED,))


def _write(dynamodb: Any, clock: Clock, site: str, samples: Samples) -> None:
    catalogs, ledger = CatalogTable(dynamodb, "StateTable"), Ledger(dynamodb, "StateTable")
    catalogs.refresh(site, LISTED)
    sites = SiteTable(dynamodb, "StateTable")
    sites.record_catalog(site, site.title(), len(LISTED), SPAN.start_ms)
    settings: SiteSettings = {"timezone": "America/Chicago"}
    sites.set_settings(site, settings, "tests")
    sites.advance(site, None, SPAN, {})
    windows = np.unique(samples.times - samples.times % STEP_MS)
    ledger.mark_changed(site, windows.tolist(), SPAN.start_ms)
    hot = HotTier(dynamodb, "HotTable")
    hot.write(site, samples, SPAN.start_ms)
    archiver = Archiver(
        hot=hot,
        cold=ColdTier(boto3.client("s3"), "cold-bucket", footers=FooterTable(dynamodb, "StateTable")),
        rollups=RollupTier(dynamodb, "HotTable"),
        quality_files=QualityFiles(boto3.client("s3"), "cold-bucket"),
        catalogs=catalogs,
        ledger=ledger,
        now=clock,
        hot_days=0,
    )
    days = np.unique(samples.times - samples.times % DAY_MS)
    for day_ms in days[days < SPAN.start_ms + ARCHIVED_DAYS * DAY_MS].tolist():
        archiver.archive(SiteDay(site, day_ms))
