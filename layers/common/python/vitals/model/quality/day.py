"""The quality of a day, from its samples group by group.

Of every point remain the few times that its findings may have: whether a site is out, and so whether a point
is stuck or silent by itself, is known only when all points were read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vitals.model import kinds
from vitals.model.measures.cells import HELD_INTERVALS, SLOWEST_INTERVAL_S
from vitals.model.points import Point
from vitals.model.quality import jumps, limits, silence, stuck
from vitals.model.quality.findings import DayQuality, Finding, FindingName, Outage, PointQuality
from vitals.model.quality.outages import outages, time_in
from vitals.model.quality.silence import Spans
from vitals.model.samples import Samples, Times, Values
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, WINDOWS_PER_DAY, Span

_WITHOUT_LIMITS: frozenset[kinds.Kind] = frozenset({"binary", "multistate"})
_JUMPING: kinds.Kind = "analog"
# Samples of which the usual step says little.
_FEW = 3


@dataclass(frozen=True, slots=True)
class _Measured:
    """A point with what remains of its day: the quality so far, and what outages decide about."""

    quality: PointQuality
    id: int
    is_actuator: bool
    last_ms: int | None
    """The time of its last sample."""
    silences: Spans | None
    """None of a point that cannot be silent: one that is not active, or is collected too rarely."""
    runs: Sequence[stuck.Run]

    def with_rejected(self, hours: Sequence[int]) -> "_Measured":
        """Returns the point that is not silent in these hours, in which readings of it were rejected."""
        if not hours or self.silences is None:
            return self
        limit_ms = silence.limit_ms(self.quality.interval_s)
        return replace(
            self,
            last_ms=max(self.last_ms or 0, hours[-1] + HOUR_MS),
            silences=silence.without_hours(self.silences, hours, limit_ms),
        )


@dataclass(frozen=True, slots=True)
class DayQualityBuilder:
    """Computes the quality of a day whose samples are added in groups of points, in the order of names.

    Samples are expected until `until_ms` at most (UTC ms).
    """

    day: SiteDay
    until_ms: int
    _measured: list[_Measured] = field(default_factory=list)

    @property
    def _span(self) -> Span:
        return Span(self.day.day_ms, max(self.day.day_ms, min(self.day.span.end_ms, self.until_ms)))

    def add(self, points: Sequence[Point], samples: Samples) -> None:
        """Adds points with all of their samples of the day, sorted; ids are indexes of `points`."""
        edges = np.searchsorted(samples.ids, np.arange(len(points) + 1)).tolist()
        for point, begin, end in zip(points, edges[:-1], edges[1:], strict=True):
            if point.active or begin < end:
                times, values = samples.times[begin:end], samples.values[begin:end]
                self._measured.append(self._measure(point, times, values))

    def finish(self, rejected: Mapping[int, Iterable[int]]) -> DayQuality:
        """Returns the quality of the day, whose points were all added.

        `rejected` are the starts of hours (UTC ms) in which readings were rejected for their values, by point
        id.
        """
        measured = [point.with_rejected(sorted(rejected.get(point.id, ()))) for point in self._measured]
        silences = [point.silences for point in measured if point.silences is not None]
        of_site = outages(silences, len(silences))
        points = [
            replace(
                point.quality,
                findings=dict(self._findings(point, of_site, sorted(rejected.get(point.id, ())))),
            )
            for point in measured
        ]
        return DayQuality(self.day, of_site, points)

    def _measure(self, point: Point, times: Times, values: Values) -> _Measured:
        listed, kind, interval_s = point.listed, point.kind, _interval_s(point, times)
        limit_ms = silence.limit_ms(interval_s)
        can_be_silent = point.active and not point.is_weather and limit_ms <= DAY_MS
        bounds = None if kind in _WITHOUT_LIMITS else limits.limits(listed.unit, listed.tags)
        findings: dict[FindingName, Finding] = {}
        if bounds and (finding := limits.out_of_range(times, values, bounds)):
            findings["range"] = finding
        is_actuator = kinds.is_output(listed.object_type, listed.point_type, listed.tags)
        if kind == _JUMPING and not is_actuator:
            longest_ms = jumps.longest_step_ms(interval_s)
            if finding := jumps.jumps(times, values, longest_ms):
                findings["jump"] = finding
        quality = PointQuality(
            point_name=point.name,
            kind=kind,
            unit=listed.unit,
            is_active=point.active,
            interval_s=interval_s,
            samples=len(times),
            windows=len(np.unique(times // WINDOW_MS)),
            windows_expected=windows_expected(interval_s),
            low=bounds and bounds.low,
            high=bounds and bounds.high,
            findings=findings,
        )
        return _Measured(
            quality=quality,
            id=point.id,
            is_actuator=is_actuator,
            last_ms=int(times[-1]) if len(times) else None,
            silences=silence.silences(times, self._span, limit_ms) if can_be_silent else None,
            runs=stuck.runs(times, values) if kind in stuck.KINDS else (),
        )

    def _findings(
        self, point: _Measured, of_site: Sequence[Outage], hours: Sequence[int]
    ) -> Iterator[tuple[FindingName, Finding]]:
        if point.silences is not None and (finding := self._silent(point, of_site)):
            yield "silent", finding
        yield from stuck.stuck(point.runs, of_site, idles=point.is_actuator)
        yield from point.quality.findings.items()
        if hours:
            yield "text", Finding(len(hours), hours[0], hours[-1] + HOUR_MS)

    def _silent(self, point: _Measured, of_site: Sequence[Outage]) -> Finding | None:
        """Returns the silence at the day's end: from the last sample, or the day's start where there is none.

        It is the point's own if (its length) - (its time in outages of the site) >= max(1 h, 10 intervals).
        """
        since_ms, end_ms = self._span.start_ms if point.last_ms is None else point.last_ms, self._span.end_ms
        own_ms = end_ms - since_ms - time_in(of_site, since_ms, end_ms)
        is_silent = own_ms >= silence.limit_ms(point.quality.interval_s)
        return Finding(1, since_ms, end_ms) if is_silent else None


def _interval_s(point: Point, times: Times) -> int | None:
    """Returns the interval of the point at the time of its samples.

    It is the longest one that was ever listed if most steps are longer than samples of today's are held.
    """
    interval_s, longest_s = point.listed.interval_s, point.longest_interval_s
    if interval_s is None or longest_s is None or len(times) < _FEW:
        return interval_s
    is_slower = float(np.median(np.diff(times))) > HELD_INTERVALS * 1000 * interval_s
    return longest_s if is_slower else interval_s


def windows_expected(interval_s: int | None) -> int:
    """Returns the windows of a day in which a point of this collection interval has samples, at least 1."""
    interval_ms = 1000 * (interval_s or SLOWEST_INTERVAL_S)
    return max(1, min(WINDOWS_PER_DAY, DAY_MS // interval_ms))
