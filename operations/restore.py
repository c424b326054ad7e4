"""Adapts a stack to tables that were restored (docs/restore.md).

Turn the schedules off before `days`. Without --stack or --table, the stack is the running local one.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from botocore.exceptions import BotoCoreError, ClientError

from operations import stacks
from operations.errors import OperatorError
from operations.restored_days import ReopenedDays, reopen_days
from operations.stacks import Stack
from operations.token_lifecycle import epoch_ms, tokens_of
from vitals.errors import VitalsError
from vitals.model.timespan import day_name
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        stack = stacks.selected(options, UsagePlan=getattr(options, "usage_plan", None))
        _COMMANDS[options.command](stack, options)
    except (OperatorError, VitalsError, ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _keys(stack: Stack, options: argparse.Namespace) -> None:
    renewed = tokens_of(stack.client, stack.outputs, epoch_ms).renew_keys()
    if options.json:
        print(json.dumps({"renewed": [{"id": token.id, "name": token.name} for token in renewed]}))
    for token in renewed:
        print(f"{token.id} {token.name} has a new key in the usage plan", file=sys.stderr)
    if not renewed:
        print("every token has its key in the usage plan; nothing has changed", file=sys.stderr)


def _days(stack: Stack, options: argparse.Namespace) -> None:
    table, now_ms = stack.output("StateTable"), epoch_ms()
    client = stack.client("dynamodb")
    sites = [options.site] if options.site else [record.site for record in SiteTable(client, table).list()]
    reopened = [reopen_days(Ledger(client, table), site, now_ms) for site in sites]
    if options.json:
        print(json.dumps({"sites": [_described(days) for days in reopened]}))
    for days in reopened:
        print(_text(days), file=sys.stderr)


def _described(days: ReopenedDays) -> dict[str, object]:
    return asdict(days) | {"lost": [day_name(day_ms) for day_ms in days.lost]}


def _text(days: ReopenedDays) -> str:
    text = f"{days.site}: {days.archived} archived days are read from their files, and are due"
    if not days.lost:
        return text
    first, last = day_name(days.lost[0]), day_name(days.lost[-1])
    return f"{text}; days without a file must be read again: vitals backfill start {days.site} {first} {last}"


_COMMANDS: dict[str, Callable[[Stack, argparse.Namespace], None]] = {"keys": _keys, "days": _days}


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    stacks.add_options(shared)
    shared.add_argument("--json", action="store_true", help="print JSON, and nothing else, to stdout")
    parser = argparse.ArgumentParser(prog="vitals restore", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    keys = commands.add_parser(
        "keys", parents=[shared], help="give tokens of a restored StateTable keys in this stack's usage plan"
    )
    keys.add_argument("--usage-plan", help="with --table: the stack output UsagePlan")
    days = commands.add_parser(
        "days", parents=[shared], help="read archived days from their files, because HotTable was lost"
    )
    days.add_argument("--site", help="only this site (default: every site)")
    return parser
