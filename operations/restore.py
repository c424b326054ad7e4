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
from operations.restored_catalog import RestoredCatalog, restore_catalog
from operations.restored_days import ReopenedDays, reopen_days
from operations.sites.changes import sites_of
from operations.stacks import Stack
from operations.token_lifecycle import epoch_ms, tokens_of
from vitals.errors import VitalsError
from vitals.model.timespan import day_name
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.cold import ColdTier

_PROBLEMS_SHOWN = 3


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        outputs = {"UsagePlan": "usage_plan", "ColdBucket": "bucket"}
        named = {output: getattr(options, name, None) for output, name in outputs.items()}
        stack = stacks.selected(options, **named)
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


def _catalog(stack: Stack, options: argparse.Namespace) -> None:
    # No samples are read, so that a file may have any size.
    cold = ColdTier(stack.client("s3"), stack.output("ColdBucket"), max_bytes=sys.maxsize)
    catalogs, now_ms = CatalogTable(stack.client("dynamodb"), stack.output("StateTable")), epoch_ms()
    restored = [restore_catalog(cold, catalogs, site, now_ms) for site in _sites(stack, options)]
    if options.json:
        print(json.dumps({"sites": [asdict(catalog) for catalog in restored]}))
    for catalog in restored:
        print(_catalog_text(catalog), file=sys.stderr)
    problems = [problem for catalog in restored for problem in catalog.unreadable]
    if problems:
        examples = "; ".join(problems[:_PROBLEMS_SHOWN])
        raise OperatorError(
            f"day files that cannot be read, and whose points may be missing: {len(problems)}: {examples}"
        )


def _catalog_text(catalog: RestoredCatalog) -> str:
    count = len(catalog.added)
    change = f"points that were missing from the catalog: {count}" if count else "nothing has changed"
    return f"{catalog.site}: {change}; day files: {catalog.files}"


def _days(stack: Stack, options: argparse.Namespace) -> None:
    ledger, now_ms = Ledger(stack.client("dynamodb"), stack.output("StateTable")), epoch_ms()
    reopened = [reopen_days(ledger, site, now_ms) for site in _sites(stack, options)]
    if options.json:
        print(json.dumps({"sites": [_described(days) for days in reopened]}))
    for days in reopened:
        print(_text(days), file=sys.stderr)


def _sites(stack: Stack, options: argparse.Namespace) -> list[str]:
    """Returns the site of the options, every site of the stack by default."""
    if options.site:
        return [options.site]
    return [record.site for record in sites_of(stack).all()]


def _described(days: ReopenedDays) -> dict[str, object]:
    return asdict(days) | {"lost": [day_name(day_ms) for day_ms in days.lost]}


def _text(days: ReopenedDays) -> str:
    text = f"{days.site}: {days.archived} archived days are read from their files, and are due"
    if not days.lost:
        return text
    first, last = day_name(days.lost[0]), day_name(days.lost[-1])
    return f"{text}; days without a file must be read again: vitals backfill start {days.site} {first} {last}"


_COMMANDS: dict[str, Callable[[Stack, argparse.Namespace], None]] = {
    "keys": _keys,
    "catalog": _catalog,
    "days": _days,
}


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    stacks.add_options(shared)
    shared.add_argument("--json", action="store_true", help="print JSON, and nothing else, to stdout")
    of_sites = argparse.ArgumentParser(add_help=False)
    of_sites.add_argument("--site", help="only this site (default: every site)")
    parser = argparse.ArgumentParser(prog="vitals restore", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    keys = commands.add_parser(
        "keys", parents=[shared], help="give tokens of a restored StateTable keys in this stack's usage plan"
    )
    keys.add_argument("--usage-plan", help="with --table: the stack output UsagePlan")
    catalog = commands.add_parser(
        "catalog",
        parents=[shared, of_sites],
        help="add the points of day files that the catalog lacks, because StateTable was lost",
    )
    catalog.add_argument("--bucket", help="with --table: the stack output ColdBucket")
    commands.add_parser(
        "days",
        parents=[shared, of_sites],
        help="read archived days from their files, because HotTable was lost",
    )
    return parser
