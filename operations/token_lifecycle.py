"""Creates, finds, rotates and revokes bearer tokens: their table entries and their keys in the usage plan."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from operations.errors import OperatorError
from operations.usage_plan import UsagePlan
from vitals.model.records.tokens import Token, UsageKey
from vitals.store.state.tokens import TokenTable


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one state table; without a usage plan, new ones get no rate of their own."""

    dynamodb: Any
    table: str
    plan: UsagePlan | None
    now: Callable[[], int]

    @property
    def _stored(self) -> TokenTable:
        return TokenTable(self.dynamodb, self.table)

    def create(self, name: str, scopes: Sequence[str], sites: Sequence[str], life_ms: int | None) -> str:
        """Makes a token that expires after `life_ms`, never for None; returns its secret."""
        now_ms = self.now()
        expires_ms = None if life_ms is None else now_ms + life_ms
        return self._with_key(
            name,
            lambda usage: self._stored.create(
                name, scopes, sites, now_ms=now_ms, expires_ms=expires_ms, usage=usage
            ),
        )

    def all(self, *, scan: bool = False) -> list[Token]:
        """Returns every token; with `scan` also those that were made before there was an index."""
        if scan:
            self._stored.complete_index()
        return self._stored.all()

    def find(self, name_or_id: str) -> Token:
        """Returns the token of this id or name; OperatorError when there is none or more than one."""
        matches = [token for token in self.all() if token.name == name_or_id or _has_id(token, name_or_id)]
        if not matches:
            raise OperatorError(
                f"there is no token {name_or_id!r}; run `vitals token list --scan` to see all tokens"
            )
        if len(matches) > 1:
            ids = ", ".join(token.id for token in matches)
            raise OperatorError(f"{name_or_id!r} matches more than one token; use an id instead: {ids}")
        return matches[0]

    def revoke(self, token: Token) -> None:
        """Makes the token invalid and removes its key and its entry; safe to repeat."""
        if token.usage and self.plan is None:
            raise OperatorError(
                f"token {token.id} has a key in the usage plan, which must be removed too; "
                "give --stack, or --usage-plan with --table"
            )
        self._stored.remove_grant(token)
        self._flush_grants()
        if token.usage and self.plan and not self._shares_key(token):
            self.plan.delete_key(token.usage.id)
        self._stored.remove_entry(token)

    def revoke_expired(self) -> list[Token]:
        """Removes the keys and entries of expired tokens and returns these tokens."""
        expired = [token for token in self.all() if token.expired(self.now())]
        for token in expired:
            self.revoke(token)
        return expired

    def rotate(self, old: Token, grace_ms: int, life_ms: int | None) -> str:
        """Returns a new secret with the same grants and rate; the old one works for `grace_ms` more.

        The new secret lives as long as the old one did, unless `life_ms` is given.
        """
        now_ms = self.now()
        if old.expired(now_ms):
            raise OperatorError(f"token {old.id} has expired; create a new one")
        if life_ms is None and old.expires_ms is not None:
            life_ms = old.expires_ms - old.created_ms
        expires_ms = None if life_ms is None else now_ms + life_ms

        def replace(usage: UsageKey | None) -> str:
            return self._stored.replace(
                old, now_ms=now_ms, old_until_ms=now_ms + grace_ms, expires_ms=expires_ms, usage=usage
            )

        secret = replace(old.usage) if old.usage else self._with_key(old.name, replace)
        self._flush_grants()
        return secret

    def renew_keys(self) -> list[Token]:
        """Gives the tokens whose key is not in the usage plan a new one there, and returns these tokens.

        The secrets do not change. Tokens that shared a key share the new one. Safe to repeat.
        """
        if self.plan is None:
            raise OperatorError("the usage plan is needed; give --stack, or --usage-plan with --table")
        plan, sharing = self.plan, dict[UsageKey, list[Token]]()
        for token in self.all(scan=True):
            if token.usage and not token.expired(self.now()):
                sharing.setdefault(token.usage, []).append(token)
        without_key = [tokens for key, tokens in sharing.items() if not plan.has_key(key.id)]
        renewed = [token for tokens in without_key for token in self._renew_key(plan, tokens)]
        self._flush_grants()
        return renewed

    def _renew_key(self, plan: UsagePlan, tokens: Sequence[Token]) -> list[Token]:
        """Gives these tokens one new key; returns those that were not revoked meanwhile."""
        usage = plan.create_key(tokens[0].name)
        renewed = [token for token in tokens if self._stored.set_usage(token, usage)]
        if not renewed:
            plan.delete_key(usage.id)
        return renewed

    def _with_key(self, name: str, make: Callable[[UsageKey | None], str]) -> str:
        """Calls `make` with a new key of the plan, which is deleted again when `make` fails."""
        usage = self.plan.create_key(name) if self.plan else None
        try:
            return make(usage)
        except BaseException:
            if self.plan and usage:
                self.plan.delete_key(usage.id)
            raise

    def _shares_key(self, token: Token) -> bool:
        """Returns whether a rotated token, or its successor, still uses the same key."""
        return any(other.usage == token.usage for other in self.all() if other.sha256 != token.sha256)

    def _flush_grants(self) -> None:
        if self.plan:
            self.plan.flush_grants()


def _has_id(token: Token, text: str) -> bool:
    return len(text) >= len(token.id) and token.sha256.endswith(text.lower())


def epoch_ms() -> int:
    """Returns the time in UTC ms."""
    return time.time_ns() // 1_000_000


def tokens_of(
    client: Callable[[str], Any], outputs: Mapping[str, str], now: Callable[[], int] = epoch_ms
) -> Tokens:
    """Returns the tokens of a stack by its outputs; `client` makes the clients of its AWS account.

    Without the output UsagePlan, new tokens get no rate of their own.
    """
    plan = UsagePlan(client("apigateway"), outputs["UsagePlan"]) if "UsagePlan" in outputs else None
    return Tokens(client("dynamodb"), outputs["StateTable"], plan, now)
