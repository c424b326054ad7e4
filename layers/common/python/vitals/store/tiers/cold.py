"""The cold tier: day files in S3, each read as one version.

A read needs the footer of its file. It comes from a copy (footers.py) where there is one of that version.
"""

import contextlib
import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from vitals.aws import s3
from vitals.aws.cost import Cost
from vitals.aws.runtime import SYSTEM, Runtime, results
from vitals.codec import day_file_reader
from vitals.codec.day_file import SCHEMA_VERSION, Contents, Group
from vitals.codec.day_file_reader import Footer, RowGroup
from vitals.errors import (
    ConflictError,
    DayFileError,
    DayFileTooLargeError,
)
from vitals.model.samples import Samples, concat, merge
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, Span
from vitals.store import keys
from vitals.store.tiers.day_object import DayObject, OverwrittenError, Stored, one_version
from vitals.store.tiers.footers import FooterTable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WORKERS = 16
_MAX_LISTINGS = 100
_CHANGED_MEANWHILE = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
# S3 sends about this much over one connection in 0.1 s; neighbouring row groups up to this are one request.
_MAX_REQUEST_BYTES = 8 * 2**20
# About what one of a query's eight threads receives in the time of a request.
_MAX_GAP_BYTES = 256 * 2**10
# Each has about 0.1 MB.
_MAX_FOOTERS = 64
# 20 times a day of 4,583 points with a sample a minute.
DEFAULT_MAX_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A version of a file with its footer; `whole` has all bytes of a small file, else none."""

    stored: Stored
    footer: Footer
    whole: bytes


class ColdTier:
    """Writes and reads the day files of any site in one bucket."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        runtime: Runtime = SYSTEM,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        footers: FooterTable | None = None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._max_bytes = max_bytes
        self._new_id = runtime.new_id
        self._pool = runtime.pool(_WORKERS, "cold")
        self._copies = footers
        self._footers: dict[str, _Opened] = {}
        self._lock = threading.Lock()
        # Threads that decode at once compete for the interpreter; each waits for S3 on its own.
        self._decoding = threading.Lock()

    def put(
        self, day: SiteDay, file: Path | bytes, contents: Contents, replaces: Stored | None = None
    ) -> Stored:
        """Stores a built file as the day's file. It replaces the version that it was built from, if any.

        ConflictError when the day's file has changed meanwhile. botocore repeats a put whose answer was lost,
        and S3 refuses the repeat, so each put has an id, by which it recognises its own effect.
        """
        put_id = self._new_id()
        request: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": keys.day_file(day),
            "ContentType": "application/vnd.apache.parquet",
            "Metadata": {
                "schema-version": SCHEMA_VERSION,
                "rows": str(contents.rows),
                "checksum": contents.checksum,
                "put": put_id,
            },
        }
        request |= {"IfMatch": replaces.etag} if replaces else {"IfNoneMatch": "*"}
        try:
            if isinstance(file, bytes):
                response, size = self._client.put_object(Body=file, **request), len(file)
            else:
                with file.open("rb") as body:
                    response, size = self._client.put_object(Body=body, **request), file.stat().st_size
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _CHANGED_MEANWHILE:
                raise
            own = self._stored_by(day, put_id)
            if own is None:
                raise ConflictError(f"the file of {day} was written by another process") from None
            return own
        return Stored(response["ETag"], response.get("VersionId", ""), size)

    def _stored_by(self, day: SiteDay, put_id: str) -> Stored | None:
        """Returns the current version of the day's file if this put stored it."""
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=keys.day_file(day))
        except ClientError as error:
            # The answer to HEAD has no body, and so no other code.
            if error.response.get("Error", {}).get("Code") == "404":
                return None
            raise
        if head["Metadata"].get("put") != put_id:
            return None
        return Stored(head["ETag"], head.get("VersionId", ""), head["ContentLength"])

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
            subject=f"the day files of {site}",
            # The day's folder sorts before its file.
            start_after=keys.day_file(days[0]).rpartition("/")[0],
            max_requests=_MAX_LISTINGS,
        )
        dates = itertools.takewhile(lambda date: date <= days[-1].date, map(keys.date_of_file, listed))
        return {starts[date] for date in dates if date in starts}

    def discard(self, day: SiteDay, stored: Stored) -> None:
        """Deletes a version that was put, so that the previous version is the day's file again."""
        version: Any = {"VersionId": stored.version_id} if stored.version_id else {}
        self._client.delete_object(Bucket=self._bucket, Key=keys.day_file(day), **version)

    def describe(self, day: SiteDay, cost: Cost | None = None) -> tuple[Stored, Contents]:
        """Returns the current version of the day's file and its contents."""
        day_object = self._object(day, cost)
        opened = one_version(day_object, lambda: self._open(day_object))
        return opened.stored, opened.footer.contents

    def copy_footer(self, day: SiteDay, stored: Stored, began_ms: int) -> None:
        """Copies the footer of this version, which was verified by the archiving that began at this time."""
        if self._copies is None:
            return
        day_object = self._object(day, None)
        cached = self._footers.get(day_object.key)
        opened = cached if cached and cached.stored == stored else self._open(day_object, stored)
        self._copies.write(day, stored, day_file_reader.footer_bytes(opened.footer), began_ms)

    def load_footers(self, site: str, days: Sequence[int], cost: Cost) -> None:
        """Reads the copies of the footers of these days (starts, in order) that are not cached.

        Of more days than the cache has room for, the first ones.
        """
        missing = [day_ms for day_ms in days if keys.day_file(SiteDay(site, day_ms)) not in self._footers]
        missing = missing[:_MAX_FOOTERS]
        if self._copies is None or not missing:
            return
        copies = self._copies.read(site, Span(missing[0], missing[-1] + DAY_MS), cost)
        for day_ms in missing:
            if day_ms in copies:
                self._cache_copy(SiteDay(site, day_ms), *copies[day_ms])

    def _cache_copy(self, day: SiteDay, stored: Stored, copy: bytes) -> None:
        """Caches the copy of a footer; a copy that is damaged is as none."""
        with contextlib.suppress(DayFileError):
            footer = day_file_reader.parse_footer(copy, stored.size, day.site, day.date)
            self._cache(day, _Opened(stored, footer, b""))

    def read(self, day: SiteDay, names: Sequence[str], span: Span, cost: Cost | None = None) -> Samples:
        """Returns the samples of these points in the span, by id, then time; ids are indexes of `names`.

        All samples are of one version: a file that is overwritten meanwhile is read again from its start.
        """
        ids = {name: index for index, name in enumerate(names)}
        day_object = self._object(day, cost)
        return one_version(day_object, lambda: self._read(day_object, ids, span))

    def groups(self, day: SiteDay, stored: Stored | None = None, cost: Cost | None = None) -> Iterator[Group]:
        """Yields every row group of the day in order, a few megabytes of the file in memory at a time.

        If `stored` is passed, only that version is read; ConflictError when it is overwritten meanwhile.
        """
        day_object = self._object(day, cost)
        try:
            opened = self._open(day_object, stored)
            for run in day_file_reader.runs(opened.footer.row_groups, _MAX_REQUEST_BYTES):
                yield from _decoded(opened, run, _data(day_object, opened, run))
        except OverwrittenError:
            raise ConflictError(f"{day_object} was overwritten while it was read") from None

    def names(self, day: SiteDay, cost: Cost | None = None) -> set[str]:
        """Returns the names of the day's points, all of one version.

        Reads the footer and, by a request for each row group, the names in it, but no samples.
        """
        day_object = self._object(day, cost)

        def read() -> set[str]:
            opened = self._open(day_object)
            names = self._pool.map(partial(_names, day_object, opened), opened.footer.row_groups)
            return set(itertools.chain.from_iterable(names))

        return one_version(day_object, read)

    def _object(self, day: SiteDay, cost: Cost | None) -> DayObject:
        return DayObject(self._client, self._bucket, day, cost or Cost())

    def _read(self, day_object: DayObject, ids: Mapping[str, int], span: Span) -> Samples:
        cached = self._footers.get(day_object.key)
        if cached and not cached.whole:
            try:
                # Without a row group to read, nothing would show that the footer is still the file's.
                if row_groups := cached.footer.row_groups_of(ids):
                    return self._selected(day_object, cached, row_groups, ids, span)
            except (OverwrittenError, DayFileError):
                # The file was replaced, or the copy of its footer is damaged: its own footer shows which.
                with self._lock:
                    self._footers.pop(day_object.key, None)
        opened = self._open(day_object)
        return self._selected(day_object, opened, opened.footer.row_groups_of(ids), ids, span)

    def _selected(
        self,
        day_object: DayObject,
        opened: _Opened,
        row_groups: list[RowGroup],
        ids: Mapping[str, int],
        span: Span,
    ) -> Samples:
        """Returns the samples of these points in the span, from these row groups."""

        def read(run: list[RowGroup]) -> Samples:
            data = _data(day_object, opened, run)
            with self._decoding:
                return concat(
                    day_file_reader.select(group, ids, span) for group in _decoded(opened, run, data)
                )

        runs = list(day_file_reader.runs(row_groups, _MAX_REQUEST_BYTES, _MAX_GAP_BYTES))
        return merge(results(self._pool, read, runs))

    def _open(self, day_object: DayObject, stored: Stored | None = None) -> _Opened:
        """Reads the footer of the file, of this version if one is passed, and caches it."""
        version, tail = day_object.tail(stored)
        if version.size > self._max_bytes:
            raise DayFileTooLargeError(
                f"{day_object} has {version.size} bytes; at most {self._max_bytes} are read"
            )
        day, read = day_object.day, partial(day_object.range, version)
        footer = day_file_reader.read_footer(tail, version.size, read, day.site, day.date)
        return self._cache(day, _Opened(version, footer, tail if len(tail) == version.size else b""))

    def _cache(self, day: SiteDay, opened: _Opened) -> _Opened:
        key = keys.day_file(day)
        with self._lock:
            self._footers.pop(key, None)
            self._footers[key] = opened
            while len(self._footers) > _MAX_FOOTERS:
                del self._footers[next(iter(self._footers))]
        return opened


def _data(day_object: DayObject, opened: _Opened, run: list[RowGroup]) -> bytes:
    """Returns the bytes of a run of row groups, and those between them."""
    start, end = run[0].start, run[-1].end
    return opened.whole[start:end] or day_object.range(opened.stored, start, end)


def _decoded(opened: _Opened, run: list[RowGroup], data: bytes) -> Iterator[Group]:
    start = run[0].start
    for group in run:
        yield day_file_reader.decode(opened.footer, group, data[group.start - start : group.end - start])


def _names(day_object: DayObject, opened: _Opened, group: RowGroup) -> list[str]:
    start, end = day_file_reader.names_range(opened.footer, group)
    data = opened.whole[start:end] or day_object.range(opened.stored, start, end)
    return day_file_reader.decode_names(opened.footer, group, data)
