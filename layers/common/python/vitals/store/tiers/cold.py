"""The cold tier: day files in S3, each read as one version of it or not at all."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from vitals.aws import s3
from vitals.aws.cost import Cost
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.codec import day_file_reader
from vitals.codec.day_file import SCHEMA_VERSION, Contents, Group
from vitals.codec.day_file_reader import Footer, RowGroup
from vitals.errors import (
    ConflictError,
    DayFileMissingError,
    DayFileTooLargeError,
    DayFileTruncatedError,
)
from vitals.model.samples import Samples, concat, merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, Span
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WORKERS = 16
_MAX_LISTINGS = 100
_CHANGED_MEANWHILE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
# A day is overwritten when something arrives late, which is not twice within one read.
_READ_ATTEMPTS = 4
# botocore repeats requests, but not a body that breaks off.
_BODY_ATTEMPTS = 3
# About what S3 sends over one connection in 0.1 s; neighbouring row groups up to here are one request.
_MOST_BYTES_A_REQUEST = 8 * 2**20
# Each holds about 0.1 MB.
_MOST_FOOTERS = 64
# 20 times a day of 4,583 points with a sample a minute.
DEFAULT_MAX_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a day's object; `version_id` is empty in a bucket without versioning."""

    etag: str
    version_id: str
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A version of a file with its footer; `whole` holds all of it when it is small, or else nothing."""

    stored: Stored
    footer: Footer
    whole: bytes


class _OverwrittenError(Exception):
    """The object is no longer the version that was opened."""


class ColdTier:
    """Writes and reads the day files of any site in one bucket."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        runtime: Runtime = SYSTEM,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._max_bytes = max_bytes
        self._pool = runtime.pool(_WORKERS, "cold")
        self._known: dict[str, _Opened] = {}

    def put(
        self, day: SiteDay, file: Path | bytes, contents: Contents, replaces: Stored | None = None
    ) -> Stored:
        """Stores a built file as the day's, in place of the version that it was built from, or of none.

        ConflictError when the day's file is another by now.
        """
        request: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": keys.day_file(day),
            "ContentType": "application/vnd.apache.parquet",
            "Metadata": {
                "schema-version": SCHEMA_VERSION,
                "rows": str(contents.rows),
                "checksum": contents.checksum,
            },
        }
        request |= {"IfMatch": replaces.etag} if replaces else {"IfNoneMatch": "*"}
        try:
            if isinstance(file, bytes):
                answer, size = self._client.put_object(Body=file, **request), len(file)
            else:
                with file.open("rb") as body:
                    answer, size = self._client.put_object(Body=body, **request), file.stat().st_size
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _CHANGED_MEANWHILE:
                raise ConflictError(f"the file of {day} was written by another process") from None
            raise
        return Stored(answer["ETag"], answer.get("VersionId", ""), size)

    def present(self, site: str, span: Span) -> set[int]:
        """Returns the starts of the days that the span touches and that have a file; 1,000 days a request."""
        first_ms = span.start_ms - span.start_ms % DAY_MS
        days = [SiteDay(site, day_ms) for day_ms in range(first_ms, span.end_ms, DAY_MS)]
        if not days:
            return set()
        starts = {day.date: day.day_ms for day in days}
        listed = s3.list_keys(
            self._client,
            self._bucket,
            keys.day_files(site),
            # The day's folder sorts before its file.
            start_after=keys.day_file(days[0]).rpartition("/")[0],
            max_requests=_MAX_LISTINGS,
        )
        dates = itertools.takewhile(lambda date: date <= days[-1].date, map(keys.date_of_file, listed))
        return {starts[date] for date in dates if date in starts}

    def discard(self, day: SiteDay, stored: Stored) -> None:
        """Takes back a version that was put, so that the one before it is the day's file again."""
        version: Any = {"VersionId": stored.version_id} if stored.version_id else {}
        self._client.delete_object(Bucket=self._bucket, Key=keys.day_file(day), **version)

    def describe(self, day: SiteDay, cost: Cost | None = None) -> tuple[Stored, Contents]:
        """The day's object as it is now, and what it says of itself."""
        day_object = self._object(day, cost)
        opened = _one_version(day_object, lambda: self._open(day_object))
        return opened.stored, opened.footer.contents

    def read(self, day: SiteDay, names: Sequence[str], span: Span, cost: Cost | None = None) -> Samples:
        """The day's samples of these points in the span; ids are places in `names`, sorted by id, then time.

        All of them are of one version: a file that is overwritten meanwhile is read again from its start.
        """
        ids = {name: place for place, name in enumerate(names)}
        day_object = self._object(day, cost)
        return _one_version(day_object, lambda: self._pick(day_object, ids, span))

    def groups(self, day: SiteDay, stored: Stored | None = None, cost: Cost | None = None) -> Iterator[Group]:
        """Every row group of the day in order, a few megabytes of the file in memory at a time.

        Of exactly the version `stored` if one is given; ConflictError when it is overwritten meanwhile.
        """
        day_object = self._object(day, cost)
        try:
            opened = self._open(day_object, stored)
            for run in day_file_reader.runs(opened.footer.row_groups, _MOST_BYTES_A_REQUEST):
                yield from _decoded(day_object, opened, run)
        except _OverwrittenError:
            raise ConflictError(f"{day_object} was overwritten while it was read") from None

    def _object(self, day: SiteDay, cost: Cost | None) -> "_DayObject":
        return _DayObject(self._client, self._bucket, day, cost or Cost())

    def _pick(self, day_object: "_DayObject", ids: Mapping[str, int], span: Span) -> Samples:
        opened = self._open_or_known(day_object, ids)

        def picked(run: list[RowGroup]) -> Samples:
            return concat(
                day_file_reader.select(group, ids, span) for group in _decoded(day_object, opened, run)
            )

        try:
            runs = list(day_file_reader.runs(opened.footer.row_groups_of(ids), _MOST_BYTES_A_REQUEST))
            # One run is the common case, and its caller reads other days at the same time.
            return merge([picked(run) for run in runs] if len(runs) == 1 else self._pool.map(picked, runs))
        except _OverwrittenError:
            self._known.pop(day_object.key, None)
            raise

    def _open_or_known(self, day_object: "_DayObject", ids: Mapping[str, int]) -> _Opened:
        """What is known of the file, if reading on will show that it still holds, or else the file anew."""
        known = self._known.get(day_object.key)
        if known and not known.whole and known.footer.row_groups_of(ids):
            return known
        return self._open(day_object)

    def _open(self, day_object: "_DayObject", stored: Stored | None = None) -> _Opened:
        found, tail = day_object.tail(stored)
        if found.size > self._max_bytes:
            raise DayFileTooLargeError(
                f"{day_object} has {found.size} bytes; at most {self._max_bytes} are read"
            )
        footer = day_file_reader.read_footer(
            tail, found.size, partial(day_object.range, found), day_object.day.site, day_object.day.date
        )
        opened = _Opened(found, footer, tail if len(tail) == found.size else b"")
        self._known.pop(day_object.key, None)
        self._known[day_object.key] = opened
        while len(self._known) > _MOST_FOOTERS:
            self._known.pop(next(iter(self._known)), None)
        return opened


@dataclass(frozen=True, slots=True)
class _DayObject:
    """The object of one site-day, asked on one account."""

    client: "S3Client"
    bucket: str
    day: SiteDay
    cost: Cost

    @property
    def key(self) -> str:
        return keys.day_file(self.day)

    def __str__(self) -> str:
        return f"the file of {self.day}"

    def tail(self, stored: Stored | None) -> tuple[Stored, bytes]:
        """The end of the object, of this version if one is given, and which version it is."""
        answer, body = self._get(f"bytes=-{day_file_reader.TAIL_BYTES}", stored)
        # "bytes 0-1023/4096"; absent where a server gives a small object whole.
        size = answer.get("ContentRange", f"/{len(body)}").partition("/")[2]
        return Stored(answer["ETag"], answer.get("VersionId", ""), int(size)), body

    def range(self, stored: Stored, start: int, end: int) -> bytes:
        """The bytes of this version from `start` to `end`."""
        _, body = self._get(f"bytes={start}-{end - 1}", stored)
        if len(body) != end - start:
            raise DayFileTruncatedError(f"{self} ends before byte {end}")
        return body

    def _get(self, span: str, stored: Stored | None) -> tuple[Any, bytes]:
        request: dict[str, Any] = {"Bucket": self.bucket, "Key": self.key, "Range": span}
        if stored:
            request["IfMatch"] = stored.etag
        for _ in range(_BODY_ATTEMPTS):
            try:
                answer = self.client.get_object(**request)
                body = answer["Body"].read()
            except ClientError as error:
                self.cost.add_get(0)
                raise self._named(error) from error
            except (HTTPClientError, IncompleteReadError) as error:
                self.cost.add_get(0)
                broken = error
            else:
                self.cost.add_get(len(body))
                return answer, body
        raise broken

    def _named(self, error: ClientError) -> Exception:
        """What S3's refusal means here, or the refusal itself."""
        match error.response.get("Error", {}).get("Code"):
            case "NoSuchKey":
                return DayFileMissingError(f"{self} does not exist")
            case "PreconditionFailed":
                return _OverwrittenError()
            case "InvalidRange":
                # Not even the last byte lies in an empty object.
                return DayFileTruncatedError(f"{self} is empty, or shorter than its footer says")
        return error


def _decoded(day_object: _DayObject, opened: _Opened, run: list[RowGroup]) -> Iterator[Group]:
    start, end = run[0].start, run[-1].end
    data = opened.whole[start:end] or day_object.range(opened.stored, start, end)
    for group in run:
        yield day_file_reader.decode(opened.footer, group, data[group.start - start : group.end - start])


def _one_version[T](day_object: _DayObject, read: Callable[[], T]) -> T:
    for _ in range(_READ_ATTEMPTS):
        try:
            return read()
        except _OverwrittenError:
            continue
    raise ConflictError(f"{day_object} was overwritten during each of {_READ_ATTEMPTS} reads")
