"""How a command is ended from outside."""

import signal


def interrupt_on_signals() -> None:
    """Ctrl-C, kill and a closed terminal all raise KeyboardInterrupt."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        ending = getattr(signal, name, None)
        # A shell starts its background jobs with SIGINT ignored; only nohup means it. Windows has no SIGHUP.
        if ending and (name != "SIGHUP" or signal.getsignal(ending) != signal.SIG_IGN):
            signal.signal(ending, signal.default_int_handler)
