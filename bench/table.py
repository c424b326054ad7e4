"""DynamoDB in memory behind a client as functions have: its network is stubbed, its serialisation is not."""

import base64
import io
import json
import threading
import time
from typing import Any

from botocore.awsrequest import AWSResponse, HTTPHeaders

from bench import environment
from bench.capacity import write_units
from vitals.aws.cost import read_units

_PAGE_BYTES = 2**20


class MemoryTable:
    """One table with pk and w as its key, which counts the units that DynamoDB would bill."""

    def __init__(self) -> None:
        self.items: dict[str, dict[int, Any]] = {}
        self.puts = 0
        self.write_units = 0
        self.read_units = 0.0
        self.requests = 0
        self.cpu_s = 0.0
        """The CPU seconds of the table itself."""
        self._lock = threading.Lock()

    def client(self) -> Any:
        """Returns a DynamoDB client whose requests end here."""
        client = environment.client("dynamodb")
        client.meta.events.register("before-send.dynamodb", self._send)
        return client

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        with self._lock:
            began = time.thread_time()
            answer = self._answer(request)
            self.cpu_s += time.thread_time() - began
        return answer

    def _answer(self, request: Any) -> AWSResponse:
        self.requests += 1
        operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
        answer = getattr(self, f"_{operation.lower()}")(json.loads(request.body))
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(json.dumps(answer).encode()))

    def _putitem(self, put: Any) -> Any:
        item = put["Item"]
        self.items.setdefault(item["pk"]["S"], {})[int(item["w"]["N"])] = item
        self.puts += 1
        self.write_units += write_units(_sized(item))
        return {}

    def _batchgetitem(self, get: Any) -> Any:
        [(table, wanted)] = get["RequestItems"].items()
        stored = [self.items.get(k["pk"]["S"], {}).get(int(k["w"]["N"])) for k in wanted["Keys"]]
        return {"Responses": {table: [item for item in stored if item]}, "UnprocessedKeys": {}}

    def _query(self, query: Any) -> Any:
        values = query["ExpressionAttributeValues"]
        first, last = int(values[":first"]["N"]), int(values[":last"]["N"])
        after = int(query["ExclusiveStartKey"]["w"]["N"]) if "ExclusiveStartKey" in query else first - 1
        group = self.items.get(values[":pk"]["S"], {})
        page: list[Any] = []
        size = 0
        for window in sorted(w for w in group if after < w <= last):
            size += len(json.dumps(group[window])) * 3 // 4
            if size > _PAGE_BYTES:
                break
            page.append(group[window])
        self.read_units += read_units(map(_sized, page)) * (2 if query.get("ConsistentRead") else 1)
        answer: dict[str, Any] = {"Items": page, "Count": len(page)}
        if page and int(page[-1]["w"]["N"]) < max((w for w in group if w <= last), default=0):
            answer["LastEvaluatedKey"] = {"pk": page[-1]["pk"], "w": page[-1]["w"]}
        return answer


class _Raw(io.BytesIO):
    """A body like urllib3's."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


def _sized(item: Any) -> Any:
    """Returns the item with its binary as bytes instead of the wire's base64."""
    return {
        name: {"B": base64.b64decode(value["B"])} if "B" in value else value for name, value in item.items()
    }
