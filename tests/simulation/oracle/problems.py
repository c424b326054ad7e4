"""What a run found wrong."""

from dataclasses import dataclass, field

LOST, DOUBLED, WRONG = "lost", "doubled", "wrong"
_MAX_TEXTS = 12


@dataclass(slots=True)
class Problems:
    """The problems of a run: how many of each kind, and the first of them in words."""

    counts: dict[str, int] = field(default_factory=lambda: {LOST: 0, DOUBLED: 0, WRONG: 0})
    texts: list[str] = field(default_factory=list)

    def add(self, kind: str, text: str, count: int = 1) -> None:
        """Counts problems of one kind."""
        self.counts[kind] += count
        if len(self.texts) < _MAX_TEXTS:
            self.texts.append(f"{kind}: {text}")

    @property
    def total(self) -> int:
        return sum(self.counts.values())
