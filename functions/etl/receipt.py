"""The receipt of a sync of one site, and the log that it writes to."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from vitals.errors import UpstreamError
from vitals.model.timespan import iso
from vitals.pipeline.ingest import Tally


class Log(Protocol):
    """The log of a sync, beside its receipt."""

    @property
    def warning(self) -> Callable[..., None]:
        """Takes a message and fields."""


@dataclass(slots=True)
class Receipt:
    """What a sync of one site has done so far; a sync that fails leaves it as it is then."""

    site: str
    tally: Tally = field(default_factory=Tally)
    checkpoint_ms: int | None = None
    caught_up: bool = False
    isolated_failures: Counter[str] = field(default_factory=Counter)
    follow_ups: int = 0

    def isolate(self, step: str, error: UpstreamError, log: Log) -> None:
        """Counts and logs a step whose failure does not fail the sync."""
        self.isolated_failures[step] += 1
        log.warning(f"{step} not refreshed", site=self.site, reason=str(error))

    def as_dict(self) -> dict[str, Any]:
        """Returns the receipt as JSON for a direct invoke and the log."""
        return {
            "site": self.site,
            "fetched": self.tally.fetched,
            "accepted": self.tally.accepted,
            "rejected": dict(self.tally.rejected),
            "written": self.tally.written,
            "blocks": self.tally.blocks,
            "conflicts": self.tally.conflicts,
            "checkpoint": None if self.checkpoint_ms is None else iso(self.checkpoint_ms),
            "caught_up": self.caught_up,
            "isolated_failures": dict(self.isolated_failures),
            "follow_ups": self.follow_ups,
        }
