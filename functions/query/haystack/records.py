"""The records that Haystack clients read: sites, their equipment and their points, with stable ids.

A site is `@{site}.site`, a point `@{site}.p{point id}`, an equipment `@{site}.e{digest of its name}`. The
last segment says what a record is, so that names of sites may contain dots.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from query.catalogs import Catalogs
from query.haystack.tags import tags_of
from query.points.search import display_name_of
from vitals.model.haystack.units import haystack_unit
from vitals.model.haystack.values import Dict, Mark, Number, Ref, Value, city
from vitals.model.points import Catalog, Point
from vitals.model.records.sites import SiteRecord
from vitals.reading.points.tags import equipment_of

_POINT_ID = re.compile(r"([A-Za-z0-9._-]{1,64})\.p(0|[1-9]\d{0,8})")
_MAX_SITES = 16
# Haystack's kind of history: whether values are stored at intervals, or when they change.
_ON_CHANGE = ("binary", "multistate", "setpoint")


@dataclass(frozen=True)
class SiteRecords:
    """The records of one site, as made from its record and its catalog."""

    site: SiteRecord
    catalog: Catalog

    @cached_property
    def site_dict(self) -> Dict:
        """The site itself."""
        return {
            "id": site_ref(self.site),
            "dis": _name(self.site),
            "site": Mark.MARKER,
            "tz": city(self.site.timezone),
        }

    @cached_property
    def equipment(self) -> list[Dict]:
        """The equipment that active points belong to, by name."""
        names = {equipment_of(point.listed) for point in self.catalog.active} - {None}
        return [self._equipment(name) for name in sorted(filter(None, names))]

    @cached_property
    def points(self) -> list[Dict]:
        """The active points, by name."""
        return [self.point(point) for point in self.catalog.active]

    @cached_property
    def by_id(self) -> dict[str, Dict]:
        """All records by id; those of points that the upstream no longer lists are not among them."""
        return {record["id"].id: record for record in self if isinstance(record["id"], Ref)}

    def __iter__(self) -> Iterator[Dict]:
        yield self.site_dict
        yield from self.equipment
        yield from self.points

    def point(self, point: Point) -> Dict:
        """Returns the record of a point: its own tags after those that say what it is."""
        listed, kind, unit = point.listed, point.kind, haystack_unit(point.listed.unit)
        equipment = equipment_of(listed)
        record: dict[str, Value] = {
            "id": point_ref(self.site.site, point),
            "dis": display_name_of(self.site.site, listed),
            "point": Mark.MARKER,
            "his": Mark.MARKER,
            "siteRef": site_ref(self.site),
            "kind": "Bool" if kind == "binary" else "Number",
            "tz": city(self.site.timezone),
            "hisMode": "cov" if kind in _ON_CHANGE else "sampled",
            "pointName": point.name,
        }
        if equipment:
            record["equipRef"] = equipment_ref(self.site.site, equipment)
        if unit:
            record["unit"] = unit
        if kind == "counter":
            record["hisTotalized"] = Mark.MARKER
        if listed.interval_s:
            record["hisCollectInterval"] = Number(float(listed.interval_s), "s")
        return {**record, **tags_of(listed.tags)}

    def _equipment(self, name: str) -> Dict:
        return {
            "id": equipment_ref(self.site.site, name),
            "dis": name,
            "equip": Mark.MARKER,
            "siteRef": site_ref(self.site),
            "tz": city(self.site.timezone),
        }


@dataclass(frozen=True, slots=True)
class Records:
    """The records of sites, made again when a site's record or catalog has changed."""

    catalogs: Catalogs
    made: dict[str, SiteRecords] = field(default_factory=dict)

    def of_site(self, site: SiteRecord) -> SiteRecords:
        """Returns the records of a site."""
        catalog = self.catalogs.find(site.site)
        before = self.made.pop(site.site, None)
        is_current = before and before.catalog is catalog and _facts(before.site) == _facts(site)
        records = before if before and is_current else SiteRecords(site, catalog)
        # The site that was used last is the last to go.
        self.made[site.site] = records
        while len(self.made) > _MAX_SITES:
            del self.made[next(iter(self.made))]
        return records

    def point(self, id: str, find: Callable[[str], SiteRecord | None]) -> tuple[SiteRecord, Point] | None:
        """Returns the point of an id and its site, also one that the upstream no longer lists.

        None for an id that no point of the sites has; `find` returns the record of a site by its name.
        """
        match = _POINT_ID.fullmatch(id)
        site = find(match[1]) if match else None
        if match is None or site is None:
            return None
        number = int(match[2])
        points = self.catalogs.with_id(site.site, number).points
        return (site, points[number]) if number < len(points) else None


def matching(records: Iterable[SiteRecords], id: str) -> Dict | None:
    """Returns the record with this id, None when there is none."""
    return next((site.by_id[id] for site in records if id in site.by_id), None)


def site_ref(site: SiteRecord) -> Ref:
    """Returns the reference of a site."""
    return Ref(f"{site.site}.site", _name(site))


def point_ref(site: str, point: Point) -> Ref:
    """Returns the reference of a point."""
    return Ref(f"{site}.p{point.id}", display_name_of(site, point.listed))


def equipment_ref(site: str, name: str) -> Ref:
    """Returns the reference of an equipment, which has no id of its own."""
    return Ref(f"{site}.e{sha256(name.encode()).hexdigest()[:16]}", name)


def _name(site: SiteRecord) -> str:
    return site.display_name or site.site


def _facts(site: SiteRecord) -> tuple[str, str]:
    """Returns what records show of a site."""
    return site.display_name, site.timezone
