"""Creates, lists, rotates and revokes the bearer tokens of a stack.

Without --stack or --table, the stack is the running local one. A secret is printed once, to stdout, because
the table keeps only its hash.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from operations import stacks
from operations.errors import OperatorError
from operations.tables import show
from operations.token_lifecycle import Tokens, epoch_ms, tokens_of
from vitals.errors import VitalsError
from vitals.model.records.tokens import EVERY_SITE, Token
from vitals.model.timespan import DAY_MS, HOUR_MS, iso

_SHARED_RATE = (
    "note: this token shares one rate with all tokens created without --stack or --usage-plan; "
    "pass one of them to give it its own"
)
_MAX_DAYS = 36_500
_MAX_GRACE_HOURS = 24 * 90


def main(arguments: Sequence[str]) -> int:
    """Runs the command and returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        _COMMANDS[options.command](_tokens(options), options)
    except (OperatorError, VitalsError, ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _create(tokens: Tokens, options: argparse.Namespace) -> None:
    scopes, sites = options.scope or ["read"], options.site or [EVERY_SITE]
    _print_secret(tokens.create(options.name, scopes, sites, options.days * DAY_MS), as_json=options.json)
    if tokens.plan is None:
        print(_SHARED_RATE, file=sys.stderr)


def _list(tokens: Tokens, options: argparse.Namespace) -> None:
    listed = tokens.all(scan=options.scan)
    if options.json:
        print(json.dumps({"tokens": [_described(token, tokens.now()) for token in listed]}))
        return
    show(
        ("id", "name", "scopes", "sites", "created", "expires", "rate"),
        [_row(token, tokens.now()) for token in listed],
    )


def _print_secret(secret: str, *, as_json: bool) -> None:
    print(json.dumps({"token": secret}) if as_json else secret)


def _described(token: Token, now_ms: int) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "sites": sorted(token.sites),
        "created_at": iso(token.created_ms),
        "expires_at": None if token.expires_ms is None else iso(token.expires_ms),
        "expired": token.expired(now_ms),
        "own_rate": token.usage is not None,
    }


def _row(token: Token, now_ms: int) -> tuple[str, ...]:
    expires = "never" if token.expires_ms is None else iso(token.expires_ms)[:16]
    return (
        token.id,
        token.name,
        ",".join(token.scopes),
        ",".join(token.sites),
        iso(token.created_ms)[:16],
        f"{expires} (expired)" if token.expired(now_ms) else expires,
        "own" if token.usage else "shared",
    )


def _revoke(tokens: Tokens, options: argparse.Namespace) -> None:
    if options.expired == bool(options.token):
        raise OperatorError("give the id or name of one token, or --expired")
    if options.expired:
        revoked = tokens.revoke_expired()
    else:
        revoked = [tokens.find(options.token)]
        tokens.revoke(revoked[0])
    if options.json:
        print(json.dumps({"revoked": [{"id": token.id, "name": token.name} for token in revoked]}))
    for token in revoked:
        print(f"revoked {token.id} {token.name}", file=sys.stderr)


def _rotate(tokens: Tokens, options: argparse.Namespace) -> None:
    old = tokens.find(options.token)
    life_ms = None if options.days is None else options.days * DAY_MS
    secret = tokens.rotate(old, round(options.grace_hours * HOUR_MS), life_ms)
    _print_secret(secret, as_json=options.json)
    status = f"works for {options.grace_hours:g} h more" if options.grace_hours else "is revoked"
    print(f"the old secret of {old.name} ({old.id}) {status}", file=sys.stderr)


_COMMANDS = {"create": _create, "list": _list, "revoke": _revoke, "rotate": _rotate}


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    stacks.add_options(shared)
    shared.add_argument("--usage-plan", help="with --table: the stack output UsagePlan")
    shared.add_argument("--json", action="store_true", help="print JSON, and nothing else, to stdout")
    parser = argparse.ArgumentParser(prog="vitals token", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", parents=[shared], help="create a token and print its secret")
    create.add_argument("--name", required=True, help="name of its user or purpose")
    create.add_argument(
        "--scope", action="append", help="read (the default), export, backfill or admin; repeatable"
    )
    create.add_argument("--site", action="append", help="a site it may use (default: all); repeatable")
    create.add_argument("--days", type=_days, default=365, help="days until it expires (default: 365)")
    listing = commands.add_parser("list", parents=[shared], help="list all tokens, without secrets")
    listing.add_argument(
        "--scan", action="store_true", help="read the whole table to find tokens of old versions"
    )
    revoke = commands.add_parser("revoke", parents=[shared], help="revoke a token at once")
    revoke.add_argument("token", nargs="?", help="its id or name")
    revoke.add_argument("--expired", action="store_true", help="revoke all expired tokens")
    rotate = commands.add_parser("rotate", parents=[shared], help="replace a secret and print the new one")
    rotate.add_argument("token", help="its id or name")
    rotate.add_argument(
        "--grace-hours", type=_hours, default=0.0, help="hours that the old secret still works (default: 0)"
    )
    rotate.add_argument(
        "--days", type=_days, help="days until the new secret expires (default: as the old one)"
    )
    return parser


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MAX_DAYS):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {_MAX_DAYS}")
    return int(text)


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 <= hours <= _MAX_GRACE_HOURS:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to {_MAX_GRACE_HOURS}")
    return hours


def _tokens(options: argparse.Namespace) -> Tokens:
    """Returns the tokens of the stack or table that the options name, by default of the local stack."""
    stack = stacks.selected(options, UsagePlan=options.usage_plan)
    return tokens_of(stack.client, stack.outputs, epoch_ms)
