"""The values of readings as JSON, and which of them are numbers."""

import json
import math
from collections.abc import Callable, Iterable
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
# The share of a counter's readings that are not its value.
_MISREAD = 0.02
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

type Value = tuple[str, float | None]
"""The JSON of a value, and its sample, None when it is none."""
type Draw = Callable[[Random, int], Value]
"""Returns a value for a random and a time in ms."""


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


def _with_samples(texts: Iterable[str]) -> tuple[Value, ...]:
    return tuple((text, number_of(json.loads(text))) for text in texts)


_STATE_VALUES, _EDGE_VALUES = _with_samples(_STATE_TEXTS), _with_samples(_EDGES)


def draw_garbage(random: Random) -> Value:
    """Returns a value that is no sample."""
    return random.choice(GARBAGE), None


def analog(mean: float, swing: float, *, quoted: bool) -> Draw:
    """Returns a value that follows the hour of the day, with noise."""

    def draw(random: Random, time_ms: int) -> Value:
        wave = math.sin(time_ms * 7.27e-8)
        value = round(mean + swing * wave + random.random(), 2)
        return f'"{value!r}"' if quoted else repr(value), value

    return draw


def counter(step: int, offset: int = 10**11, period_s: int | None = None) -> Draw:
    """Returns a whole number that grows; after each period it begins again.

    Now and then it is read as 0, as far too large, or as less than before.
    """

    def draw(random: Random, time_ms: int) -> Value:
        seconds = time_ms // 1000
        value = offset + (seconds if period_s is None else seconds % period_s) * step
        if random.random() < _MISREAD:
            value = random.choice((0, value // 2, value * 2, 10**15, value - step * 400))
        return f'"{value}"', float(value)

    return draw


def state() -> Draw:
    """Returns the states of a switch, in all their spellings."""
    return lambda random, _: random.choice(_STATE_VALUES)


def level(levels: int) -> Draw:
    """Returns small whole numbers, which repeat."""
    values = _with_samples(str(number) for number in range(levels))
    return lambda random, _: random.choice(values)


def edge() -> Draw:
    """Returns numbers at the edges of what a double holds."""
    return lambda random, _: random.choice(_EDGE_VALUES)


def log_uniform(random: Random, lower: float, upper: float) -> int:
    """Returns a whole number between two bounds, with each order of magnitude as likely as the next."""
    return int(math.exp(random.uniform(math.log(lower), math.log(upper))))
