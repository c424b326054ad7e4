"""The weather at a simulated site."""

import math
from typing import Any

import numpy as np

from local.ace_simulator.buildings.readings import MINUTE_US, iso_texts
from local.ace_simulator.chance import uniform

_INTERVAL_US = 10 * MINUTE_US
_SALT = 400
# Each value is missing in a tenth of the answers.
_PRESENT_SHARE = 0.9
# Mean and daily swing by name.
_QUANTITIES = {
    "temp": (11.0, 6.0),
    "feels_like": (10.0, 6.5),
    "pressure": (1013.0, 4.0),
    "humidity": (70.0, 15.0),
    "dew_point": (6.0, 2.0),
    "clouds": (50.0, 45.0),
    "wind_speed": (4.0, 2.0),
    "wind_deg": (180.0, 120.0),
    "wet_bulb": (8.0, 3.0),
}


def weather(key: int, now_us: int) -> dict[str, Any]:
    """Returns the weather at a site with this key, which changes every ten minutes."""
    time_us = now_us // _INTERVAL_US * _INTERVAL_US
    text = iso_texts(np.array([time_us]))[0]
    hours = time_us / (60 * MINUTE_US)
    count = len(_QUANTITIES)
    draws = uniform(key, _SALT, np.arange(count), np.full(count, time_us)).tolist()
    answer: dict[str, Any] = {}
    for (name, (mean, swing)), draw in zip(_QUANTITIES.items(), draws, strict=True):
        value = round(mean + swing * math.sin(hours * math.pi / 12) + draw, 2)
        answer[name] = {"name": name, "value": value, "time": text} if draw < _PRESENT_SHARE else None
    return answer
