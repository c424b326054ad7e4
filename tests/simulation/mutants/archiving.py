"""Faults of the archiving: day files and rollups that lack samples, or that the ledger does not know."""

from dataclasses import replace

from tests.simulation.mutants.mutant import VITALS, Mutant
from tests.simulation.mutants.scenarios import SLOW

_ARCHIVER = f"{VITALS}/pipeline/archiver.py"
_RECORDS = f"{VITALS}/model/records/ledger.py"
_ROLLUPS = f"{VITALS}/store/tiers/rollups.py"

MUTANTS = (
    Mutant(
        "expiry_before_verification",
        "Blocks get their expiry before the day's file is written and read back.",
        _ARCHIVER,
        "            if stored is None or replaced:\n",
        "            self._expire_blocks(attempt, built)\n            if stored is None or replaced:\n",
    ),
    Mutant(
        "file_not_merged",
        "A day is archived from its blocks alone; the samples of its existing file are lost.",
        f"{VITALS}/pipeline/day_builder.py",
        "_Archived(iter(cold.groups(day, existing)) if existing else iter(()))",
        "_Archived(iter(()))",
    ),
    Mutant(
        "file_without_condition",
        "A day's file is put without If-Match, over one that it was not built from.",
        f"{VITALS}/store/tiers/cold.py",
        '        request |= {"IfMatch": replaces.etag} if replaces else {"IfNoneMatch": "*"}\n',
        "",
        scenarios=(replace(SLOW, seed=5, points=5, activity=30.0),),
    ),
    Mutant(
        "file_replaced_unannounced",
        "The ledger does not say that a day's file is about to be replaced.",
        _RECORDS,
        "        return (ArchiveChange(facts, Precondition.LATEST), self._expiring())\n",
        "        return (self._expiring(),)\n",
    ),
    Mutant(
        "old_rollups_stay",
        "Rollups that exist are not replaced when a day is archived again.",
        _ROLLUPS,
        '                ConditionExpression="attribute_not_exists(pk) OR f <= :began",\n'
        '                ExpressionAttributeValues={":began": item["f"]},\n',
        '                ConditionExpression="attribute_not_exists(pk)",\n',
    ),
    Mutant(
        "rollups_after_the_end",
        "The ledger says that a day is archived before its rollups are written.",
        _ARCHIVER,
        "        self.rollups.write(day, built.rollups, attempt.began_ms)\n"
        "        self._expire_blocks(attempt, built)\n"
        "        quality = self._store_quality(attempt, inspection)\n"
        "        self.ledger.apply(day, attempt.done(self.now(), quality))\n",
        "        self._expire_blocks(attempt, built)\n"
        "        quality = self._store_quality(attempt, inspection)\n"
        "        self.ledger.apply(day, attempt.done(self.now(), quality))\n"
        "        self.rollups.write(day, built.rollups, attempt.began_ms)\n",
    ),
    Mutant(
        "settled_despite_changes",
        "A day that was archived once is settled, whatever is written to it afterwards.",
        _RECORDS,
        "        return self.changed_ms is None or self.changed_ms < self.began_ms - WRITE_GRACE_MS\n",
        "        return True\n",
    ),
)
