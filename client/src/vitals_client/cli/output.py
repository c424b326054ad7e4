"""Prints tables and JSON to stdout, and messages to stderr."""

import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

# Several names of 512 characters, each of which may be escaped with ten.
_MAX_WIDTH = 50_000

Json = Annotated[bool, typer.Option("--json", help="print JSON, and nothing else, to stdout")]
SiteName = Annotated[str, typer.Argument(metavar="SITE", help="a site name from `vitals sites`")]


def valid_id(text: str) -> str:
    """Returns an ID; BadParameter if it is empty or only dots, which would be the path of another route."""
    if not text.strip("."):
        raise typer.BadParameter(f"{text!r} is not a valid ID")
    return text


def printable(text: str, allowed: str = "") -> str:
    """Returns the text with control characters escaped as in Python, except for the allowed ones."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in allowed else ascii(character)[1:-1]
        for character in text
    )


def message(text: str) -> None:
    """Prints a message for people to stderr."""
    print(printable(text, "\n"), file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Prints a result for people to stdout."""
    print(printable(text, "\n"), flush=True)


def show_json(content: Any) -> None:
    """Prints one JSON document on one line."""
    print(json.dumps(content, ensure_ascii=False), flush=True)


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()) -> None:
    """Prints a table; columns in `right` are right-aligned, and long cells are folded on a terminal only."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(Text(printable(name)), justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else _MAX_WIDTH)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())


def watch_command(run_id: str) -> str:
    """Returns the command that watches a backfill."""
    return f"vitals backfill watch {shlex.quote(run_id)}"
