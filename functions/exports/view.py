"""An export as the API answers it: pure."""

from exports.api import schemas
from vitals.model.records.exports import COMPLETED, FAILED, Export, ExportStatus
from vitals.model.timespan import iso

_LOST = "the last attempt was killed"


def status(export: Export, now_ms: int) -> ExportStatus:
    """Returns the status: failed when the last worker was killed, which could not record that."""
    return FAILED if export.is_lost(now_ms) else export.status


def export(export: Export, now_ms: int) -> schemas.Export:
    """Returns an export with its progress; times that have not been reached are null."""
    share = export.days_done / export.days_total if export.days_total else 0.0
    return {
        "id": export.export,
        "status": status(export, now_ms),
        "progress_percent": 100.0 if export.status == COMPLETED else round(100 * share, 1),
        "site_name": export.site,
        "start_time": iso(export.start_ms),
        "end_time": iso(export.end_ms),
        "format": export.format,
        "priority": export.priority,
        "timezone": export.timezone,
        "form": export.form,
        "resolution": export.resolution,
        "measure": export.measure or (None if export.resolution == "raw" else "mean"),
        "fill": export.fill or None,
        "units": export.units or "source",
        "hours": export.hours or None,
        "days": export.days or None,
        "points": export.points,
        "requested_by": export.requested_by,
        "created_at": iso(export.created_ms),
        "started_at": iso(export.started_ms) if export.started_ms else None,
        "ended_at": iso(export.ended_ms) if export.ended_ms else None,
        "expires_at": iso(export.expires_ms),
        "cancel_requested": bool(export.cancel_ms),
        "attempts": export.attempts,
        "days_total": export.days_total,
        "days_done": export.days_done,
        "rows": export.rows,
        "bytes": export.bytes,
        "bytes_scanned": export.scanned,
        "error": _LOST if export.is_lost(now_ms) else export.error,
    }
