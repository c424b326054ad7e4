"""Commands that other distributions add: the entry points of `vitals_client.commands`.

An entry point is a function that takes the command's arguments and returns its exit code.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint
from typing import Any

import typer
from typer.core import TyperCommand

from vitals_client.cli.output import REFUSED, message

GROUP = "vitals_client.commands"
# They need AWS and the product's own code, which whoever only reads data does without.
_OF_THE_REPOSITORY = {
    "token": "Create, list, revoke and rotate bearer tokens.",
    "verify": "Ask upstream and store the same random questions.",
}


class _Verbatim(TyperCommand):
    """Leaves every argument to the command, `--help` and `--` too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.args = args
        return args


def add_to(app: typer.Typer, installed: Iterable[EntryPoint]) -> None:
    """Adds the commands that are installed, and the advice for those that are not."""
    found = {point.name: point for point in installed}
    for name in sorted(found.keys() | _OF_THE_REPOSITORY.keys()):
        add = app.command(name, help=_OF_THE_REPOSITORY.get(name), cls=_Verbatim)
        add(_passing(found[name]) if name in found else _missing(name))


def _passing(point: EntryPoint) -> Callable[[typer.Context], None]:
    def run(ctx: typer.Context) -> None:
        command: Callable[[Sequence[str]], int] = point.load()
        raise typer.Exit(command(ctx.args))

    return run


def _missing(name: str) -> Callable[[typer.Context], None]:
    def run(ctx: typer.Context) -> None:
        message(
            f"error: `vitals {name}` needs the repository that deploys the stack: run `make setup` there, "
            f"then `.venv/bin/vitals {name}`"
        )
        raise typer.Exit(REFUSED)

    return run
