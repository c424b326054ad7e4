"""The cache of answers: their digests and lifetimes."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import zstandard

from query.schemas import AnyAnswer
from vitals.aws import prices
from vitals.aws.cost import Cost
from vitals.errors import CacheError, TierTimeoutError
from vitals.model import zones
from vitals.model.points import Point
from vitals.model.records.ledger import WRITE_GRACE_MS, ArchiveRecord
from vitals.reading.plan import QueryPlan
from vitals.store.tiers.query_cache import ResultCache

# Incremented when answers change, so that no entry is read as another version: before 2 the rows of Athena
# were not counted, before 3 warnings had no codes, before 4 the digest did not contain the lifetime, before 5
# answers named neither zone nor measure, before 6 no units.
_VERSION = 6
# Stable data changes only by archiving or a backfill, which change the digest; S3 removes entries in a day.
STABLE_S = 86_400
# A write may follow its note in the ledger by a while, so days that change are cached for a moment only.
VOLATILE_S = 20
_WAIT_S = 15
# To ask the cache before the tiers, and to write to it, takes a live chart longer than to read its blocks.
_TIMES_A_PUT = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """Digest of what an answer is read from, and how long (s) the answer may be cached.

    The digest contains `ttl_s`. An answer that was read while a writer may still have been writing is
    cached as volatile. Later the same records belong to a stable entry, whose digest must be another.
    """

    digest: str
    ttl_s: int

    @property
    def stable(self) -> bool:
        """Whether the answer is right as long as the digest is the same."""
        return self.ttl_s == STABLE_S

    def etag(self, media_type: str) -> str | None:
        """Returns the ETag of the answer in a format; weak, for its cost and duration differ each time."""
        return f'W/"{self.digest}.{media_type}"' if self.stable else None


def entry(
    plan: QueryPlan, records: Sequence[ArchiveRecord], now_ms: int, synced_until_ms: int | None = None
) -> Entry:
    """Returns the entry of a plan, given the ledger's records of the days of its context."""
    changed = [record.changed_ms for record in records if record.changed_ms is not None]
    grace_ms = now_ms - WRITE_GRACE_MS
    # While a day's file is replaced the ledger does not say which of the two is read.
    archived = all(record.status in ("", "done") for record in records)
    stable = archived and plan.context.end_ms <= grace_ms and all(time_ms < grace_ms for time_ms in changed)
    ttl_s = STABLE_S if stable else VOLATILE_S
    versions = [[r.day_ms, r.changed_ms, r.began_ms, r.status, r.etag] for r in records]
    points = [[name, point and _facts(point)] for name, point in zip(plan.names, plan.points, strict=True)]
    requested = [
        plan.requested.start_ms,
        plan.requested.end_ms,
        plan.start_ms,
        plan.row_limit,
        plan.fingerprint,
        plan.zone,
        zones.version(),
        # Buckets after it are partial.
        None if plan.calendar is None else min(plan.context.end_ms, synced_until_ms or 0),
        # Charts of equal columns have different warnings when one was requested by its interval.
        plan.notes,
        *(["flags", plan.flagged.digest] if plan.flagged else []),
    ]
    content = orjson.dumps([_VERSION, ttl_s, plan.site, requested, points, versions])
    return Entry(hashlib.sha256(content).hexdigest(), ttl_s)


def _facts(point: Point) -> list[object]:
    """Returns what answers depend on, beside the samples."""
    listed = point.listed
    return [point.id, listed.interval_s, listed.unit, point.kind, point.settings.rollover]


def matches(if_none_match: str, etag: str | None) -> bool:
    """Returns whether a request's If-None-Match names this ETag, by weak comparison."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag is not None and (etag.removeprefix("W/") in tags or "*" in tags)


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer of the cache, and how long (s) it may still be served."""

    answer: AnyAnswer
    remaining_s: int


def is_worth_asking(dollars: float) -> bool:
    """Returns whether a live chart whose read costs this much is looked for in the cache."""
    return dollars >= _TIMES_A_PUT * prices.S3_PUT


@dataclass(slots=True)
class AnswerCache:
    """Answers in a store, None for no cache; an error of the store is logged and fails no query."""

    results: ResultCache | None
    now: Callable[[], int]
    log: Callable[..., Any]
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def disabled(self) -> "AnswerCache":
        """Returns a cache that keeps nothing, for one answer."""
        return replace(self, results=None)

    def load(self, site: str, entry: Entry, cost: Cost) -> CachedAnswer | None:
        """Returns the answer of an entry, if there is one that is young enough."""
        if self.results is None:
            return None
        try:
            body = self.results.get(site, entry.digest, cost)
            if body is None:
                return None
            content = orjson.loads(zstandard.decompress(body))
        except (CacheError, TierTimeoutError, orjson.JSONDecodeError, zstandard.ZstdError) as error:
            self.log("cache not read", site=site, reason=str(error))
            return None
        age_s = -(-max(0, self.now() - content["read_ms"]) // 1000)
        return CachedAnswer(content["answer"], entry.ttl_s - age_s) if age_s < entry.ttl_s else None

    def store(self, site: str, entry: Entry, answer: AnyAnswer, read_ms: int, cost: Cost) -> None:
        """Stores an answer that began to be read at `read_ms`, unless reading it again soon costs less."""
        if self.results is None or (not entry.stable and cost.read_dollars < prices.S3_PUT):
            return
        content = {"read_ms": read_ms, "answer": answer}
        body = zstandard.compress(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), 1)
        try:
            if self.results.put(site, entry.digest, body):
                cost.add_put()
        except (CacheError, TierTimeoutError) as error:
            self.log("cache not written", site=site, reason=str(error))

    @contextmanager
    def locked(self, entry: Entry) -> Iterator[None]:
        """Makes identical requests of this process wait until the first one has stored its answer."""
        if self.results is None:
            yield
            return
        with self._lock:
            lock = self._locks.setdefault(entry.digest, threading.Lock())
        acquired = lock.acquire(timeout=_WAIT_S)
        try:
            yield
        finally:
            if acquired:
                lock.release()
            with self._lock:
                if not lock.locked():
                    self._locks.pop(entry.digest, None)
