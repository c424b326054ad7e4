"""The pace of requests to ACE."""

import math
import threading
from functools import partial
from typing import Protocol

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.store.control.rate_limit import SharedPace, check_wait


class Paced(Protocol):
    """A pace of requests."""

    def announce(self, requests: int) -> None:
        """Takes note of requests that are made at the same time, before they wait."""

    def wait(self, within_s: float = math.inf) -> None:
        """Waits until the next request may be made; UpstreamUnavailableError at once if that takes longer."""


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

    def wait(self, within_s: float = math.inf) -> None:
        """Waits until the next request may be made; UpstreamUnavailableError at once if that takes longer."""
        wait_s = self._take(within_s)
        if wait_s:
            self._sleep(wait_s)

    def _take(self, within_s: float) -> float:
        """Takes a token, unless it comes too late; returns the seconds until it is there."""
        with self._lock:
            now = self._monotonic()
            tokens = min(self._burst, self._tokens + (now - self._updated) * self._rate) - 1
            wait_s = max(0.0, -tokens / self._rate)
            check_wait(wait_s, within_s)
            self._tokens, self._updated = tokens, now
            return wait_s


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

    def wait(self, within_s: float = math.inf) -> None:
        """Waits until the caller's own pace allows the next request, as that does.

        A request that is refused may have been announced: then its slots stay reserved.
        """
        is_announced = self._take_announced()
        self._own.wait(within_s)
        if not is_announced:
            for pace in self._delayed:
                pace.charge()

    def _take_announced(self) -> bool:
        """Returns whether the slots of this request are reserved already."""
        with self._lock:
            if not self._announced:
                return False
            self._announced -= 1
            return True
