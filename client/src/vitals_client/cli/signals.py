"""Signals that end a command."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Windows has no SIGHUP.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def interrupt_on_signals() -> None:
    """Makes Ctrl-C, kill and a closed terminal raise KeyboardInterrupt."""
    for number in _SIGNALS:
        # An ignored SIGHUP is meant, by nohup. An ignored SIGINT is not: a shell sets it for background jobs.
        if number.name != "SIGHUP" or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """Does the same while a command runs in the main thread; other threads get no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.getsignal(number) for number in _SIGNALS}
    interrupt_on_signals()
    try:
        yield
    finally:
        for number, handler in previous.items():
            # Python cannot set a handler again that it did not set.
            if handler is not None:
                signal.signal(number, handler)
