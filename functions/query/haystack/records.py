"""The records that Haystack clients read: sites, their equipment and their points, with stable ids.

A site is `@{site}.site`, a point `@{site}.p{point id}`, an equipment `@{site}.e{digest of its name}`. The
last segment says what a record is, so that names of sites may contain dots.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from query.catalogs import Catalogs
from query.haystack.tags import tags_of, value_of
from query.points.search import display_name_of
from vitals.model.haystack.units import haystack_unit
from vitals.model.haystack.values import Dict, Mark, Number, Ref, Value, city
from vitals.model.points import Catalog, Point
from vitals.model.records.sites import SiteRecord
from vitals.reading.points.tags import equipment_of

_ID = re.compile(r"([A-Za-z0-9._-]{1,64})\.(?:(site)|p(0|[1-9]\d{0,8})|(e[0-9a-f]{16}))")
# 150 MB. Records of the site that was used least recently are forgotten first.
_MAX_RECORDS = 100_000
# Haystack's kind of history: whether values are stored at intervals, or when they change.
_ON_CHANGE = ("binary", "multistate", "setpoint")
_OF_SITES = frozenset({"id", "dis", "site", "tz"})
_OF_EQUIPMENT = frozenset({"id", "dis", "equip", "siteRef", "tz"})


@dataclass(frozen=True, slots=True)
class RecordId:
    """The parts of an id: the name of the site, and the number of a point or the digest of an equipment."""

    site: str
    point: int | None = None
    equipment: str | None = None

    @classmethod
    def parse(cls, id: str) -> "RecordId | None":
        """Returns the parts of an id, None for a text that is none."""
        match = _ID.fullmatch(id)
        if not match:
            return None
        return cls(match[1], int(match[3]) if match[3] else None, match[4])


@dataclass(frozen=True)
class SiteRecords:
    """The records of one site; each is made when it is needed, and stays as long as its point does."""

    site: SiteRecord
    catalogs: Catalogs
    made: dict[int, tuple[Point, Dict]] = field(default_factory=dict)
    """By point id, the point as it was, and its record."""

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
    def catalog(self) -> Catalog:
        """The site's points."""
        return self.catalogs.find(self.site.site)

    @cached_property
    def _newest_catalog(self) -> Catalog:
        """The site's points as they are now: another process may have given the id of a new one."""
        return self.catalogs.load(self.site.site)

    @cached_property
    def _equipment(self) -> Mapping[str, Dict]:
        """The equipment that active points belong to, by the last segment of its id."""
        names = sorted({name for point in self.catalog.active if (name := _equipment_of(point))})
        return {_digest(name): self._equipment_dict(name) for name in names}

    def having(self, required: Mapping[str, Value | None]) -> Iterator[Dict]:
        """Yields the records that may have these tags, with these values where they are given."""
        own, names = site_ref(self.site), required.keys()
        if isinstance(required.get("siteRef"), Ref) and required["siteRef"] != own:
            return
        id = required.get("id")
        if isinstance(id, Ref):
            record = self.by_id(RecordId.parse(id.id))
            yield from [record] if record else []
            return
        if names <= _OF_SITES:
            yield self.site_dict
        if names <= _OF_EQUIPMENT:
            yield from self._equipment.values()
        if not names & {"site", "equip"}:
            for point in self.catalog.active:
                yield self.point(point)

    def by_id(self, id: RecordId | None) -> Dict | None:
        """Returns the record of an id, also of a point that the upstream no longer lists; None for no id."""
        if id is None or id.site != self.site.site:
            return None
        if id.point is not None:
            point = self.point_of(id.point)
            return self.point(point) if point else None
        return self.site_dict if id.equipment is None else self._equipment.get(id.equipment)

    def point_of(self, number: int) -> Point | None:
        """Returns the point with this id, None when there is none."""
        catalog = self.catalog if number < len(self.catalog.points) else self._newest_catalog
        return catalog.points[number] if number < len(catalog.points) else None

    def point(self, point: Point) -> Dict:
        """Returns the record of a point: its own tags after those that say what it is."""
        before, record = self.made.get(point.id, (None, None))
        if record is None or before != point:
            record = self._point_dict(point)
            self.made[point.id] = (point, record)
        return record

    def _point_dict(self, point: Point) -> Dict:
        listed, kind, unit = point.listed, point.kind, haystack_unit(point.listed.unit)
        equipment = _equipment_of(point)
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
            record["equipRef"] = self._equipment_ref(equipment)
        if unit:
            record["unit"] = unit
        if kind == "counter":
            record["hisTotalized"] = Mark.MARKER
        if listed.interval_s:
            record["hisCollectInterval"] = Number(float(listed.interval_s), "s")
        return {**record, **tags_of(listed.tags)}

    def _equipment_dict(self, name: str) -> Dict:
        reference = self._equipment_ref(name)
        return {
            "id": reference,
            "dis": reference.dis,
            "equip": Mark.MARKER,
            "siteRef": site_ref(self.site),
            "tz": city(self.site.timezone),
        }

    def _equipment_ref(self, name: str) -> Ref:
        """Returns the reference of an equipment, which has no id of its own."""
        value = value_of("equipRef", name)
        shown = (value.dis or value.id) if isinstance(value, Ref) else name.removeprefix("s:")
        return Ref(f"{self.site.site}.{_digest(name)}", shown)


@dataclass(frozen=True, slots=True)
class Records:
    """The records of sites; those of points are kept from one request to the next."""

    catalogs: Catalogs
    started_ms: int
    """When this process answered its first Haystack request."""
    made: dict[tuple[str, str, str], dict[int, tuple[Point, Dict]]] = field(default_factory=dict)

    def of_site(self, site: SiteRecord) -> SiteRecords:
        """Returns the records of a site for one request."""
        key = (site.site, site.display_name, site.timezone)
        # The site that was used last is the last to go.
        self.made[key] = self.made.pop(key, {})
        while len(self.made) > 1 and sum(map(len, self.made.values())) > _MAX_RECORDS:
            del self.made[next(iter(self.made))]
        return SiteRecords(site, self.catalogs, self.made[key])


def site_ref(site: SiteRecord) -> Ref:
    """Returns the reference of a site."""
    return Ref(f"{site.site}.site", _name(site))


def point_ref(site: str, point: Point) -> Ref:
    """Returns the reference of a point."""
    return Ref(f"{site}.p{point.id}", display_name_of(site, point.listed))


def _equipment_of(point: Point) -> str | None:
    """Returns the name of the equipment, None for a marker alone."""
    name = equipment_of(point.listed)
    return None if name is None or value_of("equip", name) is Mark.MARKER else name


def _digest(name: str) -> str:
    return f"e{sha256(name.encode()).hexdigest()[:16]}"


def _name(site: SiteRecord) -> str:
    return site.display_name or site.site
