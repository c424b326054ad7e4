"""Polls something that takes a while until it has ended."""

import time
from collections.abc import Callable, Iterator

from vitals_client.errors import UnansweredError, UnavailableError

# With the pauses between them, at least a minute without a response.
_MAX_FAILURES = 8
_MAX_RETRY_SECONDS = 15
_MAX_PAUSE_SECONDS = 10


def follow[T](
    request: Callable[[], T],
    ended: Callable[[T], bool],
    warn: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[T]:
    """Yields the result of each request until one has ended.

    A failed request is reported to `warn` and retried; UnansweredError after eight failures in a row.
    """
    started = time.monotonic()
    failures = 0
    while True:
        try:
            state = request()
        except UnavailableError as error:
            failures += 1
            sleep(_retry_pause(error, failures, warn))
            continue
        failures = 0
        yield state
        if ended(state):
            return
        sleep(pause_after(time.monotonic() - started))


def _retry_pause(error: UnavailableError, failures: int, warn: Callable[[str], None]) -> float:
    """Returns the seconds until the next attempt; UnansweredError when there were too many failures."""
    if failures == _MAX_FAILURES:
        raise UnansweredError(
            f"{error}; stopped polling after {failures} failures in a row, but the run or export continues"
        ) from None
    warn(f"{error}; retrying ({failures} of {_MAX_FAILURES})")
    return min(2.0 ** (failures - 1), _MAX_RETRY_SECONDS)


def pause_after(seconds: float) -> float:
    """Returns the seconds until the next request, after polling for so many seconds."""
    return min(max(1.0, seconds / 60), _MAX_PAUSE_SECONDS)
