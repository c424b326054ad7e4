"""The command `vitals`: what the client does, for people and for scripts.

Its commands take a third of a second to import, so `main` does it, once it is ready for Ctrl-C.
"""

import os
import sys

# Whoever checks types takes this for true; to import it from typing takes longer than everything else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from vitals_client.cli.commands import app

__all__ = ["app", "main"]

_INTERRUPTED = 130


def __getattr__(name: str) -> object:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from vitals_client.cli import commands

    return commands.app


def main() -> None:
    """The command, to its exit code."""
    try:
        import signal

        signal.signal(signal.SIGINT, _leave)
        from vitals_client.cli import commands
    except KeyboardInterrupt:
        # From before the handler was there.
        _leave()
    commands.main()


def _leave(*_: object) -> None:
    """Ends the process at once: nothing has begun that needs an end, and an import may swallow errors."""
    try:
        os.write(sys.stderr.fileno(), b"interrupted\n")
    finally:
        os._exit(_INTERRUPTED)
