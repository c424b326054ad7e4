"""Status of each site: lag, rejected readings, unarchived days, dead letters."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from query.schemas import DeadLetterCounts, SiteStatus, Status
from query.sites import Sites
from query.warnings import WarningDetail, source_unreadable, warned
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.aws.sqs import DeadLetters
from vitals.errors import VitalsError
from vitals.http.site_answer import site_answer
from vitals.model.due_days import due_days, overdue_days, synced_days
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.records.sites import ENABLED, SiteRecord
from vitals.model.records.tokens import EVERY_SITE, Grant
from vitals.model.timespan import EARLIEST_MS, MINUTE_MS, Span, day_name, iso
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.ledger import Ledger

# The oldest, which are archived last; the count includes the others.
MAX_DAYS = 100
# SyncLagAlarm in the template is earlier: 15 minutes, in three of four reports of the sync.
MAX_LAG_MS = 20 * MINUTE_MS
# Errors of one source of the status, while the others answer.
_UNREADABLE = (BotoCoreError, ClientError, VitalsError)


@dataclass(frozen=True, slots=True)
class StatusReader:
    """Reads the status from what the other functions store; `log` gets the errors of sources.

    `circuits` returns the circuit of a key group.
    """

    sites: Sites
    ledger: Ledger
    circuits: Callable[[str], CircuitTable]
    dead_letters: DeadLetters
    log: Callable[..., None]
    runtime: Runtime = SYSTEM

    def read(self, grant: Grant, now_ms: int) -> Status:
        """Returns the status of the granted sites; dead letters only for tokens of every site.

        A part that cannot be read is null and named in `warnings`; only the list of sites must be readable.
        """
        warnings: list[WarningDetail] = []
        records = [record for record in self.sites.visible() if grant.allows("read", record.site)]
        open_until = self._read(
            partial(self._open_until, {record.key_group for record in records}, now_ms),
            "the state of the upstream",
            warnings,
        )
        open_until = open_until or {}
        sites = [self._site(r, now_ms, open_until.get(r.key_group), warnings) for r in records]
        dead_letters = self._dead_letter_counts(warnings) if grant.allows("read", EVERY_SITE) else None
        return {"sites": sites, "dead_letters": dead_letters, **warned(warnings)}

    def _site(
        self, record: SiteRecord, now_ms: int, open_until_ms: int | None, warnings: list[WarningDetail]
    ) -> SiteStatus:
        subject = f"the archive records of {record.site}"
        archived = self._read(partial(self._archived, record), subject, warnings, record.site)
        due = None if archived is None else due_days(synced_days(record), archived)
        counted = record.rejected_from_ms is not None
        return {
            **site_answer(record, now_ms),
            "late": record.status == ENABLED and _is_late(record.checkpoint_ms, now_ms),
            "overdue": bool(overdue_days(due or (), now_ms)),
            "rejected": dict(record.rejected),
            "rejected_since": _iso(record.rejected_from_ms),
            "rejected_until": _iso(record.checkpoint_ms if counted else None),
            "unarchived_days": [day_name(day) for day in (due or ())[:MAX_DAYS]],
            "unarchived_count": None if due is None else len(due),
            "days_to_rebuild": None if archived is None else sum(r.has_old_rollups for r in archived),
            "upstream_paused_until": _iso(open_until_ms),
        }

    def _open_until(self, key_groups: Set[str], now_ms: int) -> dict[str, int]:
        """Returns until when (UTC ms) the circuits of the key groups are open, of those that are."""
        circuits = {group: self.circuits(group).load() for group in key_groups}
        return {g: c.open_until_ms for g, c in circuits.items() if now_ms < c.open_until_ms}

    def _archived(self, record: SiteRecord) -> Sequence[ArchiveRecord]:
        """Returns the archive records of every day up to the checkpoint."""
        return self.ledger.archive_records(record.site, Span(EARLIEST_MS, synced_days(record).end_ms))

    def _dead_letter_counts(self, warnings: list[WarningDetail]) -> DeadLetterCounts:
        counters = self.dead_letters.counters()
        # At once: each may take as long as its client waits.
        with self.runtime.pool(len(counters), "status") as pool:
            pending = {name: pool.submit(count) for name, count in counters.items()}
        counts = {
            name: self._read(count.result, f"the dead letters of {name}", warnings)
            for name, count in pending.items()
        }
        return {"sync": counts["sync"], "archive": counts["archive"], "export": counts["export"]}

    def _read[T](
        self, read: Callable[[], T], subject: str, warnings: list[WarningDetail], site: str | None = None
    ) -> T | None:
        try:
            return read()
        except _UNREADABLE as error:
            self.log("the status is incomplete", subject=subject, exc_info=error)
            warnings.append(source_unreadable(subject, site))
            return None


def _is_late(checkpoint_ms: int | None, now_ms: int) -> bool:
    return checkpoint_ms is None or now_ms - checkpoint_ms > MAX_LAG_MS


def _iso(time_ms: int | None) -> str | None:
    return None if time_ms is None else iso(time_ms)
