"""Points of a site as the upstream lists them, and the catalog that gives each a permanent id."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from vitals.errors import NotFoundError
from vitals.model import kinds, point_set
from vitals.model.kinds import Kind
from vitals.model.point_settings import NO_SETTINGS, PointSettings

_WEATHER = ("weather",)
MAX_NAME = 512
"""Characters that a point's name may have."""


@dataclass(frozen=True, slots=True)
class ListedPoint:
    """A point as the upstream lists it; `interval_s` is its collection interval.

    `object_type` is BACnet's, `point_type` the upstream's own, both in the upstream's spelling.
    """

    name: str
    unit: str = ""
    description: str = ""
    interval_s: int | None = None
    tags: tuple[str, ...] = ()
    object_name: str = ""
    device: str = ""
    object_type: str = ""
    point_type: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A listed point with its id; `active` is false once the upstream no longer lists it.

    `absent` counts the consecutive listings that lack an active point: one alone is not enough.
    `unread_from_ms` is the time (UTC ms) since which samples may be missing, because the point was served
    before a listing named it; None once their reading was requested. Listings do not change `settings`.
    `longest_interval_s` is the longest interval that a listing gave, None for that of `listed`: archived days
    are held with the interval of their time.
    """

    id: int
    listed: ListedPoint
    active: bool = True
    absent: int = 0
    unread_from_ms: int | None = None
    settings: PointSettings = NO_SETTINGS
    longest_interval_s: int | None = None

    @property
    def name(self) -> str:
        return self.listed.name

    @property
    def kind(self) -> Kind:
        """The kind that was set by hand, or else the derived one."""
        listed = self.listed
        return self.settings.kind or kinds.derived(
            listed.object_type, listed.point_type, listed.unit, listed.tags
        )

    @property
    def is_weather(self) -> bool:
        """Whether the sync made it for the site's weather, which has no history upstream."""
        return self.listed.tags == _WEATHER and self.name.startswith("weather.")

    def listed_again(self, listed: ListedPoint, unread_from_ms: int | None) -> "Point":
        """Returns the point after a listing with it; samples of an inactive one were rejected meanwhile."""
        point = replace(
            self, listed=listed, active=True, absent=0, longest_interval_s=self._longest_interval_s(listed)
        )
        if self.active or point.is_weather or unread_from_ms is None:
            return point
        if self.unread_from_ms is not None:
            # Earlier than before, so that a sync that knows the earlier value does not take it for its own.
            unread_from_ms = min(unread_from_ms, self.unread_from_ms - 1)
        return replace(point, unread_from_ms=unread_from_ms)

    def _longest_interval_s(self, listed: ListedPoint) -> int | None:
        intervals = (self.longest_interval_s, self.listed.interval_s, listed.interval_s)
        longest_s = max((interval for interval in intervals if interval is not None), default=None)
        return None if longest_s == listed.interval_s else longest_s

    def requested(self, read: "Point", until_ms: int | None) -> "Point":
        """Returns the point after the unread samples of `read`, its earlier state, were requested.

        They were requested up to `until_ms`, or all of them if it is None. A point that became unread since
        then does not change.
        """
        unread_ms = self.unread_from_ms
        if unread_ms is None or unread_ms != read.unread_from_ms or not read.active:
            return self
        return replace(self, unread_from_ms=None if until_ms is None else max(unread_ms, until_ms))

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
    def states(self) -> Mapping[int, Mapping[str, float]]:
        """The numbers of state texts, by `state_key`, of the points that have any, by point id."""
        return {point.id: point.settings.numbers for point in self.points if point.settings.states}

    @cached_property
    def configured(self) -> point_set.PointSet:
        """The ids of the active points whose readings are requested from the upstream."""
        return point_set.from_ids(point.id for point in self.points if point.active and not point.is_weather)

    @cached_property
    def unread_from_ms(self) -> int | None:
        """The earliest time since which samples of active points may be missing, None when none are."""
        times = (point.unread_from_ms for point in self.points if point.active)
        return min((time_ms for time_ms in times if time_ms is not None), default=None)

    def requested(self, read: "Catalog", until_ms: int | None) -> "Catalog":
        """Returns this catalog after the unread samples of an earlier one, `read`, were requested.

        They were requested up to `until_ms`, or all of them if it is None. Points that became unread since
        then are not affected.
        """
        changed = [
            point.requested(before, until_ms) for point, before in zip(self.points, read.points, strict=False)
        ]
        return Catalog((*changed, *self.points[len(changed) :]))

    def refreshed(
        self,
        listed: Iterable[ListedPoint],
        *,
        proves_absence: bool = True,
        since: "Catalog | None" = None,
        unread_from_ms: int | None = None,
    ) -> "Catalog":
        """Returns this catalog after the upstream listed these points: names keep their ids.

        A point becomes inactive after two consecutive listings that prove its absence. `since` is the catalog
        before the listing, so that two listings at the same time count as one absence. Points that become
        active are unread since `unread_from_ms`, but for those of the first listing: nothing was read before.
        """
        before = (since or self).points
        by_name = {point.name: point for point in listed}
        existing = [
            point.listed_again(by_name[point.name], unread_from_ms)
            if point.name in by_name
            else point.unlisted(
                proven=proves_absence and point.id < len(before) and before[point.id].absent == point.absent
            )
            for point in self.points
        ]
        new = sorted(by_name.keys() - self.by_name.keys())
        added = [Point(len(existing) + i, by_name[name]) for i, name in enumerate(new)]
        if self.points:
            added = [
                point if point.is_weather else replace(point, unread_from_ms=unread_from_ms)
                for point in added
            ]
        return Catalog((*existing, *added))

    def with_inactive(self, names: Iterable[str]) -> "Catalog":
        """Returns this catalog with the names that it lacks, as points that the upstream does not list."""
        new = sorted(set(names) - self.by_name.keys())
        added = [Point(len(self.points) + i, ListedPoint(name), active=False) for i, name in enumerate(new)]
        return Catalog((*self.points, *added))

    def with_settings(self, changes: Mapping[str, Mapping[str, object]]) -> "Catalog":
        """Returns this catalog after the changes (PointSettings.changed) of the settings of points, by name.

        Raises NotFoundError for unknown names, InvalidRequestError for values that are not valid.
        """
        changed = {
            point.id: replace(point, settings=point.settings.changed(changes[point.name]))
            for point in self.select(changes)
        }
        return Catalog(tuple(changed.get(point.id, point) for point in self.points))

    @cached_property
    def active(self) -> Sequence[Point]:
        """The points that the upstream still lists, in name order."""
        return sorted((point for point in self.points if point.active), key=lambda point: point.name)
