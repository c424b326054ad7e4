"""A scheduler of tasks on one virtual clock: each task is a greenlet, and only a wait switches to another.

A run is determined by its tasks: of two that are due at the same time, the one that waits longer goes on.
"""

import heapq
import itertools
from collections.abc import Callable
from typing import Any

from greenlet import greenlet

from tests.support.kill import Killed


class Task:
    """One flow of control; `owner` is what it belongs to, and with which it is killed."""

    __slots__ = ("_greenlet", "_turn", "_waiting", "done", "error", "owner", "result")

    def __init__(self, run: Callable[[], Any], owner: "Owner | None") -> None:
        self.owner = owner
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self._turn = 0
        self._waiting: list[Task] = []
        self._greenlet = greenlet(lambda: self._complete(run))

    def _complete(self, run: Callable[[], Any]) -> None:
        try:
            self.result = run()
        except Exception as error:
            self.error = error
        except Killed as killed:
            self.error = killed
        finally:
            self.done = True


class Owner:
    """What several tasks belong to; one that is dead makes no further step."""

    def __init__(self) -> None:
        self.dead = False
        self.tasks: list[Task] = []


class Scheduler:
    """Runs tasks in the order in which they are due; `now_ms` is the time, a float."""

    def __init__(self, start_ms: int) -> None:
        self.now_ms = float(start_ms)
        self.switches = 0
        self._end_ms = float("inf")
        self._heap: list[tuple[float, int, int, Task]] = []
        self._numbers = itertools.count()
        self._hub = greenlet.getcurrent()
        self._current: Task | None = None
        self._tasks: dict[Task, None] = {}
        """Those that are not done, in the order in which they were spawned."""
        self._is_closed = False

    def spawn(self, run: Callable[[], Any], owner: Owner | None = None, at_ms: float | None = None) -> Task:
        """Returns a new task that begins at this time, or now."""
        task = Task(run, owner)
        self._tasks[task] = None
        if owner is not None:
            owner.tasks.append(task)
        self._wake(task, self.now_ms if at_ms is None else max(at_ms, self.now_ms))
        return task

    def run_until(self, end_ms: float) -> None:
        """Runs what is due before this time; then it is this time."""
        self._end_ms = end_ms
        heap = self._heap
        while heap and heap[0][0] < end_ms:
            at_ms, _, turn, task = heapq.heappop(heap)
            if task.done or turn != task._turn:
                continue
            self.now_ms = max(self.now_ms, at_ms)
            self._switch_to(task)
        self.now_ms = max(self.now_ms, end_ms)

    def close(self) -> None:
        """Ends every task where it waits: a greenlet that is never resumed keeps alive all that it uses."""
        self._is_closed = True
        for task in list(self._tasks):
            if task.owner is not None:
                task.owner.dead = True
        while self._tasks:
            self._end(next(iter(self._tasks)))

    def _end(self, task: Task) -> None:
        del self._tasks[task]
        self._current = task
        if task._greenlet:
            task._greenlet.parent = self._hub
            task._greenlet.throw(Killed)
        task.done = True
        self._current = None

    def sleep(self, ms: float) -> None:
        """Lets the current task wait; raises Killed when its owner has died."""
        task = self._running()
        until_ms = self.now_ms + ms
        self._check(task)
        if until_ms < self._end_ms and (not self._heap or self._heap[0][0] > until_ms):
            # No other task is due before.
            self.now_ms = until_ms
            return
        self._wake(task, until_ms)
        self._hub.switch()
        self._check(task)

    def join(self, other: Task) -> None:
        """Lets the current task wait until the other is done."""
        task = self._running()
        while not other.done:
            self._check(task)
            other._waiting.append(task)
            # Nothing but the other's end wakes the task, or the death of its owner.
            task._turn += 1
            self._hub.switch()
            self._check(task)

    def wait(self, signal: "Signal", ms: float) -> None:
        """Lets the current task wait for the signal, at most this long."""
        task = self._running()
        self._check(task)
        signal.waiting.append(task)
        self._wake(task, self.now_ms + ms)
        self._hub.switch()
        self._check(task)

    def notify(self, signal: "Signal") -> None:
        """Wakes the tasks that wait for the signal."""
        for task in signal.waiting:
            if not task.done:
                self._wake(task, self.now_ms)
        signal.waiting.clear()

    def kill(self, owner: Owner) -> None:
        """Ends the tasks of the owner: each raises Killed where it waits, or at its next wait."""
        owner.dead = True
        for task in owner.tasks:
            if not task.done and task is not self._current:
                self._wake(task, self.now_ms)

    def _wake(self, task: Task, at_ms: float) -> None:
        task._turn += 1
        heapq.heappush(self._heap, (at_ms, next(self._numbers), task._turn, task))

    def _running(self) -> Task:
        if self._current is None:
            raise RuntimeError("only a task can wait")
        return self._current

    def _check(self, task: Task) -> None:
        if self._is_closed or (task.owner is not None and task.owner.dead):
            raise Killed

    def _switch_to(self, task: Task) -> None:
        self.switches += 1
        self._current = task
        task._greenlet.parent = self._hub
        if task.owner is not None and task.owner.dead and not task._greenlet:
            # It has not begun.
            task.done = True
            task.error = Killed()
        else:
            task._greenlet.switch()
        self._current = None
        if task.done:
            del self._tasks[task]
            self._surface(task)
            for waiting in task._waiting:
                self._wake(waiting, self.now_ms)
            task._waiting.clear()
            if task.owner is not None:
                task.owner.tasks.remove(task)

    def _surface(self, task: Task) -> None:
        """Raises the error of a task of the simulation itself that nobody waits for."""
        if task.error is not None and task.owner is None and not task._waiting:
            raise task.error


class Signal:
    """What tasks can wait for."""

    def __init__(self) -> None:
        self.waiting: list[Task] = []
