"""Bearer tokens: random secrets of which the state table keeps only the SHA-256, with what they grant.

A token is two items that are written together: its grants, which the authorizer looks up by the hash, and
its entry in the index, which outlives it so that its usage key can be found and removed.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from vitals.errors import ConflictError, InvalidRequestError, NotFoundError
from vitals.model.records.tokens import EVERY_SITE, SCOPES, Grant, Token, UsageKey
from vitals.model.timespan import DAY_MS
from vitals.site_name import check_site
from vitals.store import items, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The name is written to access logs.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@:-]{0,63}", re.ASCII)
_MAX_PAGES = 1_000
# So long the owner of a token that has expired is told so; afterwards it is unknown like any other.
_REMEMBERED_MS = 30 * DAY_MS


def create_token(
    client: "DynamoDBClient",
    table: str,
    name: str,
    scopes: Sequence[str],
    sites: Sequence[str],
    now_ms: int,
    expires_ms: int | None = None,
    usage: UsageKey | None = None,
) -> str:
    """Stores a new token's hash and grants, and returns the token, which cannot be had again."""
    if not _NAME.fullmatch(name):
        raise InvalidRequestError("a token's name has 1 to 64 letters, digits, spaces and . _ @ : -")
    if not scopes or set(scopes) - set(SCOPES):
        raise InvalidRequestError(f"scopes are some of {', '.join(SCOPES)}")
    if not sites:
        raise InvalidRequestError("a token needs at least one site, or * for all")
    granted = {site if site == EVERY_SITE else check_site(site) for site in sites}
    secret = _new_secret()
    token = Token(
        keys.token_hash(secret),
        name,
        tuple(sorted(set(scopes))),
        tuple(sorted(granted)),
        now_ms,
        expires_ms,
        usage,
    )
    client.transact_write_items(TransactItems=_puts(table, token))
    return secret


def find_grant(client: "DynamoDBClient", table: str, secret: str, now_ms: int) -> Grant | None:
    """The grant of a token, None when it is unknown; one that has expired grants nothing and says when."""
    item = client.get_item(TableName=table, Key=keys.token(keys.token_hash(secret))).get("Item")
    if item is None:
        return None
    expires_ms = _expires_ms(item)
    if expires_ms is not None and expires_ms <= now_ms:
        return Grant(item["name"]["S"], frozenset(), frozenset(), expires_ms)
    return Grant(
        item["name"]["S"],
        frozenset(item["scopes"]["SS"]),
        frozenset(item["sites"]["SS"]),
        expires_ms,
        item.get("usage_key", {"S": ""})["S"],
    )


def list_tokens(client: "DynamoDBClient", table: str) -> list[Token]:
    """Every token of the index by name and age, those that have expired included."""
    found = items.pages(client.query, items.selecting(table, keys.TOKEN_INDEX), "the tokens", _MAX_PAGES)
    tokens = [_token(item["sk"]["S"], item) for page in found for item in page]
    return sorted(tokens, key=lambda token: (token.name, token.created_ms))


def index_tokens(client: "DynamoDBClient", table: str) -> int:
    """Adds the tokens that were made before there was an index; reads the whole table. How many."""
    known = {token.sha256 for token in list_tokens(client, table)}
    request: dict[str, Any] = {
        "TableName": table,
        "FilterExpression": "begins_with(pk, :prefix) AND sk = :sk",
        "ExpressionAttributeValues": {":prefix": {"S": keys.TOKEN_PREFIX}, ":sk": {"S": "token"}},
    }
    added = 0
    for item in chain.from_iterable(items.pages(client.scan, request, "the tokens", _MAX_PAGES)):
        sha256 = item["pk"]["S"].removeprefix(keys.TOKEN_PREFIX)
        if sha256 not in known:
            client.put_item(TableName=table, Item=_entry(_token(sha256, item)))
            added += 1
    return added


def replace_token(
    client: "DynamoDBClient",
    table: str,
    old: Token,
    now_ms: int,
    expires_ms: int | None,
    old_until_ms: int,
    usage: UsageKey | None,
) -> str:
    """Makes a new token with the grants of the old one, which ends at `old_until_ms`; returns the new one.

    Both happen or neither does; NotFoundError when the old one is revoked.
    """
    secret = _new_secret()
    new = Token(keys.token_hash(secret), old.name, old.scopes, old.sites, now_ms, expires_ms, usage)
    if old_until_ms <= now_ms:
        end = [_delete(table, key) for key in (keys.token(old.sha256), keys.token_entry(old.sha256))]
    elif old.expires_ms is not None and old.expires_ms <= old_until_ms:
        end = []
    else:
        end = _expiries(table, old, old_until_ms)
    try:
        client.transact_write_items(TransactItems=[*_puts(table, new), *end])
    except client.exceptions.TransactionCanceledException as error:
        reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
        if "ConditionalCheckFailed" in reasons:
            raise NotFoundError(f"there is no token {old.id} any more") from None
        raise ConflictError("the token is being changed by somebody else; try again") from error
    return secret


def remove_grant(client: "DynamoDBClient", table: str, token: Token) -> None:
    """Makes the token invalid; its entry in the index stays, so that what belongs to it can be removed."""
    client.delete_item(TableName=table, Key=keys.token(token.sha256))


def remove_entry(client: "DynamoDBClient", table: str, token: Token) -> None:
    """Forgets a token, last of all."""
    client.delete_item(TableName=table, Key=keys.token_entry(token.sha256))


def _new_secret() -> str:
    return f"vitals_{secrets.token_urlsafe(32)}"


def _facts(token: Token) -> dict[str, Any]:
    """What both items say."""
    facts: dict[str, Any] = {
        "name": {"S": token.name},
        "scopes": {"SS": list(token.scopes)},
        "sites": {"SS": list(token.sites)},
        "created_ms": {"N": str(token.created_ms)},
    }
    if token.expires_ms is not None:
        facts["expires_ms"] = {"N": str(token.expires_ms)}
    if token.usage:
        facts |= {"usage_key": {"S": token.usage.value}, "usage_key_id": {"S": token.usage.id}}
    return facts


def _item(token: Token) -> dict[str, Any]:
    gone = {} if token.expires_ms is None else {"expires_at": {"N": str(_gone_s(token.expires_ms))}}
    return keys.token(token.sha256) | _facts(token) | gone


def _entry(token: Token) -> dict[str, Any]:
    return keys.token_entry(token.sha256) | _facts(token)


def _gone_s(expires_ms: int) -> int:
    """When DynamoDB may delete the grant."""
    return (expires_ms + _REMEMBERED_MS) // 1000


def _expires_ms(item: Mapping[str, Any]) -> int | None:
    if "expires_ms" in item:
        return int(item["expires_ms"]["N"])
    # A grant of an older version.
    return int(item["expires_at"]["N"]) * 1000 if "expires_at" in item else None


def _token(sha256: str, item: Mapping[str, Any]) -> Token:
    usage = UsageKey(item["usage_key_id"]["S"], item["usage_key"]["S"]) if "usage_key_id" in item else None
    return Token(
        sha256,
        item["name"]["S"],
        tuple(sorted(item["scopes"]["SS"])),
        tuple(sorted(item["sites"]["SS"])),
        int(item["created_ms"]["N"]),
        _expires_ms(item),
        usage,
    )


def _puts(table: str, token: Token) -> list[Any]:
    condition = {"TableName": table, "ConditionExpression": "attribute_not_exists(pk)"}
    return [{"Put": condition | {"Item": item}} for item in (_item(token), _entry(token))]


def _delete(table: str, key: keys.Key) -> Any:
    condition = {"TableName": table, "ConditionExpression": "attribute_exists(pk)"}
    return {"Delete": condition | {"Key": key}}


def _expiries(table: str, token: Token, at_ms: int) -> list[Any]:
    entry: dict[str, items.Fact] = {"expires_ms": at_ms}
    grant = entry | {"expires_at": _gone_s(at_ms)}
    ends = ((keys.token(token.sha256), grant), (keys.token_entry(token.sha256), entry))
    return [{"Update": items.setting(table, key, facts, "attribute_exists(pk)")} for key, facts in ends]
