"""Answers hisRead: the samples of points in a range, with NA where there is a gap."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from query.haystack.records import point_ref
from query.status import MAX_LAG_MS
from vitals.aws.cost import Cost
from vitals.errors import InvalidRequestError, TierTimeoutError, TooLargeError
from vitals.model.haystack.units import haystack_unit
from vitals.model.haystack.values import Column, DateTime, Dict, Grid, Instants, Mark, Number, Value
from vitals.model.measures.local_time import first_instants, local_instant, offsets_at
from vitals.model.points import Catalog, Point
from vitals.model.records.sites import SiteRecord
from vitals.model.samples import Times
from vitals.model.timespan import DAY_MS, FUTURE_TOLERANCE_MS, Span, day_name, day_start, iso
from vitals.model.zones import UTC
from vitals.reading.executor import Executor
from vitals.reading.gaps import Gap, GapReport, explain_gaps
from vitals.reading.queries.planning import plan_query
from vitals.reading.reader import Page, PageReader
from vitals.reading.reads import PlannedRead
from vitals.reading.request import MAX_SAMPLES, Limits, QueryRequest

# API Gateway waits 29 s; encoding 100,000 samples takes about a second.
READ_BUDGET_S = 12.0
# 80 MB of cells.
_MAX_CELLS = 4_000_000
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Where a point's interval is not given, as for gaps.
_INTERVAL_S = 360
_STATES = {"0.0": False, "1.0": True}
_ZONE_NAME = re.compile(r" [A-Za-z][A-Za-z0-9_+-]*$")


@dataclass(frozen=True, slots=True)
class PointHistory:
    """The times of a point in order and the value at each, NA at the beginning of a gap."""

    times: Times
    values: Sequence[Value]
    gaps: Sequence[Gap]
    has_all_gaps: bool


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """Reads histories from the tiers as long as `in_time` returns true; `now_ms` is UTC ms."""

    executor: Executor
    now_ms: int
    max_range_days: int
    in_time: Callable[[], bool]

    def one(self, site: SiteRecord, point: Point, range_text: str) -> Grid:
        """Returns the history of a point as columns `ts` and `val`."""
        span = parse_range(range_text, site.timezone, self.now_ms)
        history = self._read(site, [point], span, MAX_SAMPLES)[point.id]
        meta: dict[str, Value] = {"id": point_ref(site.site, point), **_edges(span, site.timezone)}
        return Grid(
            [
                Column("ts", Instants(history.times, site.timezone)),
                Column("val", history.values, _meta(point, history, site.timezone)),
            ],
            meta,
        )

    def several(
        self,
        requested: Sequence[tuple[SiteRecord, Point]],
        range_text: str,
        zone: str | None,
    ) -> Grid:
        """Returns the histories of points as columns `ts`, `v0`, `v1` and so on, in the order requested.

        Dates are days of `zone`, or else of each point's site; times are written in `zone`, or else in the
        zone that all sites have, or UTC.
        """
        sites = {site.site: site for site, _ in requested}
        zones = {site.timezone for site in sites.values()}
        written = zone or (zones.pop() if len(zones) == 1 else UTC)
        histories: dict[tuple[str, int], PointHistory] = {}
        spans, remaining = [], MAX_SAMPLES
        for site in sites.values():
            points = list({point.id: point for owner, point in requested if owner is site}.values())
            span = parse_range(range_text, zone or site.timezone, self.now_ms)
            read = self._read(site, points, span, remaining)
            remaining -= sum(len(history.times) for history in read.values())
            histories |= {(site.site, point): history for point, history in read.items()}
            spans.append(span)
        columns = [(site, point, histories[site.site, point.id]) for site, point in requested]
        times = np.unique(np.concatenate([history.times for _, _, history in columns]))
        if len(times) * len(columns) > _MAX_CELLS:
            raise TooLargeError(
                f"{len(columns)} points have values at {len(times):,} times;"
                " request fewer points or a shorter range"
            )
        whole = Span(min(span.start_ms for span in spans), max(span.end_ms for span in spans))
        return Grid(
            [
                Column("ts", Instants(times, written)),
                *(
                    Column(
                        f"v{index}",
                        _spread(history, times),
                        {"id": point_ref(site.site, point), **_meta(point, history, written)},
                    )
                    for index, (site, point, history) in enumerate(columns)
                ),
            ],
            _edges(whole, written),
        )

    def _read(
        self, site: SiteRecord, points: Sequence[Point], span: Span, max_samples: int
    ) -> Mapping[int, PointHistory]:
        """Returns the histories by point id; an error when not all of them can be read."""
        limit = max(1, max_samples)
        request = QueryRequest(
            site=site.site,
            point_names=[point.name for point in points],
            start=span.start_ms,
            end=span.end_ms,
            resolution="raw",
            limits=Limits(limit, limit),
        )
        plan = plan_query(request, Catalog(tuple(points)), self.now_ms, self.max_range_days)
        cost = Cost()
        records = self.executor.records(plan.site, plan.context, cost)
        query = PlannedRead(plan, records, self.now_ms, cost, site.checkpoint_ms)
        page = PageReader(self.executor, query, self.now_ms - MAX_LAG_MS, self.in_time).read()
        _check_complete(page, is_first=limit == MAX_SAMPLES)
        report = explain_gaps(self.executor.ledger, plan, page.gaps, cost)
        return {point.id: _history(point, page, report) for point in plan.existing}


def parse_range(text: str, zone: str, now_ms: int) -> Span:
    """Returns the span of a range of hisRead: dates are local days, both included, times [start, end).

    InvalidRequestError for another text.
    """
    first, comma, last = (edge.strip() for edge in text.strip().partition(","))
    if not comma and first in ("today", "yesterday"):
        first = _local_day(now_ms, zone, back=int(first == "yesterday"))
    try:
        if _DATE.fullmatch(first) and (not comma or _DATE.fullmatch(last)):
            return _days(first, last or first, zone)
        end_ms = _instant_ms(last, zone) if comma else now_ms + FUTURE_TOLERANCE_MS + 1
        return Span(_instant_ms(first, zone), end_ms)
    except (ValueError, OverflowError) as error:
        raise InvalidRequestError(
            "range must be today, yesterday, a date, two dates, a time or two times, such as"
            f" 2026-11-01,2026-11-30: {error}"
        ) from None


def _days(first: str, last: str, zone: str) -> Span:
    # One by one: the zone's offsets are computed for the years between times.
    start_ms, end_ms = (
        int(first_instants(np.array([local_ms]), zone)[0])
        for local_ms in (day_start(first), day_start(last) + DAY_MS)
    )
    return Span(start_ms, end_ms)


def _local_day(now_ms: int, zone: str, *, back: int) -> str:
    """Returns the local date of an instant, or that of some days before."""
    local_ms = now_ms + int(offsets_at(np.array([now_ms]), zone)[0])
    return (date.fromisoformat(day_name(local_ms)) - timedelta(days=back)).isoformat()


def _instant_ms(text: str, zone: str) -> int:
    """Returns a time as Haystack writes it: ISO 8601, with a zone behind it; the first ms not before it."""
    return -(-local_instant(_ZONE_NAME.sub("", text), zone) // 1)


def _check_complete(page: Page, *, is_first: bool) -> None:
    """Raises an error unless the page has all samples of the range: an answer cannot be continued."""
    if page.stats.failures:
        raise page.stats.failures[0].error
    if page.timed_out:
        raise TierTimeoutError("time limit reached; request a shorter range")
    if page.next_ms is not None:
        # Samples of other sites may have used up the limit before.
        advice = (
            f"request it in pieces, the first of which may end at {iso(page.next_ms)}"
            if is_first
            else "request fewer points or a shorter range"
        )
        raise TooLargeError(
            f"the range has {MAX_SAMPLES:,} samples or more, the most of one answer; {advice}"
        )


def _history(point: Point, page: Page, report: GapReport) -> PointHistory:
    low, high = np.searchsorted(page.rows.ids, [point.id, point.id + 1]).tolist()
    rows = page.rows[low:high]
    gaps = report.gaps.get(point.id, ())
    missing = _missing(point, rows.times, gaps)
    times = np.concatenate([rows.times, missing])
    values: list[Value] = [*_values(point, rows.values.tolist()), *([Mark.NA] * len(missing))]
    order = np.argsort(times, kind="stable")
    return PointHistory(
        times[order],
        [values[index] for index in order.tolist()],
        gaps,
        report.in_time and point.id not in report.omitted,
    )


def _values(point: Point, values: Sequence[float]) -> list[Value]:
    """Returns values as Haystack has them; those of a binary point that are neither 0 nor 1 stay numbers."""
    unit = haystack_unit(point.listed.unit)
    if point.kind == "binary":
        # The texts tell -0.0 from 0.0.
        return [_STATES.get(repr(value), Number(value, unit)) for value in values]
    return [Number(value, unit) for value in values]


def _missing(point: Point, times: Times, gaps: Sequence[Gap]) -> Times:
    """Returns the time of the NA of each gap: where its first sample is missing."""
    interval_ms = (point.listed.interval_s or _INTERVAL_S) * 1000
    samples = set(times[np.isin(times, [gap.span.start_ms for gap in gaps])].tolist())
    return np.array(
        [
            gap.span.start_ms + min(interval_ms, gap.span.length_ms // 2)
            if gap.span.start_ms in samples
            else gap.span.start_ms
            for gap in gaps
        ],
        np.int64,
    )


def _meta(point: Point, history: PointHistory, zone: str) -> Dict:
    """Returns what the column of a point says of it: its unit, and the reason of each NA."""
    unit = haystack_unit(point.listed.unit)
    meta: dict[str, Value] = {"kind": "Bool" if point.kind == "binary" else "Number"}
    if unit:
        meta["unit"] = unit
    if history.gaps:
        meta["gaps"] = [
            {
                "start": DateTime(gap.span.start_ms, zone),
                "end": DateTime(gap.span.end_ms, zone),
                "reason": gap.reason,
            }
            for gap in history.gaps
        ]
    if not history.has_all_gaps:
        meta["gapsOmitted"] = Mark.MARKER
    return meta


def _edges(span: Span, zone: str) -> Dict:
    return {"hisStart": DateTime(span.start_ms, zone), "hisEnd": DateTime(span.end_ms, zone)}


def _spread(history: PointHistory, times: Times) -> list[Value | None]:
    """Returns the values of a point at each of the times, None where it has none."""
    cells: list[Value | None] = [None] * len(times)
    for index, value in zip(np.searchsorted(times, history.times).tolist(), history.values, strict=True):
        cells[index] = value
    return cells
