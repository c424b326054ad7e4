"""The cost of reads, by AWS's published rules; emulators do not count it."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any

from vitals.aws import prices

# Athena bills at least this much per query.
_ATHENA_LEAST_BYTES = 10_000_000


@dataclass(slots=True)
class Cost:
    """Counts the reads of one answer, across threads."""

    read_units: float = 0.0
    requests: int = 0
    bytes: int = 0
    bytes_scanned: int = 0
    _gets: int = 0
    _puts: int = 0
    _billed_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add_get(self, size: int) -> None:
        """Counts one GET of S3 of `size` bytes."""
        with self._lock:
            self.requests += 1
            self._gets += 1
            self.bytes += size

    def add_put(self) -> None:
        """Counts one PUT of S3."""
        with self._lock:
            self.requests += 1
            self._puts += 1

    def add_page(self, items: Iterable[Mapping[str, Any]], *, consistent: bool = False) -> None:
        """Counts one page of a DynamoDB Query, or one GetItem, that read these whole items."""
        units = read_units(items) * (2 if consistent else 1)
        with self._lock:
            self.requests += 1
            self.read_units += units

    def add_scan(self, size: int) -> None:
        """Counts one Athena query that scanned `size` bytes."""
        with self._lock:
            self.requests += 1
            self.bytes_scanned += size
            self._billed_bytes += max(size, _ATHENA_LEAST_BYTES)

    @property
    def read_dollars(self) -> float:
        """The price of the reads."""
        return (
            self.read_units * prices.DYNAMODB_READ_UNIT
            + self._gets * prices.S3_GET
            + self._billed_bytes * prices.ATHENA_BYTE
        )

    def micro_dollars(self, seconds: float, memory_mb: int) -> float:
        """Returns the price of the reads and writes and of the function's time, in millionths of a dollar."""
        dollars = (
            self.read_dollars
            + self._puts * prices.S3_PUT
            + seconds * memory_mb / 1024 * prices.LAMBDA_GB_SECOND
            + prices.LAMBDA_REQUEST
            + prices.API_REQUEST
        )
        return round(dollars * 1_000_000, 2)


def read_units(items: Iterable[Mapping[str, Any]]) -> float:
    """Returns the units of an eventually consistent read: half a unit per 4 KB, rounded up."""
    return 0.5 * max(1, -(-_sizes(list(items)) // 4096))


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Returns the bytes that an item in the low-level form (binary as bytes) is billed as."""
    return _sizes([item])


def _sizes(items: Sequence[Mapping[str, Mapping[str, Any]]]) -> int:
    """Returns the bytes of all items."""
    contents: defaultdict[str, list[Any]] = defaultdict(list)
    # The inner loop of every read: a function for each attribute would take twice as long.
    for value in chain.from_iterable(item.values() for item in items):
        for kind in value:
            contents[kind].append(value[kind])
    names = sum(map(_names_size, map(tuple, items)))
    return names + sum(sum(map(_SIZES[kind], of_kind)) for kind, of_kind in contents.items())


def _text_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


@lru_cache(maxsize=1024)
def _names_size(names: tuple[str, ...]) -> int:
    """Returns the size of an item's names, which most items of a page have in common."""
    return sum(map(_text_size, names))


# Most numbers of a page are those of many items: counts, revisions, times.
@lru_cache(maxsize=4096)
def _number_size(content: str) -> int:
    digits = content.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + content.startswith("-")


def _map_size(members: Mapping[str, Mapping[str, Any]]) -> int:
    # Three bytes, and one more per member.
    return 3 + len(members) + item_size(members)


def _list_size(elements: Iterable[Mapping[str, Any]]) -> int:
    return 3 + sum(1 + _SIZES[kind](content) for element in elements for kind, content in element.items())


# Every type that an item can have, so that no read fails for its price.
_SIZES: Mapping[str, Callable[[Any], int]] = {
    "S": _text_size,
    "B": len,
    "N": _number_size,
    "SS": lambda texts: sum(map(_text_size, texts)),
    "NS": lambda numbers: sum(map(_number_size, numbers)),
    "BS": lambda contents: sum(map(len, contents)),
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "M": _map_size,
    "L": _list_size,
}
