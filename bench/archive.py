"""One site-day to a day file and back; run in a process of its own, so that its peak memory is its own."""

import json
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from pyarrow import parquet

from bench.bucket import MemoryBucket
from local.ace_simulator.simulator import Simulator
from vitals.aws.cost import Cost
from vitals.codec import day_file
from vitals.codec.day_file import Group, WrittenFile
from vitals.model.samples import Samples, from_columns, merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_name
from vitals.pipeline.acceptance import RejectedReadingError, parse_value
from vitals.store.tiers.cold import ColdTier

GROUP_SIZE = 64
_SITE = "site"
_RUNS = 15


def figures(folder: Path) -> dict[str, float]:
    """Builds the day whose groups lie in the folder, checks it, and reads one point of it."""
    day = SiteDay.parse(_SITE, (folder / "day").read_text())
    file = folder / "samples.parquet"
    began = time.process_time()
    written = day_file.write(file, day.site, day.date, _groups(folder))
    built = time.process_time() - began
    peak = peak_mb()
    body = file.read_bytes()
    built_figures = {
        "samples": written.contents.rows,
        "points": written.contents.points,
        "build_s": built,
        "peak_mb": peak,
        "bytes": len(body),
        "footer_bytes": int.from_bytes(body[-8:-4], "little"),
    }
    return built_figures | _column_bytes(file) | _reads(body, day, written, folder)


def save_day(folder: Path, simulator: Simulator, site: str, names: list[str], start_ms: int) -> None:
    """Writes a day of the site's points to the folder, a file per group."""
    names = sorted(names)
    ids = {name: i for i, name in enumerate(names)}
    hours = Span(start_ms, start_ms + DAY_MS).pieces(HOUR_MS)
    day = merge([_hour(simulator, site, ids, hour) for hour in hours])
    edges = np.searchsorted(day.ids, [*range(0, len(names), GROUP_SIZE), len(names)])
    for number, (begin, end) in enumerate(pairwise(edges.tolist())):
        samples, first = day[begin:end], number * GROUP_SIZE
        np.savez(
            folder / f"{number:05d}.npz",
            ids=samples.ids - np.int32(first),
            times=samples.times,
            values=samples.values,
        )
        (folder / f"{number:05d}.json").write_text(json.dumps(names[first : first + GROUP_SIZE]))
    (folder / "day").write_text(day_name(start_ms))


def _hour(simulator: Simulator, site: str, ids: dict[str, int], hour: Span) -> Samples:
    rows: list[tuple[int, int, float]] = []
    for name, (times, values) in simulator.site_series(site, hour.start_ms, hour.end_ms).items():
        for time_ms, value in zip(times.tolist() if name in ids else (), values, strict=False):
            try:
                rows.append((ids[name], time_ms, parse_value(value)))
            except RejectedReadingError:
                continue
    return from_columns(*zip(*rows, strict=True)) if rows else from_columns([], [], [])


def _groups(folder: Path) -> Iterator[Group]:
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as columns:
            samples = Samples(columns["ids"], columns["times"], columns["values"])
        yield Group(json.loads(path.with_suffix(".json").read_text()), samples)


def peak_mb() -> float:
    """Returns the peak of this process; getrusage's begins with that of the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _column_bytes(file: Path) -> dict[str, float]:
    metadata = parquet.read_metadata(file)
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    columns = [group.column(i) for group in groups for i in range(group.num_columns)]
    sizes: dict[str, float] = {}
    for column in columns:
        key = f"{column.path_in_schema}_bytes"
        sizes[key] = sizes.get(key, 0) + column.total_compressed_size
    return sizes


def _reads(body: bytes, day: SiteDay, written: WrittenFile, folder: Path) -> dict[str, float]:
    began = time.process_time()
    tier = ColdTier(MemoryBucket(body).client(), "bucket")
    assert day_file.checksums(tier.groups(day)) == written.checks, "the file is not what was written"
    verified = time.process_time() - began
    group = next(_groups(folder))
    expected = group.samples[group.samples.ids == 0]
    spent = []
    for _ in range(_RUNS):
        receipt = Cost()
        tier = ColdTier(MemoryBucket(body).client(), "bucket")
        began = time.perf_counter()
        answer = tier.read(day, [group.names[0]], day.span, receipt)
        spent.append(time.perf_counter() - began)
    assert answer.equals(expected), "the answer is not exact"
    return {
        "verify_s": verified,
        "point_requests": receipt.requests,
        "point_bytes": receipt.bytes,
        "point_median_s": statistics.median(spent),
    }


if __name__ == "__main__":
    print(json.dumps(figures(Path(sys.argv[1]))))
