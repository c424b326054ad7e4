"""The quality file of a site-day: one Parquet file, a row per point, and a row per outage of the site.

Rows of points come in the order of their names; those of outages, which have an empty name, come first.
docs/quality.md describes the columns, which are a published contract.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vitals.errors import QualityFileError
from vitals.model.quality.findings import (
    FINDINGS,
    DayQuality,
    Finding,
    FindingName,
    Outage,
    PointQuality,
)
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS

SCHEMA_VERSION = "1"
_LEVEL = 19
_WITH_LONGEST: tuple[FindingName, ...] = ("stuck", "idle")
_WITH_VALUE: tuple[FindingName, ...] = ("stuck", "range", "jump")

type _Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class QualityHead:
    """Which archiving the quality is of: the id of its attempt, and when it began to read (UTC ms)."""

    attempt: str
    began_ms: int


def encode(quality: DayQuality, head: QualityHead) -> bytes:
    """Returns the file of a day's quality."""
    import pyarrow as pa
    from pyarrow import parquet

    day = quality.day.day_ms // DAY_MS
    outages = [_row_of_outage(outage) for outage in quality.outages]
    rows = [*outages, *map(_row_of_point, quality.points)]
    metadata = {
        "schema_version": SCHEMA_VERSION,
        "site": quality.day.site,
        "day": quality.day.date,
        "attempt": head.attempt,
        "began_ms": str(head.began_ms),
    }
    columns, sink = schema(), io.BytesIO()
    with parquet.ParquetWriter(
        sink,
        columns,
        compression="zstd",
        compression_level=_LEVEL,
        data_page_version="1.0",
        write_page_checksum=True,
        store_schema=False,
    ) as writer:
        writer.write_table(pa.Table.from_pylist([{"day": day, **row} for row in rows], columns))
        writer.add_key_value_metadata(metadata)
    return sink.getvalue()


def decode(data: bytes, day: SiteDay) -> tuple[DayQuality, QualityHead]:
    """Returns the quality in a file; QualityFileError when it is not a file of this day and version."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        metadata = {key.decode(): text.decode() for key, text in (file.metadata.metadata or {}).items()}
        columns = file.read().to_pydict()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise QualityFileError(f"the quality file of {day} is damaged: {error}") from None
    head = (metadata.get("schema_version"), metadata.get("site"), metadata.get("day"))
    if head != (SCHEMA_VERSION, day.site, day.date):
        raise QualityFileError(f"the quality file of {day} is of another day or version: {head}")
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    outages = [
        Outage(_ms(row["outage_first"]), _ms(row["outage_last"]), row["outage_points"])
        for row in rows
        if not row["point_name"]
    ]
    points = [_point(row) for row in rows if row["point_name"]]
    return DayQuality(day, outages, points), QualityHead(metadata["attempt"], int(metadata["began_ms"]))


def schema() -> Any:
    """Returns the columns as pyarrow reads them."""
    import pyarrow as pa

    time = pa.timestamp("ms", "UTC")
    columns = [
        pa.field("day", pa.date32(), nullable=False),
        pa.field("point_name", pa.string(), nullable=False),
        ("kind", pa.string()),
        ("unit", pa.string()),
        ("active", pa.bool_()),
        ("interval_seconds", pa.int32()),
        ("samples", pa.int32()),
        ("windows", pa.int32()),
        ("windows_expected", pa.int32()),
        ("coverage", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("outage_points", pa.int32()),
    ]
    for name in FINDINGS:
        columns += [(f"{name}_count", pa.int32()), (f"{name}_first", time), (f"{name}_last", time)]
    columns += [(f"{name}_longest_ms", pa.int64()) for name in _WITH_LONGEST]
    columns += [(f"{name}_value", pa.float64()) for name in _WITH_VALUE]
    return pa.schema(columns)


def _row_of_outage(outage: Outage) -> _Row:
    return {
        "point_name": "",
        "outage_count": 1,
        "outage_first": outage.first_ms,
        "outage_last": outage.last_ms,
        "outage_points": outage.points,
    }


def _row_of_point(point: PointQuality) -> _Row:
    row: _Row = {
        "point_name": point.point_name,
        "kind": point.kind,
        "unit": point.unit,
        "active": point.is_active,
        "interval_seconds": point.interval_s,
        "samples": point.samples,
        "windows": point.windows,
        "windows_expected": point.windows_expected,
        "coverage": point.coverage,
        "low": point.low,
        "high": point.high,
    }
    for name in FINDINGS:
        finding = point.findings.get(name)
        row |= {f"{name}_count": 0} if finding is None else dict(_cells_of(name, finding))
    return row


def _cells_of(name: FindingName, finding: Finding) -> Iterator[tuple[str, Any]]:
    yield f"{name}_count", finding.number
    yield f"{name}_first", finding.first_ms
    yield f"{name}_last", finding.last_ms
    if name in _WITH_LONGEST:
        yield f"{name}_longest_ms", finding.longest_ms
    if name in _WITH_VALUE:
        yield f"{name}_value", finding.value


def _point(row: Mapping[str, Any]) -> PointQuality:
    findings = {name: _finding(name, row) for name in FINDINGS if row[f"{name}_count"]}
    return PointQuality(
        point_name=row["point_name"],
        kind=row["kind"],
        unit=row["unit"],
        is_active=row["active"],
        interval_s=row["interval_seconds"],
        samples=row["samples"],
        windows=row["windows"],
        windows_expected=row["windows_expected"],
        low=row["low"],
        high=row["high"],
        findings=findings,
    )


def _finding(name: FindingName, row: Mapping[str, Any]) -> Finding:
    return Finding(
        row[f"{name}_count"],
        _ms(row[f"{name}_first"]),
        _ms(row[f"{name}_last"]),
        row.get(f"{name}_longest_ms"),
        row.get(f"{name}_value"),
    )


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)
