"""Every planted fault, by subject."""

from tests.simulation.mutants import answering, archiving, blocks, exporting, syncing

MUTANTS = (
    *blocks.MUTANTS,
    *archiving.MUTANTS,
    *syncing.MUTANTS,
    *answering.MUTANTS,
    *exporting.MUTANTS,
)
