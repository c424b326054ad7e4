"""Records of bearer tokens: the token, its grant, and its usage key."""

from collections.abc import Iterable
from dataclasses import dataclass, field

SCOPES = ("read", "export", "backfill", "admin")
SCOPES_VERSION = 2
"""The meaning of the scopes in a token's record; version 1, of records without one, had no `export`."""
EVERY_SITE = "*"
_ID_LENGTH = 8


def token_id(sha256: str) -> str:
    """Returns the id of a token, from the hash of its secret."""
    return sha256[-_ID_LENGTH:]


@dataclass(frozen=True, slots=True)
class Grant:
    """The scopes and sites (`*` for every site) of a token; `expires_ms` is UTC ms."""

    name: str
    scopes: frozenset[str]
    sites: frozenset[str]
    expires_ms: int | None = None
    usage_key: str = field(default="", repr=False)
    """The API key whose rate limits the token; empty for the shared key."""
    token_id: str = ""
    """The token's id; empty in a grant that an older authorizer has passed on."""

    @property
    def label(self) -> str:
        """The token's name and id, as records of changes name it."""
        return f"{self.name} ({self.token_id})" if self.token_id else self.name

    def allows(self, scope: str, site: str | None = None) -> bool:
        """Returns whether the token allows the scope for the site, or for any where `site` is None.

        `admin` includes every scope.
        """
        scoped = scope in self.scopes or "admin" in self.scopes
        return scoped and (site is None or site in self.sites or EVERY_SITE in self.sites)


def granted_scopes(scopes: Iterable[str], version: int) -> frozenset[str]:
    """Returns what the scopes in a record of this version grant: `read` of version 1 includes `export`."""
    granted = frozenset(scopes)
    return granted | {"export"} if version < SCOPES_VERSION and "read" in granted else granted


@dataclass(frozen=True, slots=True)
class UsageKey:
    """An API key of the gateway's usage plan; it only counts requests and grants nothing."""

    id: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as administrators see it: with the hash of its secret, not the secret."""

    sha256: str
    name: str
    scopes: tuple[str, ...]
    sites: tuple[str, ...]
    created_ms: int
    expires_ms: int | None
    usage: UsageKey | None

    @property
    def id(self) -> str:
        """The end of the hash, by which people name the token."""
        return token_id(self.sha256)

    def expired(self, now_ms: int) -> bool:
        """Returns whether the token no longer grants anything."""
        return self.expires_ms is not None and self.expires_ms <= now_ms
