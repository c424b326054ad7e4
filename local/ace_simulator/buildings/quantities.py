"""What generated points measure: a formula for each quantity."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from local.ace_simulator.buildings.readings import DAY_S, Quantity, Value
from local.ace_simulator.chance import Floats, Ints

POINTS_PER_DEVICE = 12

type Formula = Callable[["Moments"], list[Value]]


class Moments(NamedTuple):
    """The inputs of a formula, one row per reading: hashed numbers by salt, and the time."""

    series: Ints
    seconds: Floats
    draw: Callable[[int], Floats]
    """(salt): a number per reading."""
    draw_of_point: Callable[[int], Floats]
    """(salt): a number per point."""
    draw_per_step: Callable[[int, int], Floats]
    """(salt, seconds): a number per point that changes after so many seconds."""

    def daily(self, salt: int) -> Floats:
        """Returns a daily sine with a phase per point."""
        return np.sin(2 * np.pi * (self.seconds / DAY_S + self.draw_of_point(salt)))


def _texts(numbers: Floats) -> list[Value]:
    return [repr(number) for number in numbers.tolist()]


def _widened(numbers: Floats) -> list[Value]:
    """Returns the text of a float32 read as a double, as BACnet gateways write it."""
    return _texts(numbers.astype(np.float32).astype(np.float64))


def _zone_temperature(m: Moments) -> list[Value]:
    return _widened(np.round(68 + 6 * m.draw_of_point(1) + 3 * m.daily(2) + 0.4 * (m.draw(3) - 0.5), 1))


def _setpoint(m: Moments) -> list[Value]:
    return _texts(68 + 2 * np.floor(4 * m.draw_per_step(1, 7_200)))


_STATES: tuple[tuple[Value, Value], ...] = (
    ("inactive", "active"),
    ("false", "true"),
    (False, True),
    ("off", "on"),
    ("Off", "On"),
    ("INACTIVE", "ACTIVE"),
)


def _state(m: Moments) -> list[Value]:
    pairs = (m.series // POINTS_PER_DEVICE % len(_STATES)).tolist()
    is_on = (m.draw_per_step(1, 1_200) < 0.6).tolist()
    return [_STATES[pair][on] for pair, on in zip(pairs, is_on, strict=True)]


def _percent(m: Moments) -> Floats:
    return np.round(np.clip(50 + 55 * m.daily(1) + 8 * (m.draw(2) - 0.5), 0, 100), 1)


def _damper(m: Moments) -> list[Value]:
    return _texts(_percent(m))


def _valve(m: Moments) -> list[Value]:
    return list(_percent(m).tolist())


def _energy(m: Moments) -> list[Value]:
    hours = m.seconds / 3_600 - 400_000
    # The slope of hours + 3 sin(hours / 4) is at least 1/4, so that the counter never falls.
    slope = 1 + 19 * m.draw_of_point(2)
    return _texts(np.round(1e5 * m.draw_of_point(1) + slope * (hours + 3 * np.sin(hours / 4)), 2))


def _co2(m: Moments) -> list[Value]:
    return list(np.round(420 + 380 * np.maximum(0, m.daily(1)) + 20 * m.draw(2)).astype(np.int64).tolist())


def _humidity(m: Moments) -> list[Value]:
    return _widened(45 + 12 * m.daily(1) + 3 * m.draw(2))


def _pressure(m: Moments) -> list[Value]:
    return _widened(1e-3 * (m.draw(1) - 0.2))


QUANTITIES: tuple[tuple[Quantity, Formula], ...] = (
    (
        Quantity(
            "Zone temperature", "degreesFahrenheit", "analogInput", ("air", "temp"), "72.30000305175781"
        ),
        _zone_temperature,
    ),
    (Quantity("Cooling setpoint", "degreesFahrenheit", "analogValue", ("zone", "sp"), "72.0"), _setpoint),
    (Quantity("Fan status", "", "binaryInput", ("fan", "run"), "active"), _state),
    (Quantity("Damper position", "percent", "analogOutput", ("damper", "cmd"), "41.5"), _damper),
    (Quantity("Energy", "kilowattHours", "analogValue", ("elec", "energy"), "81234.56"), _energy),
    (Quantity("CO2", "partsPerMillion", "analogInput", ("air", "co2"), "612"), _co2),
    (Quantity("Humidity", "percentRelativeHumidity", "analogInput", ("air", "humidity"), "47.25"), _humidity),
    (Quantity("Valve position", "percent", "analogOutput", ("valve", "cmd"), "12.5"), _valve),
    (
        Quantity("Static pressure", "inchesOfWater", "analogInput", ("air", "pressure"), "0.00025"),
        _pressure,
    ),
)
