"""A bulk read, of any number of points and days, and the rows that it returns."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vitals.model.row_counts import partial_days
from vitals.model.timespan import Span


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """The samples in a span of these points, or of every point where `names` is None; `ids` are their ids.

    `folder` is an empty folder for this read, `answer` an unused name for the folder of Athena's files.
    `check` is called often; its errors end the read.
    """

    site: str
    span: Span
    names: Sequence[str] | None
    ids: Sequence[int]
    folder: Path
    answer: str
    timeout_s: float
    check: Callable[[], None]

    @property
    def whole_days(self) -> bool:
        return not partial_days(self.span)


@dataclass(frozen=True, slots=True)
class BulkRows:
    """Record batches (record_batches.schema) without repeated samples, and the bytes that Athena scanned.

    The batches end with an error when the number of rows is wrong.
    """

    batches: Iterator[Any]
    scanned_bytes: int = 0


class RowReader(Protocol):
    """Reads samples of any number of points and days: ArchiveRows or DayRows."""

    def read(self, request: BulkRequest) -> BulkRows: ...
