"""Points of a site as the upstream lists them, and the catalog that gives each a permanent id."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from vitals.errors import NotFoundError
from vitals.model import point_set

_WEATHER = ("weather",)
MAX_NAME = 512
"""Characters that a point's name may have."""


@dataclass(frozen=True, slots=True)
class ListedPoint:
    """A point as the upstream lists it; `interval_s` is its collection interval."""

    name: str
    unit: str = ""
    description: str = ""
    interval_s: int | None = None
    tags: tuple[str, ...] = ()
    object_name: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A listed point with its id; `active` is false once the upstream no longer lists it.

    `absent` counts the consecutive listings that lack an active point: one alone is not enough.
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
        """Whether the sync made it for the site's weather, which has no history upstream."""
        return self.listed.tags == _WEATHER and self.name.startswith("weather.")

    def unlisted(self, *, proven: bool) -> "Point":
        """Returns the point after a listing without it; `proven` when the listing proves its absence."""
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

    def select(self, names: Iterable[str], *, allow_unknown: bool = False) -> list[Point]:
        """Returns the points of these names in this order, without repetition.

        Raises NotFoundError with up to three unknown names. With `allow_unknown` they are omitted, and the
        error is raised only when the site has none of the names.
        """
        names = dict.fromkeys(names)
        points = [self.by_name[name] for name in names if name in self.by_name]
        unknown = [name for name in names if name not in self.by_name]
        if unknown and not (allow_unknown and points):
            others = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
            raise NotFoundError(f"the site has no point {', '.join(map(repr, unknown[:3]))}{others}")
        return points

    @cached_property
    def active_ids(self) -> Mapping[str, int]:
        return {point.name: point.id for point in self.points if point.active}

    @cached_property
    def configured(self) -> point_set.PointSet:
        """The ids of the active points whose readings are requested from the upstream."""
        return point_set.from_ids(point.id for point in self.points if point.active and not point.is_weather)

    def refreshed(
        self, listed: Iterable[ListedPoint], *, proves_absence: bool = True, since: "Catalog | None" = None
    ) -> "Catalog":
        """Returns this catalog after the upstream listed these points: names keep their ids.

        A point becomes inactive after two consecutive listings that prove its absence. `since` is the catalog
        before the listing, so that two listings at the same time count as one absence.
        """
        before = (since or self).points
        by_name = {point.name: point for point in listed}
        existing = [
            Point(point.id, by_name[point.name])
            if point.name in by_name
            else point.unlisted(
                proven=proves_absence and point.id < len(before) and before[point.id].absent == point.absent
            )
            for point in self.points
        ]
        new = sorted(by_name.keys() - self.by_name.keys())
        added = [Point(len(existing) + i, by_name[name]) for i, name in enumerate(new)]
        return Catalog((*existing, *added))

    @cached_property
    def active(self) -> Sequence[Point]:
        """The points that the upstream still lists, in name order."""
        return sorted((point for point in self.points if point.active), key=lambda point: point.name)
