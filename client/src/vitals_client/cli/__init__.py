"""The command `vitals`: the client for people and for scripts.

Its modules take a third of a second to import, so `main` imports them, once it handles Ctrl-C.
"""

import os
import sys

# Type checkers take this for true. Importing it from typing would take longer than the rest of the module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from vitals_client.cli.application import app

__all__ = ["app", "main"]

_INTERRUPTED = 130


def __getattr__(name: str) -> object:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from vitals_client.cli import application

    return application.app


def main() -> None:
    """Runs the command and exits with its exit code."""
    try:
        import signal

        signal.signal(signal.SIGINT, _exit_interrupted)
        from vitals_client.cli import application
    except KeyboardInterrupt:
        # Ctrl-C before the handler was set.
        _exit_interrupted()
    application.main()


def _exit_interrupted(*_: object) -> None:
    """Ends the process at once: nothing needs cleaning up yet, and an import may suppress exceptions."""
    try:
        os.write(sys.stderr.fileno(), b"interrupted\n")
    finally:
        os._exit(_INTERRUPTED)
