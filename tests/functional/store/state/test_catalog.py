"""The catalog on moto: two refreshes that meet give each name one id, for good."""

from typing import Any

import pytest

from vitals.model.points import ListedPoint
from vitals.store.state.catalog import CatalogTable

FIRST = ListedPoint("first")


class Meeting:
    """A client; before its next update another refresh comes to its end."""

    def __init__(self, client: Any, other: CatalogTable) -> None:
        self._client = client
        self._other: CatalogTable | None = other

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **request: Any) -> Any:
        other, self._other = self._other, None
        if other is not None:
            other.refresh("s", [FIRST, ListedPoint("theirs")])
        return self._client.update_item(**request)


@pytest.mark.parametrize("stored", [[], [FIRST]])
def test_refreshes_that_meet_share_ids(dynamodb: Any, stored: list[ListedPoint]) -> None:
    table = CatalogTable(dynamodb, "StateTable")
    if stored:
        table.refresh("s", stored)
    meeting: Any = Meeting(dynamodb, table)
    CatalogTable(meeting, "StateTable").refresh("s", [FIRST, ListedPoint("ours")])
    points = table.load("s").points
    assert [(point.id, point.listed.name) for point in points] == [(0, "first"), (1, "theirs"), (2, "ours")]


@pytest.mark.parametrize("stored", [[], [FIRST]])
def test_inactive_points_share_ids_with_a_refresh(dynamodb: Any, stored: list[ListedPoint]) -> None:
    table = CatalogTable(dynamodb, "StateTable")
    if stored:
        table.refresh("s", stored)
    meeting: Any = Meeting(dynamodb, table)
    CatalogTable(meeting, "StateTable").add_inactive("s", {"theirs", "old"})
    points = table.load("s").points
    assert [(point.id, point.name, point.active) for point in points] == [
        (0, "first", True),
        (1, "theirs", True),
        (2, "old", False),
    ]
