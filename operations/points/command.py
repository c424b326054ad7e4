"""Lists and sets what people know of points: kind, rollover, and the numbers of state texts.

Without --stack or --table, the stack is the running local one.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from operations import stacks
from operations.errors import OperatorError
from operations.points.states import read_states
from operations.sites.changes import sites_of
from operations.stacks import Stack
from operations.tables import show
from vitals.errors import VitalsError
from vitals.model.kinds import KINDS
from vitals.model.point_settings import POINT_SETTINGS
from vitals.model.points import Point
from vitals.store.state.catalog import CatalogTable


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        _COMMANDS[options.command](stacks.selected(options), options)
    except (OperatorError, VitalsError, ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _list(stack: Stack, options: argparse.Namespace) -> None:
    sites_of(stack).record(options.site)
    points = [point for point in _catalogs(stack).load(options.site).points if point.settings]
    if options.json:
        print(json.dumps({"points": [_described(point) for point in points]}))
        return
    show(("point", *POINT_SETTINGS), [(point.name, *_cells(point)) for point in points])


def _set(stack: Stack, options: argparse.Namespace) -> None:
    changes = _changes(options)
    sites_of(stack).record(options.site)
    catalog = _catalogs(stack).set_points(
        options.site, dict.fromkeys(options.points, changes), stack.caller()
    )
    points = catalog.select(options.points)
    if options.json:
        print(json.dumps({"points": [_described(point) for point in points]}))
    for point in points:
        print(f"{point.name} is set: kind {point.kind}{_further(point)}", file=sys.stderr)
    if changes.get("states"):
        command = "`vitals backfill start SITE FIRST_DAY LAST_DAY --force`"
        print(
            f"readings from now on are stored with these numbers; {command} reads stored days again",
            file=sys.stderr,
        )


def _changes(options: argparse.Namespace) -> dict[str, object]:
    changes: dict[str, object] = dict.fromkeys(options.clear)
    values = {"kind": options.kind, "rollover": options.rollover}
    values["states"] = None if options.states is None else read_states(options.states)
    for name, value in values.items():
        if value is None:
            continue
        if name in changes:
            raise OperatorError(f"give --{name} or --clear {name}, not both")
        changes[name] = value
    if not changes:
        raise OperatorError("give --kind, --rollover, --states or --clear")
    return changes


def _catalogs(stack: Stack) -> CatalogTable:
    return CatalogTable(stack.client("dynamodb"), stack.output("StateTable"))


def _described(point: Point) -> dict[str, Any]:
    settings = {name: getattr(point.settings, name) for name in ("rollover", "states")}
    set_by_hand = {name: value for name, value in settings.items() if value}
    return {
        "point_name": point.name,
        "kind": point.kind,
        "kind_set": point.settings.kind is not None,
    } | set_by_hand


def _cells(point: Point) -> tuple[str, str, str]:
    settings = point.settings
    rollover = "" if settings.rollover is None else f"{settings.rollover:g}"
    states = ",".join(f"{text}={number:g}" for text, number in settings.states.items())
    return settings.kind or f"{point.kind} (derived)", rollover, states


def _further(point: Point) -> str:
    _, rollover, states = _cells(point)
    return (f", rollover {rollover}" if rollover else "") + (f", states {states}" if states else "")


_COMMANDS: dict[str, Callable[[Stack, argparse.Namespace], None]] = {"list": _list, "set": _set}


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    stacks.add_options(shared)
    shared.add_argument("--site", required=True, help="the site of the points")
    shared.add_argument("--json", action="store_true", help="print JSON, and nothing else, to stdout")
    parser = argparse.ArgumentParser(prog="vitals point", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", parents=[shared], help="list the points with settings")
    command = commands.add_parser("set", parents=[shared], help="set or clear settings of points")
    command.add_argument("points", nargs="+", metavar="NAME", help="the name of a point")
    command.add_argument("--kind", choices=KINDS, help="what its numbers mean, instead of the derived kind")
    command.add_argument("--rollover", type=float, help="the value after which its counter begins again at 0")
    command.add_argument("--states", help="numbers of its state texts: on=1,off=0, or a JSON file")
    command.add_argument(
        "--clear",
        action="append",
        default=[],
        choices=POINT_SETTINGS,
        help="remove a setting; repeat it for more",
    )
    return parser
