"""Records of the ledger: which windows of a site-day were polled, and the state of its archive."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vitals.model.timespan import (
    DAY_MS,
    MINUTE_MS,
    WINDOW_MS,
    Span,
)

if TYPE_CHECKING:
    pass

# Twice as long as any function that writes may run (ArchivalFunction: 15 minutes).
WRITE_GRACE_MS = 30 * MINUTE_MS
# Queries under way, and the next night's archiving, still find a block that was due to expire long ago.
EXPIRY_GRACE_MS = DAY_MS
# 20 minutes: points are collected every 15 at the slowest.
_LONG_RUN = 4


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Windows of a span of whole days from `start_ms`: samples in each, and whether it was polled."""

    start_ms: int
    counts: npt.NDArray[np.uint32]
    polled: npt.NDArray[np.bool_]

    def gaps(self, span: Span) -> list[Span]:
        """Runs of windows that were not polled, and longer ones that hold less than half of the usual.

        A run must outlast the slowest points' 15 minutes, or a site of such points would be all gaps.
        """
        first, last = ((edge - self.start_ms) // WINDOW_MS for edge in (span.start_ms, span.end_ms))
        counts, polled = self.counts[first:last], self.polled[first:last]
        full = counts[counts > 0]
        usual = float(np.median(full)) if len(full) else 1.0
        missing = ~polled | (counts < usual / 2)
        edges = np.flatnonzero(np.diff(missing, prepend=False, append=False)).tolist()
        return [
            Span(span.start_ms + a * WINDOW_MS, span.start_ms + b * WINDOW_MS)
            for a, b in zip(edges[::2], edges[1::2], strict=True)
            if b - a >= _LONG_RUN or not polled[a:b].all()
        ]


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """What is known of the archive of one site-day.

    `changed_ms`: when a write that changes the day last began. `began_ms`: when the archiving that made the
    file began to read. `status`: "" (never tried), "building" (the file is about to be replaced), "verified"
    (the file is read back and right), "done" (rollups and expiry follow it) or "failed"; `etag` names the
    last verified file, whatever became of later attempts. Until `expires_ms` readers take the day's blocks
    alone; once said it only ever comes nearer.
    """

    day_ms: int
    changed_ms: int | None = None
    began_ms: int | None = None
    status: str = ""
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

    @property
    def settled(self) -> bool:
        """Whether the archive holds all that was ever written to the day, and everything follows it."""
        if self.status != "done" or self.began_ms is None:
            return False
        return self.changed_ms is None or self.changed_ms < self.began_ms - WRITE_GRACE_MS

    @property
    def countable(self) -> bool:
        """Whether the day's file, its rollups and this record speak of the same archiving."""
        return self.status == "done" and bool(self.etag)

    def same_archive(self, other: "ArchiveRecord | None") -> bool:
        """Whether the other record speaks of the same archiving."""
        return other is not None and (self.status, self.etag, self.began_ms) == (
            other.status,
            other.etag,
            other.began_ms,
        )

    def has_blocks(self, now_ms: int) -> bool:
        """Whether the hot tier may hold samples of the day, which readers prefer to those of its file."""
        if self.changed_ms is None:
            return False
        if not self.settled or self.began_ms is None or self.expires_ms is None:
            return True
        # Archiving leaves blocks a day more, however late it is; it marked them within WRITE_GRACE_MS.
        return max(self.expires_ms, self.began_ms + EXPIRY_GRACE_MS + WRITE_GRACE_MS) > now_ms
