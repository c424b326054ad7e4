"""Every planted fault, by subject."""

from tests.simulation.mutants import answering, archiving, blocks, syncing

MUTANTS = (*blocks.MUTANTS, *archiving.MUTANTS, *syncing.MUTANTS, *answering.MUTANTS)
