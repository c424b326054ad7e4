"""The units that AWS would bill for the calls of real botocore clients, by its published rules."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.session import Session
from moto.core.botocore_stubber import BotocoreStubber

from bench.capacity import write_units
from vitals.aws.cost import item_size, read_units
from vitals.store import keys

REGION = "us-east-1"
_CAUSES = {
    keys.CATALOG_PREFIX: "catalog",
    keys.ARCHIVE_PREFIX: "archive records",
    keys.DAY_PREFIX: "ledger",
    keys.REJECTED_PREFIX: "rejected readings",
    "pace": "pace",
    "circuit": "circuit",
}
type Item = Mapping[str, Any]


class Meter:
    """Counts what its clients use, by resource and cause such as `HotTable write of blocks`.

    `overhead_s` are the CPU seconds of moto, of the upstream's simulator and of the counting itself.
    """

    def __init__(self, tables: Mapping[str, tuple[str, str]]) -> None:
        self.used: Counter[str] = Counter()
        self.overhead_s = 0.0
        self._tables = tables
        self._lock = threading.Lock()
        self._thread = threading.local()
        self._session = Session()
        # What was stored before a write decides its size; these reads are not counted.
        self._stored = self.plain("dynamodb")

    def client(self, service: str, *_: Any) -> Any:
        """Returns a client of a service whose calls are counted."""
        client = self._session.create_client(service, region_name=REGION)
        client.meta.events.register(f"before-parameter-build.{service}", self._note)
        client.meta.events.register(f"after-call.{service}", self._count)
        return client

    def plain(self, service: str) -> Any:
        """Returns a client whose calls are not counted."""
        return self._session.create_client(service, region_name=REGION)

    def item(self, table: str, key: Item) -> Item:
        """Returns an item of a table, uncounted; empty when there is none."""
        stored: Item = self._stored.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
        return stored

    def items(self, table: str) -> Iterator[Item]:
        """Yields every item of a table, uncounted."""
        for page in self._stored.get_paginator("scan").paginate(TableName=table):
            yield from page["Items"]

    def add(self, name: str, count: float = 1) -> None:
        """Adds to one count."""
        with self._lock:
            self.used[name] += count  # type: ignore[assignment]

    def _note(self, params: Any, model: Any, context: Any, **_: Any) -> None:
        context["params"] = params
        if model.name in ("UpdateItem", "PutItem", "DeleteItem"):
            with self.overhead():
                context["before"] = self.item(params["TableName"], _key(params, self._tables))

    def _count(self, parsed: Any, model: Any, context: Any, **_: Any) -> None:
        service = model.service_model.service_name
        with self.overhead():
            if service == "dynamodb":
                self._count_dynamodb(model.name, context["params"], parsed, context)
            elif service == "s3":
                self.add("s3 put" if model.name.startswith(("Put", "List")) else "s3 get")
            else:
                self.add(f"{service} request")

    def _count_dynamodb(self, operation: str, params: Any, parsed: Any, context: Any) -> None:
        self.add("dynamodb request")
        if operation in ("GetItem", "Query"):
            page = [parsed["Item"]] if "Item" in parsed else parsed.get("Items", [])
            strong = 2 if params.get("ConsistentRead") else 1
            partition = page[0] if page else params.get("Key") or _partition(params)
            self.add(f"{params['TableName']} read of {cause(partition)}", strong * read_units(page))
        elif operation == "BatchGetItem":
            for table, request in params["RequestItems"].items():
                strong = 2 if request.get("ConsistentRead") else 1
                items = parsed["Responses"].get(table, [])
                absent = len(request["Keys"]) - len(items)
                units = sum(read_units([item]) for item in items) + 0.5 * absent
                self.add(f"{table} read of {cause(request['Keys'][0])}", strong * units)
        elif operation in ("PutItem", "UpdateItem", "DeleteItem"):
            self._count_write(operation, params, context["before"])
        else:
            raise NotImplementedError(f"{operation} has no rule here")

    def _count_write(self, operation: str, params: Any, before: Item) -> None:
        """A write is billed by the larger of the item before and after; a refused one too."""
        key = _key(params, self._tables)
        after = self.item(params["TableName"], key)
        item = max(before, after, key, key=item_size)
        is_mark = operation == "UpdateItem" and "w" in key
        name = "expiry marks" if is_mark else cause(key)
        self.add(f"{params['TableName']} write of {name}", write_units(item))

    @contextmanager
    def overhead(self) -> Iterator[None]:
        """Counts the CPU of this thread in the `with` block as overhead, once when blocks are nested."""
        if getattr(self._thread, "inside", False):
            yield
            return
        self._thread.inside, began = True, time.thread_time()
        try:
            yield
        finally:
            self._thread.inside = False
            with self._lock:
                self.overhead_s += time.thread_time() - began

    @contextmanager
    def timed_emulator(self) -> Iterator[None]:
        """Counts the CPU of moto as overhead in the `with` block."""
        respond = BotocoreStubber.process_request

        def timed(stubber: Any, request: Any) -> Any:
            with self.overhead():
                return respond(stubber, request)

        BotocoreStubber.process_request = timed  # type: ignore[assignment, method-assign]
        try:
            yield
        finally:
            BotocoreStubber.process_request = respond  # type: ignore[method-assign]


def cause(item: Item) -> str:
    """Returns what an item or key is, in the words of docs/storage.md."""
    partition = item["pk"]["S"]
    if "w" in item or "sk" not in item:
        return "rollups" if "#rollup#" in partition else "blocks"
    sort = item["sk"]["S"]
    return next((name for prefix, name in _CAUSES.items() if sort.startswith(prefix)), "site records")


def _key(params: Any, tables: Mapping[str, tuple[str, str]]) -> Item:
    item = params.get("Key") or params["Item"]
    return {name: item[name] for name in tables[params["TableName"]]}


def _partition(params: Any) -> Item:
    """Returns the partition of a query, with the prefix of its sort keys when it has one."""
    values = params["ExpressionAttributeValues"]
    item = {"pk": values[":pk"]}
    sorts = [value for name, value in values.items() if name != ":pk" and "S" in value]
    return item | ({"sk": sorts[0]} if sorts else {})
