"""Signals that end a command."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Windows has no SIGHUP.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_AGAIN_S = 0.05


def interrupt_on_signals() -> None:
    """Makes Ctrl-C, kill and a closed terminal raise KeyboardInterrupt."""
    _handle_signals(signal.default_int_handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """Makes the first of them raise KeyboardInterrupt while a command runs, and ignores the next ones.

    Only in the main thread; other threads get no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.getsignal(number) for number in _SIGNALS}
    _handle_signals(_interrupt)
    try:
        yield
    finally:
        for number, handler in previous.items():
            # Python cannot set a handler again that it did not set.
            if handler is not None:
                signal.signal(number, handler)


def ignore_signals() -> None:
    """Lets the process end with its exit code."""
    _handle_signals(signal.SIG_IGN)


def _handle_signals(handler: Callable[..., Any] | signal.Handlers) -> None:
    for number in _SIGNALS:
        # An ignored SIGHUP is meant, by nohup. An ignored SIGINT is not: a shell sets it for background jobs.
        if number.name != "SIGHUP" or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    ignore_signals()
    sys.unraisablehook = _discarded
    raise KeyboardInterrupt


def _discarded(error: Any) -> None:
    """Handles what Python discards: it was raised in a finalizer.

    An interrupt is raised again a little later. Errors are those of objects that it left half-made.
    """
    if error.exc_type is not KeyboardInterrupt:
        return
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
    else:
        _handle_signals(_interrupt)
