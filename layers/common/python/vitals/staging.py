"""The staging area in S3: the hours that a backfill has read of a day, until the day is stored."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from vitals import keys, staged
from vitals.errors import ConflictError
from vitals.samples import Samples

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WORKERS = 8
# 1,000 names each: 200 parts for every hour of two years' days.
_MAX_LISTINGS = 4_000
_RECEIPT = ".json"


@dataclass(frozen=True, slots=True)
class StagedHour:
    """What was read of one hour, cut at the present: when that began, samples per window, at what cost."""

    hour: int
    start_ms: int
    end_ms: int
    fetched_ms: int
    parts: int
    windows: list[int]
    requests: int
    rejected: dict[str, int] = field(default_factory=dict)

    @property
    def samples(self) -> int:
        return sum(self.windows)


class StagingArea:
    """Parts and receipts of hours; an hour without a receipt was not read to its end."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put_part(self, run: str, day: str, hour: int, number: int, samples: Samples) -> None:
        """Stores one part (sorted) of an hour."""
        self._put(keys.staged(run, day, _part(hour, number)), staged.encode(samples))

    def finish(self, run: str, day: str, hour: StagedHour) -> None:
        """Stores the receipt of an hour whose parts are all there."""
        self._put(keys.staged(run, day, f"{hour.hour:02d}{_RECEIPT}"), orjson.dumps(asdict(hour)))

    def hours(self, run: str, day: str) -> dict[int, StagedHour]:
        """The hours of the day that were read to their end."""
        receipts = [name for name in self._names(keys.staged(run, day)) if name.endswith(_RECEIPT)]
        with ThreadPoolExecutor(_WORKERS) as pool:
            found = [StagedHour(**orjson.loads(body)) for body in pool.map(self._get, receipts)]
        return {hour.hour: hour for hour in found}

    def fetch(self, run: str, day: str, hours: Iterable[StagedHour], folder: Path) -> dict[int, list[Path]]:
        """Copies the parts of these hours into the folder; by hour, oldest first."""

        def copy(name: str) -> Path:
            file = folder / name
            file.write_bytes(self._get(keys.staged(run, day, name)))
            return file

        with ThreadPoolExecutor(_WORKERS) as pool:
            return {
                hour.hour: list(pool.map(copy, [_part(hour.hour, n) for n in range(hour.parts)]))
                for hour in hours
            }

    def clear(self, run: str, day: str = "") -> None:
        """Removes what is staged of the day, or of the whole run."""
        for name in self._names(keys.staged(run, day)):
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def _names(self, prefix: str) -> Iterator[str]:
        request: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix}
        for _ in range(_MAX_LISTINGS):
            page = self._client.list_objects_v2(**request)
            yield from (item["Key"] for item in page.get("Contents", []))
            if not page["IsTruncated"]:
                return
            request["ContinuationToken"] = page["NextContinuationToken"]
        raise ConflictError(f"what is staged did not end within {_MAX_LISTINGS} listings")

    def _put(self, name: str, body: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=name, Body=body)

    def _get(self, name: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        return body


def _part(hour: int, number: int) -> str:
    return f"{hour:02d}-{number:03d}"
