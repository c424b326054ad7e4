"""DynamoDB's write units by its published sizing rules, for no emulator counts them."""

from collections.abc import Mapping
from typing import Any

from vitals.aws.cost import item_size


def write_units(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Returns the units of one PutItem: one for each 1 KB begun."""
    return -(-item_size(item) // 1024)
