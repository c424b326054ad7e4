"""Faults of answers: days read from the wrong tier, and answers that are no longer right."""

from dataclasses import replace

from tests.simulation.mutants.mutant import VITALS, Mutant
from tests.simulation.mutants.scenarios import DYING, HELD, SMALL, STALE

_CACHE = "functions/query/timeseries/answer_cache.py"

MUTANTS = (
    Mutant(
        "pages_overlap",
        "A page begins before the end of the one before it.",
        f"{VITALS}/reading/paging.py",
        "page_token.encode(start_ms, self.plan.fingerprint, ids)",
        "page_token.encode(start_ms - 300_000, self.plan.fingerprint, ids)",
    ),
    Mutant(
        "unsettled_blocks_ignored",
        "A day whose blocks expire is read from its file alone, although it was written to since.",
        f"{VITALS}/reading/day_tiers.py",
        "        if not (expiring and record.settled):\n",
        "        if not expiring:\n",
        scenarios=(replace(HELD, seed=5),),
    ),
    Mutant(
        "cache_ignores_changes",
        "The digest of a cached answer lacks the time of the last change.",
        _CACHE,
        "    versions = [[r.day_ms, r.changed_ms, r.began_ms, r.status, r.etag] for r in records]\n",
        "    versions = [[r.day_ms, r.began_ms, r.status, r.etag] for r in records]\n",
        scenarios=(replace(HELD, seed=5),),
    ),
    Mutant(
        "cache_ignores_lifetime",
        "An answer that was read while a writer wrote is served for a day.",
        _CACHE,
        "orjson.dumps([_VERSION, ttl_s, plan.site, requested, points, versions])",
        "orjson.dumps([_VERSION, plan.site, requested, points, versions])",
        scenarios=(replace(HELD, seed=17, days=2, faults=8.0, activity=6.0),),
    ),
    Mutant(
        "new_rollups_read_stale",
        "Rollups that were just written are read with eventual consistency.",
        f"{VITALS}/store/tiers/rollups.py",
        '            "ConsistentRead": consistent,\n',
        '            "ConsistentRead": False,\n',
        scenarios=(replace(STALE, seed=3),),
    ),
    Mutant(
        "new_blocks_read_stale",
        "Blocks that were just written are read with eventual consistency.",
        f"{VITALS}/reading/executor.py",
        "plan.ids, run.span, now_ms, cost, consistent=run.consistent)\n",
        "plan.ids, run.span, now_ms, cost, consistent=False)\n",
        scenarios=(DYING,),
    ),
    Mutant(
        "ledger_read_stale",
        "The records of days are read with eventual consistency.",
        f"{VITALS}/store/state/ledger.py",
        '            "ConsistentRead": True,\n',
        '            "ConsistentRead": False,\n',
        scenarios=(replace(SMALL, seed=14),),
    ),
)
