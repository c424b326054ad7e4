"""Archives of made-up days, as the archiver leaves them, in moto: file, rollups and ledger agree."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from tests.support.day_files import Series, build
from tests.support.rollups import rollup
from tests.support.template import BUCKET, create_archive, create_table
from vitals.aws.athena import Athena
from vitals.aws.clients import CONFIG
from vitals.aws.runtime import Runtime
from vitals.model.points import Catalog, ListedPoint
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_name
from vitals.reading.athena import AthenaReader
from vitals.reading.executor import Executor
from vitals.store import keys
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier


@dataclass
class Archives:
    """The tables and the bucket, with what writes days and reads them in bulk."""

    dynamodb: Any = field(default_factory=lambda: boto3.client("dynamodb"))
    s3: Any = field(default_factory=lambda: boto3.client("s3"))
    glue: Any = field(default_factory=lambda: boto3.client("glue"))
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for table in ("HotTable", "StateTable"):
            create_table(self.dynamodb, table)
        self.names |= create_archive(self.s3, self.glue, boto3.client("athena"))
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.cold = ColdTier(self.s3, BUCKET)
        self.rollups = RollupTier(self.dynamodb, "HotTable")
        self.ledger = Ledger(self.dynamodb, "StateTable")
        self.catalogs = CatalogTable(self.dynamodb, "StateTable")
        self.athena = Athena(
            self.names["GlueDatabase"],
            self.names["AthenaWorkGroup"],
            CONFIG,
            runtime=Runtime(sleep=lambda _: None),
        )

    def configure(self, site: str, names: Iterable[str]) -> Catalog:
        """The site's catalog with these points."""
        return self.catalogs.refresh(site, [ListedPoint(name) for name in names])

    def write(self, site: str, series: Series) -> None:
        """Archives the days of the series, each as a whole, in place of what there is of them."""
        ids = {name: point.id for name, point in self.catalogs.load(site).by_name.items()}
        for date, of_day in by_day(series).items():
            day = SiteDay.parse(site, date)
            began_ms = (self.ledger.archive_record(day).began_ms or day.day_ms + 2 * DAY_MS) + HOUR_MS
            rollups = {ids[name]: _rollup(ids[name], points) for name, points in of_day.items()}
            self.rollups.write(day, rollups, began_ms)
            data, written = build(of_day, site=site, day=date)
            etag = self.put(site, date, data)
            self.ledger.update_archive(
                day,
                status="done",
                began_ms=began_ms,
                expires_ms=began_ms,
                etag=etag,
                rows=written.contents.rows,
                points=written.contents.points,
                bytes=len(data),
            )

    def put(self, site: str, day: str, data: bytes) -> str:
        """Stores a file as the day's and nothing else: what no archiving does."""
        answer = self.s3.put_object(Bucket=BUCKET, Key=keys.day_file(SiteDay.parse(site, day)), Body=data)
        return str(answer["ETag"])

    def delete(self, site: str, day: str) -> None:
        self.s3.delete_object(Bucket=BUCKET, Key=keys.day_file(SiteDay.parse(site, day)))

    def project(self, first: str, last: str = "NOW") -> None:
        """Lets Athena see the days from first to last (as its table writes them) alone."""
        name = {"DatabaseName": self.names["GlueDatabase"]}
        table = self.glue.get_table(**name, Name=self.names["GlueTable"])["Table"]
        copied = ("Name", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
        changed = {key: table[key] for key in copied if key in table}
        changed["Parameters"] |= {"projection.day.range": f"{first},{last}"}
        self.glue.update_table(**name, TableInput=changed)

    def records(self, site: str, span: Span) -> list[ArchiveRecord]:
        return self.ledger.archive_records(site, span)

    def reader(self, max_rows: int = 1_000_000) -> AthenaReader:
        return AthenaReader(self.athena, BUCKET, self.names["GlueTable"], max_rows=max_rows)

    def executor(self) -> Executor:
        hot = HotTier(self.dynamodb, "HotTable")
        return Executor(hot, self.cold, self.rollups, self.ledger, self.reader())


def by_day(series: Series) -> dict[str, dict[str, dict[int, float]]]:
    """The series day by day, points without samples left out."""
    days: dict[str, dict[str, dict[int, float]]] = {}
    for name, points in series.items():
        for time_ms, value in points.items():
            days.setdefault(day_name(time_ms), {}).setdefault(name, {})[time_ms] = value
    return days


def within(series: Series, span: Span) -> dict[str, dict[int, float]]:
    """What the series has in the span."""
    return {
        name: {time_ms: value for time_ms, value in points.items() if span.start_ms <= time_ms < span.end_ms}
        for name, points in series.items()
    }


def _rollup(point: int, points: Mapping[int, float]) -> bytes:
    times = sorted(points)
    samples = from_columns([point] * len(times), times, [points[time_ms] for time_ms in times])
    return rollup(samples)
