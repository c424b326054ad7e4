"""Kills the code under test at one step of its run: just before the step has its effect, or just after it.

A test kills a run, runs the code again and asserts that nothing was lost:

    with killed_at(ColdTier, "put", after=True):
        archiver.archive(day)
    archiver.archive(day)

`at_steps` repeats a test for the steps of a run, and a `Killer` without a moment counts how many there are.
"""

import functools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

WRITES = (
    "batch_write_item",
    "delete_item",
    "put_item",
    "transact_write_items",
    "update_item",
)
"""The calls of a DynamoDB client that are steps."""


class Killed(BaseException):
    """The process ends here; no `except Exception` of the code under test catches it."""


@dataclass(frozen=True)
class Moment:
    """Before or after the effect of a step of a run; steps are counted from 0."""

    step: int
    after: bool = False

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} step {self.step}"


class Killer:
    """Counts the steps of a run and kills it once, at the moment given; without one it only counts.

    Steps that other threads of the run begin after the kill end in the same way, without an effect.
    """

    def __init__(self, moment: Moment | None = None) -> None:
        self.steps = 0
        self.killed = False
        self._moment = moment
        self._lock = threading.Lock()

    def client(self, client: Any, methods: Iterable[str] = WRITES) -> Any:
        """Returns the client with its calls of these methods as steps."""
        return _Client(self, client, frozenset(methods))

    @contextmanager
    def patched(self, owner: Any, *methods: str) -> Iterator[None]:
        """Makes the calls of these methods of a class steps."""
        with pytest.MonkeyPatch.context() as patch:
            for method in methods:
                patch.setattr(owner, method, self.step(getattr(owner, method)))
            yield

    def step(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Returns the function with each call as one step."""

        @functools.wraps(function)
        def step(*arguments: Any, **named: Any) -> Any:
            number = self._begin()
            self._kill_at(number, after=False)
            try:
                return function(*arguments, **named)
            finally:
                # Also after a call that raises an exception.
                self._kill_at(number, after=True)

        return step

    def _begin(self) -> int:
        with self._lock:
            if self.killed:
                raise Killed
            self.steps += 1
            return self.steps - 1

    def _kill_at(self, step: int, *, after: bool) -> None:
        if self._moment == Moment(step, after):
            self.killed = True
            raise Killed


class _Client:
    def __init__(self, killer: Killer, client: Any, methods: frozenset[str]) -> None:
        self._killer, self._client, self._methods = killer, client, methods

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        return self._killer.step(attribute) if name in self._methods else attribute


@contextmanager
def killed_at(owner: Any, method: str, *, call: int = 1, after: bool = False) -> Iterator[None]:
    """Kills the block at a call of a method of a class, counted from 1; fails unless it was killed."""
    with pytest.raises(Killed), Killer(Moment(call - 1, after)).patched(owner, method):
        yield


def at_steps(steps: Iterable[int]) -> pytest.MarkDecorator:
    """Repeats a test with a `moment` before and after each of these steps."""
    moments = [Moment(step, after) for step in steps for after in (False, True)]
    return pytest.mark.parametrize("moment", moments, ids=str)
