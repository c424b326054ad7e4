"""Progress lines: what is being done, and how long it has been going on."""

import threading
import time
from collections.abc import Callable

_SILENCE_SECONDS = 10


class Progress:
    """Prints steps with the seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def say(self, text: str) -> None:
        print(f"[{self.seconds:6.1f} s] {text}", flush=True)

    def during[T](self, text: str, call: Callable[[], T]) -> T:
        """What the call returns or raises; until then says every ten seconds that it goes on.

        The thread is a daemon, so that Ctrl-C does not wait for the call.
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
        thread.join(_SILENCE_SECONDS)
        while thread.is_alive():
            self.say(f"  still in {text}")
            thread.join(_SILENCE_SECONDS)
        if errors:
            raise errors[0]
        return results[0]
