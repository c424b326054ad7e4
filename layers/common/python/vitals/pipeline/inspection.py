"""Judges the quality of a day while it is built; an error in it does not fail the archiving of samples."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vitals import observability
from vitals.codec import quality_file
from vitals.codec.quality_file import QualityHead
from vitals.model.points import Point
from vitals.model.quality.day import DayQualityBuilder
from vitals.model.quality.findings import DayQuality
from vitals.model.samples import Samples

_MAX_ERROR = 300


@dataclass(frozen=True, slots=True)
class InspectedDay:
    """The quality file of a day and its counts by finding as JSON; or a file without rows and the error."""

    data: bytes
    counts: str = ""
    error: str = ""


@dataclass(slots=True)
class DayInspection:
    """The inspection of one day."""

    builder: DayQualityBuilder
    _error: str = field(default="", init=False)

    def add(self, points: Sequence[Point], samples: Samples) -> None:
        """Adds points with their samples, as DayQualityBuilder does; the first error ends the inspection."""
        self._guarded(lambda: self.builder.add(points, samples))

    def finish(self, rejected: Mapping[int, Iterable[int]], head: QualityHead) -> InspectedDay:
        """Returns the quality file of the day; one without rows, and the error, if an error ended it.

        `rejected` is that of DayQualityBuilder. Without the empty file, that of other samples would remain.
        """
        day = self._guarded(lambda: self._file(rejected, head))
        if day is not None:
            return day
        return InspectedDay(quality_file.encode(DayQuality(self.builder.day, [], []), head), "", self._error)

    def _file(self, rejected: Mapping[int, Iterable[int]], head: QualityHead) -> InspectedDay:
        quality = self.builder.finish(rejected)
        data = quality_file.encode(quality, head)
        return InspectedDay(data, json.dumps(quality.counts(), separators=(",", ":")))

    def _guarded[T](self, step: Callable[[], T]) -> T | None:
        if self._error:
            return None
        try:
            return step()
        except Exception as error:
            day = self.builder.day
            observability.logger().exception("data quality failed", site=day.site, date=day.date)
            self._error = f"{type(error).__name__}: {error}"[:_MAX_ERROR]
            return None
