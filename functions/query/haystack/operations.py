"""The operations of Project Haystack, over the sites that a token may read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from query.answers import SCOPE, Api
from query.haystack import formats, requests
from query.haystack.history import HistoryReader
from query.haystack.records import Records, SiteRecords, matching
from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError
from vitals.http.access import allows, require_scope
from vitals.model import zones
from vitals.model.haystack import filters
from vitals.model.haystack.values import Column, DateTime, Dict, Grid, Mark, Ref, Symbol, Uri, Value, city
from vitals.model.points import Point
from vitals.model.records.sites import SiteRecord
from vitals.model.records.tokens import Grant
from vitals.reading.request import MAX_POINTS

VERSION = "4.0"
_NO_RECORD: Dict = {}


@dataclass(frozen=True)
class Operations:
    """The operations for one request of a token, answered in a media type."""

    api: Api
    records: Records
    grant: Grant
    media_type: str

    def run(self, name: str, request: Grid) -> Grid:
        """Returns the answer of an operation; NotFoundError for one that does not exist."""
        require_scope(self.grant, SCOPE)
        operation = _OPERATIONS.get(name)
        if operation is None:
            raise NotFoundError(
                f"there is no operation {name[:40]!r}; the operations are {', '.join(_OPERATIONS)}"
            )
        return operation.run(self, request)

    def about(self, request: Grid) -> Grid:
        """Returns facts about the server."""
        return Grid.of(
            [
                {
                    "haystackVersion": VERSION,
                    "tz": zones.UTC,
                    "serverName": "Building Vitals",
                    "serverTime": DateTime(self.api.now()),
                    "productName": "Building Vitals",
                    "productUri": Uri("https://project-haystack.org/"),
                    "productVersion": VERSION,
                    "whoami": self.grant.name,
                }
            ]
        )

    def ops(self, request: Grid) -> Grid:
        """Returns the operations."""
        return Grid.of(
            [
                {
                    "def": Symbol(f"op:{name}"),
                    "name": name,
                    "summary": operation.summary,
                    "noSideEffects": Mark.MARKER,
                }
                for name, operation in _OPERATIONS.items()
            ]
        )

    def formats(self, request: Grid) -> Grid:
        """Returns the formats of requests and answers."""
        return Grid.of(
            [
                {
                    "def": Symbol(f"filetype:{form.name}"),
                    "mime": media_type,
                    "send": Mark.MARKER,
                    **({"receive": Mark.MARKER} if form.decode else {}),
                }
                for media_type, form in formats.FORMATS.items()
            ]
        )

    def close(self, request: Grid) -> Grid:
        """Returns an empty grid: there are no sessions."""
        return Grid([])

    def read(self, request: Grid) -> Grid:
        """Returns the records that a filter selects, or those of some ids in their order."""
        rows = request.rows()
        if not rows:
            raise InvalidRequestError("read takes a filter, or ids")
        text = requests.text_in(rows[0], "filter")
        if text is None:
            return self._by_ids(requests.ids_in(rows))
        limit = requests.limit_in(rows[0])
        return Grid.of(list(islice(self._selected(filters.parse(text)), limit)))

    def nav(self, request: Grid) -> Grid:
        """Returns the sites, the equipment and single points of a site, or the points of an equipment."""
        rows = request.rows()
        text = requests.text_in(rows[0], "navId") if rows else None
        if not text:
            return _navigable([records.site_dict for records in self._sites])
        parent = self._record(text.removeprefix("@"))
        if parent is None:
            raise NotFoundError(f"there is no record {text[:100]!r}")
        reference = parent["id"]
        children = [
            record
            for records in self._sites
            for record in records
            if record.get("equipRef") == reference
            or ("equipRef" not in record and record.get("siteRef") == reference)
        ]
        return _navigable(children)

    def his_read(self, request: Grid) -> Grid:
        """Returns the history of one point, or of several with the range in the grid's meta data."""
        rows = request.rows()
        is_batch = "range" in request.meta
        text = requests.text_in(request.meta if is_batch or not rows else rows[0], "range")
        if text is None:
            raise InvalidRequestError("hisRead takes an id and a range")
        ids = requests.ids_in(rows)
        if len(ids) > MAX_POINTS:
            raise TooLargeError(f"{len(ids)} points requested; hisRead takes at most {MAX_POINTS}")
        points = [self._point(id) for id in ids]
        reader = HistoryReader(
            self.api.executor,
            self.api.monotonic,
            self.api.now(),
            self.api.max_range_days,
            formats.FORMATS[self.media_type].max_samples,
        )
        catalogs = self.api.catalogs.find
        if not is_batch and len(points) == 1:
            site, point = points[0]
            return reader.one(site, point, text, catalogs(site.site, [point.name]))
        return reader.several(points, text, catalogs, _zone(request, points))

    def _by_ids(self, ids: Sequence[str]) -> Grid:
        """Returns the records of ids in their order; a row without values where there is none."""
        records = [self._record(id) or _NO_RECORD for id in ids]
        return Grid.of(records) if any(records) else Grid([Column("id", [None] * len(ids))])

    def _record(self, id: str) -> Dict | None:
        record = matching(self._sites, id)
        if record is not None:
            return record
        owned = self.records.point(id, self._site)
        return self.records.of_site(owned[0]).point(owned[1]) if owned else None

    def _point(self, id: str) -> tuple[SiteRecord, Point]:
        owned = self.records.point(id, self._site)
        if owned is None:
            raise NotFoundError(f"there is no point '@{id[:100]}'")
        return owned

    def _selected(self, selects: filters.Filter) -> Iterable[Dict]:
        def resolve(reference: Ref) -> Dict | None:
            return matching(self._sites, reference.id)

        return (record for records in self._sites for record in records if selects(record, resolve))

    @cached_property
    def _sites(self) -> list[SiteRecords]:
        """Returns the records of every site that the token may read, in the order of their names."""
        return [
            self.records.of_site(site)
            for site in self.api.sites.visible()
            if allows(self.grant, site.site, SCOPE)
        ]

    def _site(self, name: str) -> SiteRecord | None:
        """Returns the record of a site that the token may read, None where there is none."""
        return self.api.sites.find(name) if allows(self.grant, name, SCOPE) else None


def error_grid(text: str) -> Grid:
    """Returns the grid that says why an operation failed."""
    return Grid([], {"err": Mark.MARKER, "dis": text})


def _navigable(records: Sequence[Dict]) -> Grid:
    return Grid.of([{"navId": _id(record), **record} for record in records])


def _id(record: Dict) -> Value:
    reference = record["id"]
    return f"@{reference.id}" if isinstance(reference, Ref) else ""


def _zone(request: Grid, points: Sequence[tuple[SiteRecord, Point]]) -> str | None:
    """Returns the zone that the request names by its city, None where it names none."""
    text = requests.text_in(request.meta, "tz")
    if text is None:
        return None
    own = [site.timezone for site, _ in points]
    for zone in [*own, *sorted(zones.zone_names())]:
        if text in (zone, city(zone)):
            return zone
    raise InvalidRequestError(f"there is no timezone {text[:40]!r}")


@dataclass(frozen=True, slots=True)
class _Operation:
    run: Callable[[Operations, Grid], Grid]
    summary: str


_OPERATIONS: Mapping[str, _Operation] = {
    "about": _Operation(Operations.about, "Facts about the server"),
    "ops": _Operation(Operations.ops, "The operations"),
    "formats": _Operation(Operations.formats, "The formats of requests and answers"),
    "read": _Operation(Operations.read, "Records by a filter or by ids"),
    "nav": _Operation(Operations.nav, "Records as a tree: sites, equipment, points"),
    "hisRead": _Operation(Operations.his_read, "The history of one point or of several"),
    "close": _Operation(Operations.close, "Nothing: there are no sessions"),
}
NAMES = tuple(_OPERATIONS)
