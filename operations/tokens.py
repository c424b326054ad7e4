"""Bearer tokens of a deployed stack, or of the local one that is up: create, list, revoke, rotate.

Without --stack or --table the tokens are those of the local stack. A secret is printed once, to stdout and
nowhere else, for the table keeps only its hash.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from operations import stack_file
from operations.problem import Problem
from operations.usage_plan import UsagePlan
from vitals.errors import VitalsError
from vitals.model.records.tokens import EVERY_SITE, Token, UsageKey
from vitals.model.timespan import DAY_MS, HOUR_MS, iso
from vitals.store.state.tokens import (
    create_token,
    index_tokens,
    list_tokens,
    remove_entry,
    remove_grant,
    replace_token,
)

_NO_PLAN = "note: without --stack or --usage-plan, the token shares one rate with all others made so"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one state table; without a usage plan, new ones get no rate of their own."""

    dynamodb: Any
    table: str
    plan: UsagePlan | None
    now: Callable[[], int]

    def create(self, name: str, scopes: Sequence[str], sites: Sequence[str], life_ms: int | None) -> str:
        """A new token that lives so long, None for ever; returns its secret."""
        now_ms = self.now()
        expires_ms = None if life_ms is None else now_ms + life_ms
        return self._with_key(
            name,
            lambda usage: create_token(
                self.dynamodb, self.table, name, scopes, sites, now_ms, expires_ms, usage
            ),
        )

    def all(self, *, scan: bool = False) -> list[Token]:
        """Every token; with `scan` also those that were made before there was an index."""
        if scan:
            index_tokens(self.dynamodb, self.table)
        return list_tokens(self.dynamodb, self.table)

    def find(self, named: str) -> Token:
        """The token of this id or name; Problem when there is none or more than one."""
        hits = [token for token in self.all() if token.name == named or _ends(token, named)]
        if len(hits) == 1:
            return hits[0]
        if not hits:
            raise Problem(f"there is no token {named!r}; `list --scan` also finds those of older versions")
        raise Problem(
            f"{named!r} is more than one token, name it by its id: {', '.join(hit.id for hit in hits)}"
        )

    def revoke(self, token: Token) -> None:
        """Makes the token invalid and removes what belongs to it; safe to repeat."""
        if token.usage and self.plan is None:
            raise Problem(f"{token.id} has a rate of its own to be removed too: give --stack or --usage-plan")
        remove_grant(self.dynamodb, self.table, token)
        self._forget()
        if token.usage and self.plan and not self._shared(token):
            self.plan.delete_key(token.usage.id)
        remove_entry(self.dynamodb, self.table, token)

    def revoke_expired(self) -> list[Token]:
        """Removes what is left of tokens that have expired."""
        gone = [token for token in self.all() if token.expired(self.now())]
        for token in gone:
            self.revoke(token)
        return gone

    def rotate(self, old: Token, grace_ms: int, life_ms: int | None) -> str:
        """A new secret with the same grants, rate and, unless told, life; the old one ends after grace."""
        now_ms = self.now()
        if old.expired(now_ms):
            raise Problem(f"{old.id} has expired; create a new token")
        if life_ms is None and old.expires_ms is not None:
            life_ms = old.expires_ms - old.created_ms
        expires_ms = None if life_ms is None else now_ms + life_ms

        def replace(usage: UsageKey | None) -> str:
            return replace_token(self.dynamodb, self.table, old, now_ms, expires_ms, now_ms + grace_ms, usage)

        secret = replace(old.usage) if old.usage else self._with_key(old.name, replace)
        self._forget()
        return secret

    def _with_key(self, name: str, make: Callable[[UsageKey | None], str]) -> str:
        usage = self.plan.create_key(name) if self.plan else None
        try:
            return make(usage)
        except BaseException:
            if self.plan and usage:
                self.plan.delete_key(usage.id)
            raise

    def _shared(self, token: Token) -> bool:
        """Whether a token that was rotated, or its successor, still counts by the same key."""
        return any(other.usage == token.usage for other in self.all() if other.sha256 != token.sha256)

    def _forget(self) -> None:
        if self.plan:
            self.plan.forget_grants()


def _ends(token: Token, named: str) -> bool:
    return len(named) >= len(token.id) and token.sha256.endswith(named.lower())


def main(arguments: Sequence[str]) -> int:
    """Does the command and returns the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        _COMMANDS[asked.command](_tokens(asked), asked)
    except (Problem, VitalsError, ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _create(tokens: Tokens, asked: argparse.Namespace) -> None:
    scopes, sites = asked.scope or ["read"], asked.site or [EVERY_SITE]
    _show_secret(tokens.create(asked.name, scopes, sites, asked.days * DAY_MS), asked)
    if tokens.plan is None:
        print(_NO_PLAN, file=sys.stderr)


def _list(tokens: Tokens, asked: argparse.Namespace) -> None:
    found = tokens.all(scan=asked.scan)
    if asked.json:
        print(json.dumps({"tokens": [_told(token, tokens.now()) for token in found]}))
        return
    rows: list[tuple[str, ...]] = [("id", "name", "scopes", "sites", "created", "expires", "rate")]
    rows += [_row(token, tokens.now()) for token in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _show_secret(secret: str, asked: argparse.Namespace) -> None:
    print(json.dumps({"token": secret}) if asked.json else secret)


def _told(token: Token, now_ms: int) -> dict[str, Any]:
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


def _revoke(tokens: Tokens, asked: argparse.Namespace) -> None:
    if asked.expired == bool(asked.token):
        raise Problem("name one token by its id or name, or give --expired")
    if asked.expired:
        gone = tokens.revoke_expired()
    else:
        gone = [tokens.find(asked.token)]
        tokens.revoke(gone[0])
    if asked.json:
        print(json.dumps({"revoked": [{"id": token.id, "name": token.name} for token in gone]}))
    for token in gone:
        print(f"revoked {token.id} {token.name}", file=sys.stderr)


def _rotate(tokens: Tokens, asked: argparse.Namespace) -> None:
    old = tokens.find(asked.token)
    life_ms = None if asked.days is None else asked.days * DAY_MS
    _show_secret(tokens.rotate(old, round(asked.grace_hours * HOUR_MS), life_ms), asked)
    until = f"works for {asked.grace_hours:g} hours more" if asked.grace_hours else "is revoked"
    print(f"the old secret of {old.name}, {old.id}, {until}", file=sys.stderr)


_COMMANDS = {"create": _create, "list": _list, "revoke": _revoke, "rotate": _rotate}


def _parser() -> argparse.ArgumentParser:
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--stack", help="name of a stack on AWS; its outputs tell the rest")
    where.add_argument("--table", help="instead: the stack output StateTable")
    where.add_argument("--usage-plan", help="with --table: the stack output UsagePlan")
    where.add_argument("--json", action="store_true", help="JSON on stdout, and nothing else there")
    parser = argparse.ArgumentParser(prog="vitals token", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", parents=[where], help="make a token and print it")
    create.add_argument("--name", required=True, help="who or what it is for")
    create.add_argument("--scope", action="append", help="read (default), backfill, admin; repeatable")
    create.add_argument("--site", action="append", help="a site it may read (default: all); repeatable")
    create.add_argument("--days", type=_days, default=365, help="days until it expires (default 365)")
    listing = commands.add_parser("list", parents=[where], help="show all tokens, without secrets")
    listing.add_argument("--scan", action="store_true", help="read the whole table for older ones")
    revoke = commands.add_parser("revoke", parents=[where], help="make a token invalid now")
    revoke.add_argument("token", nargs="?", help="its id or name")
    revoke.add_argument("--expired", action="store_true", help="instead: clear all that have expired away")
    rotate = commands.add_parser("rotate", parents=[where], help="make a new secret and print it")
    rotate.add_argument("token", help="its id or name")
    rotate.add_argument("--grace-hours", type=_hours, default=0.0, help="how long the old works (default 0)")
    rotate.add_argument("--days", type=_days, help="days until the new one expires (default: as the old one)")
    return parser


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 36_500):
        raise argparse.ArgumentTypeError("is no number of days from 1 to 36500")
    return int(text)


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 <= hours <= 24 * 90:
        raise argparse.ArgumentTypeError("is no number of hours from 0 to 2160")
    return hours


def _tokens(asked: argparse.Namespace) -> Tokens:
    """The tokens where the arguments say."""
    if (asked.stack and (asked.table or asked.usage_plan)) or (asked.usage_plan and not asked.table):
        raise Problem("give --stack, or --table with or without --usage-plan, or none of them")
    client: Callable[[str], Any] = boto3.client
    if asked.table:
        plan = UsagePlan(client("apigateway"), asked.usage_plan) if asked.usage_plan else None
        return Tokens(client("dynamodb"), asked.table, plan, _now)
    if asked.stack:
        [stack] = client("cloudformation").describe_stacks(StackName=asked.stack)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    else:
        client, outputs = local_client, stack_file.running_stack()["outputs"]
    return tokens_of(client, outputs)


def tokens_of(client: Callable[[str], Any], outputs: dict[str, str]) -> Tokens:
    """The tokens of a stack by its outputs; `client` makes clients where the stack is."""
    return Tokens(
        client("dynamodb"), outputs["StateTable"], UsagePlan(client("apigateway"), outputs["UsagePlan"]), _now
    )


def local_client(service: Any) -> Any:
    """A client of the local stack that is up."""
    stack = stack_file.running_stack()
    return boto3.client(
        service,
        endpoint_url=stack["aws_endpoint"],
        region_name=stack["region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
