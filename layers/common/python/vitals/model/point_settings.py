"""What people set for a point by hand: it stays through every listing of the upstream."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, get_args

from vitals.errors import InvalidRequestError
from vitals.model.kinds import KINDS, Kind

MAX_STATES = 50
MAX_STATE_TEXT = 64
PointSetting = Literal["kind", "rollover", "states"]
POINT_SETTINGS: tuple[PointSetting, ...] = get_args(PointSetting)
"""The fields of PointSettings."""


def state_key(text: str) -> str:
    """Returns the text of a state as it is compared: upstreams differ in case and spaces."""
    return text.strip().casefold()


@dataclass(frozen=True)
class PointSettings:
    """The kind of a point, the value after which its counter begins again, and numbers of its state texts."""

    kind: Kind | None = None
    rollover: float | None = None
    states: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __bool__(self) -> bool:
        return self.kind is not None or self.rollover is not None or bool(self.states)

    @cached_property
    def numbers(self) -> Mapping[str, float]:
        """The numbers of the states by `state_key`."""
        return {state_key(text): number for text, number in self.states.items()}

    def changed(self, changes: Mapping[str, object]) -> "PointSettings":
        """Returns the settings after changes of `kind`, `rollover` and `states`; None removes a setting.

        InvalidRequestError for another key or a value that is not valid.
        """
        unknown = sorted(changes.keys() - set(POINT_SETTINGS))
        if unknown:
            raise InvalidRequestError(
                f"{unknown[0]!r} is not a setting of a point; use {', '.join(POINT_SETTINGS)}"
            )
        after = self
        if "kind" in changes:
            after = replace(after, kind=_kind(changes["kind"]))
        if "rollover" in changes:
            after = replace(after, rollover=_rollover(changes["rollover"]))
        if "states" in changes:
            after = replace(after, states=_states(changes["states"]))
        return after


NO_SETTINGS = PointSettings()


def _kind(value: object) -> Kind | None:
    for kind in KINDS:
        if value == kind:
            return kind
    if value is None:
        return None
    raise InvalidRequestError(f"kind must be {', '.join(KINDS[:-1])} or {KINDS[-1]}")


def _rollover(value: object) -> float | None:
    if value is None:
        return None
    number = _finite(value)
    if number is None or number <= 0:
        raise InvalidRequestError("rollover must be a finite number greater than 0")
    return number


def _states(value: object) -> Mapping[str, float]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidRequestError("states must be an object of texts and numbers")
    if len(value) > MAX_STATES:
        raise InvalidRequestError(f"states must have at most {MAX_STATES} texts")
    states = {_state_text(text): _state_number(text, number) for text, number in value.items()}
    if len(set(map(state_key, states))) < len(value):
        raise InvalidRequestError("states must differ in more than case and outer spaces")
    return states


def _state_text(value: object) -> str:
    """Returns the text without outer spaces; a number is a value already, so it cannot name a state."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > MAX_STATE_TEXT or not text.isprintable():
        raise InvalidRequestError(f"the text of a state must have 1 to {MAX_STATE_TEXT} printable characters")
    try:
        float(text)
    except ValueError:
        return text
    raise InvalidRequestError(f"the text of a state must not be a number: {text!r}")


def _state_number(text: object, value: object) -> float:
    number = _finite(value)
    if number is None:
        raise InvalidRequestError(f"the number of the state {str(text)[:MAX_STATE_TEXT]!r} must be finite")
    return number


def _finite(value: object) -> float | None:
    """Returns the number as a float, None when it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
