"""Settings of a simulator."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from local.ace_simulator.buildings.anomalies import Anomaly
from local.ace_simulator.buildings.generated import GeneratedBuilding
from local.ace_simulator.buildings.readings import Building
from local.ace_simulator.buildings.replayed import ReplayedBuilding, path_word
from local.ace_simulator.faults import Faults

_SITE_NAME = re.compile(r"[A-Za-z0-9._-]{2,64}")
# Readings jitter by up to 5 s, and two readings of a point must not have the same time.
_MIN_INTERVAL_S = 10
_DAY_MS = 86_400_000
_ALWAYS_US = -(2**62)


@dataclass(frozen=True)
class SimulatorSettings:
    """What a simulator serves; while it runs, only the faults and anomalies change."""

    sites: tuple[str, ...] = ()
    """By default ses_falls_city, or the name of the replayed folder."""
    points: int = 48
    interval_s: int = 60
    seed: int = 1
    api_key: str = "simulator-key"
    replay: Path | None = None
    anchor_ms: int | None = None
    """The moment at which replayed data ends; by default the moment at which the simulator is made."""
    faults: Faults = field(default_factory=Faults)
    odd_share: float = 0.004
    """The share of generated values that are not numbers."""
    uniform_times: bool = False
    """Writes every time as whole seconds with Z; the vendor's CLI cannot export other raw readings."""
    other_intervals: bool = True
    """Gives some points intervals of 30 s, 5 min or 15 min instead of `interval_s`."""
    anomalies: tuple[Anomaly, ...] = ()
    opened_days_ago: int | None = None
    """There are no readings before the UTC day this many days before the anchor's; None for no limit."""

    def __post_init__(self) -> None:
        if self.points < 1:
            raise ValueError(f"points must be at least 1, not {self.points}")
        if self.interval_s < _MIN_INTERVAL_S:
            raise ValueError(f"interval must be at least {_MIN_INTERVAL_S} s, not {self.interval_s}")
        for site in self.site_names:
            if not _SITE_NAME.fullmatch(site):
                raise ValueError(
                    f"site name {site!r} must be 2 to 64 letters, digits, dots, dashes or underscores"
                )

    @property
    def site_names(self) -> tuple[str, ...]:
        """The names of the sites served."""
        return self.sites or (path_word(self.replay) if self.replay else "ses_falls_city",)

    def building(self, site: str, anchor_ms: int) -> Building:
        """Returns the building from which the readings of a site come."""
        if self.replay:
            return ReplayedBuilding(site, self.replay, self.seed, anchor_ms)
        return GeneratedBuilding(
            site,
            self.seed,
            self.points,
            self.interval_s,
            odd_share=self.odd_share,
            uniform_times=self.uniform_times,
            other_intervals=self.other_intervals,
        )

    def opened_us(self, anchor_ms: int) -> int:
        """Returns the time in µs before which there are no readings."""
        days = self.opened_days_ago
        return _ALWAYS_US if days is None else (anchor_ms // _DAY_MS - days) * _DAY_MS * 1_000
