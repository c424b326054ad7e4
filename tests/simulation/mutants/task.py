"""What the process of one copy of the product is given, and what it returns."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

from tests.simulation.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Task:
    """Scenarios to play in turn: each once, or again with other seeds while seconds of CPU remain."""

    scenarios: Sequence[Scenario]
    seconds: int | None = None

    def played(self) -> Iterator[Scenario]:
        """Yields the scenarios in the order in which they are played."""
        for later in itertools.count() if self.seconds else range(1):
            for scenario in self.scenarios:
                yield replace(scenario, seed=scenario.seed + later)

    def to_json(self) -> str:
        """Returns what `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Returns the task that `to_json` wrote."""
        fields = json.loads(text)
        return cls([_scenario(scenario) for scenario in fields["scenarios"]], fields["seconds"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many scenarios were clean, and the problem of the next one, "" for none, after seconds of CPU."""

    clean: int = 0
    problem: str = ""
    scenario: Scenario | None = None
    seconds: float = 0.0

    def to_json(self) -> str:
        """Returns what `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Returns the outcome that `to_json` wrote."""
        fields = json.loads(text)
        return cls(**fields | {"scenario": fields["scenario"] and _scenario(fields["scenario"])})


def _scenario(fields: dict[str, object]) -> Scenario:
    without: Sequence[str] = fields["without"]  # type: ignore[assignment]
    return Scenario(**fields | {"without": tuple(without)})  # type: ignore[arg-type]
