"""Faults of the hot tier: blocks that lose samples, or expire too early."""

from dataclasses import replace

from tests.simulation.mutants.mutant import VITALS, Mutant
from tests.simulation.mutants.scenarios import HELD

_TABLE = f"{VITALS}/store/tiers/hot_table.py"

MUTANTS = (
    Mutant(
        "no_merge_on_conflict",
        "A block that another writer changed is overwritten with what was merged before.",
        f"{VITALS}/store/tiers/hot.py",
        "            merged, dropped = fitting_block("
        "stored, change.fetched, window_ms, planned.fetched_ms)\n",
        "            import dataclasses\n"
        "            merged = change.after\n"
        "            if stored is not None:\n"
        "                merged = dataclasses.replace(change.after, revision=stored.revision + 1)\n",
    ),
    Mutant(
        "block_without_condition",
        "A block is put whatever its revision in the table is.",
        _TABLE,
        "        puts[0] |= condition\n",
        "",
    ),
    Mutant(
        "last_writer_wins",
        "Of two fetches the one that is written later wins, not the one that began later.",
        f"{VITALS}/codec/block_merge.py",
        "newest_last = [before, fetched] if fetched_ms >= stored.fetched_ms else [fetched, before]",
        "newest_last = [before, fetched]",
        scenarios=(replace(HELD, seed=5, points=5, activity=30.0),),
    ),
    Mutant(
        "expiry_survives_write",
        "A block that is written again keeps the expiry of its archived revision.",
        _TABLE,
        "        written = hot_items.encode(site, key, block, before.items if before else 1)\n",
        "        written = hot_items.encode(site, key, block, before.items if before else 1)\n"
        "        if before is not None and before.expires_at is not None:\n"
        '            written[0]["expires_at"] = {"N": str(before.expires_at)}\n',
    ),
)
