"""A bulk read, of any number of points and days, and the rows that it returns."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vitals.model.row_counts import partial_days
from vitals.model.timespan import Span


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """The samples of a span of these points, or of every point where `names` is None; `ids` are the points'.

    `folder` is empty and the read's own, `answer` an unused name for the folder in which Athena leaves its
    files. `check` is called often, and ends the read by raising.
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
    """Record batches (record_batches.schema), each sample once, and the bytes that Athena scanned for them.

    The batches end with an error when other rows came than there must be.
    """

    batches: Iterator[Any]
    scanned_bytes: int = 0


class RowReader(Protocol):
    """Reads samples of any number of points and days, in one of the two ways."""

    def read(self, request: BulkRequest) -> BulkRows: ...
