"""The limit of the bytes that a site exports per UTC day."""

from collections.abc import Callable
from dataclasses import dataclass

from vitals.errors import QuotaExceededError, TooLargeError
from vitals.model.records.exports import Export, ExportFormat
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS
from vitals.store.state.export_quota import ExportQuota

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """Reserves the estimated bytes of each export; at most `limit_bytes` per site and UTC day."""

    quota: ExportQuota
    limit_bytes: int

    def reserve(self, export: Export, size_of: Callable[[ExportFormat], int]) -> None:
        """Reserves the bytes of a new export on the day of its request; `size_of` estimates a format.

        TooLargeError when the whole limit is too small, QuotaExceededError when what remains of it is.
        """
        size = size_of(export.format)
        if size > self.limit_bytes:
            raise TooLargeError(self._too_large(export, size, size_of("parquet")))
        day = SiteDay.containing(export.site, export.created_ms)
        if self.quota.reserve(day, export.export, size, self.limit_bytes):
            return
        remaining = max(0, self.limit_bytes - self.quota.reserved(day))
        raise QuotaExceededError(
            f"this export would have about {size_text(size)}, and {size_text(remaining)} of the "
            f"{size_text(self.limit_bytes)} that {export.site} may export today remain;"
            " try again after midnight UTC, or request less",
            retry_after_s=-((export.created_ms - day.day_ms - DAY_MS) // 1000),
        )

    def _too_large(self, export: Export, size: int, parquet_size: int) -> str:
        days = self.limit_bytes * export.days_total // size
        advice = f"request about {days} of its {export.days_total} days" if days else "request fewer points"
        if export.format != "parquet" and parquet_size <= self.limit_bytes:
            advice += f", or the format parquet with about {size_text(parquet_size)}"
        return (
            f"this export would have about {size_text(size)}, and a site may export"
            f" {size_text(self.limit_bytes)} a day; {advice}"
        )


def size_text(size: float) -> str:
    """Returns a number of bytes as people read it, such as 416 GB."""
    unit = 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g} {_UNITS[unit]}"
