"""The catalog on moto: two refreshes that meet give each name one id, for good."""

import random
from typing import Any

import pytest

from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError
from vitals.model.point_settings import PointSettings
from vitals.model.points import ListedPoint
from vitals.store import keys
from vitals.store.state.catalog import CatalogTable

FIRST = ListedPoint("first")


class Meeting:
    """A client; before its next write another refresh comes to its end."""

    def __init__(self, client: Any, other: CatalogTable) -> None:
        self._client = client
        self._other: CatalogTable | None = other

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **request: Any) -> Any:
        self._refresh()
        return self._client.update_item(**request)

    def transact_write_items(self, **request: Any) -> Any:
        self._refresh()
        return self._client.transact_write_items(**request)

    def _refresh(self) -> None:
        other, self._other = self._other, None
        if other is not None:
            other.refresh("s", [FIRST, ListedPoint("theirs")])


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


def stored_chunks(dynamodb: Any, count: int) -> list[Any]:
    return [
        dynamodb.get_item(TableName="StateTable", Key=keys.catalog_chunk("s", chunk))["Item"]
        for chunk in range(count)
    ]


def test_settings_are_stored_beside_the_listing(dynamodb: Any) -> None:
    table = CatalogTable(dynamodb, "StateTable")
    table.refresh("s", [ListedPoint(f"p{number:03d}", "kWh") for number in range(300)])
    before = stored_chunks(dynamodb, 2)
    assert [set(chunk) for chunk in before] == [{"pk", "sk", "b", "r"}] * 2
    changes = {"p299": {"rollover": 1e6}, "p270": {"states": {"Open": 1}}}
    assert table.set_points("s", changes, "ada") == table.load("s")
    after = stored_chunks(dynamodb, 2)
    assert after[0] == before[0]
    assert (after[1]["b"], set(after[1])) == (before[1]["b"], {"pk", "sk", "b", "r", "s"})
    points = table.load("s").points
    assert points[299].settings == PointSettings(rollover=1e6)
    assert points[270].settings == PointSettings(states={"Open": 1.0})
    table.refresh("s", [ListedPoint(f"p{number:03d}", "MWh") for number in range(300)])
    assert table.load("s").points[299].settings == PointSettings(rollover=1e6)
    table.set_points("s", {"p299": {"rollover": None}, "p270": {"states": None}}, "ada")
    assert not any(point.settings for point in table.load("s").points)


def test_an_older_release_leaves_settings_alone(dynamodb: Any) -> None:
    table = CatalogTable(dynamodb, "StateTable")
    table.refresh("s", [FIRST])
    table.set_points("s", {"first": {"kind": "binary"}}, "ada")
    dynamodb.update_item(
        TableName="StateTable",
        Key=keys.catalog_chunk("s", 0),
        UpdateExpression="SET b = :b, r = :r",
        ExpressionAttributeValues={":b": stored_chunks(dynamodb, 1)[0]["b"], ":r": {"N": "3"}},
    )
    assert table.load("s").points[0].kind == "binary"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"first": {"kind": "binary"}, "second": {"kind": "binary"}}, NotFoundError),
        ({"first": {"kind": "binary"}, "last": {"kind": "other"}}, InvalidRequestError),
    ],
)
def test_refused_settings_change_no_point(
    dynamodb: Any, changes: dict[str, dict[str, object]], error: type[Exception]
) -> None:
    table = CatalogTable(dynamodb, "StateTable")
    table.refresh("s", [FIRST, ListedPoint("last")])
    with pytest.raises(error):
        table.set_points("s", changes, "ada")
    assert not any(point.settings for point in table.load("s").points)


def test_only_what_changed_is_written(dynamodb: Any) -> None:
    """AdminFunction may not write the listing."""
    written: list[set[str]] = []

    class Recording:
        """Notes the attributes of each update of a chunk."""

        def __getattr__(self, name: str) -> Any:
            return getattr(dynamodb, name)

        def update_item(self, **request: Any) -> Any:
            written.append({name for name in ("b", "r", "s") if f":{name}" in values(request)})
            return dynamodb.update_item(**request)

        def transact_write_items(self, TransactItems: Any) -> Any:
            written.append(
                {name for name in ("b", "r", "s") if f":{name}" in values(TransactItems[0]["Update"])}
            )
            return dynamodb.transact_write_items(TransactItems=TransactItems)

    def values(request: Any) -> Any:
        return request["ExpressionAttributeValues"]

    recording: Any = Recording()
    table = CatalogTable(recording, "StateTable")
    table.refresh("s", [FIRST])
    table.set_points("s", {"first": {"kind": "binary"}}, "ada")
    table.refresh("s", [FIRST, ListedPoint("second")])
    assert written == [{"b", "r"}, {"r", "s"}, {"b", "r"}]
    assert [(point.name, point.kind) for point in table.load("s").points] == [
        ("first", "binary"),
        ("second", "analog"),
    ]


def test_settings_never_fill_an_item(dynamodb: Any) -> None:
    table = CatalogTable(dynamodb, "StateTable")
    names = [f"p{number:03d}" for number in range(256)]
    table.refresh("s", map(ListedPoint, names))
    draw = random.Random(1)
    changes = {
        name: {"states": {"x" + draw.randbytes(31).hex(): number for number in range(50)}} for name in names
    }
    table.set_points("s", dict(list(changes.items())[:40]), "ada")
    with pytest.raises(TooLargeError, match="the states of these points are too large"):
        table.set_points("s", changes, "ada")
    assert sum(bool(point.settings) for point in table.load("s").points) == 40


def test_settings_meet_a_refresh(dynamodb: Any) -> None:
    table = CatalogTable(dynamodb, "StateTable")
    table.refresh("s", [FIRST])
    meeting: Any = Meeting(dynamodb, table)
    CatalogTable(meeting, "StateTable").set_points("s", {"first": {"kind": "binary"}}, "ada")
    points = table.load("s").points
    assert [(point.name, point.kind) for point in points] == [("first", "binary"), ("theirs", "analog")]
