"""The staging area in S3: the spans of a day that a backfill has read, until the day is stored.

`{HHMM}-{HHMM}-{NNN}` is a part of a span, `{HHMM}-{HHMM}-last` its last part. Older versions staged hours as
`{HH}-{NNN}` and `{HH}`. These are read again: neither version takes the other's parts for its own.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from vitals.aws import s3
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.codec import staged_span
from vitals.model import point_set
from vitals.model.point_set import PointSet
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WORKERS = 8
# 1,000 names each: 200 parts for every hour of two years' days.
_MAX_LISTINGS = 4_000
_LAST = "last"


@dataclass(frozen=True, slots=True)
class StagedSpan:
    """The receipt of a span that was read: the time when the read began, samples per window, and requests.

    `parts` is the number of parts before the last one, which has this receipt. `configured` are the points of
    the read (base64 of point_set.py).
    """

    start_ms: int
    end_ms: int
    fetched_ms: int
    parts: int
    windows: list[int]
    requests: int
    rejected: dict[str, int] = field(default_factory=dict)
    configured: str = ""

    @property
    def span(self) -> Span:
        return Span(self.start_ms, self.end_ms)

    @property
    def points(self) -> PointSet:
        return point_set.decode(base64.b64decode(self.configured)) if self.configured else 0

    @property
    def samples(self) -> int:
        return sum(self.windows)

    @property
    def readings(self) -> int:
        """The samples, and the readings that were rejected."""
        return self.samples + sum(self.rejected.values())


_FIELDS = {field.name for field in fields(StagedSpan)}


class StagingArea:
    """Stores the parts of spans; a span without its last part was not read to its end.

    Every part is also written to the caller's folder, so that no part is fetched twice.
    """

    def __init__(self, client: "S3Client", bucket: str, runtime: Runtime = SYSTEM) -> None:
        self._client = client
        self._bucket = bucket
        self._runtime = runtime

    def put_part(
        self, run: str, day: SiteDay, span: Span, number: int, samples: Samples, folder: Path
    ) -> None:
        """Stores one part (sorted) of a span, except the last."""
        self._put(run, day, _part_name(span, number), staged_span.encode(samples), folder)

    def finish(self, run: str, day: SiteDay, staged: StagedSpan, last: Samples, folder: Path) -> None:
        """Stores the last part of a span, after all its other parts."""
        body = staged_span.encode(last, orjson.dumps(asdict(staged)))
        self._put(run, day, _last_part_name(staged.span), body, folder)

    def spans(self, run: str, day: SiteDay, folder: Path) -> list[StagedSpan]:
        """Returns the spans of the day that were read to their end, oldest first.

        Copies their last parts to the folder.
        """
        names = [key.rpartition("/")[2] for key in self._list(run, day)]
        lasts = [name for name in names if name.endswith(f"-{_LAST}")]
        staged = [_receipt(staged_span.receipt(file)) for file in self._copy(run, day, lasts, folder)]
        return sorted(staged, key=lambda receipt: receipt.span)

    def reopen(self, run: str, day: SiteDay, spans: Iterable[Span]) -> None:
        """Deletes the last parts of spans, before other parts are stored in their place."""
        names = [keys.staged(run, day, _last_part_name(span)) for span in spans]
        s3.delete_keys(self._client, self._bucket, names)

    def fetch(self, run: str, day: SiteDay, spans: Sequence[StagedSpan], folder: Path) -> list[list[Path]]:
        """Copies the parts of these spans to the folder and returns those of each, oldest first."""
        names = [
            [*(_part_name(staged.span, n) for n in range(staged.parts)), _last_part_name(staged.span)]
            for staged in spans
        ]
        missing = [name for parts in names for name in parts if not (folder / name).exists()]
        self._copy(run, day, missing, folder)
        return [[folder / name for name in parts] for parts in names]

    def clear(self, run: str, day: SiteDay | None = None) -> None:
        """Removes what is staged of the day, or of the whole run."""
        s3.delete_keys(self._client, self._bucket, self._list(run, day))

    def _list(self, run: str, day: SiteDay | None) -> Iterator[str]:
        return s3.list_keys(
            self._client,
            self._bucket,
            keys.staged(run, day),
            subject=f"the staged spans of backfill {run}",
            max_requests=_MAX_LISTINGS,
        )

    def _put(self, run: str, day: SiteDay, name: str, body: bytes, folder: Path) -> None:
        self._client.put_object(Bucket=self._bucket, Key=keys.staged(run, day, name), Body=body)
        (folder / name).write_bytes(body)

    def _copy(self, run: str, day: SiteDay, names: Iterable[str], folder: Path) -> list[Path]:
        def copy(name: str) -> Path:
            file = folder / name
            s3.copy(self._client, {"Bucket": self._bucket, "Key": keys.staged(run, day, name)}, file)
            return file

        with self._runtime.pool(_WORKERS, "staging") as pool:
            return list(pool.map(copy, names))


def points_text(points: PointSet) -> str:
    """Returns the points of a StagedSpan as its receipt has them."""
    return base64.b64encode(point_set.encode(points)).decode()


def _receipt(text: bytes) -> StagedSpan:
    """Reads receipts of any version: missing fields are empty, and unknown fields are ignored."""
    row = orjson.loads(text)
    return StagedSpan(**{key: row[key] for key in _FIELDS & row.keys()})


def _part_name(span: Span, number: int) -> str:
    return f"{_times(span)}-{number:03d}"


def _last_part_name(span: Span) -> str:
    return f"{_times(span)}-{_LAST}"


def _times(span: Span) -> str:
    """Returns the times of day at which a span of a day begins and ends, to the minute."""
    day_ms = span.start_ms - span.start_ms % DAY_MS
    return "-".join(
        f"{time_ms // HOUR_MS:02d}{time_ms % HOUR_MS // MINUTE_MS:02d}"
        for time_ms in (span.start_ms - day_ms, span.end_ms - day_ms)
    )
