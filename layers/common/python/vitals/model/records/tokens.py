"""Records of bearer tokens: the token, its grant, and its usage key."""

from collections.abc import Iterable
from dataclasses import dataclass, field

SCOPES = ("read", "export", "backfill", "admin")
SCOPES_VERSION = 2
"""The meaning of the scopes in a token's record; version 1, of records without one, had no `export`."""
EVERY_SITE = "*"
_ID_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Grant:
    """The scopes and sites (`*` for every site) of a token; `expires_ms` is UTC ms."""

    name: str
    scopes: frozenset[str]
    sites: frozenset[str]
    expires_ms: int | None = None
    usage_key: str = field(default="", repr=False)
    """The API key whose rate limits the token; empty for the shared key."""

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
        return self.sha256[-_ID_LENGTH:]

    def expired(self, now_ms: int) -> bool:
        """Returns whether the token no longer grants anything."""
        return self.expires_ms is not None and self.expires_ms <= now_ms
