"""Faults of exports: files that are missing, or that lack samples."""

from dataclasses import replace

from tests.simulation.mutants.mutant import VITALS, Mutant
from tests.simulation.mutants.scenarios import DYING

MUTANTS = (
    Mutant(
        "lost_answer_is_lost_race",
        "A part whose record was written, but not acknowledged, is discarded with its files.",
        f"{VITALS}/store/state/exports.py",
        "        return conditional.write(self._client.put_item, request, item)\n",
        "        return conditional.write(self._client.put_item, request, {})\n",
        scenarios=(replace(DYING, seed=6),),
    ),
)
