"""Progress lines with the time since the start."""

import threading
import time
from collections.abc import Callable

_INTERVAL_SECONDS = 10


class Progress:
    """Prints steps with the seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """The seconds since it was made."""
        return time.monotonic() - self._start

    def say(self, text: str) -> None:
        """Prints a line."""
        print(f"[{self.seconds:6.1f} s] {text}", flush=True)

    def during[T](self, step: str, call: Callable[[], T]) -> T:
        """Returns or raises what the call does, and prints every ten seconds that the step is still running.

        The call runs on a daemon thread, so that Ctrl-C does not wait for it.
        """
        results: list[T] = []
        errors: list[Exception] = []

        def work() -> None:
            try:
                results.append(call())
            except Exception as error:
                errors.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(_INTERVAL_SECONDS)
        while thread.is_alive():
            self.say(f"  still running: {step}")
            thread.join(_INTERVAL_SECONDS)
        if errors:
            raise errors[0]
        return results[0]
