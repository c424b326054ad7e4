"""The estimated bytes of an export, against the figures of decision 9."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.estimate import Selection, estimated_bytes, selection
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.records.exports import ExportFormat
from vitals.model.records.ledger import ArchiveRecord, Coverage
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOWS_PER_DAY, Span, day_start

DAY = day_start("2026-01-05")
ROWS, DAY_FILE = 6_600_000, 11_000_000
EVERYTHING = Selection(1.0, 45.0)


def settled(number: int) -> ArchiveRecord:
    day_ms = DAY + number * DAY_MS
    return ArchiveRecord(day_ms, day_ms, day_ms + 26 * HOUR_MS, "done", rows=ROWS, points=9, bytes=DAY_FILE)


def changing(number: int, rows: int = 0) -> ArchiveRecord:
    return ArchiveRecord(DAY + number * DAY_MS, changed_ms=DAY + 9 * DAY_MS, rows=rows)


def coverage(*counts: int) -> Coverage:
    """So many samples in each window of consecutive days."""
    windows = np.repeat(np.array(counts, np.uint32), WINDOWS_PER_DAY)
    return Coverage(DAY, windows, windows > 0)


def estimate(
    records: Sequence[ArchiveRecord],
    file_format: ExportFormat = "csv",
    *,
    span: Span | None = None,
    counts: Coverage | None = None,
    selected: Selection = EVERYTHING,
) -> int:
    whole = Span(DAY, DAY + 730 * DAY_MS)
    return estimated_bytes(file_format, span or whole, records, counts or coverage(), selected)


@pytest.mark.parametrize(("file_format", "measured"), [("csv", 570_000_000), ("parquet", 25_000_000)])
def test_a_days_estimate_is_near_the_measured(file_format: ExportFormat, measured: int) -> None:
    assert measured <= estimate([settled(0)], file_format) <= 1.15 * measured


def test_two_years_of_csv_are_416_gigabytes() -> None:
    assert 416e9 <= estimate([settled(number) for number in range(730)]) <= 480e9


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_part_of_a_day_counts_as_such(file_format: ExportFormat) -> None:
    whole = estimate([settled(0)], file_format)
    hour = Span(DAY + HOUR_MS, DAY + 2 * HOUR_MS)
    assert estimate([settled(0)], file_format, span=hour) == pytest.approx(whole / 24, abs=1)


def test_a_changing_day_counts_its_windows() -> None:
    counts = coverage(10, 20)
    bytes_of_day = WINDOWS_PER_DAY * 10 * (45 + 45)
    assert estimate([changing(0)], counts=counts) == bytes_of_day
    assert estimate([changing(0), changing(1)], counts=counts) == 3 * bytes_of_day
    assert estimate([changing(1)], counts=counts, span=Span(DAY, DAY + DAY_MS + HOUR_MS)) == bytes_of_day / 12
    assert estimate([changing(0)], "parquet", counts=counts) == WINDOWS_PER_DAY * 10 * 4


def test_a_changing_day_has_its_archived_rows() -> None:
    assert estimate([changing(0, ROWS)], counts=coverage(1)) == ROWS * 90


def test_dense_points_have_a_larger_share() -> None:
    catalog = Catalog(
        (
            Point(0, ListedPoint("second", interval_s=1)),
            Point(1, ListedPoint("minute")),
            Point(2, ListedPoint("quarter of an hour", interval_s=900)),
        )
    )
    assert selection(catalog, [0]).share == pytest.approx(0.98, abs=0.01)
    assert selection(catalog, [2]).share < 0.002
    assert selection(catalog, []).share == 1
    assert selection(catalog, [1]).name_bytes == len("minute")
    assert selection(Catalog(), []) == Selection(0, 0)


def test_names_count_their_bytes() -> None:
    catalog = Catalog((Point(0, ListedPoint("é" * 512)),))
    assert selection(catalog, []).name_bytes == 1_024


CATALOGS = st.lists(st.tuples(st.none() | st.integers(0, 900), st.booleans()), min_size=1, max_size=6).map(
    lambda points: Catalog(
        tuple(
            Point(number, ListedPoint(f"p{number}", interval_s=interval_s), active=active)
            for number, (interval_s, active) in enumerate(points)
        )
    )
)


@given(CATALOGS, st.data())
def test_points_never_have_less_apart(catalog: Catalog, data: st.DataObject) -> None:
    """Two exports of all points, in two halves, are estimated no smaller than one of all."""
    ids = range(len(catalog.points))
    chosen = data.draw(st.sets(st.sampled_from(ids)))
    shares = [selection(catalog, half).share for half in (chosen, set(ids) - chosen) if half]
    assert sum(shares) >= 1 - 1e-9
    assert all(0 < share <= 1 for share in shares)
