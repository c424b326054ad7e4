"""The next reads of a sync: pure, from the site's record and the time."""

from dataclasses import dataclass

from vitals.model.records.ledger import Coverage
from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, floor_window

OVERLAP_MS = 15 * MINUTE_MS
STEP_MS = HOUR_MS
REREAD_MS = 2 * HOUR_MS
REREAD_EVERY_MS = HOUR_MS
HORIZON_MS = DAY_MS
# Readings up to 18 hours late are read within 24; this costs a dollar per site in three months.
FULL_REREAD_EVERY_MS = 6 * HOUR_MS
CATALOG_EVERY_MS = HOUR_MS


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


def catalog_due(record: SiteRecord | None, now_ms: int) -> bool:
    return record is None or record.catalog_ms is None or now_ms - record.catalog_ms >= CATALOG_EVERY_MS


def unlisted_since(record: SiteRecord) -> int:
    """Returns since when (UTC ms) a point may have been configured that only the latest listing names.

    One listing may lack a point that another names, so it is the time of the second last steady one, or of
    the site's first read when there were not two.
    """
    return record.catalog_before_ms or record.first_ms or 0


def reread_due(record: SiteRecord, now_ms: int) -> bool:
    return record.reread_ms is None or now_ms - record.reread_ms >= REREAD_EVERY_MS


def full_reread_due(record: SiteRecord, now_ms: int) -> bool:
    return record.full_reread_ms is None or now_ms - record.full_reread_ms >= FULL_REREAD_EVERY_MS


def rereads(coverage: Coverage, record: SiteRecord, checkpoint_ms: int, *, full: bool) -> list[Span]:
    """Returns the spans to read again, each at most an hour: the last two hours, and the gaps of the last 24.

    `full` takes all of the 24, because a gateway with few of a site's points leaves no gap when it is down.
    The two hours extend to the re-read before this one, so that nothing between two of them is left out.
    """
    first_ms = checkpoint_ms if record.first_ms is None else record.first_ms
    horizon = max(checkpoint_ms - HORIZON_MS, first_ms)
    if full:
        return list(Span(horizon, checkpoint_ms).pieces(STEP_MS))
    recent = checkpoint_ms - REREAD_MS
    if record.reread_ms is not None:
        recent = min(recent, floor_window(record.reread_ms))
    recent = max(recent, horizon)
    spans = [*coverage.gaps(Span(horizon, recent)), Span(recent, checkpoint_ms)]
    return [piece for span in spans for piece in span.pieces(STEP_MS)]
