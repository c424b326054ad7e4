"""The pace of requests to ACE."""

import threading
from functools import partial
from typing import Protocol

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.store.control.rate_limit import SharedPace


class Paced(Protocol):
    """A pace of requests."""

    def announce(self, requests: int) -> None:
        """Takes note of requests that are made at the same time, before they wait."""

    def wait(self) -> None:
        """Waits until the next request may be made."""


class Pace:
    """A token bucket, for several threads: a burst of ten requests, then `per_minute`."""

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
        self._updated = runtime.monotonic()
        self._lock = threading.Lock()

    def announce(self, requests: int) -> None:
        """Does nothing: a token costs nothing."""

    def wait(self) -> None:
        """Waits until the next request may be made."""
        tokens = self._take()
        if tokens < 0:
            self._sleep(-tokens / self._rate)

    def _take(self) -> float:
        """Takes a token; returns how many are left, less than none when the caller has to wait for it."""
        with self._lock:
            now = self._monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._updated) * self._rate) - 1
            self._updated = now
            return self._tokens


class KeyPaces:
    """The paces of one process, each of one key group."""

    def __init__(self, per_minute: float, runtime: Runtime = SYSTEM, *, burst: int = 10) -> None:
        self._make = partial(Pace, per_minute, runtime, burst=burst)
        self._paces: dict[str, Pace] = {}

    def select(self, key_group: str) -> Pace:
        """Returns the pace of a key group, the same at each call."""
        if key_group not in self._paces:
            self._paces[key_group] = self._make()
        return self._paces[key_group]


class PriorityPace:
    """A pace of requests that go before those of other paces: it reserves slots of these without waiting."""

    def __init__(self, own: Paced, *delayed: SharedPace) -> None:
        self._own = own
        self._delayed = delayed
        self._announced = 0
        self._lock = threading.Lock()

    def announce(self, requests: int) -> None:
        """Reserves the slots of requests that follow at once, with one call for each of the other paces."""
        for pace in self._delayed:
            pace.charge(requests)
        with self._lock:
            self._announced += requests

    def wait(self) -> None:
        """Waits until the caller's own pace allows the next request."""
        self._own.wait()
        if not self._take_announced():
            for pace in self._delayed:
                pace.charge()

    def _take_announced(self) -> bool:
        """Returns whether the slots of this request are reserved already."""
        with self._lock:
            if not self._announced:
                return False
            self._announced -= 1
            return True
