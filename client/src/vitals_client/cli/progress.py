"""Shows the progress of a run or an export while it is polled."""

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

_SECONDS_BETWEEN_LINES = 5


@dataclass(frozen=True, slots=True)
class Step:
    """The progress in percent and as a line of text, which is printed again when `key` has changed."""

    percent: float
    text: str
    key: object
    ended: bool


class Display(AbstractContextManager[Any], Protocol):
    """Shows each step, and the errors between them."""

    def show(self, state: Mapping[str, Any], step: Step) -> None: ...

    def warn(self, text: str) -> None: ...


class Lines:
    """Prints a line when the progress has changed, at most one every five seconds, and none at the end."""

    def __init__(
        self,
        say: Callable[[str], None],
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say = say
        self.warn = warn
        self._clock = clock
        self._last_key: object = None
        self._next_line_at = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def show(self, state: Mapping[str, Any], step: Step) -> None:
        if not step.ended and step.key != self._last_key and self._clock() >= self._next_line_at:
            self._last_key, self._next_line_at = step.key, self._clock() + _SECONDS_BETWEEN_LINES
            self._say(step.text)


class Bar:
    """Draws a progress bar with a line of text below it."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def warn(self, text: str) -> None:
        self._live.console.print(text, markup=False, highlight=False)

    def show(self, state: Mapping[str, Any], step: Step) -> None:
        grid = Table.grid()
        grid.add_row(ProgressBar(completed=step.percent, width=60, complete_style="green"))
        grid.add_row(Text(step.text))
        self._live.update(grid, refresh=True)


class JsonLines:
    """Prints each state as a line of JSON without its days; the command itself prints the last one."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def warn(self, text: str) -> None:
        message(text)

    def show(self, state: Mapping[str, Any], step: Step) -> None:
        if not step.ended:
            show_json({key: value for key, value in state.items() if key != "days"})


def show_progress[T: Mapping[str, Any]](
    follow: Callable[[Callable[[str], None]], Iterator[T]], step: Callable[[T], Step], *, json: bool
) -> T:
    """Shows the progress until the end, and returns the last state."""
    with _display(json) as display:
        for state in follow(display.warn):
            display.show(state, step(state))
    return state


def _display(json: bool) -> Display:
    """Returns JSON lines if requested, a bar on a terminal that can draw one, and lines of text elsewhere."""
    if json:
        return JsonLines()
    console = Console()
    return Bar(console) if sys.stdout.isatty() and not console.is_dumb_terminal else Lines(show, message)
