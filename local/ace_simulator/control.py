"""The endpoints below /control: the simulator's state, its faults and its anomalies, which PUT replaces."""

from collections.abc import Sequence
from typing import Any, Protocol

from local.ace_simulator import faults as fault_texts
from local.ace_simulator.buildings.anomalies import Anomaly, as_list, from_list
from local.ace_simulator.faults import Faults
from local.ace_simulator.requests import RequestError, json_object
from local.ace_simulator.settings import SimulatorSettings


class Controlled(Protocol):
    """What the endpoints read and change."""

    settings: SimulatorSettings
    anchor_ms: int
    faults: Faults
    anomalies: tuple[Anomaly, ...]

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
        case "GET", "control", "anomalies":
            return {"anomalies": as_list(simulator.anomalies)}
        case "PUT", "control", "anomalies":
            simulator.anomalies = _anomalies(body)
            return {"anomalies": as_list(simulator.anomalies)}
    raise RequestError(404, "no such endpoint")


def _anomalies(body: bytes) -> tuple[Anomaly, ...]:
    items = json_object(body).get("anomalies")
    if not isinstance(items, list):
        raise RequestError(422, "the body must have a list `anomalies`")
    try:
        return from_list(items)
    except ValueError as error:
        raise RequestError(422, str(error)) from None


def _faults(body: bytes) -> Faults:
    try:
        return fault_texts.from_mapping(json_object(body))
    except ValueError as error:
        raise RequestError(422, str(error)) from None
