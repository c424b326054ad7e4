"""The sweep, which sends the messages of idle exports again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypedDict

from exports.work import ExportWorker
from vitals.model.records.exports import IDLE_MS, Export
from vitals.store.state.exports import ExportTable

# The message of a sweep that is killed comes again; the oldest exports are first.
_RESERVE_S = 30


class SweepReceipt(TypedDict):
    """What a sweep did: open entries that it read, messages that it sent, and entries that it removed."""

    entries: int
    sent: int
    removed: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """Looks after exports whose message was lost; `send` sends an export's message after so many seconds."""

    table: ExportTable
    send: Callable[[Export, int], None]
    now: Callable[[], int]
    remaining_s: Callable[[], float]

    @classmethod
    def of(cls, worker: ExportWorker) -> Self:
        """Returns the sweep with the connections of a worker."""
        return cls(worker.table, worker.send, worker.now, worker.remaining_s)

    def run(self) -> SweepReceipt:
        """Sends the message of each idle export, and removes the entries of those that have ended.

        Safe to repeat, to race and to kill: a second message of an export does nothing.
        """
        now_ms = self.now()
        receipt: SweepReceipt = {"entries": 0, "sent": 0, "removed": 0}
        for entry in self.table.open_entries(now_ms - IDLE_MS):
            if self.remaining_s() < _RESERVE_S:
                break
            receipt["entries"] += 1
            export = self.table.load(entry.export, now_ms)
            # One that failed stays, because its dead letter may be redriven.
            if export is None or export.is_final:
                self.table.close(entry)
                receipt["removed"] += 1
            elif export.is_idle(now_ms):
                self.send(export, 0)
                self.table.note_sweep(export, now_ms)
                receipt["sent"] += 1
        return receipt
