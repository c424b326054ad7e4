import pytest

from vitals.errors import CircuitOpenError
from vitals.model.timespan import MINUTE_MS
from vitals.store.control.circuit import THRESHOLD, Circuit


def test_the_circuit_opens_with_growing_pauses() -> None:
    circuit, pauses = Circuit(), []
    for _ in range(THRESHOLD + 5):
        circuit = circuit.after_failure(0)
        pauses.append(circuit.open_until_ms // MINUTE_MS)
    assert pauses == [0] * (THRESHOLD - 1) + [5, 10, 20, 30, 30, 30]


def test_a_call_follows_when_the_pause_ends() -> None:
    circuit = Circuit(THRESHOLD, 1_000)
    with pytest.raises(CircuitOpenError, match="requests are paused until"):
        circuit.check(999)
    circuit.check(1_000)
