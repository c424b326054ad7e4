"""Every planted fault still applies to the sources, and the result is Python."""

import pytest

from tests.simulation.mutants.catalogue import MUTANTS
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.mutants.workspace import ROOT


def test_names_are_distinct_and_every_fault_is_described() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.fault.endswith(".") for mutant in MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_fault_applies_to_the_sources_and_compiles(mutant: Mutant) -> None:
    source = (ROOT / mutant.file).read_text()
    mutated = mutant.mutated(source)
    assert mutated != source
    compile(mutated, mutant.file, "exec")


def test_texts_that_occur_twice_are_refused() -> None:
    mutant = Mutant("twice", "It is ambiguous.", "a.py", before="1", after="2")
    with pytest.raises(ValueError, match="occurs 2 times"):
        mutant.mutated("1 + 1")
    with pytest.raises(ValueError, match="occurs 0 times"):
        mutant.mutated("x")
