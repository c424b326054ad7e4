"""The clock that tests move."""

from dataclasses import dataclass

from vitals.model.timespan import HOUR_MS

NOON = 1_767_225_600_000 + 12 * HOUR_MS


@dataclass
class Clock:
    """UTC ms that only tests move."""

    now_ms: int = NOON + 61_000

    def __call__(self) -> int:
        return self.now_ms

    def forward(self, minutes: float) -> None:
        self.now_ms += int(minutes * 60_000)
