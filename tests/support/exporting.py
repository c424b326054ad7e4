"""Both functions of exports as the template deploys them, over one site."""

import csv
import io
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from exports import app as worker_app
from exports.api import app as api_app
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from local.athena.server import executing
from tests.support import openapi
from tests.support.clock import Clock
from tests.support.sites import SITE
from tests.support.template import BUCKET, create_archive
from tests.support.world import World
from vitals.aws import clients
from vitals.aws.athena import Athena
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, iso, parse_iso
from vitals.pipeline.archiver import Archiver
from vitals.store import keys
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.quality_files import QualityFiles
from vitals.store.tiers.rollups import RollupTier

FIRST = 1_767_225_600_000
"""Two settled days, the first with its blocks gone, one that changed since, and the day that goes on."""
RANGE = Span(FIRST, FIRST + 3 * DAY_MS + 6 * HOUR_MS)
# A few windows of each, for moto takes its time.
SYNCED = [Span(FIRST + n * DAY_MS + HOUR_MS, FIRST + n * DAY_MS + 2 * HOUR_MS) for n in range(4)]


type Samples = dict[tuple[str, int], bytes]


@dataclass
class Stage:
    """The deployed pair of functions over one site, and what a user and an operator do with them."""

    world: World
    s3: Any
    sqs: Any
    queues: dict[str, str]
    remaining_s: float = 900
    taken: list[str] = field(default_factory=list)
    """The queues that messages came from, in order."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of the latest answer of the API."""

    def call(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Any = None,
        *,
        scopes: str = "export",
        sites: str = SITE,
        token: str = "notebook",
    ) -> tuple[int, dict[str, Any]]:
        event = {
            "resource": "/exports/{proxy+}",
            "path": path,
            "httpMethod": method,
            "headers": {"Content-Type": "application/json"},
            "multiValueHeaders": {},
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {k: [v] for k, v in (query or {}).items()},
            "requestContext": {
                "requestId": "r-1",
                "authorizer": {"principalId": token, "scopes": scopes, "sites": sites},
            },
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
            "isBase64Encoded": False,
        }
        answer = api_app.handler(event, self.context())
        assert answer["multiValueHeaders"]["Content-Type"] == ["application/json"]
        self.headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
        status, content = answer["statusCode"], json.loads(answer["body"])
        openapi.check_answer(method, path, status, content)
        return status, content

    def start(self, **changes: Any) -> str:
        status, answer = self.call("POST", "/exports", body=export_body(**changes))
        assert (status, answer["status"], answer["progress_percent"]) == (202, "queued", 0)
        return str(answer["id"])

    def files(self, export: str) -> list[bytes]:
        """The files of a completed export, in the order of their names."""
        answer = self.get(export)
        assert (answer["status"], answer["progress_percent"], answer["error"]) == ("completed", 100, "")
        files = sorted(answer["files"], key=lambda file: str(file["name"]))
        return [requests.get(file["url"], timeout=10).content for file in files]

    def get(self, export: str) -> dict[str, Any]:
        status, answer = self.call("GET", f"/exports/{export}")
        assert status == 200, answer
        return answer

    def delete(self, export: str) -> tuple[int, dict[str, Any]]:
        return self.call("DELETE", f"/exports/{export}")

    def context(self) -> Any:
        return SimpleNamespace(
            function_name="export",
            memory_limit_in_mb=1769,
            invoked_function_arn="arn",
            aws_request_id="r-1",
            get_remaining_time_in_millis=lambda: self.remaining_s * 1000,
        )

    def receive(self) -> dict[str, Any] | None:
        """The next message as SQS gives it to the worker, off its queue; high priority first."""
        for name in ("EXPORT_QUEUE_HIGH_URL", "EXPORT_QUEUE_URL"):
            url = self.queues[name]
            for message in self.sqs.receive_message(QueueUrl=url).get("Messages", []):
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                self.taken.append(name)
                return {"body": message["Body"]}
        return None

    def deliver(self, message: dict[str, Any], receives: int = 1) -> bool:
        """Whether the worker did what the message says; if not, SQS would deliver it again."""
        record = {
            "messageId": "m",
            "body": message["body"],
            "eventSource": "aws:sqs",
            "attributes": {"ApproximateReceiveCount": str(receives)},
        }
        answer = worker_app.handler({"Records": [record]}, self.context())
        return not answer["batchItemFailures"]

    def drain(self) -> None:
        for _ in range(50):
            message = self.receive()
            if message is None:
                return
            assert self.deliver(message)
        raise AssertionError("the queues never drain")

    def delayed(self) -> int:
        names = ["ApproximateNumberOfMessagesDelayed"]
        return sum(
            int(self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])
            for url in self.queues.values()
        )

    def objects(self, export: str) -> set[str]:
        """The names of all that is stored of an export."""
        prefix = keys.export_file(export)
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return {item["Key"].removeprefix(prefix) for item in listed}

    def download(self, answer: dict[str, Any]) -> Samples:
        """What the links of a completed export give, none twice, weather apart."""
        samples: Samples = {}
        rows = 0
        for file in answer["files"]:
            got = requests.get(file["url"], timeout=10)
            assert got.status_code == 200
            assert len(got.content) == file["bytes"]
            file_samples = PARSERS[answer["format"]](got.content)
            assert not samples.keys() & file_samples.keys()
            samples |= file_samples
            rows += len(file_samples)
        assert (rows, answer["bytes"]) == (answer["rows"], sum(file["bytes"] for file in answer["files"]))
        return {key: value for key, value in samples.items() if not key[0].startswith("weather.")}

    def truth(self, span: Span = RANGE) -> Samples:
        """What the simulator serves of the hours that were synced."""
        spans = [Span(max(s.start_ms, span.start_ms), min(s.end_ms, span.end_ms)) for s in SYNCED]
        return {key: value for s in spans if s for key, value in self.world.truth(s).items()}

    def assert_exact(self, export: str, span: Span = RANGE, names: set[str] | None = None) -> None:
        answer = self.get(export)
        assert (answer["status"], answer["progress_percent"], answer["error"]) == ("completed", 100, "")
        truth = self.truth(span)
        samples = self.download(answer)
        assert samples == {key: v for key, v in truth.items() if names is None or key[0] in names}
        assert samples


def export_body(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "site_name": SITE,
        "start_time": iso(RANGE.start_ms),
        "end_time": iso(RANGE.end_ms),
        "format": "parquet",
    }
    return body | changes


def from_csv(text: bytes) -> Samples:
    header, *rows = csv.reader(io.StringIO(text.decode(), newline=""))
    assert header == ["point_name", "timestamp", "value"]
    samples = {(name, parse_iso(time)): struct.pack("<d", float(value)) for name, time, value in rows}
    assert len(samples) == len(rows)
    return samples


def from_parquet(data: bytes) -> Samples:
    table = pq.read_table(io.BytesIO(data))
    assert table.schema.field("timestamp").type == pa.timestamp("ms", "UTC")
    times = table["timestamp"].cast(pa.int64()).to_pylist()
    rows = zip(table["point_name"].to_pylist(), times, table["value"].to_pylist(), strict=True)
    samples = {(name, time_ms): struct.pack("<d", value) for name, time_ms, value in rows}
    assert len(samples) == len(table)
    return samples


def from_arrow(data: bytes) -> Samples:
    sink = io.BytesIO()
    pq.write_table(pa.ipc.open_stream(data).read_all(), sink)
    return from_parquet(sink.getvalue())


def from_json(text: bytes) -> Samples:
    rows = [json.loads(line) for line in text.splitlines()]
    samples = {
        (row["point_name"], parse_iso(row["timestamp"])): struct.pack("<d", row["value"]) for row in rows
    }
    assert len(samples) == len(rows)
    return samples


PARSERS = {"csv": from_csv, "parquet": from_parquet, "arrow": from_arrow, "json": from_json}


@pytest.fixture
def deployed(
    make_world: Callable[..., World], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    """Both functions with the environment that the template gives them, over a site with nothing archived."""
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    names = create_archive(s3, boto3.client("glue"), boto3.client("athena"))
    urls = {
        "EXPORT_QUEUE_URL": sqs.create_queue(QueueName="ExportQueue")["QueueUrl"],
        "EXPORT_QUEUE_HIGH_URL": sqs.create_queue(QueueName="ExportQueueHigh")["QueueUrl"],
    }
    world = make_world(initial_lookback_ms=45 * MINUTE_MS)
    clock.now_ms = SYNCED[3].end_ms
    world.fill_once("deployed", world.sync)
    settings = {
        "STATE_TABLE": "StateTable",
        "HOT_TABLE": "HotTable",
        "COLD_BUCKET": names["ColdBucket"],
        "GLUE_DATABASE": names["GlueDatabase"],
        "GLUE_TABLE": names["GlueTable"],
        "ATHENA_WORKGROUP": names["AthenaWorkGroup"],
        **urls,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.time_ns", lambda: clock() * 1_000_000)
    monkeypatch.setattr(Athena, "_pauses", lambda _: iter([0.0] * 1_000))
    caches = (worker_app.connect, api_app.api.connect, clients.made_client, clients._session)
    for cached in caches:
        cached.cache_clear()
    with executing():
        yield Stage(world, s3, sqs, urls)
    for cached in caches:
        cached.cache_clear()


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    settings = SimulatorSettings(points=16, sites=(SITE,), interval_s=600, other_intervals=False)
    with Simulator(settings, clock=clock) as running:
        yield running


@pytest.fixture
def stage(deployed: Stage, clock: Clock) -> Stage:
    """The same with days of every kind."""
    world = deployed.world
    archiver = Archiver(
        world.syncer.ingest.hot,
        ColdTier(deployed.s3, BUCKET),
        RollupTier(world.client, "HotTable"),
        QualityFiles(deployed.s3, BUCKET),
        world.syncer.catalogs,
        Ledger(world.client, "StateTable"),
        clock,
        20,
    )

    def archive() -> None:
        for span in SYNCED[:3]:
            world.reread(span)
        clock.forward(60)
        for day_ms in range(FIRST, FIRST + 3 * DAY_MS, DAY_MS):
            archiver.archive(SiteDay(SITE, day_ms))
        forget_blocks(world, FIRST)

    world.fill_once("deployed, then archived", archive)
    clock.forward(60)
    change_third_day(world)
    return deployed


def forget_blocks(world: World, day_ms: int) -> None:
    """What DynamoDB does with the blocks of an archived day when they are over their time."""
    for item in world.client.scan(TableName="HotTable")["Items"]:
        if "#rollup#" not in item["pk"]["S"] and day_ms <= int(item["w"]["N"]) < day_ms + DAY_MS:
            assert "expires_at" in item
            world.client.delete_item(TableName="HotTable", Key={"pk": item["pk"], "w": item["w"]})


def change_third_day(world: World) -> None:
    """A correction of a sample, and one more, after the day was archived."""
    name, time_ms = sorted(world.truth(SYNCED[2]))[5]
    corrections = [(name, "-0.0", time_ms), (name, "0.30000000000000004", time_ms + 1_234)]
    world.simulator.put_samples(SITE, corrections)
    world.clock.forward(60)
    world.reread(Span(time_ms, time_ms + 2_000))
