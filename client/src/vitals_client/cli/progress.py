"""How far something is, as it is shown while it is followed."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from vitals_client.cli.output import message, show, show_json

_QUIET_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is: percent, a line of text, and what must differ for the line to be news."""

    percent: float
    text: str
    news: object
    ended: bool


class View(AbstractContextManager[Any], Protocol):
    """Shows each step, and what goes wrong in between."""

    def show(self, found: Mapping[str, Any], step: Step) -> None: ...

    def warn(self, text: str) -> None: ...


class Lines:
    """A line when something has changed, at most one every few seconds; none at the end."""

    def __init__(
        self,
        say: Callable[[str], None],
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say = say
        self.warn = warn
        self._clock = clock
        self._said: object = None
        self._next = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def show(self, found: Mapping[str, Any], step: Step) -> None:
        if not step.ended and step.news != self._said and self._clock() >= self._next:
            self._said, self._next = step.news, self._clock() + _QUIET_SECONDS
            self._say(step.text)


class Bar:
    """A bar and a line below it, drawn anew with each answer."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._live.stop()

    def warn(self, text: str) -> None:
        self._live.console.print(text, markup=False, highlight=False)

    def show(self, found: Mapping[str, Any], step: Step) -> None:
        shown = Table.grid()
        shown.add_row(ProgressBar(completed=step.percent, width=60, complete_style="green"))
        shown.add_row(Text(step.text))
        self._live.update(shown, refresh=True)


class JsonLines:
    """Each answer but the last, which the command itself shows, as a line of JSON without its days."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def warn(self, text: str) -> None:
        message(text)

    def show(self, found: Mapping[str, Any], step: Step) -> None:
        if not step.ended:
            show_json({key: value for key, value in found.items() if key != "days"})


def watched[T: Mapping[str, Any]](
    follow: Callable[[Callable[[str], None]], Iterator[T]], step: Callable[[T], Step], *, json: bool
) -> T:
    """Shows what is followed until it ends, and returns its end."""
    with _view(json) as shown:
        for found in follow(shown.warn):
            shown.show(found, step(found))
    return found


def _view(json: bool) -> View:
    """The bar on a terminal that can draw one, lines elsewhere, JSON where it is asked for."""
    if json:
        return JsonLines()
    console = Console()
    return Bar(console) if sys.stdout.isatty() and not console.is_dumb_terminal else Lines(show, message)
