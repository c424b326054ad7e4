"""Bearer tokens as records: what each grants."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass

SCOPES = ("read", "backfill", "admin")
EVERY_SITE = "*"
_ID_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: scopes, and sites (`*` for all)."""

    name: str
    scopes: frozenset[str]
    sites: frozenset[str]
    expires_ms: int | None = None
    usage_key: str = field(default="", repr=False)
    """The API key by whose rate the token is held; empty for the one that all others share."""

    def allows(self, scope: str, site: str | None = None) -> bool:
        """`admin` includes every scope; `site` None asks about no site in particular."""
        scoped = scope in self.scopes or "admin" in self.scopes
        return scoped and (site is None or site in self.sites or EVERY_SITE in self.sites)


@dataclass(frozen=True, slots=True)
class UsageKey:
    """An API key of the gateway's usage plan. It opens nothing: it says whose requests are counted."""

    id: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its managers see it, without its secret."""

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
        return self.expires_ms is not None and self.expires_ms <= now_ms
