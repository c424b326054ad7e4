"""The records of exports: one per export, its plan, and one per finished part.

An index has the exports that may not have ended. An entry is written before its export's record, and removed
by a sweep that finds no record or a final one. So a process that dies leaves an entry too many at most.
"""

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import orjson

from vitals.errors import ConflictError
from vitals.model.records.exports import (
    CANCELLED,
    FAILED,
    QUEUED,
    RUNNING,
    Export,
    ExportPart,
    ExportPlan,
    FinishedPart,
    OpenEntry,
)
from vitals.store import conditional, items, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_IDLE = "claim_until_ms < :now"


class ExportTable:
    """Export records in the state table; one that has expired is not returned, even before TTL deletes it."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def create(self, export: Export, plan: ExportPlan) -> None:
        """Records a new export; its record is written last, because with it the export exists."""
        expires = _expires(export)
        text = orjson.dumps(asdict(plan)).decode()
        self._put(keys.export_plan(export.export) | {"plan": {"S": text}} | expires)
        of_site = keys.export_of_site(export.site, export.created_ms, export.export)
        self._put(of_site | {"export": {"S": export.export}} | expires)
        self._put(keys.open_export(export.created_ms, export.export) | expires)
        facts = {field.name: items.attribute(getattr(export, field.name)) for field in fields(export)}
        self._put(keys.export_record(export.export) | facts | expires)

    def load(self, export: str, now_ms: int) -> Export | None:
        """Returns the record of an export, None when there is none or it has expired."""
        item = self._get(keys.export_record(export))
        export_record = items.read(item, Export) if item else None
        return export_record if export_record and export_record.expires_ms > now_ms else None

    def plan(self, export: Export) -> ExportPlan:
        """Returns the plan of an export that exists."""
        item = self._get(keys.export_plan(export.export))
        if item is None:
            raise ConflictError(f"export {export.export} is being removed")
        plan = orjson.loads(item["plan"]["S"])
        parts = tuple(ExportPart(**fields) for fields in plan["parts"])
        texts = (tuple(plan.get(name, ())) for name in ("columns", "holidays"))
        return ExportPlan(parts, tuple(plan["ids"]), *texts)

    def of_site(self, site: str, limit: int, now_ms: int) -> list[Export]:
        """Returns the site's latest exports, newest first."""
        request = items.selecting(self._table, keys.exports_partition(site))
        newest = request | {"ScanIndexForward": False, "Limit": limit}
        page = next(items.pages(self._client.query, newest, f"the exports of {site}"))
        return [export for item in page if (export := self.load(item["export"]["S"], now_ms))]

    def done(self, export: Export) -> dict[int, FinishedPart]:
        """Returns the finished parts, by their index in the plan."""
        request = items.selecting(self._table, keys.export_partition(export.export), keys.PART_PREFIX)
        return {
            int(item["sk"]["S"].removeprefix(keys.PART_PREFIX)): items.read(
                item, FinishedPart, files=tuple(map(tuple, orjson.loads(item["files"]["S"])))
            )
            for page in items.pages(self._client.query, request, f"the parts of the export {export.export}")
            for item in page
        }

    def finish_part(self, export: Export, number: int, done: FinishedPart) -> bool:
        """Records a finished part; False, and nothing changes, when another process has finished it.

        The names of the files, which contain the claim, show whose record it is.
        """
        facts = {
            "rows": items.attribute(done.rows),
            "scanned": items.attribute(done.scanned),
            "files": {"S": orjson.dumps(done.files).decode()},
        }
        item = keys.export_part(export.export, number) | facts | _expires(export)
        request = {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        return conditional.write(self._client.put_item, request, item)

    def claim(self, export: Export, claim: str, now_ms: int, until_ms: int, *, last_try: bool) -> bool:
        """Claims the export until `until_ms`; False when it is claimed, cancelled or completed.

        An export that failed may be claimed, because its message may be redriven.
        """
        facts: dict[str, items.Fact] = {
            "status": RUNNING,
            "claim": claim,
            "claim_until_ms": until_ms,
            "worked_ms": now_ms,
            "last_try": int(last_try),
            "attempts": export.attempts + 1,
            "started_ms": export.started_ms or now_ms,
            "ended_ms": 0,
        }
        condition = f"cancel_ms = :none AND {_IDLE}"
        return self._set(export, facts, condition, QUEUED, RUNNING, FAILED, none=0, now=now_ms)

    def release(self, export: Export, claim: str, now_ms: int, /, **facts: items.Fact) -> None:
        """Sets facts of a claimed export and releases the claim; raises the errors of `update`."""
        free: dict[str, items.Fact] = {"claim": "", "claim_until_ms": 0, "last_try": 0, "worked_ms": now_ms}
        self.update(export, claim, **facts, **free)

    def update(self, export: Export, claim: str, /, **facts: items.Fact) -> None:
        """Sets facts of a claimed export; ConflictError when its claim has changed, or it is cancelled.

        A repeat of an update that took effect finds the same claim, and that of a release what it has set.
        """
        request = items.setting(self._table, keys.export_record(export.export), facts, "#claimed = :held")
        request["ExpressionAttributeNames"]["#claimed"] = "claim"
        request["ExpressionAttributeValues"][":held"] = {"S": claim}
        own = items.attributes(facts) if "claim" in facts else {}
        if not conditional.write(self._client.update_item, request, own):
            raise ConflictError(f"another process has claimed export {export.export}")

    def request_cancel(self, export: Export, now_ms: int) -> bool:
        """Asks the process that has claimed the export to cancel it; False when it has ended."""
        return self._set(export, {"cancel_ms": now_ms}, "cancel_ms = :none", QUEUED, RUNNING, none=0)

    def cancel_idle(self, export: Export, now_ms: int) -> bool:
        """Cancels an export without a claim; False when it has one, or has ended."""
        facts: dict[str, items.Fact] = {"status": CANCELLED, "cancel_ms": now_ms, "ended_ms": now_ms}
        return self._set(export, facts, _IDLE, QUEUED, RUNNING, now=now_ms)

    def finish_cancel(self, export: Export, now_ms: int) -> bool:
        """Ends an export without a claim as cancelled; False when that was not requested, or it has ended.

        One that failed is cancelled too, because its cancel was requested before it failed.
        """
        facts: dict[str, items.Fact] = {"status": CANCELLED, "ended_ms": now_ms}
        condition = f"cancel_ms > :none AND {_IDLE}"
        return self._set(export, facts, condition, QUEUED, RUNNING, FAILED, none=0, now=now_ms)

    def open_entries(self, until_ms: int) -> Iterator[OpenEntry]:
        """Yields the entries of exports that were requested at this time or before, the oldest first."""
        request = items.selecting(self._table, keys.OPEN_EXPORTS)
        for page in items.pages(self._client.query, request, "the open exports"):
            for item in page:
                created, _, export = item["sk"]["S"].partition("#")
                if int(created) > until_ms:
                    return
                yield OpenEntry(int(created), export)

    def close(self, entry: OpenEntry) -> None:
        """Removes the entry of an export that has ended, or was never recorded."""
        self._client.delete_item(TableName=self._table, Key=keys.open_export(entry.created_ms, entry.export))

    def note_sweep(self, export: Export, now_ms: int) -> None:
        """Records that a sweep has sent the export's message, unless a worker has claimed it meanwhile."""
        self._set(export, {"swept_ms": now_ms}, _IDLE, QUEUED, RUNNING, now=now_ms)

    def remove(self, export: Export) -> None:
        """Removes everything of an export but its entry in the index.

        Its record first, because without it the export does not exist.
        """
        of_site = keys.export_of_site(export.site, export.created_ms, export.export)
        numbers = self.done(export)
        parts = [keys.export_part(export.export, number) for number in numbers]
        plan = keys.export_plan(export.export)
        for key in (keys.export_record(export.export), of_site, plan, *parts):
            self._client.delete_item(TableName=self._table, Key=key)

    def _set(
        self, export: Export, facts: dict[str, items.Fact], condition: str, *statuses: str, **values: int
    ) -> bool:
        """Sets facts if the export has one of these statuses and meets the condition."""
        marks = [f":was_{status}" for status in statuses]
        condition = f"#status IN ({', '.join(marks)}) AND {condition}"
        request = items.setting(self._table, keys.export_record(export.export), facts, condition)
        request["ExpressionAttributeNames"]["#status"] = "status"
        named: dict[str, items.Fact] = {f":{name}": value for name, value in values.items()}
        named |= dict(zip(marks, statuses, strict=True))
        request["ExpressionAttributeValues"] |= items.attributes(named)
        return conditional.write(self._client.update_item, request, items.attributes(facts))

    def _put(self, item: dict[str, Any]) -> None:
        self._client.put_item(TableName=self._table, Item=item)

    def _get(self, key: keys.Key) -> dict[str, Any] | None:
        return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")


def _expires(export: Export) -> dict[str, Any]:
    return {"expires_at": {"N": str(export.expires_ms // 1000)}}
