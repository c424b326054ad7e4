"""Records of the ledger: windows of a day, the state of its archive, and the steps of archiving it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import Enum, auto
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, MINUTE_MS, WINDOW_MS, Span

ArchiveStatus = Literal["", "building", "verified", "done", "failed"]

# Twice as long as any function that writes may run (ArchivalFunction: 15 minutes).
WRITE_GRACE_MS = 30 * MINUTE_MS
# Queries that are running, and the next night's archiving, must still see a block that is overdue to expire.
EXPIRY_GRACE_MS = DAY_MS
# Clocks of functions differ by at most 2 minutes.
CLOCK_TOLERANCE_MS = 5 * MINUTE_MS
# 20 minutes: the slowest points are collected every 15 minutes.
_LONG_RUN = 4
ROLLUP_VERSION = 2
"""The version of the rollups that this release writes."""


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """The windows of whole days from `start_ms`: their numbers of samples, and whether they were polled."""

    start_ms: int
    counts: npt.NDArray[np.uint32]
    polled: npt.NDArray[np.bool_]

    def gaps(self, span: Span) -> list[Span]:
        """Returns the runs of windows of the span that were not polled or have too few samples.

        Too few is less than half of the median of the windows with samples. A run of polled windows with too
        few must be longer than the 15 minutes between the samples of the slowest points, or a site of such
        points would be all gaps.
        """
        first, last = ((edge - self.start_ms) // WINDOW_MS for edge in (span.start_ms, span.end_ms))
        counts, polled = self.counts[first:last], self.polled[first:last]
        nonempty = counts[counts > 0]
        usual = float(np.median(nonempty)) if len(nonempty) else 1.0
        missing = ~polled | (counts < usual / 2)
        edges = np.flatnonzero(np.diff(missing, prepend=False, append=False)).tolist()
        return [
            Span(span.start_ms + begin * WINDOW_MS, span.start_ms + end * WINDOW_MS)
            for begin, end in zip(edges[::2], edges[1::2], strict=True)
            if end - begin >= _LONG_RUN or not polled[begin:end].all()
        ]


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """The state of the archive of one site-day; times are UTC ms.

    `changed_ms`: when the latest write that changes the day began; it only grows. `began_ms`: when the
    archiving that made the day file began to read. `status`: "" (never tried), "building" (the file is about
    to be replaced), "verified" (the file was read back and is right), "done" (the rollups and the blocks'
    expiry follow it) or "failed". `etag` names the last verified file, also while later attempts run or fail.
    Until `expires_ms` readers take the day's samples from its blocks alone; a later change only brings it
    nearer. `attempt` is the id of the latest attempt. `replaces` is the ETag of the file that an attempt last
    announced to replace, "" for none; that attempt ends before `replaces_until_ms`. `rollups` is the version
    of the day's rollups. `quality` is the ETag of the day's quality file, "" for none, and `findings` its
    counts as JSON; `quality_error` says why a finished day has none. `digest_ms`: when its digest was sent.
    """

    day_ms: int
    changed_ms: int | None = None
    began_ms: int | None = None
    status: ArchiveStatus = ""
    attempts: int = 0
    rows: int = 0
    points: int = 0
    bytes: int = 0
    checksum: str = ""
    etag: str = ""
    version: str = ""
    source: str = ""
    windows: int = 0
    expires_ms: int | None = None
    seconds: float = 0.0
    error: str = ""
    attempt: str = ""
    replaces: str = ""
    replaces_until_ms: int | None = None
    # Records of releases that wrote version 1 have no version.
    rollups: int = 1
    quality: str = ""
    findings: str = ""
    quality_error: str = ""
    digest_ms: int | None = None

    @property
    def settled(self) -> bool:
        """Whether the day is archived, and nothing was written to it since."""
        if self.status != "done" or self.began_ms is None:
            return False
        return self.changed_ms is None or self.changed_ms < self.began_ms - WRITE_GRACE_MS

    def is_quiet(self, now_ms: int) -> bool:
        """Returns whether the blocks and rollups of the day were last written long before `now_ms`.

        Writers write for at most half of WRITE_GRACE_MS after their note, and rollups are written before an
        archiving ends. So an eventually consistent read has all of them, also where clocks differ.
        """
        archived_ms = (self.began_ms or 0) + math.ceil(self.seconds * 1000)
        return max(self.changed_ms or 0, archived_ms) < now_ms - WRITE_GRACE_MS

    @property
    def countable(self) -> bool:
        """Whether the day file, its rollups and this record are of the same archiving."""
        return self.status == "done" and bool(self.etag)

    @property
    def has_old_rollups(self) -> bool:
        """Whether the day is archived with rollups of an earlier version than this release writes."""
        return bool(self.etag) and self.rollups < ROLLUP_VERSION

    def same_archive(self, other: "ArchiveRecord | None") -> bool:
        """Returns whether the other record is of the same archiving, in the same state."""
        return other is not None and (self.status, self.etag, self.began_ms) == (
            other.status,
            other.etag,
            other.began_ms,
        )

    def has_blocks(self, now_ms: int) -> bool:
        """Returns whether the hot tier may hold samples of the day; readers prefer them to the file's."""
        if self.changed_ms is None:
            return False
        if not self.settled or self.began_ms is None or self.expires_ms is None:
            return True
        # Archiving leaves blocks one more day, however late it is; it marks them within WRITE_GRACE_MS.
        expired_ms = max(self.expires_ms, self.began_ms + EXPIRY_GRACE_MS + WRITE_GRACE_MS)
        # By the clock of another function they may live a little longer.
        return expired_ms + CLOCK_TOLERANCE_MS > now_ms

    def block_expiry_ms(self, hot_days: int, now_ms: int) -> int:
        """Returns the earliest expiry of the day's blocks: as recorded, or the end of the hot days.

        A recorded expiry does not change, because some of the blocks may have expired already.
        """
        if self.expires_ms is not None:
            return self.expires_ms
        return max(self.day_ms + DAY_MS + hot_days * DAY_MS, now_ms + EXPIRY_GRACE_MS)


class Precondition(Enum):
    """The condition for a change of an ArchiveRecord."""

    NONE = auto()
    LATEST = auto()
    """Its `attempt` is the change's: no other attempt has started since."""
    LATEST_AND_CURRENT = auto()
    """Also its `began_ms` is absent or at most the change's, and the change's `etag` is not a file that an
    attempt which may still run has announced to replace."""
    LATER_EXPIRY = auto()
    """Its `expires_ms` is absent, or later than the change's."""
    EARLIER_CHANGE = auto()
    """Its `changed_ms` is absent, or earlier than the change's."""


@dataclass(frozen=True, slots=True)
class ArchiveChange:
    """Fields of an ArchiveRecord to set when the precondition holds; other fields do not change.

    When it does not hold, an `optional` change is skipped, and any other is a conflict.
    """

    facts: Mapping[str, Any]
    precondition: Precondition = Precondition.NONE
    optional: bool = False

    def is_permitted(self, record: ArchiveRecord) -> bool:
        """Returns whether the precondition holds for the record."""
        match self.precondition:
            case Precondition.LATEST:
                return bool(record.attempt == self.facts["attempt"])
            case Precondition.LATEST_AND_CURRENT:
                return record.attempt == self.facts["attempt"] and self._is_current(record)
            case Precondition.LATER_EXPIRY:
                return record.expires_ms is None or bool(record.expires_ms > self.facts["expires_ms"])
            case Precondition.EARLIER_CHANGE:
                return record.changed_ms is None or bool(record.changed_ms < self.facts["changed_ms"])
            case _:
                return True

    def applied_to(self, record: ArchiveRecord) -> ArchiveRecord | None:
        """Returns the record after the change, or None when the precondition does not hold."""
        return replace(record, **self.facts) if self.is_permitted(record) else None

    def _is_current(self, record: ArchiveRecord) -> bool:
        began_ms = self.facts["began_ms"]
        if record.began_ms is not None and record.began_ms > began_ms:
            return False
        is_announced = record.replaces == self.facts["etag"] and record.replaces_until_ms is not None
        return not is_announced or bool((record.replaces_until_ms or 0) < began_ms)


def changed(now_ms: int) -> ArchiveChange:
    """Returns the change before a write at `now_ms`.

    `changed_ms` only grows: a writer whose clock is behind must not hide an earlier note, nor give the record
    a state that it had before.
    """
    return ArchiveChange({"changed_ms": now_ms}, Precondition.EARLIER_CHANGE)


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A day file as the ledger records it: `bytes` and `version` of the object, `windows` with samples."""

    rows: int
    points: int
    bytes: int
    checksum: str
    etag: str
    version: str
    windows: int


@dataclass(frozen=True, slots=True)
class ArchivedQuality:
    """The quality of a day as the ledger records it: fields of ArchiveRecord; all "" where there is none."""

    quality: str = ""
    findings: str = ""
    quality_error: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One archiving of a site-day; each of its steps is one or more changes of the record, in order.

    `started`, then `begin_read`, then `replacing` (only when the file changes), `verified` and `done`; or
    `failed`, at any time. From the start of an attempt on, an earlier one cannot change the status. Times
    are UTC ms. `id` is unique. The last three fields are set by `begin_read`.
    """

    site_day: SiteDay
    number: int
    started_ms: int
    id: str
    began_ms: int = field(default=0, kw_only=True)
    source: str = field(default="", kw_only=True)
    expires_ms: int = field(default=0, kw_only=True)

    @classmethod
    def after(cls, site_day: SiteDay, record: ArchiveRecord, started_ms: int, attempt_id: str) -> Self:
        """Returns the next attempt after those in the day's record."""
        return cls(site_day, record.attempts + 1, started_ms, attempt_id)

    def begin_read(self, record: ArchiveRecord, *, now_ms: int, source: str, expires_ms: int) -> Self:
        """Returns the attempt when it begins to read the day; `record` was read after `started`.

        `source` is the origin of the samples; the day's blocks do not expire before `expires_ms`. The attempt
        begins after the last verified one, by whose clock it may be earlier.
        """
        began_ms, last_ms = now_ms, record.began_ms
        if last_ms is not None and now_ms <= last_ms <= now_ms + CLOCK_TOLERANCE_MS:
            began_ms = last_ms + 1
        return replace(self, began_ms=began_ms, source=source, expires_ms=expires_ms)

    def started(self) -> tuple[ArchiveChange, ...]:
        """Returns the changes before anything else: the attempt is counted, and is the latest."""
        return (ArchiveChange({"attempts": self.number, "attempt": self.id}),)

    def replacing(self, etag: str, now_ms: int) -> tuple[ArchiveChange, ...]:
        """Returns the changes before another file replaces the one with this ETag, "" for none.

        A day must not be settled while its rollups are those of another file.
        """
        facts = {
            "status": "building",
            "attempt": self.id,
            "replaces": etag,
            "replaces_until_ms": now_ms + WRITE_GRACE_MS,
        }
        return (ArchiveChange(facts, Precondition.LATEST), self._expiring())

    def verified(self, file: ArchivedFile) -> tuple[ArchiveChange, ...]:
        """Returns the changes after the file was read back; a conflict unless it remains the day's file.

        The expiry comes before the status and is never extended: a day that is read from its file alone must
        remain so.
        """
        facts = {"status": "verified", "attempt": self.id, "began_ms": self.began_ms, **asdict(file)}
        return (self._expiring(), ArchiveChange(facts, Precondition.LATEST_AND_CURRENT))

    def done(self, ended_ms: int, quality: ArchivedQuality = ArchivedQuality()) -> tuple[ArchiveChange, ...]:
        """Returns the changes at the end; a day is never done with the quality of another archiving."""
        facts = {
            "attempt": self.id,
            "status": "done",
            "source": self.source,
            "seconds": (ended_ms - self.started_ms) / 1000,
            "error": "",
            "rollups": ROLLUP_VERSION,
            **asdict(quality),
        }
        return (ArchiveChange(facts, Precondition.LATEST),)

    def failed(self, error: Exception) -> tuple[ArchiveChange, ...]:
        """Returns the changes after an error: the day stays due, and the record names its last file.

        They are not made when a later attempt has started, because the record is of that one.
        """
        facts = {"status": "failed", "attempt": self.id, "error": f"{type(error).__name__}: {error}"}
        return (ArchiveChange(facts, Precondition.LATEST, optional=True),)

    def blocks_expire_ms(self, now_ms: int) -> int:
        """Returns the expiry of blocks of the day that are marked now."""
        return max(self.expires_ms, now_ms + EXPIRY_GRACE_MS)

    def _expiring(self) -> ArchiveChange:
        return ArchiveChange({"expires_ms": self.expires_ms}, Precondition.LATER_EXPIRY, optional=True)
