"""The flags of a site: an item for each, and one with the revision and the number of flags.

A flag is written or deleted together with the revision and the record of the change, so that the history is
complete, and an answer that was computed for a revision is right as long as that revision is current.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.errors import ConflictError, InvalidRequestError, NotFoundError
from vitals.model.records.changes import Change
from vitals.model.records.flags import MAX_FLAGS, Flag, FlaggedSpans
from vitals.model.timespan import Span
from vitals.store import conflicts, items, keys
from vitals.store.state.changes import ChangeTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_REVISION = 1
"""The index of the revision among the writes of a transaction."""
_ATTEMPTS = 5


class FlagTable:
    """The flags of sites in the state table."""

    def __init__(self, client: "DynamoDBClient", table: str, runtime: Runtime = SYSTEM) -> None:
        self._client = client
        self._table = table
        self._runtime = runtime
        self._changes = ChangeTable(client, table, runtime)

    def revision(self, site: str) -> int:
        """Returns the revision of a site's flags, which grows with each change; 0 before the first."""
        key = keys.flag_revision(site)
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return int(item["revision"]["N"]) if item else 0

    def of_site(self, site: str) -> list[Flag]:
        """Returns the flags of a site in the order in which they were made."""
        request = items.selecting(self._table, keys.flags_partition(site), keys.FLAG_PREFIX)
        pages = items.pages(self._client.query, request, f"the flags of {site}")
        return [_flag(item) for page in pages for item in page]

    def find(self, site: str, id: str) -> Flag:
        """Returns the flag of an id; NotFoundError when there is none."""
        answer = self._client.get_item(TableName=self._table, Key=keys.flag(site, id), ConsistentRead=True)
        if "Item" not in answer:
            raise NotFoundError(f"the site has no flag {id[:40]!r}")
        return _flag(answer["Item"])

    def spans(self, site: str, loaded: FlaggedSpans | None = None) -> FlaggedSpans:
        """Returns the flagged spans of a site as they are now; `loaded` again if nothing has changed since.

        ConflictError when the flags change during each attempt to read them.
        """
        revision = self.revision(site)
        for _ in range(_ATTEMPTS):
            if loaded is not None and loaded.revision == revision:
                return loaded
            loaded = FlaggedSpans.of(revision, self.of_site(site) if revision else ())
            revision = self.revision(site)
            if loaded.revision == revision:
                return loaded
        raise ConflictError(f"the flags of {site} changed while they were read")

    def add(self, site: str, flag: Flag, changes: Sequence[Change]) -> None:
        """Adds a flag and records its changes; InvalidRequestError when the site has MAX_FLAGS."""
        put = {
            "TableName": self._table,
            "Item": keys.flag(site, flag.id) | _attributes(flag),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        writes = [{"Put": put}, {"Update": self._advancing(site, 1)}]

        def attempt() -> bool | None:
            change = {"Put": self._changes.put_of(site, flag.flagged_by, changes)}
            refused = conflicts.refused(self._client, [*writes, change], self._runtime)
            if refused == [_REVISION]:
                raise InvalidRequestError(f"the site has {MAX_FLAGS} flags; delete one of them first")
            return None if refused else True

        conflicts.repeat(attempt, f"the flags of {site}", self._runtime)

    def remove(self, site: str, flag: Flag, who: str, changes: Sequence[Change]) -> None:
        """Removes a flag and records its changes; NotFoundError if there is none of this id."""
        delete = {
            "TableName": self._table,
            "Key": keys.flag(site, flag.id),
            "ConditionExpression": "attribute_exists(pk)",
        }
        writes = [{"Delete": delete}, {"Update": self._advancing(site, -1)}]

        def attempt() -> bool | None:
            change = {"Put": self._changes.put_of(site, who, changes)}
            refused = conflicts.refused(self._client, [*writes, change], self._runtime)
            if 0 in refused:
                raise NotFoundError(f"the site has no flag {flag.id!r}")
            return None if refused else True

        conflicts.repeat(attempt, f"the flags of {site}", self._runtime)

    def _advancing(self, site: str, change: int) -> dict[str, Any]:
        """Returns the UpdateItem request of the next revision, on condition that the number may grow."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": keys.flag_revision(site),
            "UpdateExpression": "ADD revision :one, flags :change",
            "ExpressionAttributeValues": {":one": {"N": "1"}, ":change": {"N": str(change)}},
        }
        if change > 0:
            request["ConditionExpression"] = "attribute_not_exists(flags) OR flags < :limit"
            request["ExpressionAttributeValues"][":limit"] = {"N": str(MAX_FLAGS)}
        return request


def _attributes(flag: Flag) -> dict[str, Any]:
    facts = items.attributes(
        {
            "start_ms": flag.span.start_ms,
            "end_ms": flag.span.end_ms,
            "reason": flag.reason,
            "flagged_by": flag.flagged_by,
            "flagged_ms": flag.flagged_ms,
        }
    )
    return facts | {"points": {"B": orjson.dumps(flag.points)}}


def _flag(item: Mapping[str, Any]) -> Flag:
    return Flag(
        id=item["sk"]["S"].removeprefix(keys.FLAG_PREFIX),
        points=tuple(orjson.loads(item["points"]["B"])),
        span=Span(int(item["start_ms"]["N"]), int(item["end_ms"]["N"])),
        reason=item["reason"]["S"],
        flagged_by=item["flagged_by"]["S"],
        flagged_ms=int(item["flagged_ms"]["N"]),
    )
