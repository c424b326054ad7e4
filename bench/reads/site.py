"""A site for the benches of reads: its days, in files, rollups and blocks, and the queries about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.query import event
from vitals.codec import day_file
from vitals.codec.blocks import GROUP_SIZE
from vitals.codec.day_file import Contents, Group
from vitals.codec.rollup import encode_day
from vitals.model.measures.cells import cells_of, holds_of
from vitals.model.points import ListedPoint
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span
from vitals.reading.executor import Executor
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable

SITE = "site"
NOW_MS = 1_767_225_600_000 + 12 * HOUR_MS
MIDNIGHT_MS = NOW_MS - NOW_MS % DAY_MS
MONTH_DAYS, HOT_DAYS = 31, 20
CHART_POINTS = 10
MONTH = Span(MIDNIGHT_MS - (HOT_DAYS + 5 + MONTH_DAYS) * DAY_MS, MIDNIGHT_MS - (HOT_DAYS + 5) * DAY_MS)


@dataclass(frozen=True, slots=True)
class Size:
    """A site of so many points with rollups of so many days.

    `full` of its groups have all their samples, and the others one an hour.
    """

    points: int
    full: int
    days: int = 365

    @property
    def groups(self) -> int:
        return -(-self.points // GROUP_SIZE)

    @property
    def full_groups(self) -> list[int]:
        """The groups with all samples, spread over the site."""
        return sorted({number * (self.groups - 1) // max(1, self.full - 1) for number in range(self.full)})

    @property
    def names(self) -> list[str]:
        return [
            f"{SITE}/site_main/8000:{33 + i // 200}-{8033 + i // 7}/analogInput/{i:05}"
            for i in range(self.points)
        ]


def queries(size: Size) -> dict[str, dict[str, Any]]:
    """Returns the event of each query of the bench."""
    names, hour_ms = size.names, HOUR_MS
    neighbours = ",".join(names[:CHART_POINTS])
    spread = ",".join(names[group * GROUP_SIZE] for group in size.full_groups[:CHART_POINTS])
    start_ms, end_ms = MONTH.start_ms, MONTH.end_ms
    year_ms = MIDNIGHT_MS - size.days * DAY_MS
    day_ms = NOW_MS - NOW_MS % hour_ms - 24 * hour_ms
    return {
        "hot": event(SITE, names[0], day_ms, day_ms + 24 * hour_ms, "raw"),
        "month": event(SITE, names[0], start_ms, end_ms, "raw"),
        "neighbours": event(SITE, neighbours, start_ms, end_ms, "auto", width="1000"),
        "spread": event(SITE, spread, start_ms, end_ms, "auto", width="1000"),
        "year": event(SITE, names[0], year_ms, MIDNIGHT_MS, "1h"),
        "first": event(SITE, names[0], start_ms, start_ms + DAY_MS, "raw"),
    }


def most_requests() -> dict[str, int]:
    """Returns the requests that each query of this bench may take, whatever the size of the site.

    The groups between those that are read are so small that a file is read by one request.
    """
    files = MONTH_DAYS + 2
    return {
        "hot": 3,
        "month": files,
        "neighbours": files,
        "spread": files,
        "year": 3,
        "first": 3,
    }


def month_files(size: Size, folder: Path) -> None:
    """Writes the day files of the month to a folder, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        return
    for day_ms in range(MONTH.start_ms, MONTH.end_ms, DAY_MS):
        day = SiteDay(SITE, day_ms)
        with (folder / f"{day.date}.parquet").open("wb") as sink:
            day_file.write(sink, day.site, day.date, _file_groups(size, day_ms))


def fill(executor: Executor, dynamodb: Any, size: Size, folder: Path) -> None:
    """Stores the rollups of the first point, a month of files, and two hot days of its group."""
    listed = [ListedPoint(name, interval_s=60) for name in size.names]
    CatalogTable(dynamodb, "state").refresh(SITE, listed)
    sites = SiteTable(dynamodb, "state")
    sites.record_catalog(SITE, "Site", size.points, NOW_MS)
    sites.advance(SITE, None, Span(MIDNIGHT_MS - size.days * DAY_MS, NOW_MS), {})
    for day_ms in range(MIDNIGHT_MS - size.days * DAY_MS, MIDNIGHT_MS - DAY_MS, DAY_MS):
        _archive(executor, SiteDay(SITE, day_ms), folder)
    for day_ms in (MIDNIGHT_MS - DAY_MS, MIDNIGHT_MS):
        samples = _group_day(day_ms, 0)
        executor.ledger.mark_changed(SITE, [day_ms], min(NOW_MS, day_ms + DAY_MS + HOUR_MS))
        executor.hot.write(SITE, samples[samples.times < NOW_MS], NOW_MS)


def _archive(executor: Executor, day: SiteDay, folder: Path) -> None:
    samples = _group_day(day.day_ms, 0)
    samples = samples[samples.ids == 0]
    edges = np.arange(day.day_ms, day.span.end_ms + 1, HOUR_MS)
    hours = cells_of(samples, edges, np.full(len(samples), holds_of(60)))
    executor.rollups.write(day, {0: encode_day(hours, 60)}, day.day_ms)
    facts: dict[str, Any] = {
        "status": "done",
        "began_ms": day.span.end_ms + HOUR_MS,
        "changed_ms": day.span.end_ms,
        "expires_ms": day.span.end_ms + HOT_DAYS * DAY_MS,
        "etag": '"etag"',
        "rollups": 2,
        "rows": len(samples),
        "points": 1,
        "bytes": 10_000_000,
        "checksum": "0" * 32,
        "attempt": "0" * 36,
        "source": "hot",
        "windows": 288,
        "seconds": 20.5,
    }
    if (file := folder / f"{day.date}.parquet").exists():
        contents = Contents(day.site, day.date, 0, 0, "")
        stored = executor.cold.put(day, file, contents)
        facts["etag"] = stored.etag
        # Checkouts of before have no copies of footers.
        if hasattr(executor.cold, "copy_footer"):
            executor.cold.copy_footer(day, stored, facts["began_ms"])
    executor.ledger.update_archive(day, **facts)


def _file_groups(size: Size, day_ms: int) -> Iterator[Group]:
    names, full = size.names, set(size.full_groups)
    for group in range(size.groups):
        chunk = names[group * GROUP_SIZE : (group + 1) * GROUP_SIZE]
        samples = _group_day(day_ms, group)
        if group not in full:
            samples = samples[np.arange(len(samples)) % 60 == 0]
        yield Group(chunk, samples[samples.ids < len(chunk)])


def _group_day(day_ms: int, group: int) -> Samples:
    """A reading a minute: decimals, REALs, states and set points; every fifth point reads at any ms."""
    minutes = DAY_MS // MINUTE_MS
    random = np.random.default_rng([day_ms // DAY_MS, group])
    walk = 70 + random.normal(0, 0.05, (GROUP_SIZE, minutes)).cumsum(axis=1)
    point = np.arange(GROUP_SIZE)[:, None]
    kinds: Mapping[int, Any] = {
        0: np.round(walk, 1),
        1: np.round(walk, 2),
        2: walk.astype(np.float32).astype(np.float64),
        3: (walk > 70).astype(np.float64),
        4: np.round(walk[:, :1], 0) + np.zeros_like(walk),
    }
    values = sum(np.where(point % 5 == kind, of_kind, 0.0) for kind, of_kind in kinds.items())
    offsets = random.integers(0, 50, (GROUP_SIZE, 1)) * 1_000 + np.where(
        point % 5 == 4, random.integers(0, 1_000, (GROUP_SIZE, minutes)), 0
    )
    times = day_ms + np.arange(minutes, dtype=np.int64)[None, :] * MINUTE_MS + offsets
    ids = np.repeat(np.arange(GROUP_SIZE, dtype=np.int32), minutes)
    return Samples(ids, times.ravel(), np.asarray(values).ravel())
