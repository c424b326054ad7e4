"""The endpoint of configured points: pages of what the book lists, with the faults of listings."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from local.ace_simulator import listings
from local.ace_simulator.buildings import readings as buildings
from local.ace_simulator.requests import Query, listing
from tests.simulation.ace.book import SiteBook
from tests.simulation.ace.deliveries import ListingPage
from tests.simulation.ace.faults import Faults
from tests.simulation.ace.points import Point

# A small site has pages as a large one does: a page has 16 points where 100 are asked for, and other sizes
# have other boundaries.
_PAGE_PERCENT = 16
_QUANTITY = buildings.Quantity("Quantity", "kW", "analogInput", ("sensor",))
_ODD_MEMBERS = (
    (b'"present_value":"0.0"', b'"present_value":NaN'),
    (b'"object_description":"Quantity"', b'"object_description":"cut \xed\xa0\xbd"'),
    (b'"object_description":"Quantity"', b'"object_description":"B\xfcro \\ud83d"'),
)


class _Run(NamedTuple):
    """A run of pages: the point that all of them lack, and that which vanishes after a page."""

    lacking: str = ""
    shift_page: int = 0
    shifted: str = ""


class Listings:
    """Answers pages of the listings of all sites."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._runs: dict[tuple[str, int], _Run] = {}
        self._items: dict[str, Mapping[str, Any]] = {}

    def answer(self, book: SiteBook, query: Query, at_ms: int) -> tuple[bytes, ListingPage]:
        """Returns a page as bytes, and what it names."""
        page = int(query.get("page", "1"))
        per_page = max(5, int(query.get("per_page", "10")) * _PAGE_PERCENT // 100)
        points = book.configured(at_ms)
        run = self._run(book, points, page, per_page)
        missing = [run.lacking] if run.lacking else []
        shifted = run.shifted if page > run.shift_page else ""
        if shifted:
            missing.append(shifted)
            self._faults.counts["listing_shift"] += 1
        points = [point for point in points if point.name not in missing]
        paged = {"page": str(page), "per_page": str(per_page)}
        body = listing(paged, points, lambda point: self._item(book.site, point))
        names = [item["name"] for item in body["items"]]
        malformed = self._malform(body["items"])
        return self._odd(orjson.dumps(body)), ListingPage(
            site=book.site,
            page=page,
            pages=body["pages"],
            served_ms=at_ms,
            names=[name for name in names if name not in malformed],
            malformed=malformed,
            missing=missing,
            shifted=shifted,
        )

    def _run(self, book: SiteBook, points: Sequence[Point], page: int, per_page: int) -> _Run:
        """Returns the run of a page; it begins with the first page."""
        key = (book.site, per_page)
        if page == 1:
            self._runs[key] = self._begin(book.site, points, per_page)
        return self._runs.get(key, _Run())

    def _begin(self, site: str, points: Sequence[Point], per_page: int) -> _Run:
        faults, random = self._faults, self._faults.random
        names = [point.name for point in points]
        boundaries = (len(points) - 1) // per_page
        if boundaries > 0 and random.random() < faults.rates.listing_shift:
            page = random.randint(1, boundaries)
            return _Run(shift_page=page, shifted=names[random.randrange(page * per_page)])
        return _Run(lacking=faults.lack(site, names))

    def _odd(self, body: bytes) -> bytes:
        """Returns the body with a member that is no JSON and no name, where the fault says so."""
        if not self._faults.happens("listing_odd"):
            return body
        member, other = self._faults.random.choice(_ODD_MEMBERS)
        return body.replace(member, other, 1)

    def _malform(self, items: list[Any]) -> list[str]:
        """Makes an entry unreadable where the fault says so; returns its name."""
        if not items or not self._faults.happens("listing_malformed"):
            return []
        random = self._faults.random
        row = random.randrange(len(items))
        name = items[row]["name"]
        items[row] = random.choice((None, 17, "entry", {**items[row], "name": None}, {"id": 5}))
        return [name]

    def _item(self, site: str, point: Point) -> Mapping[str, Any]:
        item = self._items.get(point.name)
        if item is None:
            shape = buildings.Point(
                name=point.name,
                device=f"gateway-{point.gateway}",
                instance=point.number,
                quantity=_QUANTITY,
                interval_s=point.interval_s,
            )
            described = listings.describe_point(listings.ListedPoint(site, point.number, shape), 1)
            item = self._items[point.name] = described | {"collect_interval": point.listed_interval_s}
        return item
