"""The day of a site: the unit of archiving, of backfills and of the ledger."""

from dataclasses import dataclass
from typing import Self

from vitals.model.timespan import DAY_MS, Span, day_name, day_start


@dataclass(frozen=True, slots=True, order=True)
class SiteDay:
    """A UTC day of a site; `day_ms` is its first millisecond."""

    site: str
    day_ms: int

    @classmethod
    def containing(cls, site: str, time_ms: int) -> Self:
        """Returns the day of the site in which the time lies."""
        return cls(site, time_ms - time_ms % DAY_MS)

    @classmethod
    def parse(cls, site: str, date: str) -> Self:
        """Returns the day of the site that is written YYYY-MM-DD; ValueError when the text is not a day."""
        return cls(site, day_start(date))

    @property
    def date(self) -> str:
        """The day as YYYY-MM-DD."""
        return day_name(self.day_ms)

    @property
    def span(self) -> Span:
        """The day from its first millisecond to the first of the next day."""
        return Span(self.day_ms, self.day_ms + DAY_MS)

    def __str__(self) -> str:
        return f"{self.site}, {self.date}"
