"""The listing of a site's configured points, read page by page while points are added and removed.

Pages are numbered by position: when a point of an earlier page is removed, the others move up, and the first
point of the next page is on no page. So a listing is *steady* only if it does not contradict itself, or if
two passes with pages of different sizes have the same points.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vitals.aws.runtime import SYSTEM
from vitals.errors import UpstreamCursorError, UpstreamError, UpstreamRefusedError, UpstreamUnavailableError

# ACE lists at most 100 points a page. No two passes have a boundary in common before point 2,697.
_PAGE_SIZES = (100, 93, 87)
# For an upstream that refuses odd sizes; every second page ends where a page of 100 does.
_ROUND_SIZE = 50
# 40,000 points are nine times the largest known site.
_MAX_PAGES = 400
# The time that a step of a large site takes after the listing, with its reads and writes.
_SPARE_S = 120

type Item = Mapping[str, Any]
type Fetch = Callable[[int, int], Mapping[str, Any]]
"""Returns the upstream's answer for (page, points a page)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The points that the upstream lists: one item per name, each with a name that is not empty.

    `doubt` says why the listing may lack points, and is empty when it is steady. `malformed` is the number of
    entries without a name; `nameless` of them are objects, and `problem` describes the first of these.
    """

    items: tuple[Item, ...] = ()
    doubt: str = ""
    malformed: int = 0
    nameless: int = 0
    problem: str = ""

    @property
    def steady(self) -> bool:
        return not self.doubt

    @property
    def proves_absence(self) -> bool:
        """Whether a point that it lacks is not configured: a malformed entry may be that of any point."""
        return self.steady and not self.malformed


def read(
    fetch: Fetch,
    path: str,
    remaining_s: Callable[[], float] = lambda: float("inf"),
    monotonic: Callable[[], float] = SYSTEM.monotonic,
) -> Listing:
    """Returns the whole listing.

    One that is not steady is read up to twice more, and has the points of all passes.
    UpstreamCursorError when it does not end; an error of the upstream when it comes in the first pass. There
    is no further pass when `remaining_s` may not suffice for it.
    """
    passes = _Passes()
    sizes = list(_PAGE_SIZES)
    while sizes:
        began, size = monotonic(), sizes.pop(0)
        try:
            passes.add(_read_once(fetch, path, size))
        except UpstreamError as error:
            if passes.names is None:
                raise
            if size != _ROUND_SIZE and isinstance(error, UpstreamRefusedError):
                sizes = [_ROUND_SIZE]
                continue
            passes.doubt = f"{passes.doubt}; the second pass failed: {error}"
            break
        if not passes.doubt or remaining_s() < monotonic() - began + _SPARE_S:
            break
    return passes.listing(path)


@dataclass(slots=True)
class _Pass:
    """One pass over all pages, from the first to the last."""

    items: dict[str, Item] = field(default_factory=dict)
    entries: int = 0
    pages: int = 0
    totals: list[int | None] = field(default_factory=list)
    malformed: int = 0
    nameless: int = 0
    problem: str = ""
    refused: str = ""
    repeated: str = ""
    _ids: set[int | str] = field(default_factory=set)

    def add(self, entries: Iterable[Any], total: int | None) -> None:
        self.pages += 1
        self.totals.append(total)
        for entry in entries:
            self.entries += 1
            name = entry.get("name") if isinstance(entry, dict) else None
            if isinstance(name, str) and name:
                self._add(entry)
                continue
            self.malformed += 1
            if isinstance(entry, dict):
                self.nameless += 1
                number = str(entry.get("id"))[:80]
                self.problem = self.problem or f"entry {self.entries} has no name: id {number}"

    def _add(self, item: Item) -> None:
        name, number = item["name"], item.get("id")
        if name in self.items:
            self.repeated = self.repeated or f"{name[:80]!r} is listed twice"
        if isinstance(number, (int, str)):
            if number in self._ids:
                self.repeated = self.repeated or f"the id {str(number)[:80]} is listed twice"
            self._ids.add(number)
        self.items[name] = item

    def doubt(self) -> str:
        """Returns why the listing may lack points; an empty text when it does not contradict itself."""
        totals = set(self.totals)
        if self.refused:
            return self.refused
        if totals == {None}:
            return "it gives no total" if self.pages > 1 else self.repeated
        if len(totals) > 1:
            return f"its pages give different totals: {', '.join(map(str, dict.fromkeys(self.totals)))}"
        if totals != {self.entries}:
            return f"it lists {self.entries} of {self.totals[0]} points"
        return self.repeated


@dataclass(slots=True)
class _Passes:
    """The points of all passes so far, and the doubt of the latest."""

    items: dict[str, Item] = field(default_factory=dict)
    names: frozenset[str] | None = None
    doubt: str = ""
    malformed: int = 0
    nameless: int = 0
    problem: str = ""

    def add(self, latest: _Pass) -> None:
        names = frozenset(latest.items)
        agrees = names == self.names and not latest.refused
        self.doubt = "" if agrees else latest.doubt()
        self.names = names
        self.items |= latest.items
        self.malformed = max(self.malformed, latest.malformed)
        self.nameless = max(self.nameless, latest.nameless)
        self.problem = self.problem or latest.problem

    def listing(self, path: str) -> Listing:
        return Listing(
            items=tuple(self.items.values()),
            doubt=self.doubt and f"{path}: {self.doubt}",
            malformed=self.malformed,
            nameless=self.nameless,
            problem=self.problem,
        )


def _read_once(fetch: Fetch, path: str, size: int) -> _Pass:
    current = _Pass()
    for page in range(1, _MAX_PAGES + 1):
        try:
            answer = fetch(page, size)
        except UpstreamRefusedError as error:
            if page == 1:
                raise
            # The page may have gone with the last point on it.
            current.refused = f"its page {page} was refused: {error}"
            return current
        entries, total = answer.get("items"), _whole(answer.get("total"))
        if not isinstance(entries, list):
            raise UpstreamUnavailableError(f"{path}: expected a list under 'items'")
        current.add(entries, total)
        if _is_last(answer, page, size, len(entries), current.entries):
            return current
    raise UpstreamCursorError(f"{path} did not end within {_MAX_PAGES} pages")


def _is_last(answer: Mapping[str, Any], page: int, size: int, entries: int, counted: int) -> bool:
    pages, total = _whole(answer.get("pages")), _whole(answer.get("total"))
    if pages is not None:
        return page >= pages
    if total is not None:
        return counted >= total or not entries
    return entries < (_whole(answer.get("per_page")) or size)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
