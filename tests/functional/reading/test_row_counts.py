"""Bulk reads are counted: whatever Athena does not return, or returns twice, is said with its day."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.buckets.reading import BucketReader
from exports.part_files import PartFiles
from exports.work import ExportWorker
from local.athena import results
from local.athena.engine import Answer
from local.athena.server import executing
from tests.support.archives import BUCKET, Archives, by_day, within
from tests.support.clock import Clock
from tests.support.day_files import Series, bits, build
from tests.support.query_tiers import query_api
from tests.support.stale_reads import StaleReads
from vitals.aws.cost import Cost
from vitals.errors import ConflictError, DayFileError, RowCountError
from vitals.model.records.exports import Export, ExportPart, ExportPlan
from vitals.model.records.tokens import Grant
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_name, day_start
from vitals.reading.bulk.archive_rows import ArchiveRows
from vitals.reading.bulk.day_rows import DayRows
from vitals.reading.bulk.request import BulkRequest
from vitals.reading.bulk.unload import ArchiveUnload
from vitals.reading.executor import Executor
from vitals.reading.queries.planning import plan_query
from vitals.reading.reads import PlannedRead, ReadStats
from vitals.reading.request import QueryRequest
from vitals.store.state.exports import ExportTable
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.export_files import ExportFiles
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

FIRST = day_start("2016-12-29")
DAYS = 6
NAMES = ["a", "b/1", "ü #2"]
WHOLE = Span(FIRST, FIRST + DAYS * DAY_MS)
CUT = Span(FIRST + 7 * HOUR_MS, FIRST + (DAYS - 1) * DAY_MS + 13 * HOUR_MS)
NOW = WHOLE.end_ms + 400 * DAY_MS
SITES = itertools.count()

type Rows = dict[tuple[str, int], bytes]
type Change = Callable[[Archives, str], None]


@pytest.fixture
def archives(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archives]:
    """Nothing archived yet; three days are already too many to be read file by file."""
    monkeypatch.setattr("vitals.reading.archive.MAX_FILES", 2)
    with executing():
        yield Archives()


def made(days: int = DAYS, per_day: int = 3) -> dict[str, dict[int, float]]:
    """Samples every few hours, of the last point on every other day only."""
    return {
        name: {
            FIRST + day * DAY_MS + slot * (DAY_MS // per_day) + i: day + slot / 7 + i
            for day in range(i == 2, days, 1 + (i == 2))
            for slot in range(per_day)
        }
        for i, name in enumerate(NAMES)
    }


def site_of(archives: Archives, series: Series) -> str:
    site = f"site_{next(SITES)}"
    archives.configure(site, series)
    archives.write(site, series)
    return site


def query(
    archives: Archives, site: str, span: Span, names: list[str] = NAMES, *, now_ms: int = NOW
) -> tuple[Rows, ReadStats]:
    """The rows of a raw query, read as one span, and its stats."""
    catalog = archives.catalogs.load(site)
    plan = plan_query(QueryRequest(site, names, span.start_ms, span.end_ms, "raw"), catalog, now_ms, 5_000)
    result = archives.executor().read(PlannedRead(plan, archives.records(site, span), now_ms, Cost()), span)
    rows = result.rows
    assert isinstance(rows, Samples)
    by_id = {point.id: point.name for point in catalog.points}
    listed = zip(rows.ids.tolist(), rows.times.tolist(), rows.values, strict=True)
    return {(by_id[point], time_ms): value.tobytes() for point, time_ms, value in listed}, result.stats


def texts(stats: ReadStats) -> list[str]:
    return [str(failure.error) for failure in stats.failures]


def source(archives: Archives, now_ms: int = NOW) -> ArchiveRows:
    unload = ArchiveUnload(archives.athena, archives.s3, BUCKET, archives.names["GlueTable"])
    return ArchiveRows(unload, archives.cold, archives.ledger, archives.rollups, lambda: now_ms)


def export(
    archives: Archives,
    site: str,
    span: Span,
    folder: Path,
    names: list[str] | None = None,
    *,
    now_ms: int = NOW,
) -> Rows:
    """The rows of an archive part; without names, of every point."""
    by_name = archives.catalogs.load(site).by_name
    ids = [by_name[name].id for name in names or ()]
    request = BulkRequest(site, span, names, ids, folder, f"answer-{next(SITES)}", 60, lambda: None)
    result: Rows = {}
    for batch in source(archives, now_ms).read(request).batches:
        points, times, values = (
            column.to_pylist()
            for column in batch.set_column(1, "time_ms", batch.column(1).cast(pa.int64())).columns
        )
        result |= bits({name: {} for name in points}) | {
            key: value
            for name, time_ms, number in zip(points, times, values, strict=True)
            for key, value in bits({name: {time_ms: number}}).items()
        }
    return result


def named(stats: ReadStats) -> set[str]:
    """The days that are left out because of their counts."""
    assert all(isinstance(failure.error, RowCountError) for failure in stats.failures)
    return {failure.day for failure in stats.failures}


def test_complete_days_are_answered_without_a_warning(archives: Archives, tmp_path: Path) -> None:
    site = site_of(archives, made())
    few = Span(FIRST + 1, FIRST + 2 * DAY_MS + 2)
    for span, names in ((WHOLE, NAMES), (CUT, NAMES), (few, NAMES[2:])):
        truth = bits({name: points for name, points in within(made(), span).items() if name in names})
        rows, stats = query(archives, site, span, names)
        assert (rows, texts(stats), list(stats.sources)) == (truth, [], ["athena"])
        assert export(archives, site, span, tmp_path, names) == truth
    for span in (WHOLE, CUT):
        assert export(archives, site, span, tmp_path) == bits(within(made(), span))


def test_days_that_athena_does_not_see_are_named(archives: Archives, tmp_path: Path) -> None:
    """One sample a day over a New Year before which the table has no partitions."""
    start = day_start("2014-12-28")
    series = {"a": {start + n * DAY_MS + 60_000: n / 3 for n in range(8)}}
    site, span = site_of(archives, series), Span(start, start + 8 * DAY_MS)
    archives.project("2015/01/01")
    rows, stats = query(archives, site, span, ["a"])
    assert len(rows) == 4
    assert named(stats) == {day for day in by_day(series) if day < "2015"}
    assert "Athena returned 0 of 1 rows for 2014-12-28" in texts(stats)
    for names in (None, ["a"]):
        with pytest.raises(RowCountError, match=r"0 of 1 rows for 2014-12-28; 3 more days differ"):
            export(archives, site, span, tmp_path, names)
    archives.project("1990/01/01")
    assert query(archives, site, span, ["a"])[0] == bits(series)
    assert export(archives, site, span, tmp_path) == bits(series)


def test_days_just_archived_are_counted_too(archives: Archives, tmp_path: Path) -> None:
    """Athena lacks the newest ones, and an eventually consistent read has no rollups of them yet."""
    reads = StaleReads()
    reads.hold("HotTable")
    site = site_of(archives, made())
    archives.project("1990/01/01", "2017/01/01")
    archives.rollups = RollupTier(reads, "HotTable")
    for now_ms, is_quiet in ((WHOLE.end_ms + DAY_MS + HOUR_MS + 60_000, False), (NOW, True)):
        if is_quiet:
            reads.release()
        rows, stats = query(archives, site, WHOLE, now_ms=now_ms)
        assert len(rows) == len(bits(within(made(), Span(FIRST, FIRST + 4 * DAY_MS))))
        assert named(stats) == {"2017-01-02", "2017-01-03"}
        with pytest.raises(RowCountError, match=r"rows for 2017-01-02; 1 more days differ"):
            export(archives, site, WHOLE, tmp_path, NAMES, now_ms=now_ms)
        # One read by the query and one by the export; both are made again when the rows differ.
        assert len(reads.eventual) == (2 * len(NAMES) if is_quiet else 0)


def fewer(series: Series, keep: Callable[[int], bool]) -> dict[str, dict[int, float]]:
    return {
        name: {time_ms: value for time_ms, value in values.items() if keep(time_ms)}
        for name, values in series.items()
    }


def shortened(day: int, keep: Callable[[int], bool]) -> Change:
    """The day's file is replaced, past the archiver, by one with fewer rows."""

    def change(archives: Archives, site: str) -> None:
        name = day_name(FIRST + day * DAY_MS)
        whole = by_day(made())[name]
        archives.put(site, name, build(fewer(whole, keep), site=site, day=name)[0])

    return change


def lengthened(archives: Archives, site: str) -> None:
    name = day_name(FIRST + 2 * DAY_MS)
    longer = {
        point: values | {FIRST + 2 * DAY_MS + 77: 7.0} for point, values in by_day(made())[name].items()
    }
    archives.put(site, name, build(longer, site=site, day=name)[0])


@pytest.mark.parametrize(
    ("change", "span", "day", "text"),
    [
        (
            shortened(2, lambda time_ms: time_ms % DAY_MS < 16 * HOUR_MS),
            WHOLE,
            2,
            "4 of 6 rows for 2016-12-31",
        ),
        (shortened(2, lambda time_ms: False), WHOLE, 2, "0 of 6 rows for 2016-12-31"),
        (lengthened, WHOLE, 2, "8 of 6 rows for 2016-12-31"),
        # What is missing lies outside of what was asked for, but the file is the wrong one.
        (shortened(0, lambda time_ms: time_ms % DAY_MS > HOUR_MS), CUT, 0, "4 of 6 rows for 2016-12-29"),
        (shortened(5, lambda time_ms: time_ms % DAY_MS < HOUR_MS), CUT, 5, "3 of 9 rows for 2017-01-03"),
    ],
)
def test_a_file_with_other_rows_is_named(
    archives: Archives, tmp_path: Path, change: Change, span: Span, day: int, text: str
) -> None:
    site = site_of(archives, made())
    change(archives, site)
    wrong = Span(FIRST + day * DAY_MS, FIRST + (day + 1) * DAY_MS)
    rows, stats = query(archives, site, span)
    assert texts(stats) == [f"Athena returned {text}"]
    truth = bits(within(made(), span))
    # The day is left out as a whole, so that no aggregate of it is wrong; the others are exact.
    assert rows == {key: v for key, v in truth.items() if not wrong.start_ms <= key[1] < wrong.end_ms}
    for names in (None, NAMES):
        with pytest.raises(RowCountError, match=text):
            export(archives, site, span, tmp_path, names)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hidden=st.sets(st.integers(0, DAYS - 1), max_size=DAYS - 1),
    start=st.integers(0, DAY_MS - 1),
    end=st.integers(0, DAY_MS - 1),
)
def test_exactly_the_days_that_differ_are_named(
    archives: Archives, hidden: set[int], start: int, end: int
) -> None:
    site = "generated"
    if not archives.catalogs.load(site).points:
        archives.configure(site, NAMES)
        archives.write(site, made())
    for day in range(DAYS):
        shortened(day, lambda time_ms, day=day: day not in hidden or time_ms % DAY_MS > HOUR_MS)(
            archives, site
        )
    span = Span(FIRST + start, FIRST + (DAYS - 1) * DAY_MS + end + 1)
    days = {day_name(FIRST + day * DAY_MS) for day in hidden}
    rows, stats = query(archives, site, span)
    assert named(stats) == days
    truth = bits(within(made(), span))
    assert rows == {key: value for key, value in truth.items() if day_name(key[1]) not in days}


def test_a_day_without_a_file_is_named_once(archives: Archives, tmp_path: Path) -> None:
    site = site_of(archives, made())
    archives.delete(site, "2016-12-31")
    _, stats = query(archives, site, WHOLE)
    assert texts(stats) == [f"the file of {site}, 2016-12-31 does not exist"]
    with pytest.raises(DayFileError, match="2016-12-31 does not exist"):
        export(archives, site, WHOLE, tmp_path)


BREAKS: list[Callable[[pa.Table], pa.Table]] = [
    lambda table: table.slice(0, len(table) // 2),
    lambda table: table.slice(len(table) // 2),
    lambda table: table.slice(0, len(table) - 1),
    lambda table: table.slice(0, 0),
    lambda table: pa.concat_tables([table, table]),
    lambda table: pa.concat_tables([table, table.slice(0, 1)]),
]


@pytest.mark.parametrize("broken", BREAKS, ids=["head", "tail", "but one", "none", "twice", "one twice"])
def test_truncated_and_repeated_results_are_noticed(
    archives: Archives,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[pa.Table], pa.Table],
) -> None:
    """As when the manifest lacks a file, or lists one that a writer left before it was started again."""
    site = site_of(archives, made())
    real = results.unload

    def unload(s3: Any, answer: Answer, *places: str) -> None:
        real(s3, Answer(broken(answer.table), answer.unload_to, answer.bytes_read), *places)

    monkeypatch.setattr(results, "unload", unload)
    for span in (WHOLE, CUT):
        rows, stats = query(archives, site, span)
        assert stats.failures
        truth = bits(within(made(), span))
        wrong = {day for text in texts(stats) for day in by_day(made()) if day in text}
        assert rows == {key: value for key, value in truth.items() if day_name(key[1]) not in wrong}
    with pytest.raises(RowCountError):
        export(archives, site, WHOLE, tmp_path)


def test_a_day_archived_again_meanwhile_is_reread(
    archives: Archives, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_of(archives, made())
    day = WHOLE.start_ms + 3 * DAY_MS
    added = {"a": within(made(), Span(day, day + DAY_MS))["a"] | {day + 5: 5.5}}
    later = {**within(made(), Span(day, day + DAY_MS)), **added}
    real, counts = type(archives.athena).run, archives.rollups.day_counts

    def meanwhile(*arguments: Any) -> Any:
        archives.write(site, later)
        return real(*arguments)

    def stale(*arguments: Any, consistent: bool = False) -> dict[int, int]:
        """A read that is not consistent may be of a moment ago."""
        result = counts(*arguments, consistent=consistent)
        return result if consistent else result | {day: before}

    before = counts(site, range(len(NAMES)), WHOLE)[day]
    monkeypatch.setattr(archives.rollups, "day_counts", stale)
    monkeypatch.setattr(type(archives.athena), "run", meanwhile)
    rows, stats = query(archives, site, CUT)
    assert (texts(stats), list(stats.sources)) == ([], ["athena", "archive"])
    assert rows == bits(within(made(), CUT)) | bits({"a": {day + 5: 5.5}})
    later["a"][day + 6] = 6.5
    for names in (None, NAMES):
        with pytest.raises(ConflictError, match=r"2017-01-01 .* was archived again"):
            export(archives, site, CUT, tmp_path, names)
    monkeypatch.undo()
    assert len(export(archives, site, CUT, tmp_path)) == len(rows) + 1


def test_a_day_being_replaced_is_read_by_file(archives: Archives, tmp_path: Path) -> None:
    """Its rollups may follow another file than the one that Athena reads."""
    site = site_of(archives, made())
    day = FIRST + 3 * DAY_MS
    longer = {name: values | {day + 5: 5.5} for name, values in by_day(made())[day_name(day)].items()}
    archives.put(site, day_name(day), build(longer, site=site, day=day_name(day))[0])
    archives.ledger.update_archive(SiteDay(site, day), status="building")
    rows, stats = query(archives, site, WHOLE)
    assert (texts(stats), list(stats.sources)) == ([], ["athena", "archive", "hot"])
    assert rows == bits(made()) | bits(longer)
    with pytest.raises(ConflictError, match=r"2017-01-01 .* is being archived again"):
        export(archives, site, WHOLE, tmp_path)


def test_an_answer_with_omitted_days_is_not_cached(archives: Archives, clock: Clock) -> None:
    site = site_of(archives, made())
    SiteTable(archives.dynamodb, "StateTable").record_catalog(site, site, 3, WHOLE.end_ms)
    clock.now_ms = NOW
    api = query_api(archives.dynamodb, clock, (site,))
    api.max_range_days, api.executor = 5_000, archives.executor()
    request = QueryRequest(site, NAMES, WHOLE.start_ms, WHOLE.end_ms, "raw")
    grant = Grant("test", frozenset({"read"}), frozenset({"*"}))
    archives.project("2017/01/01")
    reply = api.query(grant, request)
    assert reply.answer is not None
    assert reply.answer["warnings"] == [
        f"Day 2016-12-{day} is omitted: Athena returned 0 of {rows} rows for 2016-12-{day}."
        for day, rows in ((29, 6), (30, 9), (31, 6))
    ]
    days = [(detail["code"], detail["day"]) for detail in reply.answer["warning_details"]]
    assert days == [("DAY_UNREADABLE", f"2016-12-{day}") for day in (29, 30, 31)]
    assert (reply.etag, reply.answer["metadata"]["total_samples"]) == (None, 24)
    archives.project("1990/01/01")
    reply = api.query(grant, request)
    assert reply.answer is not None
    assert (reply.answer["warnings"], reply.answer["metadata"]["total_samples"]) == ([], 45)
    archives.project("2018/01/01")
    with pytest.raises(RowCountError, match="2016-12-29"):
        api.query(grant, request)


def test_nothing_but_wrong_days_is_no_answer(archives: Archives) -> None:
    site = site_of(archives, made())
    archives.project("2018/01/01")
    rows, stats = query(archives, site, WHOLE)
    assert (rows, list(stats.sources), len(stats.failures)) == ({}, [], DAYS)


def test_a_part_with_other_rows_leaves_no_files(archives: Archives) -> None:
    site = site_of(archives, made())
    shortened(4, lambda time_ms: time_ms % DAY_MS > HOUR_MS)(archives, site)
    table, files = ExportTable(archives.dynamodb, "StateTable"), ExportFiles(archives.s3, BUCKET)
    request = Export("x", site, format="csv", start_ms=WHOLE.start_ms, end_ms=WHOLE.end_ms, created_ms=NOW)
    table.create(request, ExportPlan((ExportPart("archive", WHOLE.start_ms, WHOLE.end_ms),)))
    hot = HotTier(archives.dynamodb, "HotTable")
    day = DayRows(
        hot=hot,
        cold=archives.cold,
        catalogs=archives.catalogs,
        ledger=archives.ledger,
        now=lambda: NOW,
    )
    numbers = map(str, itertools.count())
    sites = SiteTable(archives.dynamodb, "StateTable")
    executor = Executor(hot, archives.cold, archives.rollups, archives.ledger, None)
    readers = {"archive": source(archives), "day": day}
    buckets = BucketReader(executor, sites, lambda: NOW)
    parts = PartFiles(files, readers, buckets, lambda: next(numbers), 1)
    worker = ExportWorker(
        table=table,
        files=files,
        catalogs=archives.catalogs,
        parts=parts,
        send=lambda *_: None,
        now=lambda: NOW,
        remaining_s=lambda: 900,
        new_claim=lambda: next(numbers),
    )
    with pytest.raises(RowCountError, match="2017-01-02"):
        worker.work("x", last_try=True)
    result = table.load("x", NOW)
    assert result
    assert (result.status, result.rows) == ("failed", 0)
    assert result.error == "Athena returned 4 of 6 rows for 2017-01-02"
    assert "Contents" not in archives.s3.list_objects_v2(Bucket=BUCKET, Prefix="exports/")


@pytest.mark.parametrize("span", [Span(FIRST, FIRST + DAY_MS), Span(FIRST + HOUR_MS, FIRST + 9 * HOUR_MS)])
def test_rows_of_a_built_day_are_counted_too(
    archives: Archives, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, span: Span
) -> None:
    site = site_of(archives, made())
    hot = HotTier(archives.dynamodb, "HotTable")
    days = DayRows(
        hot=hot,
        cold=archives.cold,
        catalogs=archives.catalogs,
        ledger=archives.ledger,
        now=lambda: NOW,
    )

    def read(names: list[str] | None) -> int:
        request = BulkRequest(site, span, names, (), tmp_path, "unused", 60, lambda: None)
        return sum(map(len, days.read(request).batches))

    of_span = within(made(), span)
    assert read(None) == sum(map(len, of_span.values()))
    assert read(NAMES[:1]) == len(of_span[NAMES[0]])
    real = DayRows._build

    def shortening(self: DayRows, day: SiteDay, file: Path) -> Any:
        written = real(self, day, file)
        short = fewer(by_day(made())[day.date], lambda time_ms: time_ms % DAY_MS > 0)
        file.write_bytes(build(short, site=day.site, day=day.date)[0])
        return written

    monkeypatch.setattr(DayRows, "_build", shortening)
    for names in (None, NAMES[:1]):
        with pytest.raises(RowCountError, match="the built file returned 5 of 6 rows for 2016-12-29"):
            read(names)
