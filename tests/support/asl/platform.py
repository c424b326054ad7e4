"""What an execution of a state machine does outside of itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

type Outcomes = Sequence[Any]
"""What each callable returned, or the exception that it raised."""


def run_in_order(callables: Sequence[Callable[[], Any]], limit: int) -> Outcomes:
    """Runs the callables one after the other."""
    outcomes: list[Any] = []
    for call in callables:
        try:
            outcomes.append(call())
        except Exception as error:
            outcomes.append(error)
    return outcomes


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What an execution does outside of itself."""

    invoke: Callable[[str, Any, float], Any]
    """Invokes a function (ARN, payload, seconds) and returns its result, or raises TaskFailed; States.Timeout
    after these seconds."""
    now_ms: Callable[[], int]
    sleep: Callable[[float], None]
    """Waits this number of seconds."""
    uniform: Callable[[float, float], float]
    spawn: Callable[[Sequence[Callable[[], Any]], int], Outcomes] = run_in_order
    """Runs callables, at most so many at a time, and returns their outcomes in order.

    It may return as soon as a callable has raised TaskFailed, while others still run: as in Step Functions,
    these stop at their next state or attempt.
    """
