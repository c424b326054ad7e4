import io
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.support.day_files import START
from vitals.codec.quality_file import QualityHead, decode, encode
from vitals.errors import QualityFileError
from vitals.model.quality.findings import DayQuality, Finding, Outage, PointQuality
from vitals.model.site_day import SiteDay

DAY = SiteDay("mill", START)
HEAD = QualityHead("attempt-1", START + 90_000_000)
QUALITY = DayQuality(
    DAY,
    [Outage(START + 1, START + 7_200_001, 9)],
    [
        PointQuality(
            "a/1",
            "analog",
            "degreesFahrenheit",
            True,
            60,
            1_440,
            288,
            288,
            -76.0,
            176.0,
            {
                "stuck": Finding(2, START, START + 5, 3, 1.5),
                "range": Finding(1, START, START, value=-999.0),
                "text": Finding(3, START, START + 3_600_000),
            },
        ),
        PointQuality("ü #2", "binary", "", False, None, 1, 1, 96),
    ],
)


def test_a_file_is_read_as_it_was_written() -> None:
    assert decode(encode(QUALITY, HEAD), DAY) == (QUALITY, HEAD)
    assert encode(QUALITY, HEAD) == encode(QUALITY, HEAD)
    empty = DayQuality(DAY, [], [])
    assert decode(encode(empty, HEAD), DAY) == (empty, HEAD)


def test_duckdb_reads_the_file(tmp_path: Path) -> None:
    file = tmp_path / "01.parquet"
    file.write_bytes(encode(QUALITY, HEAD))
    rows = duckdb.sql(
        f"SET TimeZone = 'UTC'; SELECT day, point_name, stuck_count, range_value, text_last, outage_first"
        f" FROM '{file}'"
    ).fetchall()
    outage = datetime(2026, 1, 1, 0, 0, 0, 1_000, UTC)
    assert rows == [
        (date(2026, 1, 1), "", None, None, None, outage),
        (date(2026, 1, 1), "a/1", 2, -999.0, datetime(2026, 1, 1, 1, tzinfo=UTC), None),
        (date(2026, 1, 1), "ü #2", 0, None, None, None),
    ]


def test_pages_are_zstd() -> None:
    metadata = pq.ParquetFile(io.BytesIO(encode(QUALITY, HEAD))).metadata
    assert {metadata.row_group(0).column(i).compression for i in range(metadata.num_columns)} == {"ZSTD"}
    assert metadata.metadata[b"schema_version"] == b"1"


@pytest.mark.parametrize("day", [SiteDay("mill", START + 86_400_000), SiteDay("other", START)])
def test_a_file_of_another_day_is_refused(day: SiteDay) -> None:
    with pytest.raises(QualityFileError, match="another day or version"):
        decode(encode(QUALITY, HEAD), day)


def test_a_damaged_file_is_refused() -> None:
    data = encode(QUALITY, HEAD)
    for damaged in (data[:-20], b"", data[:200] + bytes([data[200] ^ 255]) + data[201:]):
        with pytest.raises(QualityFileError, match="is damaged"):
            decode(damaged, DAY)
