"""The values of readings as JSON, and which of them are numbers."""

import json
import math
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

_STATES = {"true": 1.0, "active": 1.0, "on": 1.0, "false": 0.0, "inactive": 0.0, "off": 0.0}
_STATE_TEXTS = ('"true"', '"false"', "true", "false", '"active"', '"inactive"', '"On"', '"OFF"', '"Active"')
_EDGES = (
    "-0.0",
    '"-0.0"',
    '"1.7976931348623157e308"',
    "-1.7976931348623157e308",
    '"5e-324"',
    "123456789012345678901234567890",
    '"9007199254740993"',
    '" 7.5 "',
    '"+12"',
    '"1e3"',
    '".5"',
    "0.1",
    '"0"',
)
# Texts that no correct product stores.
GARBAGE = (
    "null",
    '""',
    '"   "',
    '"NaN"',
    '"Infinity"',
    '"-inf"',
    '"fault"',
    '"1_000"',
    '"21,5"',
    '"\\u0662\\u0663"',
    '"1e999"',
    "{}",
    "[1.5]",
    '"0x10"',
)

type Draw = Callable[[Random, int], str]
"""Returns the JSON of a value for a random and a time in ms."""


def number_of(value: Any) -> float | None:
    """Returns the sample of a value: of a number, a boolean, or the text of a number or of a state.

    None for everything else, infinity among it. This is the rule of ace_api, written a second time.
    """
    if isinstance(value, str):
        return _number_of_text(value)
    if not isinstance(value, bool | int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _number_of_text(text: str) -> float | None:
    state = _STATES.get(text.strip().lower())
    if state is not None:
        return state
    if not text.isascii() or "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@cache
def number_of_json(text: str) -> float | None:
    """Returns the sample of a value as JSON; for texts of which there are few."""
    return number_of(json.loads(text))


def draw_garbage(random: Random) -> str:
    """Returns the JSON of a value that is no sample."""
    return random.choice(GARBAGE)


def analog(mean: float, swing: float, *, quoted: bool) -> Draw:
    """Returns a value that follows the hour of the day, with noise."""

    def draw(random: Random, time_ms: int) -> str:
        wave = math.sin(time_ms * 7.27e-8)
        text = repr(round(mean + swing * wave + random.random(), 2))
        return f'"{text}"' if quoted else text

    return draw


def counter(step: int) -> Draw:
    """Returns a large whole number that grows."""

    def draw(random: Random, time_ms: int) -> str:
        return f'"{10**11 + time_ms // 1000 * step}"'

    return draw


def state() -> Draw:
    """Returns the states of a switch, in all their spellings."""
    return lambda random, _: random.choice(_STATE_TEXTS)


def level(levels: int) -> Draw:
    """Returns small whole numbers, which repeat."""
    return lambda random, _: str(int(random.random() * levels))


def edge() -> Draw:
    """Returns numbers at the edges of what a double holds."""
    return lambda random, _: random.choice(_EDGES)
