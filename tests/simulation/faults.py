"""The faults of a run: how often each kind occurs, and how often it did."""

import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace

KINDS = (
    "kill_before",
    "kill_after",
    "refused",
    "lost_request",
    "lost_answer",
    "unavailable",
    "lost_for_good",
    "slow",
    "pause",
)
"""What can happen to one attempt of an outside call."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The chance of each kind of fault at one outside call."""

    kill_before: float = 0.0008
    kill_after: float = 0.0008
    refused: float = 0.004
    """The service answers 500 or that it is throttled, and does nothing."""
    lost_request: float = 0.003
    """The connection breaks before the service does anything."""
    lost_answer: float = 0.006
    """The service does what was asked, and the connection breaks before its answer."""
    unavailable: float = 0.0004
    """The service does nothing, also not for the client's repeats."""
    lost_for_good: float = 0.0004
    """The service does what was asked, and no answer comes, also not to the client's repeats."""
    slow: float = 0.01
    """The call takes up to a minute."""
    pause: float = 0.0006
    """The call takes up to 20 minutes, before or after its effect; the process's other calls go on."""
    held: float = 0.004
    """The put of a block waits for up to 20 minutes, after its writer has told the ledger of the change."""
    broken_body: float = 0.02
    """The body of an object ends too early, or its connection is reset."""
    unprocessed: float = 0.03
    """A batch of reads leaves some of its keys unread."""
    duplicate: float = 0.005
    """A message is delivered once more."""
    unsent: float = 0.001
    """A message of a batch is not sent."""
    vanished: float = 0.05
    """A message of an export is accepted, and never delivered."""
    conflict: float = 0.005
    """S3 refuses a conditional put because of another one at the same time."""
    undeleted: float = 0.01
    """An object of a batch is not deleted."""
    stale: float = 0.3
    """A read that need not be consistent shows the past, up to three seconds of it."""

    @property
    def total(self) -> float:
        """The chance that something happens to a call at all."""
        return float(sum(getattr(self, kind) for kind in KINDS))

    def without(self, kinds: Collection[str]) -> "Rates":
        """Returns the rates with 0 for these kinds; those of others are ignored."""
        names = self.__dataclass_fields__
        return replace(self, **{name: 0.0 for name in names if name in kinds})

    def scaled(self, factor: float) -> "Rates":
        """Returns the rates times a factor."""
        names = self.__dataclass_fields__
        return replace(self, **{name: getattr(self, name) * factor for name in names})


@dataclass(slots=True)
class Faults:
    """Draws the faults of outside calls from one random source and counts them by kind."""

    random: random.Random
    rates: Rates
    counts: Counter[str] = field(default_factory=Counter)
    active: bool = True
    _total: float = field(init=False)

    def __post_init__(self) -> None:
        self._total = self.rates.total

    def draw(self, kinds: frozenset[str] | None = None) -> str:
        """Returns the fault of the next call, "" for none; `kinds` are the possible ones."""
        if not self.active:
            return ""
        chance = self.random.random()
        if chance >= self._total:
            return ""
        for kind in KINDS:
            chance -= getattr(self.rates, kind)
            if chance < 0:
                if kinds is not None and kind not in kinds:
                    return ""
                self.counts[kind] += 1
                return kind
        return ""

    def happens(self, kind: str) -> bool:
        """Returns whether a fault of this kind happens now, and counts it."""
        if not self.active or self.random.random() >= getattr(self.rates, kind):
            return False
        self.counts[kind] += 1
        return True

    def stale_ms(self) -> int:
        """Returns how old an eventually consistent read is."""
        return int(self.random.uniform(1, 3_000)) if self.happens("stale") else 0
