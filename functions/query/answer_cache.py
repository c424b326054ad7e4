"""Which answers may be kept, for how long, and under which name: pure, but for reading and keeping them."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import zstandard

from query.schemas import ColumnAnswer
from vitals.aws import prices
from vitals.aws.cost import Cost
from vitals.errors import CacheError, TierTimeoutError
from vitals.model.records.ledger import WRITE_GRACE_MS, ArchiveRecord
from vitals.reading.plan import QueryPlan
from vitals.store.tiers.query_cache import ResultCache

# Another form of answers must not be read as this one: before 2 the rows of Athena were not counted, before 3
# warnings had no codes.
_FORM = 3
# Settled data changes by an archiving or a backfill, which change the name; S3 removes entries after a day.
QUIET_S = 86_400
# A write may follow its note in the ledger by a while, so what is written to now is kept for a moment only.
LIVELY_S = 20
_WAIT_S = 15

type Answer = ColumnAnswer


@dataclass(frozen=True, slots=True)
class Entry:
    """The name of an answer, which changes with whatever it is read from, and how long it may be kept."""

    digest: str
    ttl_s: int

    @property
    def quiet(self) -> bool:
        """Whether the name alone tells that the answer is still right."""
        return self.ttl_s == QUIET_S

    def etag(self, media_type: str) -> str | None:
        """One for each form, weak: what an answer cost, and how long it took, differ each time."""
        return f'W/"{self.digest}.{media_type}"' if self.quiet else None


def entry(site: str, planned: QueryPlan, records: Sequence[ArchiveRecord], now_ms: int) -> Entry:
    """The entry of a plan as the ledger now is."""
    changed = [record.changed_ms for record in records if record.changed_ms is not None]
    over_ms = now_ms - WRITE_GRACE_MS
    # While a day's file is replaced the ledger does not tell which of the two is read.
    steady = all(record.status in ("", "done") for record in records)
    quiet = steady and planned.span.end_ms <= over_ms and all(at < over_ms for at in changed)
    versions = [[r.day_ms, r.changed_ms, r.began_ms, r.status, r.etag] for r in records]
    points = [
        [name, point and [point.id, point.listed.interval_s]]
        for name, point in zip(planned.names, planned.points, strict=True)
    ]
    asked = [
        planned.requested.start_ms,
        planned.requested.end_ms,
        planned.start_ms,
        planned.row_limit,
        planned.fingerprint,
    ]
    named = orjson.dumps([_FORM, site, asked, points, versions])
    return Entry(hashlib.sha256(named).hexdigest(), QUIET_S if quiet else LIVELY_S)


def matches(if_none_match: str, etag: str | None) -> bool:
    """Whether a request's If-None-Match names this ETag, by weak comparison."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag is not None and (etag.removeprefix("W/") in tags or "*" in tags)


@dataclass(slots=True)
class Answers:
    """Kept answers; a cache that fails makes a warning and no query fail. `cache` None keeps nothing."""

    cache: ResultCache | None
    now: Callable[[], int]
    warn: Callable[..., Any]
    _flights: dict[str, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, site: str, name: Entry, cost: Cost) -> Answer | None:
        """The kept answer, if there is one that is young enough."""
        if self.cache is None:
            return None
        try:
            body = self.cache.get(site, name.digest, cost)
            if body is None:
                return None
            kept = orjson.loads(zstandard.decompress(body))
        except (CacheError, TierTimeoutError, orjson.JSONDecodeError, zstandard.ZstdError) as error:
            self.warn("cache not read", site=site, reason=str(error))
            return None
        answer: Answer = kept["answer"]
        return answer if self.now() - kept["stored_ms"] < name.ttl_s * 1000 else None

    def keep(self, site: str, name: Entry, answer: Mapping[str, Any], cost: Cost) -> None:
        """Keeps an answer, if it can be, and if that costs less than reading it again in a moment."""
        if self.cache is None or (not name.quiet and cost.read_dollars < prices.S3_PUT):
            return
        kept = {"stored_ms": self.now(), "answer": answer}
        body = zstandard.compress(orjson.dumps(kept, option=orjson.OPT_SERIALIZE_NUMPY), 3)
        try:
            if self.cache.put(site, name.digest, body):
                cost.add_put()
        except (CacheError, TierTimeoutError) as error:
            self.warn("cache not written", site=site, reason=str(error))

    @contextmanager
    def one_at_a_time(self, name: Entry) -> Iterator[None]:
        """Holds back identical requests of this process until the first has kept its answer."""
        with self._lock:
            flight = self._flights.setdefault(name.digest, threading.Lock())
        held = flight.acquire(timeout=_WAIT_S)
        try:
            yield
        finally:
            if held:
                flight.release()
            with self._lock:
                if not flight.locked():
                    self._flights.pop(name.digest, None)
