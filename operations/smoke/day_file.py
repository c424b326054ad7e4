"""The newest archived day of a site, read from its file with pyarrow and without the product's reader."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from operations.smoke.checks import ProblemError
from operations.smoke.target import Target
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_name
from vitals.store import keys
from vitals.store.state.ledger import Ledger

_MAX_AGE_MS = 400 * DAY_MS


class PointSummary(NamedTuple):
    """A point's samples of one day: their number, times in UTC ms, and values; the sums are rounded."""

    rows: int
    first_ms: int
    last_ms: int
    first: float
    last: float
    minimum: float
    maximum: float
    total: float
    magnitude: float = 0.0
    """The sum of the absolute values, which bounds the rounding of `total`."""


@dataclass(frozen=True, slots=True, eq=False)
class DayFile:
    """The samples of a day, by point, then time: point_name, time_ms, value."""

    day: SiteDay
    samples: pa.Table

    def summaries(self) -> dict[str, PointSummary]:
        """Returns the summary of each point."""
        samples = self.samples.append_column("magnitude", pc.abs(self.samples["value"]))
        table = samples.group_by("point_name", use_threads=False).aggregate(
            [
                ("time_ms", "count"),
                ("time_ms", "min"),
                ("time_ms", "max"),
                ("value", "first"),
                ("value", "last"),
                ("value", "min"),
                ("value", "max"),
                ("value", "sum"),
                ("magnitude", "sum"),
            ]
        )
        names, *columns = (column.to_pylist() for column in table.columns)
        return {name: PointSummary(*row) for name, *row in zip(names, *columns, strict=True)}

    def longest_point(self) -> str:
        """Returns the point with the most samples, the first of them by name."""
        summaries = self.summaries()
        return min(summaries, key=lambda name: (-summaries[name].rows, name))

    def point(self, name: str) -> pa.Table:
        """Returns the samples of one point."""
        return self.samples.filter(pc.equal(self.samples["point_name"], name))

    def hour(self) -> Span:
        """Returns the first hour with samples."""
        first_ms = pc.min(self.samples["time_ms"]).as_py()
        start_ms = first_ms - first_ms % HOUR_MS
        return Span(start_ms, start_ms + HOUR_MS)

    def within(self, span: Span) -> pa.Table:
        """Returns the samples in the span."""
        times = self.samples["time_ms"]
        inside = pc.and_(pc.greater_equal(times, span.start_ms), pc.less(times, span.end_ms))
        return self.samples.filter(inside)


@dataclass(slots=True)
class Archive:
    """The archive of a site; `load` sets the day that the other checks compare with."""

    target: Target
    site: str
    now_ms: int
    _loaded: DayFile | None = None

    @property
    def file(self) -> DayFile:
        """The loaded day."""
        if self._loaded is None:
            raise ProblemError("the archived day was not loaded")
        return self._loaded

    def load(self) -> str:
        """Reads the newest archived day, and checks its number of rows."""
        span = Span(self.now_ms - _MAX_AGE_MS, self.now_ms)
        ledger = Ledger(self.target.client("dynamodb"), self.target.outputs["StateTable"])
        record = newest(ledger.archive_records(self.site, span), self.site, self.now_ms)
        day = SiteDay(self.site, record.day_ms)
        samples = columns(self._read(day, record))
        if len(samples) != record.rows:
            raise ProblemError(
                f"the file of {day} has {len(samples)} rows, and the ledger {record.rows}. {again(day)}"
            )
        self._loaded = DayFile(day, samples)
        return f"{day.date} has {len(samples)} samples of {record.points} points"

    def _read(self, day: SiteDay, record: ArchiveRecord) -> pa.Table:
        bucket, key = self.target.outputs["ColdBucket"], keys.day_file(day)
        try:
            response: Any = self.target.client("s3").get_object(Bucket=bucket, Key=key, IfMatch=record.etag)
        except ClientError as error:
            raise _file_problem(error, day, bucket) from None
        return pq.read_table(io.BytesIO(response["Body"].read()))


def newest(records: list[ArchiveRecord], site: str, now_ms: int) -> ArchiveRecord:
    """Returns the newest archived day with samples, if possible a settled one; ProblemError without one."""
    archived = [record for record in records if record.countable and record.rows]
    settled = [record for record in archived if record.settled]
    if archived:
        return (settled or archived)[-1]
    failed = [record for record in records if record.status == "failed"]
    if failed:
        raise ProblemError(
            f"archiving failed ({failed[-1].error}). {again(SiteDay(site, failed[-1].day_ms))}"
        )
    yesterday = day_name(now_ms - DAY_MS)
    raise ProblemError(
        f"no day of {site} is archived. Wait until after 02:00 UTC, or read one now: "
        f"vitals backfill start {site} {yesterday} {yesterday}"
    )


def columns(table: pa.Table) -> pa.Table:
    """Returns the rows of a day file or an export as point_name, time_ms, value."""
    return pa.table(
        {
            "point_name": table["point_name"].cast(pa.string()),
            "time_ms": table["timestamp"].cast(pa.int64()),
            "value": table["value"],
        }
    )


def same_samples(first: pa.Table, second: pa.Table) -> bool:
    """Returns whether both have the same rows in the same order, values to the bit."""
    return _bytes(first) == _bytes(second)


def again(day: SiteDay) -> str:
    """Returns how to archive a day again."""
    return f"Archive the day again: vitals backfill start {day.site} {day.date} {day.date} --force"


def _bytes(samples: pa.Table) -> tuple[Any, ...]:
    names, times, values = (column.combine_chunks() for column in samples.columns)
    return names.to_pylist(), times.to_numpy().tobytes(), values.to_numpy().tobytes()


def _file_problem(error: ClientError, day: SiteDay, bucket: str) -> Exception:
    problems: Mapping[str, str] = {
        "NoSuchKey": f"the ledger has {day}, but the bucket {bucket} has no file of it. ",
        "PreconditionFailed": f"the file of {day} in {bucket} differs from its entry in the ledger. ",
    }
    text = problems.get(error.response.get("Error", {}).get("Code", ""))
    return ProblemError(text + again(day)) if text else error
