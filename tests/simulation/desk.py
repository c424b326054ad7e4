"""What the users of a run share: the API, the time, and what was fetched."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulation.api import Api
from tests.simulation.oracle.fetches import Fetches
from tests.simulation.oracle.problems import WRONG, Problems
from tests.simulation.process import CLOCKS_DIFFER_MS
from tests.simulation.scheduler import Scheduler

# What the names of switches have: kinds without increases may be set for them, and for no others.
_SWITCH = "/damper"
REFUSALS = (400, 401, 403, 405, 413, 422)
"""No valid request is answered with these."""


@dataclass(slots=True)
class Desk:
    """What users share: the API, the time, what was fetched, and what they found wrong."""

    api: Api
    scheduler: Scheduler
    random: Random
    fetches: Fetches
    problems: Problems
    names: Callable[[str], Sequence[str]]
    """The points that a site ever had, in order."""
    hold_ms: Callable[[str, str], int]
    """How long a sample of a point of a site is held."""
    synced_ms: Callable[[str], int]
    """Up to when a site is synced."""
    first_ms: int
    end_ms: int
    """When users stop, so that the stores come to rest."""
    activity: float = 1.0
    """How often they come, as a multiple of the usual."""
    queries: int = 0
    checked: int = 0
    """Answers that claimed to be whole, and were compared as such."""
    pages: int = 0
    """Pages of answers after their first ones."""

    @property
    def is_open(self) -> bool:
        """Whether users still ask."""
        return self.scheduler.now_ms < self.end_ms

    @property
    def slowest_clock_ms(self) -> int:
        """The time by the slowest clock: a question that begins later may be refused."""
        return int(self.scheduler.now_ms) - CLOCKS_DIFFER_MS

    def is_switch(self, name: str) -> bool:
        """Whether a point may be set to be a binary one."""
        return _SWITCH in name

    def counters(self, names: Sequence[str]) -> tuple[str, ...]:
        """Returns those of the points that may have an increase."""
        return tuple(name for name in names if not self.is_switch(name))

    def wait(self, least_ms: float, most_ms: float) -> None:
        """Waits for a time between two bounds."""
        self.scheduler.sleep(self.random.uniform(least_ms, most_ms))

    def status(self, path: str) -> str:
        """Returns the status of a backfill or an export; "" when there is no answer."""
        answer = self.api.call("GET", path)
        return str(answer.content["status"]) if answer.status == 200 else ""

    def start(self, path: str, body: Mapping[str, Any]) -> str:
        """Returns the id of a new backfill or export; "" when the request fails."""
        answer = self.api.call("POST", path, body=body)
        if answer.status in REFUSALS:
            self.problems.add(WRONG, f"POST {path} answered {answer.status} {answer.content} to {body}")
        return str(answer.content["id"]) if answer.status == 202 else ""

    def idle(self, least_ms: float, most_ms: float) -> None:
        """Waits until a user comes again, which is after a time between two bounds at the usual activity."""
        self.wait(least_ms / self.activity, most_ms / self.activity)
