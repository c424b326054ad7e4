"""What `vitals` consists of: its commands, their errors and exit codes."""

import os
import sys
import warnings
from importlib.metadata import entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from vitals_client.cli import backfill, export, plugins, reading
from vitals_client.cli.output import REFUSED, message, watch_command
from vitals_client.cli.signals import interruptible
from vitals_client.errors import ConflictError, RefusedError, SetupError, VitalsError, VitalsWarning

_INTERRUPTED = 130
# As of a program that SIGPIPE ends.
_NOBODY_READS = 141
_HELP = """\
Building Vitals: find points, ask for samples, export and backfill them.

The API is VITALS_API, asked with VITALS_TOKEN; without both, that of the local stack that is up here or in a
folder above.
"""
_EPILOG = (
    "Exit codes: 0 done, 1 failed or partly failed, 2 refused or asked wrongly, 3 cancelled, 130 interrupted."
)


class _Vitals(TyperGroup):
    """Errors as one line on stderr and an exit code, whichever command raises them."""

    def invoke(self, ctx: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("always", VitalsWarning)
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            try:
                with interruptible():
                    return super().invoke(ctx)
            except VitalsError as error:
                raise typer.Exit(_told(error)) from None
            except UnicodeEncodeError as error:
                message(f"error: {error.object[error.start]!a} cannot be written in {error.encoding}")
                raise typer.Exit(REFUSED) from None
            except OSError as error:
                raise typer.Exit(_broken(error)) from None
            except KeyboardInterrupt:
                message("interrupted")
                raise typer.Exit(_INTERRUPTED) from None


def _told(error: VitalsError) -> int:
    message(f"error: {error}")
    if isinstance(error, ConflictError) and error.running_id:
        message(f"backfill {error.running_id} is at work; watch it with")
        message(f"  {watch_command(error.running_id)}")
    return REFUSED if isinstance(error, RefusedError | SetupError) else 1


def _broken(error: OSError) -> int:
    """Of a file that cannot be written, or a pipe."""
    if isinstance(error, BrokenPipeError):
        return _NOBODY_READS
    file = error.filename2 or error.filename
    message(f"error: {error.strerror or error}{f': {file}' if file else ''}")
    return 1


def _show_warning(text: Warning | str, *_: Any) -> None:
    message(f"warning: {text}")


app = typer.Typer(
    cls=_Vitals,
    help=_HELP,
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
reading.add_to(app)
app.add_typer(export.app, name="export")
app.add_typer(backfill.app, name="backfill")
plugins.add_to(app, entry_points(group=plugins.GROUP))


def main() -> None:
    """The command, to its exit code; quiet when nobody reads on, as in `vitals points … | head`."""
    code: str | int | None = 0
    try:
        app()
    except SystemExit as ended:
        code = ended.code
    try:
        sys.stdout.flush()
    except OSError as error:
        # What is left to write goes nowhere, so that nothing complains at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or _broken(error)
    sys.exit(code)
