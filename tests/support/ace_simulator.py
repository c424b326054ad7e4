"""Requests to a simulated upstream, and what they should answer."""

import http.client
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np

from local.ace_simulator.buildings.generated import GeneratedBuilding
from local.ace_simulator.buildings.readings import microseconds
from local.ace_simulator.buildings.replayed import ReplayedBuilding
from local.ace_simulator.responses import Response
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator

NOON = 1_767_268_800_000
MINUTE = 60_000
SITE = "ses_falls_city"
SERIES = f"/api/sites/{SITE}/timeseries/paginated"
BEARER = "Bearer simulator-key"


@dataclass
class Clock:
    """A clock that tests move."""

    now_ms: int = NOON

    def __call__(self) -> int:
        return self.now_ms


def iso(ms: int) -> str:
    """Returns a time in ms as ISO 8601 with milliseconds."""
    return str(np.datetime64(ms, "ms")) + "Z"


def simulator(clock: Clock | None = None, **settings: Any) -> Simulator:
    """Returns a simulator with these settings, at noon by default."""
    return Simulator(SimulatorSettings(**settings), clock or Clock())


def ask(served: Simulator, path: str, **query: Any) -> Response:
    """Returns the response to a GET request with the key."""
    return served.respond("GET", f"{path}?{urlencode(query)}" if query else path, BEARER)


def fetched(served: Simulator, path: str, **query: Any) -> Any:
    """Returns the JSON of a GET request that succeeds."""
    response = ask(served, path, **query)
    assert response.status == 200, response
    return json.loads(response.body)


def window(minutes: int = 20, end_ms: int = NOON, **query: Any) -> dict[str, Any]:
    """Returns the query of the raw readings of the minutes before `end_ms`."""
    return {
        "start_time": iso(end_ms - minutes * MINUTE),
        "end_time": iso(end_ms),
        "raw_data": "true",
        "page_size": 100,
        **query,
    }


def pages(served: Simulator, query: Mapping[str, Any], tries: int = 1) -> Iterator[dict[str, Any]]:
    """Yields the pages of one request, each requested up to `tries` times."""
    query = dict(query)
    while True:
        for _ in range(tries):
            response = ask(served, SERIES, **query)
            try:
                page = json.loads(response.body)
            except ValueError:
                continue
            if response.status == 200:
                break
        else:
            raise AssertionError(f"no page after {tries} tries: {response}")
        yield page
        if not page["has_more"]:
            return
        query["cursor"] = page["next_cursor"]


def samples(served: Simulator, query: Mapping[str, Any], tries: int = 1) -> list[tuple[str, int, Any]]:
    """Returns (name, ms, value) of every sample of a request, in the order served."""
    readings = [sample for page in pages(served, query, tries) for sample in page["point_samples"]]
    return [(s["name"], microseconds(s["time"]) // 1_000, s["value"]) for s in readings]


def truth(served: Simulator, minutes: int = 20, at_ms: int | None = None) -> Counter[tuple[str, int, Any]]:
    """Returns the simulator's own samples of the minutes before noon."""
    series = served.site_series(SITE, NOON - minutes * MINUTE, NOON, at_ms)
    return Counter(
        (name, time_ms, value)
        for name, (times, values) in series.items()
        for time_ms, value in zip(times.tolist(), values, strict=True)
    )


def rows(building: GeneratedBuilding | ReplayedBuilding, start_ms: int, end_ms: int) -> set[Any]:
    """Returns (series, time, value) of every reading of [start, end)."""
    readings = building.readings(start_ms * 1_000, end_ms * 1_000)
    return set(
        zip(
            readings.series.tolist(),
            building.times(readings),
            map(str, building.values(readings)),
            strict=True,
        )
    )


def iso_s(ms: int) -> str:
    """Returns a time in ms as ISO 8601 in whole seconds."""
    return str(np.datetime64(ms // 1_000, "s")) + "Z"


def call(link: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Returns status and body of a request over a connection."""
    link.request(method, path, None if body is None else json.dumps(body), {"Authorization": BEARER})
    response = link.getresponse()
    text = response.read()
    return response.status, json.loads(text) if response.getheader("Content-Type") != "text/html" else text
