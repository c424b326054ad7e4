"""Points of a site as the upstream lists them, and the catalog that gives each an id for good."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from vitals.model import point_set

if TYPE_CHECKING:
    pass

_WEATHER = ("weather",)
MAX_NAME = 512
"""Characters of the longest name that a point may have here."""


@dataclass(frozen=True, slots=True)
class ListedPoint:
    """A point as the upstream lists it."""

    name: str
    unit: str = ""
    description: str = ""
    interval_s: int | None = None
    tags: tuple[str, ...] = ()
    object_name: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A listed point with its id; `active` is false once the upstream lists it no more.

    `absent` counts the listings in a row that lack an active point: one is not believed.
    """

    id: int
    listed: ListedPoint
    active: bool = True
    absent: int = 0

    @property
    def name(self) -> str:
        return self.listed.name

    @property
    def is_weather(self) -> bool:
        """Whether the sync made it for the site's weather, which has no history to read."""
        return self.listed.tags == _WEATHER and self.name.startswith("weather.")

    def unlisted(self, *, proven: bool) -> "Point":
        """The point after a listing without it; `proven` when that is evidence."""
        if not self.active or not proven:
            return self
        if self.absent:
            return replace(self, active=False, absent=0)
        return replace(self, absent=1)


@dataclass(frozen=True)
class Catalog:
    """The points of one site in id order."""

    points: tuple[Point, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Point]:
        return {point.name: point for point in self.points}

    @cached_property
    def active_ids(self) -> Mapping[str, int]:
        return {point.name: point.id for point in self.points if point.active}

    @cached_property
    def configured(self) -> point_set.PointSet:
        """The ids of the active points whose readings the upstream is asked for."""
        return point_set.from_ids(point.id for point in self.points if point.active and not point.is_weather)

    def refreshed(
        self, listed: Iterable[ListedPoint], *, proves_absence: bool = True, since: "Catalog | None" = None
    ) -> "Catalog":
        """This catalog after the upstream listed these points: ids stay, new names get the next ones.

        A point becomes inactive when two listings in a row that prove its absence lack it. `since` is the
        catalog from before the listing: what another listing found absent meanwhile is not absent twice.
        """
        before = (since or self).points
        now = {point.name: point for point in listed}
        kept = [
            Point(point.id, now[point.name])
            if point.name in now
            else point.unlisted(
                proven=proves_absence and point.id < len(before) and before[point.id].absent == point.absent
            )
            for point in self.points
        ]
        new = sorted(now.keys() - self.by_name.keys())
        added = [Point(len(kept) + i, now[name]) for i, name in enumerate(new)]
        return Catalog((*kept, *added))

    @cached_property
    def active(self) -> Sequence[Point]:
        """The points that the upstream still lists, in name order."""
        return sorted((point for point in self.points if point.active), key=lambda point: point.name)
