"""The circuit breaker around one sync."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vitals.errors import UpstreamUnavailableError
from vitals.store.control.circuit import Circuit, CircuitTable


@contextmanager
def guarded(circuits: CircuitTable, now: Callable[[], int]) -> Iterator[None]:
    """Runs the block unless the circuit is open (CircuitOpenError), and counts its failure or success."""
    circuit = circuits.load()
    circuit.check(now())
    try:
        yield
    except UpstreamUnavailableError:
        circuits.store(circuit.after_failure(now()))
        raise
    if circuit.failures:
        circuits.store(Circuit())
