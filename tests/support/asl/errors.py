"""Which Retry and Catch of a state an error meets, and how long a retry waits."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.support.asl.data import TaskFailed

# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
_UNRECOVERABLE = "States.Runtime"
_NAMED_ONLY = "States.DataLimitExceeded"


def names(handler: Mapping[str, Any], error: str) -> bool:
    """Returns whether a retrier or catcher is for an error, by its name or a wildcard."""
    listed = handler["ErrorEquals"]
    if error == _UNRECOVERABLE:
        return False
    if error in listed:
        return True
    if error == _NAMED_ONLY:
        return False
    return "States.ALL" in listed or ("States.TaskFailed" in listed and error != "States.Timeout")


class Retries:
    """The retries of one state in one execution; each retrier has a count of its own."""

    def __init__(
        self, retriers: Sequence[Mapping[str, Any]], uniform: Callable[[float, float], float]
    ) -> None:
        self._retriers = retriers
        self._uniform = uniform
        self._used = [0] * len(retriers)

    def delay_s(self, error: TaskFailed) -> float | None:
        """Returns the wait before the next attempt, None when the state fails.

        Only the first retrier that names the error counts: when it is used up, no later one applies.
        """
        for number, retrier in enumerate(self._retriers):
            if names(retrier, error.error):
                return self._next(number, retrier)
        return None

    def _next(self, number: int, retrier: Mapping[str, Any]) -> float | None:
        used = self._used[number]
        if used >= retrier.get("MaxAttempts", 3):
            return None
        self._used[number] = used + 1
        delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** used
        delay = float(min(delay, retrier.get("MaxDelaySeconds", delay)))
        return self._uniform(0.0, delay) if retrier.get("JitterStrategy") == "FULL" else delay
