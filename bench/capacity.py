"""DynamoDB's capacity units by its published sizing rules, for no emulator counts them."""

from collections.abc import Iterable, Mapping
from typing import Any


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes that an item in the low-level form (binary as bytes) is billed as."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def write_units(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Units of one PutItem: each 1 KB begun."""
    return -(-item_size(item) // 1024)


def query_units(items: Iterable[Mapping[str, Mapping[str, Any]]]) -> float:
    """Units of one eventually consistent Query page: half of each 4 KB begun of all items together."""
    return 0.5 * max(1, -(-sum(map(item_size, items)) // 4096))


def _value_size(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    if kind == "S":
        return len(str(content).encode())
    if kind == "B":
        return len(bytes(content))
    if kind == "N":
        digits = str(content).lstrip("-").replace(".", "").strip("0")
        return (len(digits) + 1) // 2 + 1 + str(content).startswith("-")
    raise ValueError(f"attributes of type {kind} are not sized here")
