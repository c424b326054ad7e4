"""Every planted fault, by subject."""

from tests.simulation.mutants import answering, archiving, blocks, exporting, measuring, syncing

MUTANTS = (
    *blocks.MUTANTS,
    *archiving.MUTANTS,
    *syncing.MUTANTS,
    *answering.MUTANTS,
    *measuring.MUTANTS,
    *exporting.MUTANTS,
)
