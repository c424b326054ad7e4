"""The next reads of a sync: pure, from the site's record and the time."""

from collections.abc import Iterable
from dataclasses import dataclass

from vitals.model.records.ledger import Coverage
from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, floor_window

OVERLAP_MS = 15 * MINUTE_MS
STEP_MS = HOUR_MS
REREAD_MS = 2 * HOUR_MS
REREAD_EVERY_MS = HOUR_MS
HORIZON_MS = DAY_MS
# The next one is up to seven hours later, so readings up to 17 hours late are read.
FULL_REREAD_EVERY_MS = 6 * HOUR_MS
# The unread samples of points that were listed late are requested a day at a time, so that the live sync does
# not wait behind more messages than those of a full re-read.
UNREAD_PIECE_MS = HORIZON_MS
# For 4,583 points 30 days are 420 requests and, where the blocks have expired, $0.86 of writes with the new
# archives of these days. A backfill reads what is older.
MAX_UNREAD_MS = 30 * DAY_MS


@dataclass(frozen=True, slots=True)
class Step:
    """One fetch of a live sync, the checkpoint after it, and whether the sync has then caught up."""

    span: Span
    checkpoint_ms: int
    caught_up: bool


def next_step(checkpoint_ms: int | None, now_ms: int, initial_lookback_ms: int) -> Step:
    """Returns a step of at most one hour from the checkpoint on, and 15 minutes back for late readings.

    A step ends at a closed window, so that a block is written whole. A site without a checkpoint starts
    `initial_lookback_ms` back.
    """
    end = floor_window(now_ms)
    if checkpoint_ms is None:
        checkpoint_ms = floor_window(now_ms - initial_lookback_ms)
    step_end = max(checkpoint_ms, min(end, checkpoint_ms + STEP_MS))
    return Step(Span(checkpoint_ms - OVERLAP_MS, step_end), step_end, step_end >= end)


def catalog_due(record: SiteRecord | None, now_ms: int, every_ms: int) -> bool:
    return record is None or record.catalog_ms is None or now_ms - record.catalog_ms >= every_ms


def unlisted_since(record: SiteRecord | None) -> int:
    """Returns since when (UTC ms) a point may have been configured that only the latest listing names.

    One listing may lack a point that another names, so it is the time of the second last steady one, less
    what clocks may differ by, or of the site's first read when there were not two. It is 0 when neither is
    known.
    """
    if record is None:
        return 0
    if record.catalog_before_ms is not None:
        return record.catalog_before_ms - OVERLAP_MS
    return record.first_ms or 0


def reread_due(record: SiteRecord, now_ms: int) -> bool:
    return record.reread_ms is None or now_ms - record.reread_ms >= REREAD_EVERY_MS


def full_reread_due(record: SiteRecord, now_ms: int) -> bool:
    return record.full_reread_ms is None or now_ms - record.full_reread_ms >= FULL_REREAD_EVERY_MS


@dataclass(frozen=True, slots=True)
class Unread:
    """The part of the unread samples that is requested now, and what is too old to be requested at all.

    Afterwards they are unread from `until_ms` on; if it is None, all were requested.
    """

    span: Span
    too_old: Span
    until_ms: int | None


def next_unread(
    unread_from_ms: int | None, record: SiteRecord, checkpoint_ms: int, *, full: bool
) -> Unread | None:
    """Returns the next part, at most a day, of what is unread from a time on; None when nothing is.

    It is also None when the messages of a `full` re-read, which lack that part, are sent at the same time.
    """
    if unread_from_ms is None:
        return None
    first_ms = checkpoint_ms if record.first_ms is None else record.first_ms
    unread = Span(min(max(floor_window(unread_from_ms), first_ms), checkpoint_ms), checkpoint_ms)
    start_ms = max(unread.start_ms, checkpoint_ms - MAX_UNREAD_MS)
    end_ms = min(start_ms + UNREAD_PIECE_MS, checkpoint_ms)
    if full and end_ms < checkpoint_ms:
        return None
    return Unread(
        span=Span(start_ms, end_ms),
        too_old=Span(unread.start_ms, start_ms),
        until_ms=end_ms if end_ms < checkpoint_ms else None,
    )


def rereads(
    coverage: Coverage,
    record: SiteRecord,
    checkpoint_ms: int,
    *,
    full: bool,
    longest_ms: int,
    unread: Unread | None = None,
) -> list[Span]:
    """Returns the spans to read again, each at most `longest_ms`: two hours, and the gaps of the last 24.

    `full` takes all of the 24, because a gateway with few of a site's points leaves no gap when it is down.
    The two hours extend to the re-read before this one, so that nothing between two of them is left out.
    In the same way `full` includes what was not read again because of a pause. `unread` is read too.
    """
    first_ms = checkpoint_ms if record.first_ms is None else record.first_ms
    horizon = max(checkpoint_ms - HORIZON_MS, first_ms)
    spans = [unread.span] if unread else []
    if full:
        earlier = _before_pause(record.full_reread_ms, Span(first_ms, horizon))
        return _pieces([*spans, *earlier, Span(horizon, checkpoint_ms)], longest_ms)
    recent = checkpoint_ms - REREAD_MS
    if record.reread_ms is not None:
        recent = min(recent, floor_window(record.reread_ms))
    recent = max(recent, horizon)
    recent_spans = [*coverage.gaps(Span(horizon, recent)), Span(recent, checkpoint_ms)]
    return _pieces([*spans, *recent_spans], longest_ms)


def _before_pause(full_reread_ms: int | None, earlier: Span) -> list[Span]:
    """Returns what is left of `earlier` by a full re-read that comes late, after a pause or an outage.

    Full re-reads every six or seven hours leave nothing. The pause itself needs none: it is read afterwards,
    when everything has arrived. The sync may have gone on for almost eight hours after the last full re-read.
    """
    if full_reread_ms is None:
        return []
    last_ms = floor_window(full_reread_ms)
    start_ms = max(last_ms - HORIZON_MS + FULL_REREAD_EVERY_MS + REREAD_EVERY_MS, earlier.start_ms)
    end_ms = min(last_ms + FULL_REREAD_EVERY_MS + REREAD_MS, earlier.end_ms)
    return [Span(start_ms, end_ms)] if start_ms < end_ms else []


def _pieces(spans: Iterable[Span], longest_ms: int) -> list[Span]:
    """Returns spans of at most `longest_ms` that together cover these, each time once."""
    pieces: list[Span] = []
    covered_ms = 0
    for span in sorted(spans):
        pieces += Span(max(span.start_ms, covered_ms), span.end_ms).pieces(longest_ms)
        covered_ms = max(covered_ms, span.end_ms)
    return pieces
