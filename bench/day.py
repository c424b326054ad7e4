"""What one day of one site uses of AWS: `python -m bench.day` plays it through the handlers, on moto.

A sync every five minutes with the re-reads that it sends, and at 02:00 the archiving of the day before. The
counts of an event are linear in the groups of 64 points, which two sizes of site show; the table of
operations/cost/units.py has the result.
"""

import io
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import requests
from moto import mock_aws
from urllib3 import HTTPResponse

from bench.meter import REGION, Meter
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from operations import template
from vitals.aws.cost import item_size
from vitals.aws.runtime import Runtime
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, WINDOW_MS, parse_iso

SITE = "ses_falls_city"
GROUP = 64
# The catalog has the nine points of the weather too.
WEATHER = 9
START_MS = 1_767_225_600_000
BUCKET = "cold-bucket"
API = "http://ace.simulated/api"
ARCHIVE_AT_MS = 2 * HOUR_MS
MESSAGE_MS = 7_000
"""What a message takes, so that the next one does not find the slots at ACE that it has reserved."""

type Handler = Callable[[Any, Any], Any]
type Message = dict[str, Any]


@dataclass
class Event:
    """All occurrences of one kind of event: how many there were, and what they used together."""

    count: int = 0
    cpu_s: float = 0.0
    hours: float = 0.0
    """The hours that re-reads have read."""
    used: Counter[str] = field(default_factory=Counter)

    def mean(self) -> dict[str, float]:
        """Returns what one occurrence uses."""
        mean = {name: value / self.count for name, value in sorted(self.used.items())}
        return mean | {"cpu seconds": self.cpu_s / self.count, "hours": self.hours / self.count}


class SimulatedAce(requests.adapters.BaseAdapter):
    """Sends requests to a simulator in this process; its CPU is overhead of the meter."""

    def __init__(self, simulator: Simulator, meter: Meter) -> None:
        super().__init__()
        self._simulator, self._meter = simulator, meter

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        with self._meter.overhead():
            target = str(request.url).removeprefix(API.removesuffix("/api"))
            answer = self._simulator.respond("GET", target, str(request.headers["Authorization"]))
        self._meter.add("ace listing" if "configured_points" in target else "ace request")
        response = requests.Response()
        response.status_code = answer.status
        response.raw = HTTPResponse(io.BytesIO(answer.body), status=answer.status, preload_content=False)
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        """Does nothing: there are no connections."""


class Day:
    """A site of a number of groups with its functions, queues and stores, on a virtual clock."""

    def __init__(self, groups: int) -> None:
        self.now_ms = START_MS
        self.events: dict[str, Event] = defaultdict(Event)
        self.meter = Meter(_create_stores())
        points = groups * GROUP - WEATHER
        settings = SimulatorSettings(points=points, sites=(SITE,), odd_share=0, other_intervals=False)
        self._simulator = Simulator(settings, clock=lambda: self.now_ms)
        self._runtime = Runtime(
            now_ms=lambda: self.now_ms,
            monotonic=lambda: self.now_ms / 1000,
            # Waits take no time here; the bill adds those for the upstream.
            sleep=lambda _: None,
            client=self.meter.client,
            upstream_session=self._session,
        )
        self._sqs = self.meter.plain("sqs")
        self._etl, self._archival = _handlers(self._runtime)

    def play(self, hours: int = 24) -> None:
        """Fills the day before, then plays this many hours, counted, and archives the day before at 02:00."""
        self._fill()
        first_ms = self.now_ms
        for at_ms in range(first_ms, first_ms + hours * HOUR_MS, WINDOW_MS):
            self.now_ms = at_ms
            if at_ms - START_MS - DAY_MS == ARCHIVE_AT_MS + MINUTE_MS:
                self._invoke("plan", self._archival, {})
                for message in self._messages("archive"):
                    self._invoke("archive", self._archival, message)
            self._invoke("schedule", self._etl, {})
            self._sync(self._messages("sync"))

    def sizes(self) -> dict[str, float]:
        """Returns the bytes that the stores hold, by kind of item, and how many items there are."""
        sizes: Counter[str] = Counter()
        for item in self.meter.items("HotTable"):
            kind = "rollup" if "#rollup#" in item["pk"]["S"] else "block"
            sizes[f"{kind} bytes"] += item_size(item)
            sizes[f"{kind} items"] += 1
        objects = self.meter.plain("s3").list_objects_v2(Bucket=BUCKET, Prefix="timeseries/")
        sizes["day file bytes"] = sum(stored["Size"] for stored in objects.get("Contents", []))
        return dict(sizes)

    def _fill(self) -> None:
        """Lets the first sync read the day before, and drains what it sends."""
        # A sync starts 15 minutes before its checkpoint, which is 24 hours ago: the day is whole.
        self.now_ms = START_MS + DAY_MS + 3 * WINDOW_MS + MINUTE_MS
        self._etl({"site": SITE}, _context())
        while messages := self._messages("sync"):
            for message in messages:
                self._etl(_event(message), _context())
        self.meter.used.clear()

    def _sync(self, messages: list[Message]) -> None:
        for message in messages:
            self._invoke("sync", self._etl, message)
        rereads = self._messages("sync")
        hours = sum(map(_hours, rereads))
        # A full re-read takes the last 24 hours, the others the last two.
        kind = "full re-read" if hours > 12 else "recent re-read"
        for message in rereads:
            self._invoke(kind, self._etl, message)
            self.events[kind].hours += _hours(message)

    def _invoke(self, kind: str, handler: Handler, message: Message) -> None:
        meter, printed = self.meter, sys.stdout.tell()
        before, overhead_s, began = meter.used.copy(), meter.overhead_s, time.process_time()
        result = handler(_event(message), _context())
        assert not result["batchItemFailures"], f"{kind} failed: {message}"
        event = self.events[kind]
        event.count += 1
        event.cpu_s += time.process_time() - began - (meter.overhead_s - overhead_s)
        event.used += meter.used - before
        event.used["log bytes"] += sys.stdout.tell() - printed
        self.now_ms += MESSAGE_MS

    def _messages(self, queue: str) -> list[Message]:
        messages: list[Message] = []
        while batch := self._sqs.receive_message(
            QueueUrl=_queue_url(self._sqs, queue), MaxNumberOfMessages=10
        ).get("Messages"):
            for message in batch:
                self._sqs.delete_message(
                    QueueUrl=_queue_url(self._sqs, queue), ReceiptHandle=message["ReceiptHandle"]
                )
                messages.append(json.loads(message["Body"]))
        return messages

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.mount(API, SimulatedAce(self._simulator, self.meter))
        return session


def play(groups: int, hours: int = 24) -> dict[str, Any]:
    """Returns, by kind of event, its number and what one uses, and the sizes of what is stored."""
    os.environ |= ENVIRONMENT
    with mock_aws(), _captured() as printed:
        day = Day(groups)
        with day.meter.timed_emulator():
            day.play(hours)
        events = {kind: {"count": event.count} | event.mean() for kind, event in day.events.items()}
        metrics = custom_metrics(printed.getvalue())
        return {"groups": groups, "events": events, "sizes": day.sizes(), "metrics": metrics}


def custom_metrics(log: str) -> list[str]:
    """Returns the names of the metrics that log lines publish, in order; each has one set of dimensions."""
    names: set[str] = set()
    for line in log.splitlines():
        for directive in json.loads(line).get("_aws", {}).get("CloudWatchMetrics", []):
            names |= {metric["Name"] for metric in directive["Metrics"]}
    return sorted(names)


ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "Vitals",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "STATE_TABLE": "StateTable",
    "HOT_TABLE": "HotTable",
    "COLD_BUCKET": BUCKET,
    "SITES": SITE,
    "ACE_API_URL": API,
    "ACE_SECRET_NAME": "ace-api-key",
    "SYNC_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/sync",
    "ARCHIVE_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/archive",
}


def _handlers(runtime: Runtime) -> tuple[Handler, Handler]:
    """Returns the handlers of syncs and of archiving, which read the environment when they are imported."""
    from archival import app as archival
    from etl import app as etl
    from vitals.aws.queue_function import QueueFunction

    return (
        QueueFunction(etl.sync, failure="sync failed", runtime=runtime).handler,
        QueueFunction(archival.archive, failure="archiving failed", runtime=runtime).handler,
    )


def _create_stores() -> dict[str, tuple[str, str]]:
    """Creates tables, bucket, queues and secret; returns the keys of each table."""
    import boto3

    dynamodb = boto3.client("dynamodb", region_name=REGION)
    names: dict[str, tuple[str, str]] = {}
    for table in ("StateTable", "HotTable"):
        properties = template.load()["Resources"][table]["Properties"]
        schema = {key: properties[key] for key in ("BillingMode", "AttributeDefinitions", "KeySchema")}
        dynamodb.create_table(TableName=table, **schema)
        first, second = (key["AttributeName"] for key in properties["KeySchema"])
        names[table] = first, second
    boto3.client("s3", region_name=REGION).create_bucket(Bucket=BUCKET)
    for queue in ("sync", "archive"):
        boto3.client("sqs", region_name=REGION).create_queue(QueueName=queue)
    secret = {"Name": "ace-api-key", "SecretString": SimulatorSettings().api_key}
    boto3.client("secretsmanager", region_name=REGION).create_secret(**secret)
    return names


def _hours(message: Message) -> float:
    """Returns the length of the span that a re-read's message names."""
    return (parse_iso(message["end"]) - parse_iso(message["start"])) / HOUR_MS


def _queue_url(sqs: Any, queue: str) -> str:
    url: str = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return url


def _event(message: Message) -> dict[str, Any]:
    record = {"messageId": "1", "body": json.dumps(message), "eventSource": "aws:sqs"}
    return {"Records": [record | {"attributes": {"ApproximateReceiveCount": "1"}}]}


def _context() -> Any:
    return SimpleNamespace(
        function_name="bench",
        memory_limit_in_mb=1024,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:bench",
        aws_request_id="r-1",
        get_remaining_time_in_millis=lambda: 900_000,
    )


@contextmanager
def _captured() -> Iterator[io.StringIO]:
    """Yields what is printed: the log lines, whose bytes are counted."""
    stdout, printed = sys.stdout, io.StringIO()
    sys.stdout = printed
    try:
        yield printed
    finally:
        sys.stdout = stdout


if __name__ == "__main__":
    print(json.dumps(play(int(sys.argv[1]))))
