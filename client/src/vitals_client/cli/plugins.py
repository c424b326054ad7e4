"""Commands of other distributions: the entry points `vitals_client.commands`.

An entry point is a function that takes the command's arguments and returns its exit code.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint
from typing import Any

import typer
from typer.core import TyperCommand

from vitals_client.cli import exit_codes
from vitals_client.cli.output import message

GROUP = "vitals_client.commands"
# They need AWS and the product's own code, which the client does without.
_REPOSITORY_COMMANDS = {
    "point": "List and set kinds, rollovers and numbers of state texts of points.",
    "restore": "Adapt a stack to restored tables: keys of tokens, archived days.",
    "site": "List, add, pause and remove the sites that are synced.",
    "smoke": "Check a stack from end to end: key, sync, archive, Athena, API.",
    "token": "Create, list, revoke and rotate bearer tokens.",
    "verify": "Compare random samples of the store with the upstream.",
}


class _PassThrough(TyperCommand):
    """Passes every argument to the command, `--help` and `--` too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.args = args
        return args


def add_to(app: typer.Typer, installed: Iterable[EntryPoint]) -> None:
    """Adds the installed commands, and an error message for each repository command that is not installed."""
    entry_points = {entry_point.name: entry_point for entry_point in installed}
    for name in sorted(entry_points.keys() | _REPOSITORY_COMMANDS.keys()):
        add = app.command(name, help=_REPOSITORY_COMMANDS.get(name), cls=_PassThrough)
        add(_installed(entry_points[name]) if name in entry_points else _missing(name))


def _installed(entry_point: EntryPoint) -> Callable[[typer.Context], None]:
    def run(ctx: typer.Context) -> None:
        command: Callable[[Sequence[str]], int] = entry_point.load()
        raise typer.Exit(command(ctx.args))

    return run


def _missing(name: str) -> Callable[[typer.Context], None]:
    def run(ctx: typer.Context) -> None:
        message(
            f"error: `vitals {name}` is not installed; run `make setup` in the repository of the stack, then "
            f"`.venv/bin/vitals {name}` there"
        )
        raise typer.Exit(exit_codes.REFUSED)

    return run
