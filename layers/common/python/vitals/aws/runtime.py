"""Time, random numbers, thread pools and connections, which a simulation can replace."""

import random
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from vitals.aws import clients
from vitals.aws.clients import Deadline


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The time, random numbers, thread pools and connections of a process."""

    now_ms: Callable[[], int] = _now_ms
    """The time in UTC milliseconds."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds of a clock that never goes back."""
    sleep: Callable[[float], None] = time.sleep
    """Waits this number of seconds."""
    uniform: Callable[[float, float], float] = random.uniform
    """A random number between two bounds."""
    new_id: Callable[[], str] = _new_id
    """A unique id: a UUID."""
    pool: Callable[[int, str], Executor] = ThreadPoolExecutor
    """A pool with this number of threads and this name."""
    client: Callable[..., Any] = clients.client
    """The client of an AWS service, by its name and optionally a ClientConfig."""
    deadline: Deadline = clients.deadline
    """Until when the calls to AWS for one answer may begin."""
    upstream_session: Callable[[], Any] | None = None
    """Makes the `requests.Session` of the ACE API's client; None for sockets with total timeouts."""

    def new_name(self) -> str:
        """Returns a unique id of letters and digits."""
        return self.new_id().replace("-", "")


SYSTEM = Runtime()


def results[T, R](pool: Executor, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Returns the result for each item, in order, worked on at the same time; a single one by the caller."""
    return [work(items[0])] if len(items) == 1 else list(pool.map(work, items))
