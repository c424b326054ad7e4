"""Faults of exports: files that are missing, and exports that never end."""

from dataclasses import replace

from tests.simulation.mutants.mutant import VITALS, Mutant
from tests.simulation.mutants.scenarios import DYING, VANISHING

MUTANTS = (
    Mutant(
        "lost_answer_is_lost_race",
        "A part whose record was written, but not acknowledged, is discarded with its files.",
        f"{VITALS}/store/state/exports.py",
        "        return conditional.write(self._client.put_item, request, item)\n",
        "        return conditional.write(self._client.put_item, request, {})\n",
        scenarios=(replace(DYING, seed=7),),
    ),
    Mutant(
        "idle_exports_not_sent",
        "A sweep notes that it has sent the message of an idle export, and does not send it.",
        "functions/exports/sweep.py",
        "                self.send(export, 0)\n",
        "",
        scenarios=(VANISHING,),
    ),
)
