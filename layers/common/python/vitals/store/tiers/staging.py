"""The staging area in S3: the hours of a day that a backfill has read, until the day is stored."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from vitals.aws import s3
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.codec import staged_hour
from vitals.model import point_set
from vitals.model.point_set import PointSet
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WORKERS = 8
# 1,000 names each: 200 parts for every hour of two years' days.
_MAX_LISTINGS = 4_000


@dataclass(frozen=True, slots=True)
class StagedHour:
    """The receipt of one hour that was read: the time when the read began, samples per window, and requests.

    `parts` is the number of parts before the last one, which has this receipt. `configured` are the points of
    the read (base64 of point_set.py), empty in receipts of older versions.
    """

    hour: int
    start_ms: int
    end_ms: int
    fetched_ms: int
    parts: int
    windows: list[int]
    requests: int
    rejected: dict[str, int] = field(default_factory=dict)
    configured: str = ""

    @property
    def points(self) -> PointSet:
        return point_set.decode(base64.b64decode(self.configured)) if self.configured else 0

    @property
    def samples(self) -> int:
        return sum(self.windows)


_FIELDS = {field.name for field in fields(StagedHour)}


class StagingArea:
    """Stores the parts of hours; an hour without its last part was not read to its end.

    Every part is also written to the caller's folder, so that no part is fetched twice.
    """

    def __init__(self, client: "S3Client", bucket: str, runtime: Runtime = SYSTEM) -> None:
        self._client = client
        self._bucket = bucket
        self._runtime = runtime

    def put_part(
        self, run: str, day: SiteDay, hour: int, number: int, samples: Samples, folder: Path
    ) -> None:
        """Stores one part (sorted) of an hour, except the last."""
        self._put(run, day, _part_name(hour, number), staged_hour.encode(samples), folder)

    def finish(self, run: str, day: SiteDay, hour: StagedHour, last: Samples, folder: Path) -> None:
        """Stores the last part of an hour, after all its other parts."""
        self._put(
            run, day, _last_part_name(hour.hour), staged_hour.encode(last, orjson.dumps(asdict(hour))), folder
        )

    def hours(self, run: str, day: SiteDay, folder: Path) -> dict[int, StagedHour]:
        """Returns the hours of the day that were read to their end; copies their last parts to the folder."""
        names = [key.rpartition("/")[2] for key in self._list(run, day)]
        lasts = [name for name in names if _is_last(name)]
        finished = [_receipt(staged_hour.receipt(file)) for file in self._copy(run, day, lasts, folder)]
        return {hour.hour: hour for hour in finished}

    def reopen(self, run: str, day: SiteDay, hour: int) -> None:
        """Deletes the last part of an hour, before its other parts are replaced one by one."""
        self._client.delete_object(Bucket=self._bucket, Key=keys.staged(run, day, _last_part_name(hour)))

    def fetch(
        self, run: str, day: SiteDay, hours: Iterable[StagedHour], folder: Path
    ) -> dict[int, list[Path]]:
        """Copies the parts of these hours to the folder and returns them by hour, oldest first."""
        names = {
            hour.hour: [*(_part_name(hour.hour, n) for n in range(hour.parts)), _last_part_name(hour.hour)]
            for hour in hours
        }
        missing = [name for parts in names.values() for name in parts if not (folder / name).exists()]
        self._copy(run, day, missing, folder)
        return {hour: [folder / name for name in parts] for hour, parts in names.items()}

    def clear(self, run: str, day: SiteDay | None = None) -> None:
        """Removes the staged hours of the day, or of the whole run."""
        s3.delete_keys(self._client, self._bucket, self._list(run, day))

    def _list(self, run: str, day: SiteDay | None) -> Iterator[str]:
        return s3.list_keys(
            self._client,
            self._bucket,
            keys.staged(run, day),
            subject=f"the staged hours of backfill {run}",
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
    """Returns the points of a StagedHour as its receipt has them."""
    return base64.b64encode(point_set.encode(points)).decode()


def _receipt(text: bytes) -> StagedHour:
    """Reads receipts of any version: missing fields are empty, and unknown fields are ignored."""
    row = orjson.loads(text)
    return StagedHour(**{key: row[key] for key in _FIELDS & row.keys()})


def _part_name(hour: int, number: int) -> str:
    return f"{hour:02d}-{number:03d}"


def _last_part_name(hour: int) -> str:
    return f"{hour:02d}"


def _is_last(name: str) -> bool:
    return "-" not in name
