"""A planted fault: one text of one source file becomes another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.mutants.scenarios import USUAL
from tests.simulation.scenario import Scenario

VITALS = "layers/common/python/vitals"
"""The folder of the product's layer."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault with its name, the promise that it breaks, its file, and the text that it replaces."""

    name: str
    fault: str
    file: str
    before: str
    after: str
    scenarios: Sequence[Scenario] = USUAL
    """What is played in turn, each with its seed and those after that."""

    def mutated(self, source: str) -> str:
        """Returns the source with the fault; ValueError unless the text occurs exactly once."""
        count = source.count(self.before)
        if count != 1:
            raise ValueError(
                f"{self.name}: the text to replace occurs {count} times in {self.file}, not once"
            )
        return source.replace(self.before, self.after)

    def plant(self, root: Path) -> None:
        """Plants the fault in a copy of the product."""
        file = root / self.file
        file.write_text(self.mutated(file.read_text()))
