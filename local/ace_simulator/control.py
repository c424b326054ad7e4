"""The endpoints below /control: the simulator's state, and its faults, which PUT replaces."""

from collections.abc import Sequence
from typing import Any, Protocol

from local.ace_simulator import faults as fault_texts
from local.ace_simulator.faults import Faults
from local.ace_simulator.requests import RequestError, json_object
from local.ace_simulator.settings import SimulatorSettings


class Controlled(Protocol):
    """What the endpoints read and change."""

    settings: SimulatorSettings
    anchor_ms: int
    faults: Faults

    def stats(self) -> dict[str, dict[str, int]]: ...

    def fault_counts(self) -> dict[str, int]: ...


def control(simulator: Controlled, method: str, path: Sequence[str], body: bytes) -> Any:
    """Returns the answer to a request whose path, split at slashes, is not below /api."""
    match method, *path:
        case "GET", "control", "health":
            sites = list(simulator.settings.site_names)
            return {"status": "ok", "sites": sites, "anchor_ms": simulator.anchor_ms}
        case "GET", "control", "stats":
            return simulator.stats()
        case "GET", "control", "fault_counts":
            return simulator.fault_counts()
        case "GET", "control", "faults":
            return simulator.faults.by_name()
        case "PUT", "control", "faults":
            simulator.faults = _faults(body)
            return simulator.faults.by_name()
    raise RequestError(404, "no such endpoint")


def _faults(body: bytes) -> Faults:
    try:
        return fault_texts.from_mapping(json_object(body))
    except ValueError as error:
        raise RequestError(422, str(error)) from None
