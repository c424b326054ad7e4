"""How a command is ended from outside."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Windows has no SIGHUP.
_ENDINGS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def interrupt_on_signals() -> None:
    """Ctrl-C, kill and a closed terminal all raise KeyboardInterrupt."""
    for ending in _ENDINGS:
        # A shell starts its background jobs with SIGINT ignored; only nohup means it.
        if ending.name != "SIGHUP" or signal.getsignal(ending) != signal.SIG_IGN:
            signal.signal(ending, signal.default_int_handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """The same for as long as a command runs; in the main thread only, for no other gets signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {ending: signal.getsignal(ending) for ending in _ENDINGS}
    interrupt_on_signals()
    try:
        yield
    finally:
        for ending, handler in before.items():
            # One that Python did not set it cannot set again.
            if handler is not None:
                signal.signal(ending, handler)
