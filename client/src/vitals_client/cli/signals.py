"""Signals that end a command."""

import math
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Windows has no SIGHUP.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_ALARMS = [signal.SIGALRM] if hasattr(signal, "SIGALRM") else []
# Time for what ends an interrupted command: a message and a clean-up.
_ENDING_S = 1.0
_AGAIN_S = 0.05

_raised_s = -math.inf
"""When the running command was interrupted."""


def interrupt_on_signals() -> None:
    """Makes Ctrl-C, kill and a closed terminal raise KeyboardInterrupt."""
    _handle_signals(signal.default_int_handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """Does the same while a command runs in the main thread; other threads get no signals.

    Other signals within a second of the first one are ignored.
    """
    global _raised_s
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.getsignal(number) for number in [*_SIGNALS, *_ALARMS]}
    hook, _raised_s = sys.unraisablehook, -math.inf
    _handle_signals(_interrupt)
    sys.unraisablehook = _discarded
    try:
        yield
    finally:
        _cancel_alarm()
        for number, handler in previous.items():
            # Python cannot set a handler again that it did not set.
            if handler is not None:
                signal.signal(number, handler)
        sys.unraisablehook = hook


def end_interrupted_process() -> None:
    """Lets the process end in silence: another signal is ignored, and errors of finalizers are not shown."""
    _handle_signals(signal.SIG_IGN)
    sys.unraisablehook = _discarded


def _handle_signals(handler: Any) -> None:
    for number in _SIGNALS:
        # An ignored SIGHUP is meant, by nohup. An ignored SIGINT is not: a shell sets it for background jobs.
        if number.name != "SIGHUP" or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    global _raised_s
    if time.monotonic() - _raised_s > _ENDING_S:
        _raised_s = time.monotonic()
        raise KeyboardInterrupt


def _discarded(error: Any) -> None:
    """Handles what Python discards, such as an interrupt in a finalizer: it is raised again a little later.

    After an interrupt the errors are those of objects that it left half-made.
    """
    if error.exc_type is KeyboardInterrupt:
        for number in _ALARMS:
            signal.signal(number, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
    elif _raised_s == -math.inf:
        sys.__unraisablehook__(error)


def _cancel_alarm() -> None:
    for number in _ALARMS:
        if signal.getsignal(number) is signal.default_int_handler:
            signal.setitimer(signal.ITIMER_REAL, 0)
