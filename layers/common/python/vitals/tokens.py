"""Bearer tokens: random secrets of which the state table keeps only the SHA-256, with what they grant."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitals import keys
from vitals.errors import InvalidRequestError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SCOPES = ("read", "backfill", "admin")
EVERY_SITE = "*"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: scopes, and sites (`*` for all)."""

    name: str
    scopes: frozenset[str]
    sites: frozenset[str]

    def allows(self, scope: str, site: str | None = None) -> bool:
        """`admin` includes every scope; `site` None asks about no site in particular."""
        scoped = scope in self.scopes or "admin" in self.scopes
        return scoped and (site is None or site in self.sites or EVERY_SITE in self.sites)


def create_token(
    client: "DynamoDBClient",
    table: str,
    name: str,
    scopes: Sequence[str],
    sites: Sequence[str],
    now_ms: int,
    expires_ms: int | None = None,
) -> str:
    """Stores a new token's hash and grants, and returns the token, which cannot be had again."""
    if not scopes or set(scopes) - set(SCOPES):
        raise InvalidRequestError(f"scopes are some of {', '.join(SCOPES)}")
    if not sites:
        raise InvalidRequestError("a token needs at least one site, or * for all")
    secret = f"vitals_{secrets.token_urlsafe(32)}"
    item = keys.token(secret) | {
        "name": {"S": name},
        "scopes": {"SS": sorted(set(scopes))},
        "sites": {"SS": sorted({site if site == EVERY_SITE else keys.check_site(site) for site in sites})},
        "created_ms": {"N": str(now_ms)},
    }
    if expires_ms is not None:
        item["expires_at"] = {"N": str(expires_ms // 1000)}
    client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
    return secret


def find_grant(client: "DynamoDBClient", table: str, secret: str, now_ms: int) -> Grant | None:
    """The grant of a token, or None when it is unknown or expired."""
    item = client.get_item(TableName=table, Key=keys.token(secret)).get("Item")
    if item is None or ("expires_at" in item and int(item["expires_at"]["N"]) * 1000 <= now_ms):
        return None
    return Grant(item["name"]["S"], frozenset(item["scopes"]["SS"]), frozenset(item["sites"]["SS"]))
