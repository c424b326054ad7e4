"""What the quality of a day says: the findings of its points, and the outages of its site."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from vitals.model.kinds import Kind
from vitals.model.site_day import SiteDay

FindingName = Literal["outage", "silent", "stuck", "range", "jump", "text", "idle"]
FINDINGS: tuple[FindingName, ...] = get_args(FindingName)
"""The worst first; `outage` is of the site, the others are of points."""
PROBLEMS: tuple[FindingName, ...] = FINDINGS[:-1]
"""Findings that say that readings cannot be trusted, or are missing; `idle` only explains a constant 0."""


class Finding(NamedTuple):
    """What a rule found in the day of a point; `number` says how often, times are UTC ms.

    `longest_ms` is the longest time of stuck and idle. `value` is the one that is stuck longest,
    the one that is furthest out of range, or the largest step of a jump.
    """

    number: int
    first_ms: int
    last_ms: int
    longest_ms: int | None = None
    value: float | None = None


class Outage(NamedTuple):
    """A time in which at least four fifths of the points are silent; `points` is the most at one time."""

    first_ms: int
    last_ms: int
    points: int


@dataclass(frozen=True, slots=True)
class PointQuality:
    """The quality of a point on one day; `windows` are five minutes with samples.

    `low` and `high` are the limits of its values, None where there are none. `interval_s` is the collection
    interval, None for an unknown one.
    """

    point_name: str
    kind: Kind
    unit: str
    is_active: bool
    interval_s: int | None
    samples: int
    windows: int
    windows_expected: int
    low: float | None = None
    high: float | None = None
    findings: Mapping[FindingName, Finding] = field(default_factory=dict)

    @property
    def coverage(self) -> float:
        """Windows with samples per expected window, at most 1."""
        return min(1.0, self.windows / self.windows_expected)


@dataclass(frozen=True, slots=True)
class DayQuality:
    """The quality of a site-day: its outages in order of time, and its points in order of names."""

    day: SiteDay
    outages: Sequence[Outage] = ()
    points: Sequence[PointQuality] = ()

    def ranked(self) -> Iterator[tuple[FindingName, PointQuality]]:
        """Yields the findings of points, each with its point: the worst first, then in the order of names."""
        for name in FINDINGS:
            yield from ((name, point) for point in self.points if name in point.findings)

    def counts(self) -> dict[FindingName, int]:
        """Returns the number of outages, and of the points with each other finding; all names are there."""
        counts = dict.fromkeys(FINDINGS, 0)
        counts["outage"] = len(self.outages)
        for point in self.points:
            for name in point.findings:
                counts[name] += 1
        return counts
