"""When a request to ACE may go out."""

from typing import Protocol

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.store.control.rate_limit import SharedPace


class Paced(Protocol):
    """Whatever says when a request may go out."""

    def wait(self) -> None:
        """Returns when the next request may go out."""


class Pace:
    """A token bucket: a burst of ten requests, then `per_minute`."""

    def __init__(
        self,
        per_minute: float,
        runtime: Runtime = SYSTEM,
        *,
        burst: int = 10,
    ) -> None:
        self._rate = per_minute / 60
        self._burst = float(burst)
        self._tokens = float(burst)
        self._monotonic = runtime.monotonic
        self._sleep = runtime.sleep
        self._at = runtime.monotonic()

    def wait(self) -> None:
        """Returns when the next request may go out."""
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        self._tokens -= 1
        if self._tokens < 0:
            self._sleep(-self._tokens / self._rate)


class LivePace:
    """The live sync's pace: its own, which waits for nobody, and charged to the shared one."""

    def __init__(self, own: Pace, shared: SharedPace) -> None:
        self._own = own
        self._shared = shared

    def wait(self) -> None:
        """Returns when the sync's own pace allows."""
        self._own.wait()
        self._shared.charge()
