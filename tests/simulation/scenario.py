"""What a run is made of."""

from dataclasses import dataclass

from tests.simulation.faults import KINDS as OF_CALLS
from tests.simulation.faults import Rates

KINDS = (
    *OF_CALLS,
    "held",
    "broken_body",
    "unprocessed",
    "duplicate",
    "unsent",
    "vanished",
    "conflict",
    "undeleted",
    "stale",
    "upstream",
)
"""The kinds of faults that a scenario can do without; `upstream` are all of the ACE API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A seed with the size of its run.

    `faults` scales the rates of the faults of AWS and of processes. `without` names kinds that do not occur.
    `activity` scales how often readings are late or corrected, and how often exports, backfills and operators
    come.
    """

    seed: int
    days: int = 30
    hot_days: int = 2
    points: int = 40
    faults: float = 1.0
    without: tuple[str, ...] = ()
    activity: float = 1.0

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of faults that occur."""
        return tuple(kind for kind in KINDS if kind not in self.without) if self.faults else ()

    @property
    def rates(self) -> Rates:
        """The rates of the faults of AWS and of the processes."""
        return Rates().scaled(self.faults).without(self.without)

    @property
    def command(self) -> str:
        """What plays the scenario again."""
        options = {"SEED": self.seed, "DAYS": self.days, "HOT_DAYS": self.hot_days, "POINTS": self.points}
        if self.faults != 1.0:
            options["FAULTS"] = self.faults
        if self.activity != 1.0:
            options["ACTIVITY"] = self.activity
        text = " ".join(f"{name}={value}" for name, value in options.items())
        return f"make simulate {text}" + (f" WITHOUT={','.join(self.without)}" if self.without else "")
