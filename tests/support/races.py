"""Races that a test causes at a known moment."""

from typing import Any

import pytest

from vitals.store.tiers.hot_table import BlockTable


def lose_one_block(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Refuses the first put of a block, as if another writer came first; returns the refused keys."""
    put, lost = BlockTable.put, []

    def refused_once(table: BlockTable, site: str, key: Any, *arguments: Any) -> bool:
        if lost:
            return put(table, site, key, *arguments)
        lost.append(key)
        return False

    monkeypatch.setattr(BlockTable, "put", refused_once)
    return lost
