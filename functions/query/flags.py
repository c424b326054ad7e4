"""The flagged spans of sites, as a warm function remembers them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from vitals.model.records.flags import FlaggedSpans
from vitals.store.state.flags import FlagTable


@dataclass(frozen=True, slots=True)
class Flags:
    """Flagged spans by site; each request asks the table that `table` returns for their revision."""

    table: Callable[[], FlagTable]
    loaded: dict[str, FlaggedSpans] = field(default_factory=dict)

    def find(self, site: str) -> FlaggedSpans:
        """Returns the flagged spans of a site as they are now."""
        spans = self.table().spans(site, self.loaded.get(site))
        self.loaded[site] = spans
        return spans
