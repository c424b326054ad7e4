"""Bearer tokens: random secrets. The state table has only their SHA-256, with their grants.

A token is two items that are written together: its grants, which the authorizer looks up by the hash, and
an entry in the index, which remains after the grants so that the usage key can be found and removed.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.errors import ConflictError, InvalidRequestError, NotFoundError
from vitals.model.records.tokens import (
    EVERY_SITE,
    SCOPES,
    SCOPES_VERSION,
    Grant,
    Token,
    UsageKey,
    granted_scopes,
    token_id,
)
from vitals.model.timespan import DAY_MS
from vitals.site_name import check_site
from vitals.store import conflicts, items, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The name is written to access logs.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@:-]{0,63}", re.ASCII)
_MAX_PAGES = 1_000
_BUSY = "another process is changing the token, or DynamoDB throttled; try again"
# During this time the error of an expired token has its expiry; afterwards the token is unknown.
_REMEMBERED_MS = 30 * DAY_MS


class TokenTable:
    """The bearer tokens of one state table."""

    def __init__(self, client: "DynamoDBClient", table: str, runtime: Runtime = SYSTEM) -> None:
        self._client = client
        self._table = table
        self._runtime = runtime

    def create(
        self,
        name: str,
        scopes: Sequence[str],
        sites: Sequence[str],
        *,
        now_ms: int,
        expires_ms: int | None = None,
        usage: UsageKey | None = None,
    ) -> str:
        """Stores a new token's hash and grants; returns its secret, which cannot be read again."""
        if not _NAME.fullmatch(name):
            raise InvalidRequestError(
                "a token name must have 1 to 64 letters, digits, spaces or . _ @ : -, "
                "and begin with a letter or digit"
            )
        if not scopes or set(scopes) - set(SCOPES):
            raise InvalidRequestError(f"scopes must be one or more of {', '.join(SCOPES)}")
        if not sites:
            raise InvalidRequestError("a token needs at least one site, or * for all")
        granted = {site if site == EVERY_SITE else check_site(site) for site in sites}
        secret = _new_secret()
        token = Token(
            sha256=keys.token_hash(secret),
            name=name,
            scopes=tuple(sorted(set(scopes))),
            sites=tuple(sorted(granted)),
            created_ms=now_ms,
            expires_ms=expires_ms,
            usage=usage,
        )
        self._client.transact_write_items(TransactItems=_puts(self._table, token))
        return secret

    def find_grant(self, secret: str, now_ms: int) -> Grant | None:
        """Returns the grant of a token, None when it is unknown.

        The grant of an expired token has its expiry, and neither scopes nor sites.
        """
        sha256 = keys.token_hash(secret)
        key = keys.token(sha256)
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            return None
        expires_ms = _expires_ms(item)
        if expires_ms is not None and expires_ms <= now_ms:
            return Grant(item["name"]["S"], frozenset(), frozenset(), expires_ms)
        return Grant(
            item["name"]["S"],
            _scopes(item),
            frozenset(item["sites"]["SS"]),
            expires_ms,
            item.get("usage_key", {"S": ""})["S"],
            token_id(sha256),
        )

    def all(self) -> list[Token]:
        """Returns every token of the index by name and age, including expired ones."""
        request = items.selecting(self._table, keys.TOKEN_INDEX)
        entries = chain.from_iterable(items.pages(self._client.query, request, "the tokens", _MAX_PAGES))
        tokens = [_token(entry["sk"]["S"], entry) for entry in entries]
        return sorted(tokens, key=lambda token: (token.name, token.created_ms))

    def complete_index(self) -> int:
        """Adds tokens that are older than the index by reading the whole table; returns their number."""
        indexed = {token.sha256 for token in self.all()}
        request: dict[str, Any] = {
            "TableName": self._table,
            "FilterExpression": "begins_with(pk, :prefix) AND sk = :sk",
            "ExpressionAttributeValues": {":prefix": {"S": keys.TOKEN_PREFIX}, ":sk": {"S": "token"}},
            "ConsistentRead": True,
        }
        added = 0
        for item in chain.from_iterable(items.pages(self._client.scan, request, "the tokens", _MAX_PAGES)):
            sha256 = item["pk"]["S"].removeprefix(keys.TOKEN_PREFIX)
            if sha256 not in indexed:
                request = {"TableName": self._table, "Item": _entry(_token(sha256, item))}
                conflicts.write(self._client.put_item, request, self._runtime)
                added += 1
        return added

    def replace(
        self,
        old: Token,
        *,
        now_ms: int,
        old_until_ms: int,
        expires_ms: int | None = None,
        usage: UsageKey | None = None,
    ) -> str:
        """Creates a token with the grants of the old one, which ends at `old_until_ms`; returns its secret.

        Both happen or neither does; NotFoundError when the old one is revoked.
        """
        secret = _new_secret()
        new = Token(
            sha256=keys.token_hash(secret),
            name=old.name,
            scopes=old.scopes,
            sites=old.sites,
            created_ms=now_ms,
            expires_ms=expires_ms,
            usage=usage,
        )
        if old_until_ms <= now_ms:
            end = [
                _delete(self._table, key) for key in (keys.token(old.sha256), keys.token_entry(old.sha256))
            ]
        elif old.expires_ms is not None and old.expires_ms <= old_until_ms:
            end = []
        else:
            end = _expiries(self._table, old, old_until_ms)
        try:
            self._client.transact_write_items(TransactItems=[*_puts(self._table, new), *end])
        except self._client.exceptions.TransactionCanceledException as error:
            if _is_refused(error):
                raise NotFoundError(f"token {old.id} no longer exists") from None
            raise ConflictError(_BUSY) from error
        return secret

    def set_usage(self, token: Token, usage: UsageKey) -> bool:
        """Sets the usage key of a token; returns False when the token is revoked."""
        facts: dict[str, items.Fact] = {"usage_key": usage.value, "usage_key_id": usage.id}
        both = (keys.token(token.sha256), keys.token_entry(token.sha256))
        updates: list[Any] = [
            {"Update": items.setting(self._table, key, facts, "attribute_exists(pk)")} for key in both
        ]
        try:
            self._client.transact_write_items(TransactItems=updates)
        except self._client.exceptions.TransactionCanceledException as error:
            if _is_refused(error):
                return False
            raise ConflictError(_BUSY) from error
        return True

    def remove_grant(self, token: Token) -> None:
        """Makes the token invalid; its entry in the index stays until its usage key is removed too."""
        self._remove(keys.token(token.sha256))

    def remove_entry(self, token: Token) -> None:
        """Removes the token from the index, as the last step of revoking it."""
        self._remove(keys.token_entry(token.sha256))

    def _remove(self, key: keys.Key) -> None:
        request = {"TableName": self._table, "Key": key}
        conflicts.write(self._client.delete_item, request, self._runtime)


def _is_refused(error: Any) -> bool:
    """Returns whether a condition of the transaction does not hold."""
    return "ConditionalCheckFailed" in conflicts.reasons(error)


def _new_secret() -> str:
    return f"vitals_{secrets.token_urlsafe(32)}"


def _facts(token: Token) -> dict[str, Any]:
    """Returns the attributes of both items."""
    facts: dict[str, Any] = {
        "name": {"S": token.name},
        "scopes": {"SS": list(token.scopes)},
        "scopes_version": {"N": str(SCOPES_VERSION)},
        "sites": {"SS": list(token.sites)},
        "created_ms": {"N": str(token.created_ms)},
    }
    if token.expires_ms is not None:
        facts["expires_ms"] = {"N": str(token.expires_ms)}
    if token.usage:
        facts |= {"usage_key": {"S": token.usage.value}, "usage_key_id": {"S": token.usage.id}}
    return facts


def _item(token: Token) -> dict[str, Any]:
    expiry = {} if token.expires_ms is None else {"expires_at": {"N": str(_deletable_s(token.expires_ms))}}
    return keys.token(token.sha256) | _facts(token) | expiry


def _entry(token: Token) -> dict[str, Any]:
    return keys.token_entry(token.sha256) | _facts(token)


def _deletable_s(expires_ms: int) -> int:
    """Returns when DynamoDB may delete the grant (epoch s)."""
    return (expires_ms + _REMEMBERED_MS) // 1000


def _expires_ms(item: Mapping[str, Any]) -> int | None:
    if "expires_ms" in item:
        return int(item["expires_ms"]["N"])
    # A grant of an older version.
    return int(item["expires_at"]["N"]) * 1000 if "expires_at" in item else None


def _scopes(item: Mapping[str, Any]) -> frozenset[str]:
    return granted_scopes(item["scopes"]["SS"], int(item.get("scopes_version", {"N": "1"})["N"]))


def _token(sha256: str, item: Mapping[str, Any]) -> Token:
    usage = UsageKey(item["usage_key_id"]["S"], item["usage_key"]["S"]) if "usage_key_id" in item else None
    return Token(
        sha256=sha256,
        name=item["name"]["S"],
        scopes=tuple(sorted(_scopes(item))),
        sites=tuple(sorted(item["sites"]["SS"])),
        created_ms=int(item["created_ms"]["N"]),
        expires_ms=_expires_ms(item),
        usage=usage,
    )


def _puts(table: str, token: Token) -> list[Any]:
    condition = {"TableName": table, "ConditionExpression": "attribute_not_exists(pk)"}
    return [{"Put": condition | {"Item": item}} for item in (_item(token), _entry(token))]


def _delete(table: str, key: keys.Key) -> Any:
    condition = {"TableName": table, "ConditionExpression": "attribute_exists(pk)"}
    return {"Delete": condition | {"Key": key}}


def _expiries(table: str, token: Token, at_ms: int) -> list[Any]:
    entry: dict[str, items.Fact] = {"expires_ms": at_ms}
    grant = entry | {"expires_at": _deletable_s(at_ms)}
    ends = ((keys.token(token.sha256), grant), (keys.token_entry(token.sha256), entry))
    return [{"Update": items.setting(table, key, facts, "attribute_exists(pk)")} for key, facts in ends]
