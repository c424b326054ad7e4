"""The day that is compared, and the comparison of samples."""

import pyarrow as pa
import pytest

from operations.smoke.checks import ProblemError
from operations.smoke.day_file import DayFile, newest, same_samples
from tests.support.day_files import DAY, SITE, START
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span

NOW = START + 10 * DAY_MS


def record(day: int, **facts: object) -> ArchiveRecord:
    day_ms = START + day * DAY_MS
    archived = {"status": "done", "etag": "e", "rows": 5, "began_ms": day_ms + 2 * DAY_MS}
    return ArchiveRecord(day_ms, **(archived | facts))  # type: ignore[arg-type]


def samples(*rows: tuple[str, int, float]) -> pa.Table:
    names, times, values = zip(*rows, strict=True)
    return pa.table(
        {
            "point_name": pa.array(names, pa.string()),
            "time_ms": pa.array(times, pa.int64()),
            "value": pa.array(values, pa.float64()),
        }
    )


def test_the_newest_settled_day_is_compared() -> None:
    changed = record(3, changed_ms=NOW)
    records = [record(0), record(1), record(2, rows=0), changed]
    assert newest(records, SITE, NOW) == record(1)
    assert newest([changed], SITE, NOW) == changed


@pytest.mark.parametrize("facts", [{"status": "building"}, {"rows": 0}, {"etag": ""}])
def test_without_an_archived_day_one_is_read(facts: dict[str, object]) -> None:
    with pytest.raises(ProblemError, match=r"vitals backfill start \S+ 2026-01-10 2026-01-10$"):
        newest([record(0, **facts)], SITE, NOW)


def test_a_failed_day_shows_its_error() -> None:
    with pytest.raises(ProblemError, match=r"no space.* start \S+ 2026-01-01 2026-01-01 --force$"):
        newest([record(0, status="failed", error="OSError: no space")], SITE, NOW)


def test_a_day_is_summarised_by_point() -> None:
    rows = [("a", START + HOUR_MS, 2.0), ("a", START + HOUR_MS + 1, -3.0), ("b", START + 2 * HOUR_MS, 0.5)]
    file = DayFile(SiteDay.parse(SITE, DAY), samples(*rows))
    first = (2, START + HOUR_MS, START + HOUR_MS + 1, 2.0, -3.0, -3.0, 2.0, -1.0, 5.0)
    assert file.summaries()["a"] == first
    assert file.longest_point() == "a"
    assert file.hour() == Span(START + HOUR_MS, START + 2 * HOUR_MS)
    assert same_samples(file.within(file.hour()), file.point("a"))


@pytest.mark.parametrize("value", [0.1, -0.0])
def test_samples_are_compared_to_the_bit(value: float) -> None:
    other = 0.0 if value == 0 else value + 2**-56
    assert same_samples(samples(("a", 1, value)), samples(("a", 1, value)))
    assert not same_samples(samples(("a", 1, value)), samples(("a", 1, other)))
    assert not same_samples(samples(("a", 1, value)), samples(("a", 2, value)))
    assert not same_samples(samples(("a", 1, value)), samples(("b", 1, value)))
