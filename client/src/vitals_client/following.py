"""How something that takes a while is followed to its end."""

import time
from collections.abc import Callable, Iterator

from vitals_client.errors import UnansweredError, UnavailableError

# With the pauses between them, a minute and more without an answer.
_MOST_FAILURES = 8
_LONGEST_RETRY_SECONDS = 15
_LONGEST_PAUSE_SECONDS = 10


def follow[T](
    ask: Callable[[], T],
    ended: Callable[[T], bool],
    warn: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[T]:
    """What is asked, again and again until it has ended; UnansweredError when the API stays silent.

    A failure is told by `warn` and survived.
    """
    began = time.monotonic()
    failures = 0
    while True:
        try:
            found = ask()
        except UnavailableError as error:
            failures += 1
            if failures == _MOST_FAILURES:
                raise UnansweredError(
                    f"{error}, {failures} times in a row; what was followed goes on by itself"
                ) from None
            warn(f"{error}; asking again ({failures} of {_MOST_FAILURES})")
            sleep(min(2 ** (failures - 1), _LONGEST_RETRY_SECONDS))
            continue
        failures = 0
        yield found
        if ended(found):
            return
        sleep(pause_after(time.monotonic() - began))


def pause_after(seconds: float) -> float:
    """How long to wait before asking again what has been followed for so long."""
    return min(max(1.0, seconds / 60), _LONGEST_PAUSE_SECONDS)
