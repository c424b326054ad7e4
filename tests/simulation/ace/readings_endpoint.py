"""The endpoint of readings: a page of the book as a body, with the faults of pages, and its delivery."""

import json
from random import Random

from local.ace_simulator.requests import Query
from tests.simulation.ace import broken, pages
from tests.simulation.ace.book import SiteBook
from tests.simulation.ace.deliveries import Delivery
from tests.simulation.ace.faults import Faults
from tests.simulation.ace.pages import Page, Position
from tests.simulation.ace.readings import Batch, Key, Version, batch
from vitals.model.timespan import HOUR_MS, Span

_UNLIMITED = 2**40
# Lenient reading takes ten times as long as strict reading; large bodies are malformed less often.
_LARGE, _LARGE_SCALE = 1_500, 0.1
_LIMITS = (20, 50, 333, 1000)
_LAST_EMPTY_PAGE = 30
_NO_CURSOR: tuple[dict[str, object], ...] = ({"next_cursor": None}, {"next_cursor": ""}, {})


def answer(book: SiteBook, query: Query, at_ms: int, faults: Faults) -> tuple[bytes, Delivery]:
    """Returns a page of readings as bytes, and what it delivers."""
    cursor = pages.cursor_of(query, lambda span: _draw_limit(span, faults))
    page = pages.read(book, cursor, at_ms)
    members = _members(book, page, query, faults)
    has_more = bool(members.get("has_more"))
    entries, malformed = _entries(page, faults)
    delivery = Delivery(
        site=book.site,
        span=cursor.span,
        page=cursor.page,
        cursor=query.get("cursor", ""),
        served_ms=at_ms,
        batches=tuple(page.batches),
        malformed=malformed,
        is_last=not has_more,
    )
    return _body(entries, members, faults.random), delivery


def _draw_limit(span: Span, faults: Faults) -> int:
    """Returns the readings a page; more for long spans, because the client reads at most 200 pages."""
    if not faults.happens("short_pages"):
        return _UNLIMITED
    return faults.random.choice(_LIMITS) * max(1, span.length_ms // HOUR_MS)


def _members(book: SiteBook, page: Page, query: Query, faults: Faults) -> dict[str, object]:
    """Returns the members beside the list; changes the readings and the end of the page by the faults."""
    random = faults.random
    if page.cursor.page <= _LAST_EMPTY_PAGE and faults.happens("empty"):
        page.batches, page.end = [], page.cursor.position
    _shape(book, page, faults)
    if page.end is None:
        return {"has_more": False, **random.choice(_NO_CURSOR)}
    if faults.happens("lost_cursor"):
        return {"has_more": True, **random.choice(_NO_CURSOR)}
    if "cursor" in query and faults.happens("repeated_cursor"):
        return {"has_more": True, "next_cursor": query["cursor"]}
    continued = page.cursor.continued(page.end, random.getrandbits(32))
    return {"has_more": True, "next_cursor": str(continued)}


def _shape(book: SiteBook, page: Page, faults: Faults) -> None:
    size = page.size
    if size < 2:
        return
    if page.end is not None and size > 5 and faults.happens("overlap"):
        page.end = _position_before(book, page, faults.random.randint(1, size // 2))
    if faults.happens("doubled"):
        page.batches.append(_sample(page, faults.random))
    if faults.happens("unordered"):
        page.batches = _shuffled(page, faults.random)


def _position_before(book: SiteBook, page: Page, count: int) -> Position:
    """Returns the position of a reading before the end of the page."""
    versions = [version for current in page.batches for version in current.versions]
    return pages.position_of(book, versions[-count])


def _sample(page: Page, random: Random) -> Batch:
    current = random.choice(page.batches)
    versions = random.sample(current.versions, random.randint(1, len(current.versions)))
    return batch(current.window_ms, versions)


def _shuffled(page: Page, random: Random) -> list[Batch]:
    batches = random.sample(page.batches, len(page.batches))
    if page.size > _LARGE:
        return batches
    return [
        batch(current.window_ms, random.sample(current.versions, len(current.versions)))
        for current in batches
    ]


def _entries(page: Page, faults: Faults) -> tuple[bytes, list[Key]]:
    """Returns the entries, joined, and the readings whose entries are malformed; the page loses these."""
    size = page.size
    scale = _LARGE_SCALE if size > _LARGE else 1.0
    is_malformed = size > 0 and faults.happens("malformed", scale)
    has_junk = faults.happens("junk", scale)
    if not (is_malformed or has_junk):
        return ",".join([current.json for current in page.batches]).encode(), []
    random, forms = faults.random, broken.draw_forms(faults.random)
    versions: list[Version] = [version for current in page.batches for version in current.versions]
    lost = set(random.sample(range(size), min(size, random.randint(1, 4)))) if is_malformed else set()
    entries = [
        broken.malformed_entry(version, forms, random) if row in lost else version.entry.encode()
        for row, version in enumerate(versions)
    ]
    for _ in range(random.randint(1, 3) * has_junk):
        entries.insert(random.randint(0, len(entries)), broken.junk_entry(forms, random))
    if lost:
        page.batches = [batch(0, [version for row, version in enumerate(versions) if row not in lost])]
    keys = {(version.name, version.time_ms): None for row, version in enumerate(versions) if row in lost}
    remaining = {version[:2] for row, version in enumerate(versions) if row not in lost} if lost else ()
    return b",".join(entries), [key for key in keys if key not in remaining]


def _body(entries: bytes, members: dict[str, object], random: Random) -> bytes:
    outer = json.dumps(members)[1:-1].encode()
    if random.random() < 0.3:
        return b'{%b, "point_samples":[%b]}' % (outer, entries)
    return b'{"point_samples": [%b], %b}' % (entries, outer)
