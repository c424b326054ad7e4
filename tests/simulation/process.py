"""A process of a Lambda function: its clock, pools, connections and life, as a Runtime of the product."""

import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from random import Random
from typing import Any, NoReturn

from tests.simulation.faults import Faults
from tests.simulation.scheduler import Owner, Scheduler, Task
from tests.support.kill import Killed
from vitals.aws.clients import Deadline
from vitals.aws.runtime import Runtime

LONGEST_SKEW_MS = 60_000
"""Each clock is at most this wrong."""
CLOCKS_DIFFER_MS = 2 * LONGEST_SKEW_MS
"""Two clocks differ by at most this."""

type Connect = Callable[["Process", str, Any], Any]


@dataclass(frozen=True, slots=True)
class Machine:
    """What all processes share: the time, the faults and the random numbers of the product."""

    scheduler: Scheduler
    faults: Faults
    random: Random
    """Of delays and of the clocks' errors."""
    product_random: Random
    """What the product draws from."""
    interrupted: Callable[["Process", str], None] = lambda process, call: None
    """Is told of each process that is about to die, or to wait for long, and of the call that it makes."""


class Process(Owner):
    """One sandbox; its clock is `skew_ms` ahead of the true time, and it is stopped at `ends_ms`."""

    def __init__(self, machine: Machine, skew_ms: int, connect: Connect, session: Callable[["Process"], Any]):
        super().__init__()
        self.machine = machine
        self.skew_ms = skew_ms
        self.ends_ms = float("inf")
        self.function = ""
        """The function of the template that runs here; empty for what operators run."""
        self.errors: list[Exception] = []
        """What the work of its queue's messages has raised since somebody cleared them."""
        self._clients: dict[Any, Any] = {}
        self._connect = connect
        random = machine.product_random
        self.runtime = Runtime(
            now_ms=lambda: int(machine.scheduler.now_ms) + skew_ms,
            monotonic=self.monotonic,
            sleep=lambda seconds: self.sleep(seconds * 1000),
            uniform=random.uniform,
            new_id=lambda: str(uuid.UUID(int=random.getrandbits(128), version=4)),
            pool=lambda workers, _: Pool(self, workers),
            client=self.client,
            deadline=Deadline(self.monotonic),
            upstream_session=lambda: session(self),
        )

    def monotonic(self) -> float:
        """Returns the seconds of a clock that every process shares."""
        return self.machine.scheduler.now_ms / 1000

    def client(self, service: str, config: Any = None) -> Any:
        """Returns the process's client of a service of AWS."""
        key = (service, config)
        if key not in self._clients:
            self._clients[key] = self._connect(self, service, config)
        return self._clients[key]

    def sleep(self, ms: float) -> None:
        """Lets the current task wait, at most until the process is stopped."""
        if self.dead:
            raise Killed
        scheduler = self.machine.scheduler
        remaining_ms = self.ends_ms - scheduler.now_ms
        if ms >= remaining_ms:
            scheduler.sleep(max(0.0, remaining_ms))
            self.machine.faults.counts["timed_out"] += 1
            self.kill()
        scheduler.sleep(ms)

    def kill(self) -> NoReturn:
        """Ends the process in the current task."""
        self.machine.scheduler.kill(self)
        raise Killed


class Attempted(Exception):
    """An attempt of an outside call failed in this way; `final` when every repeat would fail too."""

    def __init__(self, fault: str, *, final: bool = False) -> None:
        super().__init__(fault)
        self.fault = fault
        self.final = final


# Each direction of a call inside of a region.
_SHORTEST_MS, _LONGEST_MS = 0.5, 6.0
_SLOWEST_MS = 60_000
_LONGEST_PAUSE_MS = 20 * 60_000
_LONGEST_OF = {"slow": _SLOWEST_MS, "pause": _LONGEST_PAUSE_MS, "held": _LONGEST_PAUSE_MS}
_INTERRUPTIONS = frozenset({"kill_before", "kill_after", "pause", "held", "unavailable", "lost_for_good"})
BLOCK_PUT = "put of a block"
"""The name of the call that a writer makes after it has told the ledger that the day changes."""


def attempt[T](
    process: Process, call: str, effect: Callable[[], T], kinds: frozenset[str] | None = None
) -> T:
    """Returns the answer of one attempt of an outside call; at each the process may die or wait.

    Raises Attempted when the attempt fails; whether it had its effect is in the kind of the fault.
    """
    faults, random = process.machine.faults, process.machine.random
    process.sleep(random.uniform(_SHORTEST_MS, _LONGEST_MS))
    fault = faults.draw(kinds)
    if not fault and call == BLOCK_PUT and faults.happens("held"):
        fault = "held"
    if not fault:
        answer = effect()
        process.sleep(random.uniform(_SHORTEST_MS, _LONGEST_MS))
        return answer
    if fault in _INTERRUPTIONS:
        process.machine.interrupted(process, call)
    return _faulty(process, effect, fault)


def _faulty[T](process: Process, effect: Callable[[], T], fault: str) -> T:
    random = process.machine.random
    if fault == "kill_before":
        process.kill()
    if fault in ("refused", "lost_request", "unavailable"):
        raise Attempted(fault, final=fault == "unavailable")
    before_ms, after_ms = _delays(fault, random)
    process.sleep(before_ms)
    answer = effect()
    if fault == "kill_after":
        process.kill()
    if fault in ("lost_answer", "lost_for_good"):
        raise Attempted(fault, final=fault == "lost_for_good")
    process.sleep(after_ms)
    return answer


def _delays(fault: str, random: Random) -> tuple[float, float]:
    """Returns how long a call waits before and after its effect."""
    longest_ms = _LONGEST_OF.get(fault, _LONGEST_MS)
    delay_ms = longest_ms * random.random() ** 2
    is_before = fault == "held" or random.random() < 0.5
    return (delay_ms, _SHORTEST_MS) if is_before else (_SHORTEST_MS, delay_ms)


class Pool(Executor):
    """A pool of the process's tasks in place of threads."""

    def __init__(self, process: Process, workers: int) -> None:
        self._process = process
        self._free = workers
        self._waiting: deque[Callable[[], Task]] = deque()
        self._unfinished: dict[Future[Any], None] = {}

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Returns the future of a call, which begins when a worker is free."""
        future = _Future(self._process.machine.scheduler)

        def run() -> None:
            try:
                future.set_result(function(*arguments, **named))
            except Exception as error:
                future.set_exception(error)
            finally:
                del self._unfinished[future]
                self._free += 1
                self._begin()

        self._unfinished[future] = None
        self._waiting.append(lambda: future.started(self._process, run))
        self._begin()
        return future

    def _begin(self) -> None:
        while self._free and self._waiting and not self._process.dead:
            self._free -= 1
            self._waiting.popleft()()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Waits for the calls, unless the process has died."""
        for future in list(self._unfinished):
            if wait and not self._process.dead:
                future.exception()


class _Future(Future[Any]):
    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._task: Task | None = None

    def started(self, process: Process, run: Callable[[], Any]) -> Task:
        self._task = self._scheduler.spawn(run, process)
        return self._task

    def result(self, timeout: float | None = None) -> Any:
        while not self.done():
            self._await()
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        while not self.done():
            self._await()
        return super().exception(0)

    def _await(self) -> None:
        if self._task is not None:
            self._scheduler.join(self._task)
        else:
            # No worker is free yet.
            self._scheduler.sleep(1.0)
