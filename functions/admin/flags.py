"""The answers about flags: a person marks a span of points as bad, and may take it back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from admin import schemas
from vitals.errors import InvalidRequestError
from vitals.model.points import Catalog
from vitals.model.ranges import Time, parse_range
from vitals.model.records.changes import Change
from vitals.model.records.flags import Flag, check_reason
from vitals.model.timespan import iso
from vitals.reading import page_token
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.flags import FlagTable

# The names of a page are at most 2.6 MB.
_NAMES_OF_PAGE = 5_000
# Of hexadecimal: with a time they fit the 64 bits of a page token.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class FlagAnswers:
    """What the routes of flags call, after they are authorised; `now` gives UTC ms."""

    flags: FlagTable
    catalogs: CatalogTable
    now: Callable[[], int]
    new_id: Callable[[], str]

    def page(self, site: str, point_names: Sequence[str], next_token: str | None) -> schemas.Flags:
        """Returns a page of the site's flags, oldest first; with names those of any of these points."""
        owner = page_token.fingerprint("flags", site, sorted(point_names))
        after = -1 if next_token is None else page_token.decode(next_token, owner)
        # Before the catalog, which then has every point of the flags.
        stored = self.flags.of_site(site)
        catalog = self.catalogs.load(site)
        points = {point.id for point in catalog.select(point_names)} if point_names else None
        flags = [flag for flag in stored if points is None or points & set(flag.points)]
        remaining = [flag for flag in flags if _number(flag) > after]
        page: list[Flag] = []
        names = 0
        for flag in remaining:
            names += len(flag.points)
            if page and names > _NAMES_OF_PAGE:
                break
            page.append(flag)
        return {
            "site_name": site,
            "flags": [_shown(flag, catalog) for flag in page],
            "next_token": (
                page_token.encode(_number(page[-1]), owner) if len(page) < len(remaining) else None
            ),
        }

    def add(
        self, site: str, point_names: Sequence[str], start: Time, end: Time, reason: str, who: str
    ) -> schemas.Flag:
        """Flags a span of points, and returns the flag."""
        now_ms = self.now()
        catalog = self.catalogs.load(site)
        points, span = catalog.select(point_names), parse_range(start, end, now_ms)
        if not span:
            raise InvalidRequestError("no sample between start_time and end_time can be stored")
        flag = Flag(
            id=f"{now_ms:013d}-{self.new_id()[:_DIGITS]}",
            points=tuple(point.id for point in points),
            span=span,
            reason=check_reason(reason),
            flagged_by=who,
            flagged_ms=now_ms,
        )
        self.flags.add(site, flag, [Change("flag", point.name, None, _text(flag)) for point in points])
        return _shown(flag, catalog)

    def remove(self, site: str, id: str, who: str) -> schemas.RemovedFlag:
        """Removes a flag; NotFoundError if there is none of this id."""
        flag = self.flags.find(site, id)
        catalog = self.catalogs.load(site)
        changes = [Change("flag", name, _text(flag), None) for name in _names(flag, catalog)]
        self.flags.remove(site, flag, who, changes)
        return {"flag_id": id, "status": "removed"}


def _number(flag: Flag) -> int:
    """Returns a number that orders flags as their ids do."""
    time, _, digits = flag.id.partition("-")
    return int(time) << 4 * _DIGITS | int(digits, 16)


def _text(flag: Flag) -> str:
    """Returns a flag as records of changes name it."""
    return f"{flag.span}: {flag.reason}"


def _names(flag: Flag, catalog: Catalog) -> list[str]:
    return [catalog.points[point].name for point in flag.points]


def _shown(flag: Flag, catalog: Catalog) -> schemas.Flag:
    return {
        "flag_id": flag.id,
        "point_names": _names(flag, catalog),
        "start_time": iso(flag.span.start_ms),
        "end_time": iso(flag.span.end_ms),
        "reason": flag.reason,
        "flagged_by": flag.flagged_by,
        "flagged_at": iso(flag.flagged_ms),
    }
