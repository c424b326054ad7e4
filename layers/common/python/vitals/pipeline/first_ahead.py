"""Iteration over several sources whose first items take long and can be awaited at once."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import islice


def first_ahead[T](
    sources: Iterable[Iterator[T]], at_once: int, make_pool: Callable[[int, str], Executor]
) -> Generator[T]:
    """Yields the items of the sources in order, after an error no more.

    The first items of several sources are requested at the same time, the others of a source when the caller
    needs them: at most `at_once` requests are under way. When it ends or is closed, none is.
    """
    upcoming = iter(sources)
    begun: deque[tuple[Iterator[T], Future[list[T]]]] = deque()
    with make_pool(at_once, "first") as pool:

        def begin(count: int) -> None:
            for source in islice(upcoming, count):
                begun.append((source, pool.submit(_first, source)))

        begin(at_once)
        while begun:
            source, first = begun.popleft()
            yield from first.result()
            yield from source
            begin(1)


def _first[T](source: Iterator[T]) -> list[T]:
    return list(islice(source, 1))
