"""Faults of syncs and backfills: what is read is not noted, or not in the right order."""

from dataclasses import replace

from tests.simulation.mutants.mutant import VITALS, Mutant
from tests.simulation.mutants.scenarios import DYING, UNLISTED

_INGEST = f"{VITALS}/pipeline/ingest.py"
_SYNC = "functions/etl/sync.py"
_MARK = "        self.ledger.mark_changed(site, planned.windows, self.now())\n"
_APPLY = "        write = self.hot.apply(planned)\n"

MUTANTS = (
    Mutant(
        "change_unannounced",
        "A writer does not note in the ledger that a day changes.",
        _INGEST,
        _MARK,
        "",
    ),
    Mutant(
        "change_announced_late",
        "A writer notes that a day changes after it has written.",
        _INGEST,
        _MARK + _APPLY,
        _APPLY + _MARK,
    ),
    Mutant(
        "checkpoint_before_write",
        "The checkpoint moves before the step is read and written.",
        _SYNC,
        "        self.ingest.fetch(receipt.site, catalog, step.span, receipt.tally, announced=announced)\n"
        "        rejected = receipt.tally.rejected - before\n"
        "        advanced = self.sites.advance(receipt.site, checkpoint_ms, step.span, rejected)\n",
        "        rejected = receipt.tally.rejected - before\n"
        "        advanced = self.sites.advance(receipt.site, checkpoint_ms, step.span, rejected)\n"
        "        self.ingest.fetch(receipt.site, catalog, step.span, receipt.tally, announced=announced)\n",
    ),
    Mutant(
        "checkpoint_without_condition",
        "A sync that lost a race moves the checkpoint back.",
        f"{VITALS}/store/state/sites.py",
        '            condition = "checkpoint_ms = :read"\n',
        '            condition = "checkpoint_ms = :read OR checkpoint_ms <> :read"\n',
        scenarios=(replace(DYING, seed=3),),
    ),
    Mutant(
        "polled_before_write",
        "The ledger says that windows were polled before their samples are written.",
        _INGEST,
        "        counts: dict[BlockKey, int] = {}\n",
        "        self.ledger.record(site, span, {}, configured)\n        counts: dict[BlockKey, int] = {}\n",
    ),
    Mutant(
        "half_a_fetch_is_whole",
        "A fetch that fails after some pages counts as complete.",
        _INGEST,
        "        except Exception:\n            yield concat(pending)\n            raise\n",
        "        except Exception:\n            pass\n",
    ),
    Mutant(
        "failed_messages_deleted",
        "A message whose handling fails is deleted from its queue.",
        f"{VITALS}/aws/queue_function.py",
        "reason=str(error))\n            raise\n",
        "reason=str(error))\n            return {}\n",
    ),
    Mutant(
        "no_full_rereads",
        "The last 24 hours are not read again every six hours.",
        "functions/etl/plan.py",
        "FULL_REREAD_EVERY_MS = 6 * HOUR_MS\n",
        "FULL_REREAD_EVERY_MS = 6_000 * HOUR_MS\n",
    ),
    Mutant(
        "late_points_unread",
        "What a point has from before its first listing is not read.",
        "functions/etl/catalog.py",
        "            unread_from_ms=plan.unlisted_since(refresh.record),\n",
        "            unread_from_ms=None,\n",
        scenarios=(UNLISTED,),
    ),
    Mutant(
        "late_points_read_for_a_day",
        "What a point has from more than a day before its first listing is not read.",
        "functions/etl/plan.py",
        "MAX_UNREAD_MS = 30 * DAY_MS\n",
        "MAX_UNREAD_MS = DAY_MS\n",
        scenarios=(UNLISTED,),
    ),
    Mutant(
        "backfill_is_newest",
        "What a backfill read some time ago wins over what was read since.",
        "functions/backfill/store_day.py",
        "parts, staged.fetched_ms, tally, staged.points)\n",
        "parts, self.ingest.now(), tally, staged.points)\n",
    ),
)
