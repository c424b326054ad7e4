"""The records of backfills: one per run, one per day of it, and the lock that limits a site to one run."""

from dataclasses import fields
from typing import TYPE_CHECKING

from vitals.errors import ConflictError
from vitals.model.records.runs import RUNNING, BackfillLock, Run, RunDay
from vitals.model.timespan import DAY_MS
from vitals.store import items, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Step Functions itself forgets an execution after 90 days.
_RETENTION_MS = 400 * DAY_MS
_LOCK_ATTEMPTS = 5


class RunTable:
    """Run records in the state table; an update sets only the attributes that change."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def lock(self, site: str, run: str, now_ms: int, instead_of: str = "") -> BackfillLock:
        """Takes the site's lock if it is free, or belongs to this run or to the ended run `instead_of`.

        Returns the lock after the attempt. A repeat finds the run's own lock.
        """
        for _ in range(_LOCK_ATTEMPTS):
            lock = self._lock(site, run, now_ms, instead_of)
            if lock:
                return lock
        raise ConflictError(f"the backfill lock of {site} changed in each of {_LOCK_ATTEMPTS} attempts")

    def _lock(self, site: str, run: str, now_ms: int, instead_of: str) -> BackfillLock | None:
        """Returns the lock, None when it was released between the attempt to take it and the read of it."""
        key = keys.backfill_lock(site)
        values = {":run": {"S": run}, ":ended": {"S": instead_of or run}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=key | {"run": {"S": run}, "taken_ms": {"N": str(now_ms)}},
                ConditionExpression="attribute_not_exists(pk) OR #run = :run OR #run = :ended",
                ExpressionAttributeNames={"#run": "run"},
                ExpressionAttributeValues=values,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
            return items.read(item, BackfillLock) if item else None
        return BackfillLock(run, now_ms)

    def unlock(self, site: str, run: str) -> None:
        """Releases the site's lock if it belongs to the run; a repeat finds none, or another run's."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=keys.backfill_lock(site),
                ConditionExpression="#run = :run",
                ExpressionAttributeNames={"#run": "run"},
                ExpressionAttributeValues={":run": {"S": run}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def create(self, run: Run) -> Run:
        """Records a run as running, unless it is recorded already, and returns the record.

        A repeat finds the record that it made.
        """
        expires = {"expires_at": {"N": str((run.started_ms + _RETENTION_MS) // 1000)}}
        facts = {field.name: items.attribute(getattr(run, field.name)) for field in fields(run)}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=keys.run_record(run.run) | facts | expires,
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            run = self.load(run.run) or run
        # Also where the record existed: its writer may have died before this.
        of_site = keys.run_of_site(run.site, run.started_ms, run.run)
        self._client.put_item(TableName=self._table, Item=of_site | expires | {"run": {"S": run.run}})
        return run

    def load(self, run: str) -> Run | None:
        """Returns the record of a run, None when there is none."""
        key = keys.run_record(run)
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return items.read(item, Run) if item else None

    def of_site(self, site: str, limit: int) -> list[Run]:
        """Returns the site's latest runs, newest first."""
        request = items.selecting(self._table, keys.site_partition(site), keys.RUN_PREFIX)
        newest = request | {"ScanIndexForward": False, "Limit": limit}
        page = next(items.pages(self._client.query, newest, f"the runs of {site}"))
        return [run for item in page if (run := self.load(item["run"]["S"]))]

    def days(self, run: str) -> list[RunDay]:
        """Returns the records of the run's days, in order; days that were not started have none."""
        request = items.selecting(self._table, keys.run_partition(run), keys.DAY_PREFIX)
        return [
            items.read(item, RunDay, day=item["sk"]["S"].removeprefix(keys.DAY_PREFIX))
            for page in items.pages(self._client.query, request, f"the days of the run {run}")
            for item in page
        ]

    def day(self, run: str, day: str) -> RunDay:
        """Returns the record of one day of the run, all defaults when there is none."""
        item = self._client.get_item(
            TableName=self._table, Key=keys.run_day(run, day), ConsistentRead=True
        ).get("Item")
        return items.read(item, RunDay, day=day) if item else RunDay(day)

    def update(self, run: str, **facts: items.Fact) -> None:
        """Sets facts (fields of Run) of a run."""
        self._client.update_item(**items.setting(self._table, keys.run_record(run), facts))

    def update_day(self, run: Run, day: str, **facts: items.Fact) -> None:
        """Sets facts (fields of RunDay) of a day of the run."""
        expires = {"expires_at": (run.started_ms + _RETENTION_MS) // 1000}
        self._client.update_item(**items.setting(self._table, keys.run_day(run.run, day), facts | expires))

    def update_running(self, run: str, **facts: items.Fact) -> bool:
        """Sets facts of a run that has not ended; False when it has, and nothing changes.

        Also False when it ends the run and the answer to that is lost.
        """
        key = keys.run_record(run)
        request = items.setting(self._table, key, facts, "#status = :running")
        request["ExpressionAttributeNames"]["#status"] = "status"
        request["ExpressionAttributeValues"][":running"] = {"S": RUNNING}
        try:
            self._client.update_item(**request)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True
