"""The site records: the name, status, key group and settings of a site, and how far it is synced.

The holidays of a site are one text, separated by commas; the attribute is absent until they are set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.errors import NotFoundError
from vitals.model.records.changes import Change, ChangeValue
from vitals.model.records.sites import SITE_SETTINGS, RecordedStatus, SiteRecord, SiteSettings
from vitals.model.timespan import Span
from vitals.store import conditional, conflicts, items, keys
from vitals.store.state.changes import ChangeTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class SiteTable:
    """Site records in the state table; updates of different facts do not overwrite each other."""

    def __init__(self, client: "DynamoDBClient", table: str, runtime: Runtime = SYSTEM) -> None:
        self._client = client
        self._table = table
        self._changes = ChangeTable(client, table, runtime)
        self._runtime = runtime

    def load(self, site: str) -> SiteRecord | None:
        """Returns the record of a site, None when there is none."""
        result = self._client.get_item(TableName=self._table, Key=keys.site_record(site), ConsistentRead=True)
        return _record(result["Item"]) if "Item" in result else None

    def list(self) -> list[SiteRecord]:
        """Returns every site that was ever synced or added, by name."""
        request = items.selecting(self._table, keys.SITES_PARTITION)
        pages = items.pages(self._client.query, request, "the list of sites")
        return [_record(item) for page in pages for item in page]

    def advance(self, site: str, read_ms: int | None, fetched: Span, rejected: Mapping[str, int]) -> bool:
        """Moves the checkpoint from the value that was read to the end of the fetched span.

        Returns False when another process has moved it meanwhile. The first move also records the start of
        the site, and every move the rejected readings, by reason. Two processes may move it to the same time,
        so each move has an id, by which it recognises its own effect.
        """
        move = {"S": self._runtime.new_id()}
        values: dict[str, Any] = {
            ":move": move,
            ":new": {"N": str(fetched.end_ms)},
            ":first": {"N": str(fetched.start_ms)},
            ":rejected": {"M": {reason: {"N": str(count)} for reason, count in rejected.items()}},
        }
        condition = "attribute_not_exists(checkpoint_ms)"
        if read_ms is not None:
            condition = "checkpoint_ms = :read"
            values[":read"] = {"N": str(read_ms)}
        request = {
            "TableName": self._table,
            "Key": keys.site_record(site),
            "UpdateExpression": "SET checkpoint_ms = :new, first_ms = if_not_exists(first_ms, :first),"
            " rejected = :rejected, rejected_from_ms = :first, moved_by = :move",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        return conditional.write(self._client.update_item, request, {"moved_by": move}, self._runtime)

    def set_status(self, site: str, status: RecordedStatus, key_group: str | None = None) -> None:
        """Sets the status of a site, which may be new, and its key group unless that is None."""
        facts: dict[str, items.Fact] = {"status": status, "status_ms": self._runtime.now_ms()}
        self._set(site, facts | ({"key_group": key_group} if key_group else {}))

    def set_key_group(self, site: str, key_group: str) -> None:
        """Sets the key group of a site, and not its status."""
        self._set(site, {"key_group": key_group})

    def set_settings(self, site: str, settings: SiteSettings, who: str) -> SiteRecord:
        """Sets settings, which were checked, of a site with a record; returns the new record.

        Each setting that differs is recorded as a change by `who`, in the same transaction. So of two
        writers at once the second records what the first has set as the value before.
        """

        def attempt() -> SiteRecord | None:
            record = self.load(site)
            if record is None:
                raise NotFoundError(f"there is no site {site!r}")
            after = replace(record, **settings)
            changes = _changes(record, after)
            written = not changes or self._changes.write(site, who, changes, self._update(site, changes))
            return after if written else None

        return conflicts.repeat(attempt, f"the record of {site}", self._runtime)

    def record_first_message(self, site: str) -> int:
        """Notes that a site of the initial list is enabled since now, and returns the time.

        A site that has the time of a status does not change.
        """
        now_ms = self._runtime.now_ms()
        facts = {"status_ms": now_ms}
        condition = "attribute_not_exists(status_ms)"
        conditional.write(
            self._client.update_item,
            items.setting(self._table, keys.site_record(site), facts, condition),
            items.attributes(facts),
            self._runtime,
        )
        return now_ms

    def record_reread(self, site: str, at_ms: int, *, full: bool = False) -> None:
        """Records the end of a repeated read of the past; `full` if it began 24 hours before."""
        self._set(site, {"reread_ms": at_ms} | ({"full_reread_ms": at_ms} if full else {}))

    def record_catalog(
        self,
        site: str,
        display_name: str,
        points: int,
        listed_ms: int | None,
        before_ms: int | None = None,
    ) -> None:
        """Records a listing, with its time if it was steady, and `before_ms`, the time of the one before."""
        facts: dict[str, items.Fact] = {"display_name": display_name, "points": points}
        if listed_ms is not None:
            facts["catalog_ms"] = listed_ms
            if before_ms is not None:
                facts["catalog_before_ms"] = before_ms
        self._set(site, facts)

    def _update(self, site: str, changes: Sequence[Change]) -> dict[str, Any]:
        """Returns the UpdateItem request, on condition that the settings have the values before."""
        facts: dict[str, items.Fact] = {change.what: _text(change.after) for change in changes}
        unset = [f"(attribute_not_exists(#{what}) OR #{what} = :{what}_before)" for what in facts]
        request = items.setting(self._table, keys.site_record(site), facts, " AND ".join(unset))
        before: dict[str, items.Fact] = {f":{c.what}_before": _text(c.before) for c in changes}
        request["ExpressionAttributeValues"] |= items.attributes(before)
        return request

    def _set(self, site: str, facts: Mapping[str, items.Fact]) -> None:
        request = items.setting(self._table, keys.site_record(site), facts)
        conflicts.write(self._client.update_item, request, self._runtime)


def _changes(before: SiteRecord, after: SiteRecord) -> list[Change]:
    values = [(name, getattr(before, name), getattr(after, name)) for name in SITE_SETTINGS]
    return [Change(name, before.site, old, new) for name, old, new in values if old != new]


def _record(item: Mapping[str, Any]) -> SiteRecord:
    rejected = item.get("rejected", {"M": {}})["M"]
    counts = {reason: int(count["N"]) for reason, count in rejected.items()}
    holidays = tuple(filter(None, item.get("holidays", {"S": ""})["S"].split(",")))
    return items.read(item, SiteRecord, site=item["sk"]["S"], rejected=counts, holidays=holidays)


def _text(value: ChangeValue) -> str:
    """Returns a setting as it is stored."""
    return ",".join(value) if isinstance(value, tuple) else str(value)
