"""Assembles the command `vitals`, and turns errors into messages and exit codes."""

import os
import sys
import warnings
from importlib.metadata import entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from vitals_client.cli import backfill, exit_codes, export, flags, plugins
from vitals_client.cli.days.coverage import coverage
from vitals_client.cli.days.quality import quality
from vitals_client.cli.output import message, watch_command
from vitals_client.cli.points import latest, points
from vitals_client.cli.query.command import query
from vitals_client.cli.query.summary import summary
from vitals_client.cli.query.table import table
from vitals_client.cli.signals import end_interrupted_process, interruptible
from vitals_client.cli.sites import changes, sites
from vitals_client.cli.status import status
from vitals_client.errors import ConflictError, RefusedError, SetupError, VitalsError, VitalsWarning

_HELP = """\
Query, export and backfill the readings of buildings.

The API address is VITALS_API and the token is VITALS_TOKEN. If neither is set, vitals uses the local stack of
the working directory or of a folder above it.
"""
_EPILOG = (
    "Exit codes: 0 success, 1 failure or partial failure, 2 refused request or invalid arguments, "
    "3 cancelled, 130 interrupted."
)


class _RootGroup(TyperGroup):
    """Shows the error of any command as one line on stderr, and exits with its exit code."""

    def invoke(self, ctx: Any) -> Any:
        with warnings.catch_warnings(), interruptible():
            warnings.simplefilter("always", VitalsWarning)
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            try:
                return super().invoke(ctx)
            except VitalsError as error:
                raise typer.Exit(_show_error(error)) from None
            except UnicodeEncodeError as error:
                message(f"error: {error.object[error.start]!a} cannot be encoded in {error.encoding}")
                raise typer.Exit(exit_codes.REFUSED) from None
            except OSError as error:
                raise typer.Exit(_show_os_error(error)) from None
            except KeyboardInterrupt:
                message("interrupted")
                raise typer.Exit(exit_codes.INTERRUPTED) from None


def _show_error(error: VitalsError) -> int:
    message(f"error: {error}")
    if isinstance(error, ConflictError) and error.running_id:
        message("watch it with:")
        message(f"  {watch_command(error.running_id)}")
    return exit_codes.REFUSED if isinstance(error, RefusedError | SetupError) else exit_codes.FAILED


def _show_os_error(error: OSError) -> int:
    """Shows the error of a file that cannot be written. A closed pipe is not shown."""
    if isinstance(error, BrokenPipeError):
        return exit_codes.BROKEN_PIPE
    file = error.filename2 or error.filename
    message(f"error: {error.strerror or error}{f': {file}' if file else ''}")
    return exit_codes.FAILED


def _show_warning(text: Warning | str, *_: Any) -> None:
    message(f"warning: {text}")


app = typer.Typer(
    cls=_RootGroup,
    help=_HELP,
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (sites, points, query, table, summary, latest, coverage, quality, status, changes):
    app.command()(command)
app.add_typer(export.app, name="export")
app.add_typer(backfill.app, name="backfill")
app.add_typer(flags.app, name="flag")
plugins.add_to(app, entry_points(group=plugins.GROUP))


def main() -> None:
    """Runs the command and exits with its exit code. A closed pipe, as with `| head`, is not reported."""
    code: str | int | None = 0
    try:
        app()
    except SystemExit as ended:
        code = ended.code
        if code == exit_codes.INTERRUPTED:
            end_interrupted_process()
    try:
        sys.stdout.flush()
    except OSError as error:
        # Discards the unwritten output. Otherwise Python reports the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or _show_os_error(error)
    sys.exit(code)
