"""The versions of the objects of one bucket in memory."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One version of an object; a delete marker has no body."""

    id: str
    created_ms: int
    body: bytes | None = None
    etag: str = ""
    headers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Bucket:
    """The objects of one versioned bucket."""

    versions: dict[str, list[Version]] = field(default_factory=dict)
    """By key, oldest first."""
    keys: list[str] = field(default_factory=list)
    """The keys that have a current version that is not a delete marker, in order."""

    def current(self, key: str) -> Version | None:
        """Returns the current version of an object, None when there is none or a delete marker."""
        versions = self.versions.get(key)
        return versions[-1] if versions and versions[-1].body is not None else None

    def version(self, key: str, version_id: str) -> Version | None:
        """Returns a version of an object, which may be a delete marker; None when it does not exist."""
        matches = (version for version in self.versions.get(key, ()) if version.id == version_id)
        return next(matches, None)

    def add(self, key: str, version: Version) -> None:
        """Makes a version the current one."""
        self.versions.setdefault(key, []).append(version)
        self._index(key)

    def remove(self, key: str, version: Version) -> None:
        """Removes a version for ever; the version before it may become the current one."""
        versions = self.versions[key]
        versions.remove(version)
        if not versions:
            del self.versions[key]
        self._index(key)

    def page(self, prefix: str, start_after: str, size: int) -> tuple[list[str], bool]:
        """Returns the keys with the prefix after another key, and whether there are more than `size`."""
        start = bisect_left(self.keys, max(prefix, start_after + "\0" if start_after else ""))
        page = self.keys[start : start + size + 1]
        if page and not page[-1].startswith(prefix):
            page = [key for key in page if key.startswith(prefix)]
        return page[:size], len(page) > size

    def _index(self, key: str) -> None:
        index = bisect_left(self.keys, key)
        listed = index < len(self.keys) and self.keys[index] == key
        if self.current(key):
            if not listed:
                self.keys.insert(index, key)
        elif listed:
            del self.keys[index]
