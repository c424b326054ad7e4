"""The operator, who archives days and reads hours again by hand, whether that is due or not."""

import json
from dataclasses import dataclass
from random import Random

from tests.simulation.desk import Desk
from tests.simulation.stack import Stack
from vitals.model.timespan import DAY_MS, HOUR_MS, day_name, iso

_LONGEST_SPAN_H = 4


@dataclass(frozen=True, slots=True)
class Operator:
    """Comes now and then, for as long as the desk is open."""

    desk: Desk
    stack: Stack
    random: Random

    def run(self) -> None:
        """Does one thing after another."""
        while True:
            self.desk.idle(2 * HOUR_MS, 40 * HOUR_MS)
            if not self.desk.is_open:
                return
            days = (int(self.desk.scheduler.now_ms) - self.desk.first_ms) // DAY_MS
            day_ms = self.desk.first_ms + int(self.random.random() * days) * DAY_MS
            site = self.random.choice(self.desk.api.sites)
            if self.random.random() < 0.5:
                self.stack.invoke("ArchivalFunction", {"site": site, "date": day_name(day_ms)})
            else:
                self._read_again(site, day_ms)

    def _read_again(self, site: str, day_ms: int) -> None:
        start_ms = day_ms + self.random.randrange(24) * HOUR_MS
        end_ms = start_ms + self.random.randint(1, _LONGEST_SPAN_H) * HOUR_MS
        message = {"site": site, "start": iso(start_ms), "end": iso(end_ms)}
        self.stack.send("SyncQueue", json.dumps(message))
