"""What commands print: tables and JSON to stdout, messages to stderr."""

import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

REFUSED = 2
# Several names of 512 characters, each of which may be written with ten.
_WIDEST = 50_000

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, and nothing else there")]
SiteName = Annotated[str, typer.Argument(metavar="SITE", help="as `vitals sites` lists it")]


def named(text: str) -> str:
    """The id of something; BadParameter for an empty one or dots, which would be another route's address."""
    if not text.strip("."):
        raise typer.BadParameter(f"{text!r} is no id")
    return text


def plain(text: str, kept: str = "") -> str:
    """The text, with what a terminal would obey instead of showing written as Python does."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in kept else ascii(sign)[1:-1] for sign in text)


def message(text: str) -> None:
    """For the person, whatever stdout is used for."""
    print(plain(text, "\n"), file=sys.stderr, flush=True)


def show(text: str) -> None:
    print(plain(text, "\n"), flush=True)


def show_json(content: Any) -> None:
    """One document on one line."""
    print(json.dumps(content, ensure_ascii=False), flush=True)


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()) -> None:
    """Columns under their headings, those named in `right` to the right; folded on a terminal only."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    drawn = Console(width=None if sys.stdout.isatty() else _WIDEST)
    with drawn.capture() as captured:
        drawn.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())


def usage(text: str) -> typer.Exit:
    """To be raised: the options contradict each other."""
    message(f"error: {text}")
    return typer.Exit(REFUSED)


def watch_command(run_id: str) -> str:
    return f"vitals backfill watch {shlex.quote(run_id)}"


def days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"
