"""Whatever a point is called: written, archived, read from its file and by Athena, exported, to the bit."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.file_writer import FileWriter
from local.athena.server import executing
from tests.support.archives import BUCKET, Archives, within
from tests.support.day_files import Series, bits
from tests.support.strategies import AWKWARD_NAMES, awkward_names, finite
from vitals.aws.cost import Cost
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_start, parse_iso
from vitals.reading.bulk.archive_rows import ArchiveRows
from vitals.reading.bulk.request import BulkRequest
from vitals.reading.bulk.unload import ArchiveUnload
from vitals.reading.queries.planning import plan_query
from vitals.reading.reads import PlannedRead
from vitals.reading.request import QueryRequest

FIRST = day_start("2026-01-05")
SPAN = Span(FIRST + HOUR_MS, FIRST + DAY_MS + HOUR_MS)
NOW = FIRST + 400 * DAY_MS
SITE = "mill"

type Rows = dict[tuple[str, int], bytes]


@pytest.fixture
def archives(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archives]:
    monkeypatch.setattr("vitals.reading.archive.MAX_FILES", 0)
    with executing():
        yield Archives()


def made(names: list[str], values: list[float]) -> dict[str, dict[int, float]]:
    """Three samples of each point over two days, the first and the last outside of SPAN."""
    times = (FIRST, FIRST + DAY_MS - 1, FIRST + 2 * DAY_MS - 1)
    return {
        name: {time_ms: values[(i + n) % len(values)] for n, time_ms in enumerate(times)}
        for i, name in enumerate(names)
    }


def rows(samples: Samples, names: list[str]) -> Rows:
    listed = zip(samples.ids.tolist(), samples.times.tolist(), samples.values, strict=True)
    return {(names[point], time_ms): value.tobytes() for point, time_ms, value in listed}


def from_files(archives: Archives, names: list[str]) -> Rows:
    days = [SiteDay(SITE, FIRST), SiteDay(SITE, FIRST + DAY_MS)]
    return {k: v for day in days for k, v in rows(archives.cold.read(day, names, SPAN), names).items()}


def from_query(archives: Archives, names: list[str]) -> Rows:
    catalog = archives.catalogs.load(SITE)
    plan = plan_query(QueryRequest(SITE, names, SPAN.start_ms, SPAN.end_ms, "raw"), catalog, NOW, 365)
    query = PlannedRead(plan, archives.records(SITE, SPAN), NOW, Cost())
    result = archives.executor().read(query, SPAN)
    samples = result.rows
    assert isinstance(samples, Samples)
    assert (result.stats.failures, result.stats.sources) == ((), ("athena",))
    by_id = {point.id: point.name for point in catalog.points}
    positions = {point: names.index(name) for point, name in by_id.items() if name in names}
    samples.ids[:] = [positions[point] for point in samples.ids.tolist()]
    return rows(samples, names)


def exported(archives: Archives, names: list[str] | None, format: str, folder: Path) -> Rows:
    by_name = archives.catalogs.load(SITE).by_name
    unload = ArchiveUnload(archives.athena, archives.s3, BUCKET, archives.names["GlueTable"])
    source = ArchiveRows(unload, archives.cold, archives.ledger, archives.rollups)
    ids = [by_name[name].id for name in names or ()]
    exported_rows: Rows = {}

    def keep(file: Path) -> None:
        exported_rows.update((from_csv if format == "csv" else from_parquet)(file.read_bytes()))

    answer_name = f"{folder.name}-{len(list(folder.iterdir()))}"
    work = folder / answer_name
    work.mkdir()
    request = BulkRequest(SITE, SPAN, names, ids, work, answer_name, 60, lambda: None)
    with FileWriter(format, work, keep) as writer:
        for batch in source.read(request).batches:
            writer.add(batch)
    return exported_rows


def from_csv(data: bytes) -> Rows:
    _, *lines = csv.reader(io.StringIO(data.decode(), newline=""))
    return bits_of((name, parse_iso(time_ms), float(value)) for name, time_ms, value in lines)


def from_parquet(data: bytes) -> Rows:
    table = pq.read_table(io.BytesIO(data))
    times = table["timestamp"].cast("int64").to_pylist()
    return bits_of(zip(table["point_name"].to_pylist(), times, table["value"].to_pylist(), strict=True))


def bits_of(listed: object) -> Rows:
    exported_rows: Rows = {}
    for name, time_ms, value in listed:  # type: ignore[attr-defined]
        assert (name, time_ms) not in exported_rows
        exported_rows |= bits({name: {time_ms: value}})
    return exported_rows


def assert_exact(archives: Archives, series: Series, wanted: list[str], folder: Path) -> None:
    truth = bits({name: values for name, values in within(series, SPAN).items() if name in wanted})
    assert from_files(archives, wanted) == truth
    assert from_query(archives, wanted) == truth
    assert exported(archives, wanted, "csv", folder) == truth
    assert exported(archives, None, "parquet", folder) == bits(within(series, SPAN))


def test_every_awkward_name_alone_and_together(archives: Archives, tmp_path: Path) -> None:
    names = list(AWKWARD_NAMES)
    series = made(names, [-0.0, 0.1 + 0.2, 5e-324])
    archives.configure(SITE, names)
    archives.write(SITE, series)
    assert_exact(archives, series, names, tmp_path)
    assert from_query(archives, [names[1]]) == bits({names[1]: within(series, SPAN)[names[1]]})
    for name in names:
        assert from_files(archives, [name]) == bits({name: within(series, SPAN)[name]})


@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(awkward_names, min_size=2, max_size=8, unique=True),
    st.lists(finite, min_size=1, max_size=6),
    st.data(),
)
def test_any_names_round_trip(
    archives: Archives,
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    values: list[float],
    data: st.DataObject,
) -> None:
    archives.configure(SITE, names)
    series = made(names, values)
    archives.write(SITE, series)
    wanted = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    assert_exact(archives, series, wanted, tmp_path_factory.mktemp("export"))
