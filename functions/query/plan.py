"""What a query asks for and how far one answer of it reaches: pure, testable without AWS."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from vitals.catalog import Catalog, Point
from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError
from vitals.samples import Samples
from vitals.timespan import DAY_MS, WINDOW_MS, Span, ceil_window, parse_time

MAX_POINTS = 500
# 100,000 samples are 3.4 MB of JSON at 17 digits each; a Lambda answer carries 6 MB.
MAX_SAMPLES = 100_000
_DEFAULT_INTERVAL_S = 60
_FASTEST_INTERVAL_S = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it came in, types checked and nothing else."""

    site: str
    point_names: Sequence[str]
    start: str | int
    end: str | int
    resolution: str = "auto"
    max_points: int | None = None
    next_token: str | None = None


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """The points of a query in the order asked (None: the site has no such point), and what to read now."""

    names: tuple[str, ...]
    points: tuple[Point | None, ...]
    span: Span
    start_ms: int
    fingerprint: str

    @property
    def ids(self) -> list[int]:
        return [point.id for point in self.points if point]

    @property
    def unknown(self) -> list[str]:
        return [name for name, point in zip(self.names, self.points, strict=True) if point is None]

    def first_step_ms(self) -> int:
        """How long a stretch of whole windows should hold about as many samples as one answer."""
        intervals = [point.listed.interval_s or _DEFAULT_INTERVAL_S for point in self.points if point]
        per_second = sum(1 / interval for interval in intervals)
        return min(self.longest_step_ms(), _whole_windows(MAX_SAMPLES / per_second))

    def longest_step_ms(self) -> int:
        """The stretch that bounds memory: ten answers of points that are read every ten seconds."""
        return _whole_windows(10 * MAX_SAMPLES * _FASTEST_INTERVAL_S / len(self.ids))

    def token(self, start_ms: int) -> str:
        """The opaque `next_token` with which the same query goes on at `start_ms`."""
        return base64.urlsafe_b64encode(orjson.dumps([start_ms, self.fingerprint])).decode().rstrip("=")


def plan_query(asked: Asked, catalog: Catalog, now_ms: int, max_range_days: int) -> QueryPlan:
    """The plan of a query; InvalidRequestError, TooLargeError or NotFoundError when it can't be answered."""
    names = tuple(dict.fromkeys(asked.point_names))
    if not names:
        raise InvalidRequestError("point_names names no point")
    if len(names) > MAX_POINTS:
        raise TooLargeError(f"{len(names)} points asked for; one query takes at most {MAX_POINTS}")
    span = _span(asked, now_ms, max_range_days)
    points = tuple(catalog.by_name.get(name) for name in names)
    if not any(points):
        raise NotFoundError(f"the site has no point {', '.join(map(repr, names[:3]))}")
    fingerprint = _fingerprint(asked.site, names, span, asked.resolution)
    start_ms = span.start_ms
    if asked.next_token is not None:
        start_ms = _read_token(asked.next_token, fingerprint, span)
    return QueryPlan(names, points, span, start_ms, fingerprint)


def cut(samples: Samples, limit: int) -> int | None:
    """Where an answer must end, at a window's edge, to hold at most `limit` samples; None when all fit.

    One window always fits, so that every answer moves on.
    """
    if len(samples) <= limit:
        return None
    windows, counts = np.unique(samples.times - samples.times % WINDOW_MS, return_counts=True)
    whole = int(np.searchsorted(np.cumsum(counts), limit, side="right"))
    return int(windows[max(whole, 1) - 1]) + WINDOW_MS


def _whole_windows(seconds: float) -> int:
    return max(WINDOW_MS, ceil_window(int(seconds * 1000)))


def _span(asked: Asked, now_ms: int, max_range_days: int) -> Span:
    try:
        span = Span(parse_time(asked.start), parse_time(asked.end))
    except ValueError as error:
        raise InvalidRequestError(f"start_time and end_time are ISO 8601 or epoch ms: {error}") from None
    if not span:
        raise InvalidRequestError("start_time must be before end_time")
    if span.start_ms > now_ms:
        raise InvalidRequestError("start_time is in the future")
    if span.length_ms > max_range_days * DAY_MS:
        raise TooLargeError(f"the range is longer than {max_range_days} days")
    return span


def _fingerprint(site: str, names: Sequence[str], span: Span, resolution: str) -> str:
    asked = orjson.dumps([site, names, span.start_ms, span.end_ms, resolution])
    return hashlib.sha256(asked).hexdigest()[:16]


def _read_token(token: str, fingerprint: str, span: Span) -> int:
    try:
        start_ms, of = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError, binascii.Error):
        raise InvalidRequestError("next_token is not one of ours") from None
    if of != fingerprint:
        raise InvalidRequestError(
            "next_token belongs to another query; repeat every other parameter as it was"
        )
    if not isinstance(start_ms, int) or not span.start_ms <= start_ms < span.end_ms:
        raise InvalidRequestError("next_token is not one of ours")
    return start_ms
