"""Sources whose first items are awaited at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.pipeline.first_ahead import first_ahead

LIMIT_S = 10


@given(st.lists(st.lists(st.integers())), st.integers(1, 4))
def test_items_come_in_order(sources: list[list[int]], at_once: int) -> None:
    items = list(first_ahead(map(iter, sources), at_once, ThreadPoolExecutor))
    assert items == list(chain.from_iterable(sources))


def test_first_items_are_requested_at_once() -> None:
    together = threading.Barrier(3)

    def source(number: int) -> Iterator[int]:
        together.wait(LIMIT_S)
        yield number

    assert list(first_ahead(map(source, range(6)), 3, ThreadPoolExecutor)) == list(range(6))


def test_no_more_are_requested_than_allowed() -> None:
    begun: list[int] = []

    def source(number: int) -> Iterator[int]:
        begun.append(number)
        yield number

    items = first_ahead(map(source, range(9)), 2, ThreadPoolExecutor)
    assert next(items) == 0
    items.close()
    assert sorted(begun) == [0, 1]


@given(st.lists(st.integers(0, 3), max_size=9), st.integers(1, 4))
def test_no_more_sources_are_open_than_allowed(lengths: list[int], at_once: int) -> None:
    open_sources: set[int] = set()
    most = 0

    def source(number: int) -> Iterator[int]:
        nonlocal most
        open_sources.add(number)
        most = max(most, len(open_sources))
        yield from range(lengths[number])
        open_sources.remove(number)

    items = first_ahead(map(source, range(len(lengths))), at_once, _Immediate)
    assert list(items) == [item for length in lengths for item in range(length)]
    assert most <= at_once


def test_an_error_ends_it_after_earlier_items() -> None:
    started, released, ended = threading.Event(), threading.Event(), threading.Event()

    def source(number: int) -> Iterator[int]:
        if number == 1:
            started.wait(LIMIT_S)
            raise OSError("no page")
        if number == 2:
            started.set()
            released.wait(LIMIT_S)
            ended.set()
        yield number

    items = first_ahead(map(source, range(5)), 3, _releasing(released))
    assert next(items) == 0
    with pytest.raises(OSError, match="no page"):
        next(items)
    assert ended.is_set()


class _Immediate(ThreadPoolExecutor):
    """A pool that makes each call when it is submitted."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def _releasing(event: threading.Event) -> type[Executor]:
    """A pool that sets the event when it begins to wait for its calls."""

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            event.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    return Pool
