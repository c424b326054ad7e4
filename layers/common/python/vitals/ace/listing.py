"""The listing of a site's configured points, read page by page while points come and go.

Pages are cut by position: a point that leaves an earlier page moves the others up, and the first of the next
page is on no page. So a listing is *steady* only if nothing in it contradicts itself, or two readings of it
with pages of different sizes name the same points.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vitals.aws.runtime import SYSTEM
from vitals.errors import UpstreamCursorError, UpstreamError, UpstreamRefusedError, UpstreamUnavailableError

# ACE lists at most 100 points a page. Each reading has boundaries of its own: two meet after 8,091 points.
_PAGE_SIZES = (100, 93, 87)
# Where odd sizes are refused; half of its boundaries are those of 100.
_ROUND_SIZE = 50
# 40,000 points are nine times the largest site known.
_MAX_PAGES = 400
# What reading and writing a step of a large site needs after the listing.
_SPARE_S = 120

type Item = Mapping[str, Any]
type Fetch = Callable[[int, int], Mapping[str, Any]]
"""(page, points a page) as the upstream answers them"""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the upstream lists: one item per name, each with a name that is no empty text.

    `doubt` says why the listing may lack points, and is empty when it is steady. `malformed` entries have no
    name; `nameless` of them are objects, and `problem` says what is wrong with the first of these.
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
        """Whether a point that is not in it was not listed: a malformed entry may be any point's."""
        return self.steady and not self.malformed


def read(
    fetch: Fetch,
    path: str,
    remaining_s: Callable[[], float] = lambda: float("inf"),
    monotonic: Callable[[], float] = SYSTEM.monotonic,
) -> Listing:
    """The whole listing; one that is not steady is read up to twice more, and has what any reading names.

    UpstreamCursorError when it does not end; errors of the upstream when they come in the first reading.
    """
    items: dict[str, Item] = {}
    before: frozenset[str] | None = None
    doubt, malformed, nameless, problem = "", 0, 0, ""
    sizes = list(_PAGE_SIZES)
    while sizes:
        began, size = monotonic(), sizes.pop(0)
        try:
            reading = _read_once(fetch, path, size)
        except UpstreamError as error:
            if before is not None and size != _ROUND_SIZE and isinstance(error, UpstreamRefusedError):
                sizes = [_ROUND_SIZE]
                continue
            if before is None:
                raise
            doubt = f"{doubt}; the second look failed: {error}"
            break
        items |= reading.items
        malformed, problem = max(malformed, reading.malformed), problem or reading.problem
        nameless = max(nameless, reading.nameless)
        doubt = reading.doubt()
        names = frozenset(reading.items)
        if not doubt or (names == before and not reading.refused):
            doubt = ""
            break
        before = names
        if remaining_s() < monotonic() - began + _SPARE_S:
            break
    return Listing(tuple(items.values()), doubt and f"{path}: {doubt}", malformed, nameless, problem)


@dataclass(slots=True)
class _Reading:
    """One run of pages from the first to the last."""

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
        """Why the listing may lack points; nothing when all that it says agrees."""
        totals = set(self.totals)
        if self.refused:
            return self.refused
        if totals == {None}:
            return "it does not say how many points there are" if self.pages > 1 else self.repeated
        if len(totals) > 1:
            return f"its pages count {' and '.join(map(str, dict.fromkeys(self.totals)))} points"
        if totals != {self.entries}:
            return f"it lists {self.entries} of {self.totals[0]} points"
        return self.repeated


def _read_once(fetch: Fetch, path: str, size: int) -> _Reading:
    reading = _Reading()
    for page in range(1, _MAX_PAGES + 1):
        try:
            answer = fetch(page, size)
        except UpstreamRefusedError as error:
            if page == 1:
                raise
            # It may have vanished with the last point on it.
            reading.refused = f"its page {page} was refused: {error}"
            return reading
        entries, total = answer.get("items"), _whole(answer.get("total"))
        if not isinstance(entries, list):
            raise UpstreamUnavailableError(f"{path}: no list under 'items'")
        reading.add(entries, total)
        if _is_last(answer, page, size, len(entries), reading.entries):
            return reading
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
