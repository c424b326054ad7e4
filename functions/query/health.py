"""Answers whether the syncs work."""

from collections.abc import Iterable

from query.schemas import Health
from query.status import MAX_LAG_MS
from vitals.model.records.sites import SiteRecord


def health(enabled: Iterable[SiteRecord], now_ms: int) -> Health:
    """Returns whether every enabled site is synced; it names none, because the route needs no token."""
    checkpoints = [record.checkpoint_ms for record in enabled]
    lags = [now_ms - checkpoint for checkpoint in checkpoints if checkpoint is not None]
    late = len(lags) < len(checkpoints) or max(lags, default=0) > MAX_LAG_MS
    return {
        "status": "degraded" if late else "ok",
        "lag_seconds": round(max(lags) / 1000) if lags else None,
    }
