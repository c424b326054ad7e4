"""The operations of Project Haystack, over the sites that a token may read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from query.answers import SCOPE, Api
from query.haystack import formats, requests
from query.haystack.history import READ_BUDGET_S, HistoryReader
from query.haystack.records import RecordId, Records, SiteRecords
from vitals.errors import InvalidRequestError, NotFoundError, TierTimeoutError, TooLargeError
from vitals.http.access import allows, require_scope
from vitals.model import zones
from vitals.model.haystack import filters
from vitals.model.haystack.values import Column, DateTime, Dict, Grid, Mark, Ref, Symbol, Value, city
from vitals.model.points import Point
from vitals.model.records.sites import SiteRecord
from vitals.model.records.tokens import Grant
from vitals.reading.request import MAX_POINTS

VERSION = "4.0"
_PRODUCT = "Building Vitals"
_API_VERSION = "1"
_NO_RECORD: Dict = {}
_MAX_RANGE_TEXT = 200
# Records between two looks at the clock.
_STRIDE = 500


@dataclass(frozen=True)
class Operations:
    """The operations for one request of a token."""

    api: Api
    records: Records
    grant: Grant

    def run(self, name: str, request: Grid) -> Grid:
        """Returns the answer of one of the operations (NAMES)."""
        require_scope(self.grant, SCOPE)
        return _OPERATIONS[name].run(self, request)

    def about(self, request: Grid) -> Grid:
        """Returns facts about the server."""
        return Grid.of(
            [
                {
                    "haystackVersion": VERSION,
                    "tz": zones.UTC,
                    "serverName": _PRODUCT,
                    "serverTime": DateTime(self.api.now()),
                    "serverBootTime": DateTime(self.records.started_ms),
                    "productName": _PRODUCT,
                    "productVersion": _API_VERSION,
                    "vendorName": _PRODUCT,
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
            return _navigable([records.site_dict for records in self._sites.values()])
        id = RecordId.parse(text.removeprefix("@"))
        parent = self._record(id)
        if id is None or parent is None:
            raise NotFoundError(f"there is no record {text[:100]!r}")
        reference = parent["id"]
        children = [
            record
            for record in self._sites[id.site].having({"siteRef": None})
            if record.get("equipRef") == reference
            or ("equipRef" not in record and record.get("siteRef") == reference)
        ]
        return _navigable(children)

    def his_read(self, request: Grid) -> Grid:
        """Returns the history of one point, or of several with the range in the grid's meta data."""
        rows = request.rows()
        is_batch = "range" in request.meta
        ranges = {requests.text_in(row, "range") for row in ([request.meta] if is_batch else rows)}
        text = next(iter(ranges)) if len(ranges) == 1 else None
        if text is None:
            raise InvalidRequestError("hisRead takes an id and one range")
        if len(text) > _MAX_RANGE_TEXT:
            raise InvalidRequestError(f"range must have at most {_MAX_RANGE_TEXT} characters")
        ids = requests.ids_in(rows)
        if len(ids) > MAX_POINTS:
            raise TooLargeError(f"{len(ids)} points requested; hisRead takes at most {MAX_POINTS}")
        points = [self._point(id) for id in ids]
        reader = HistoryReader(self.api.executor, self.api.now(), self.api.max_range_days, self._in_time)
        if not is_batch and len(points) == 1:
            return reader.one(*points[0], text)
        return reader.several(points, text, _zone(request, points))

    def _by_ids(self, ids: Sequence[str]) -> Grid:
        """Returns the records of ids in their order; a row without values where there is none."""
        records = [self._record(RecordId.parse(id)) or _NO_RECORD for id in ids]
        return Grid.of(records) if any(records) else Grid([Column("id", [None] * len(ids))])

    def _record(self, id: RecordId | None) -> Dict | None:
        site = self._sites.get(id.site) if id else None
        return site.by_id(id) if site else None

    def _point(self, text: str) -> tuple[SiteRecord, Point]:
        id = RecordId.parse(text)
        records = self._sites.get(id.site) if id else None
        point = records.point_of(id.point) if id and records and id.point is not None else None
        if records is None or point is None:
            raise NotFoundError(f"there is no point '@{text[:100]}'")
        return records.site, point

    def _selected(self, selection: filters.Filter) -> Iterator[Dict]:
        """Yields the records that a filter selects; TierTimeoutError when that takes too long."""

        def resolve(reference: Ref) -> Dict | None:
            return self._record(RecordId.parse(reference.id))

        candidates = (
            record for records in self._sites.values() for record in records.having(selection.required)
        )
        for number, record in enumerate(candidates):
            if number % _STRIDE == 0 and not self._in_time():
                raise TierTimeoutError("time limit reached; use a narrower filter, such as of one site")
            if selection(record, resolve):
                yield record

    @cached_property
    def _sites(self) -> Mapping[str, SiteRecords]:
        """The records of every site that the token may read, by name, in the order of the names."""
        return {
            site.site: self.records.of_site(site)
            for site in self.api.sites.visible()
            if allows(self.grant, site.site, SCOPE)
        }

    @cached_property
    def _in_time(self) -> Callable[[], bool]:
        """Says whether there is time left to read, from its first use on."""
        end_s = self.api.monotonic() + READ_BUDGET_S
        return lambda: self.api.monotonic() < end_s


def error_grid(text: str) -> Grid:
    """Returns the grid that says why an operation failed."""
    return Grid([], {"err": Mark.MARKER, "dis": text})


def _navigable(records: Sequence[Dict]) -> Grid:
    """Returns records with what their children are found by; points have none."""
    return Grid.of([record if "point" in record else {"navId": _id(record), **record} for record in records])


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
    "filetypes": _Operation(Operations.formats, "The formats of requests and answers"),
    "formats": _Operation(Operations.formats, "The formats of requests and answers"),
    "read": _Operation(Operations.read, "Records by a filter or by ids"),
    "nav": _Operation(Operations.nav, "Records as a tree: sites, equipment, points"),
    "hisRead": _Operation(Operations.his_read, "The history of one point or of several"),
    "close": _Operation(Operations.close, "Nothing: there are no sessions"),
}
NAMES = tuple(_OPERATIONS)
