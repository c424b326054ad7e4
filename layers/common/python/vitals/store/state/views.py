"""The saved views of a site: an item for each, and one that counts them.

A view is put together with the count, so that a site never has more than MAX_VIEWS, also when several people
save at once. A view that replaces another does not change the count.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.errors import InvalidRequestError, NotFoundError
from vitals.model.records.views import MAX_VIEWS, SavedView
from vitals.store import conditional, conflicts, items, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_COUNT = 1
"""The index of the count among the writes of a transaction."""


class ViewTable:
    """The saved views of sites in the state table."""

    def __init__(self, client: "DynamoDBClient", table: str, runtime: Runtime = SYSTEM) -> None:
        self._client = client
        self._table = table
        self._runtime = runtime

    def of_site(self, site: str) -> list[SavedView]:
        """Returns the views of a site in the order of their names."""
        request = items.selecting(self._table, keys.views_partition(site), keys.VIEW_PREFIX)
        pages = items.pages(self._client.query, request, f"the views of {site}")
        return [_view(item) for page in pages for item in page]

    def save(self, site: str, view: SavedView) -> None:
        """Saves a view, in place of one of the same name; InvalidRequestError when the site has MAX_VIEWS."""
        put = {"TableName": self._table, "Item": keys.saved_view(site, view.name) | _attributes(view)}
        replacing = put | {"ConditionExpression": "attribute_exists(pk)"}
        adding = put | {"ConditionExpression": "attribute_not_exists(pk)"}

        def attempt() -> bool | None:
            if conditional.write(self._client.put_item, replacing, {}, self._runtime):
                return True
            writes = [{"Put": adding}, {"Update": self._counting(site, 1)}]
            refused = conflicts.refused(self._client, writes, self._runtime)
            if refused == [_COUNT]:
                raise InvalidRequestError(f"the site has {MAX_VIEWS} views; delete one of them first")
            return None if refused else True

        conflicts.repeat(attempt, f"the view {view.name!r} of {site}", self._runtime)

    def remove(self, site: str, name: str) -> None:
        """Removes a view; NotFoundError if there is none of this name."""
        delete = {
            "TableName": self._table,
            "Key": keys.saved_view(site, name),
            "ConditionExpression": "attribute_exists(pk)",
        }
        writes = [{"Delete": delete}, {"Update": self._counting(site, -1)}]

        def attempt() -> bool:
            return conflicts.transact(self._client, writes, self._runtime)

        if not conflicts.repeat(attempt, f"the view {name!r} of {site}", self._runtime):
            raise NotFoundError(f"the site has no view {name!r}")

    def _counting(self, site: str, change: int) -> dict[str, Any]:
        """Returns the UpdateItem request that changes the count, on condition that it may grow."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": keys.view_count(site),
            "UpdateExpression": "ADD saved_views :change",
            "ExpressionAttributeValues": {":change": {"N": str(change)}},
        }
        if change > 0:
            request["ConditionExpression"] = "attribute_not_exists(saved_views) OR saved_views < :limit"
            request["ExpressionAttributeValues"][":limit"] = {"N": str(MAX_VIEWS)}
        return request


def _attributes(view: SavedView) -> dict[str, Any]:
    return items.attributes({"view": view.view, "saved_by": view.saved_by, "saved_ms": view.saved_ms})


def _view(item: Mapping[str, Any]) -> SavedView:
    return items.read(item, SavedView, name=item["sk"]["S"].removeprefix(keys.VIEW_PREFIX))
