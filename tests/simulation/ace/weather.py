"""The weather of a site as the upstream answers it, which changes every ten minutes."""

import json
from functools import lru_cache

import orjson

from local.ace_simulator import weather as simulated
from tests.simulation.ace.readings import Batch, Version, batch
from tests.simulation.ace.values import number_of
from vitals.model.timespan import MINUTE_MS

INTERVAL_MS = 10 * MINUTE_MS
# The fields of the answer, and the points as which the product stores them.
POINTS = {
    "temp": "weather.temperature",
    "feels_like": "weather.feels_like",
    "pressure": "weather.pressure",
    "humidity": "weather.humidity",
    "dew_point": "weather.dew_point",
    "clouds": "weather.clouds",
    "wind_speed": "weather.wind_speed",
    "wind_deg": "weather.wind_direction",
    "wet_bulb": "weather.wet_bulb",
}


def weather(key: int, at_ms: int) -> tuple[bytes, Batch]:
    """Returns the weather at a site with this key as a body, and as samples of the product's points."""
    return _weather(key, at_ms - at_ms % INTERVAL_MS)


@lru_cache(maxsize=64)
def _weather(key: int, time_ms: int) -> tuple[bytes, Batch]:
    answer = simulated.weather(key, time_ms * 1000)
    versions = [
        Version(name, time_ms, time_ms, number_of(item["value"]), json.dumps(item))
        for field, name in POINTS.items()
        if (item := answer[field]) is not None
    ]
    return orjson.dumps(answer), batch(time_ms, versions)
