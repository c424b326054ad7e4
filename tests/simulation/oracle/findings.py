"""What the oracles of the stores found during one step."""

from dataclasses import dataclass, field

from tests.simulation.oracle.problems import Problems


@dataclass(slots=True)
class Findings:
    """Problems that wait for the step that they belong to; each is reported once."""

    problems: Problems
    _waiting: dict[tuple[str, str], int] = field(default_factory=dict)
    _reported: set[tuple[str, str]] = field(default_factory=set)

    def add(self, kind: str, text: str, count: int = 1) -> None:
        """Adds problems of one kind."""
        self._waiting.setdefault((kind, text), count)

    def report(self, step: str) -> None:
        """Reports what was added since the last step."""
        for (kind, text), count in self._waiting.items():
            if (kind, text) not in self._reported:
                self._reported.add((kind, text))
                self.problems.add(kind, f"{text} ({step})", count)
        self._waiting.clear()
