"""What a month uses: a site, a stack without sites, and queries; pure, from the facts and the units."""

import math
from collections.abc import Iterator

from operations.cost import assumptions as assumed
from operations.cost.bill import Line
from operations.cost.facts import Facts
from operations.cost.units import CUSTOM_METRICS, DAY_FILE_BYTES, EVENTS, ITEM_BYTES, Event
from vitals.ace.page_size import LARGEST, LIVE
from vitals.model.timespan import HOUR_MS, Span
from vitals.pipeline.ingest import PAGES_AT_ONCE
from vitals.pipeline.page_spans import Density, requests

# Causes of the units of DynamoDB, by what `bench.day` counts.
_PACE = "StateTable write of pace"
OF_STACK = ("schedule", "plan")
"""Events that a stack has once, whatever the number of its sites."""
LISTING_PAGE = 100
"""Points of a page of ACE's listing, at most."""
_SYNC_MINUTES = 20
_HOURS = {"recent re-read": 2, "full re-read": 24, "archive": 24}
"""The hours that an event reads, one request after another. A re-read has a message for each request."""


def site(facts: Facts, points: int) -> list[Line]:
    """Returns what one site of this many points uses in a month."""
    events = [event for event in EVENTS if event.name not in OF_STACK]
    lines = [line for event in events for line in _of_event(facts, event, points)]
    return [*lines, *_storage(facts, points)]


def of_event(facts: Facts, name: str, points: int) -> list[Line]:
    """Returns what the events of one kind use in a month."""
    return [line for event in EVENTS if event.name == name for line in _of_event(facts, event, points)]


def upstream_requests(facts: Facts, points: int) -> float:
    """Returns the requests to ACE that a site makes in a minute, on average over a day."""
    day = sum(per_day(event, points) * requests_of(facts, event, points) for event in EVENTS)
    return day / (24 * 60)


def per_day(event: Event, points: int) -> float:
    """Returns how often a function is invoked for an event in a day."""
    return event.per_day * _messages(event, points)


def requests_of(facts: Facts, event: Event, points: int) -> float:
    """Returns the requests to ACE of one invocation."""
    pages = _pages(event, points)
    if event.name == "sync":
        # The weather, and the listing when it is due.
        return pages + 1 + _listing_requests(points) * _listings(facts, event)
    return pages


def seconds_of(facts: Facts, event: Event, points: int) -> float:
    """Returns the seconds that Lambda bills for an invocation: CPU, and waits for ACE and DynamoDB."""
    groups = _groups(event, points)
    serial, parallel = event.dynamodb_requests.fixed, event.dynamodb_requests.per_group * groups
    waits = (serial + parallel / assumed.AWS_PARALLEL) * assumed.AWS_REQUEST_S
    cpu_s = event.cpu_s.of(groups) * _slowness(facts, event.function)
    return cpu_s + waits + ace_seconds_of(facts, event, points)


def ace_seconds_of(facts: Facts, event: Event, points: int) -> float:
    """Returns the seconds that an invocation waits for ACE: requests at the same time are one wait."""
    pages = _pages(event, points)
    if event.name == "sync":
        # The weather is requested with the readings, and the listing before both, page by page.
        waits = math.ceil(pages / PAGES_AT_ONCE) + _listings(facts, event) * _listing_requests(points)
        return waits * assumed.ACE_REQUEST_S
    # Each request of an archiving has a slot of the key's rate.
    interval_s = 60 / facts.requests_per_minute if event.name == "archive" else 0
    return pages * max(assumed.ACE_REQUEST_S, interval_s)


def stack(facts: Facts) -> list[Line]:
    """Returns what a stack uses in a month without any site."""
    polls = assumed.POLLERS * 86_400 / assumed.POLL_S * assumed.DAYS
    methods = assumed.METHODS * assumed.METRICS_PER_METHOD if facts.detailed_metrics else 0
    events = [event for event in EVENTS if event.name in OF_STACK]
    return [
        Line("CLOUDWATCH_ALARM_METRIC_MONTH", "alarms", facts.alarm_metrics),
        Line("CLOUDWATCH_COMPOSITE_ALARM_MONTH", "alarms", facts.composite_alarms),
        Line("CLOUDWATCH_METRIC_MONTH", "metrics of the functions", len(CUSTOM_METRICS)),
        Line("CLOUDWATCH_METRIC_MONTH", "metrics of each method of the API", methods),
        Line("CLOUDWATCH_DASHBOARD_MONTH", "dashboards", facts.dashboards),
        Line("SECRETS_SECRET_MONTH", "the key of ACE", facts.secrets),
        Line("SECRETS_REQUEST", "the key of ACE", assumed.SECRET_READS_PER_DAY * assumed.DAYS),
        Line("SQS_REQUEST", "polling of empty queues", facts.queues * polls),
        Line("SCHEDULER_EVENT", "schedules", (288 + facts.schedules - 1) * assumed.DAYS),
        Line(
            "KMS_REQUEST",
            "keys of the tables",
            len(facts.keys_of_account) * assumed.KMS_REQUESTS_PER_DAY * assumed.DAYS,
        ),
        *(line for event in events for line in _of_event(facts, event, points=0)),
        *(_cold_starts(facts, name) for name in ("EtlFunction", "ArchivalFunction")),
    ]


def queries(facts: Facts, number: int) -> list[Line]:
    """Returns what this many queries use."""
    log_gb = (assumed.QUERY_LOG_BYTES + assumed.ACCESS_LOG_BYTES) / assumed.GIGABYTE
    gb_s = assumed.QUERY_S * facts.memory_mb["QueryFunction"] / 1024
    authorizer_s = assumed.AUTHORIZATION_S * facts.memory_mb["AuthorizerFunction"] / 1024
    each_query = [
        Line("API_REQUEST", "queries", 1),
        Line("LAMBDA_REQUEST", "queries", 1 + assumed.AUTHORIZATIONS),
        Line(_gb_second(facts, "QueryFunction"), "queries", gb_s),
        Line(_gb_second(facts, "AuthorizerFunction"), "queries", assumed.AUTHORIZATIONS * authorizer_s),
        Line("DYNAMODB_READ_UNIT", "queries", assumed.QUERY_READ_UNITS + assumed.AUTHORIZATIONS),
        Line("S3_PUT", "cached answers", 1),
        Line("TRANSFER_GB", "answers", assumed.ANSWER_BYTES / assumed.GIGABYTE),
        *_logs(facts, "queries", log_gb),
        Line("XRAY_TRACE", "queries", 1 if facts.is_traced else 0),
    ]
    return [line.times(number) for line in each_query]


def _reservations(event: Event, requests: float, pages: int) -> float:
    """Returns how often an event reserves slots of the rate limit: once for requests at the same time.

    An archiving has a slot of its own for each request too.
    """
    if event.name == "archive":
        return requests
    at_once = pages + 1 if event.name == "sync" else pages
    return requests - at_once + 1


def _pages(event: Event, points: int) -> int:
    """Returns the pages of readings of one invocation."""
    if event.name == "sync":
        return math.ceil(points * assumed.SAMPLES_PER_MINUTE * _SYNC_MINUTES / LIVE)
    return _requests(event, points) // _messages(event, points)


def _messages(event: Event, points: int) -> int:
    """Returns the messages of one event: those of a re-read ask for a page each."""
    return _requests(event, points) if event.name.endswith("re-read") else 1


def _requests(event: Event, points: int) -> int:
    """Returns the requests that read the hours of an event, if it reads hours."""
    density = Density(points * assumed.SAMPLES_PER_MINUTE / 60, LARGEST)
    return requests(Span(0, _HOURS.get(event.name, 0) * HOUR_MS), density)


def _groups(event: Event, points: int) -> float:
    """Returns the groups of points of an invocation; of a re-read, multiplied by the hours of a message."""
    groups = points / assumed.POINTS_PER_GROUP
    if not event.name.endswith("re-read"):
        return groups
    return groups * _HOURS[event.name] / _messages(event, points)


def _listing_requests(points: int) -> int:
    """Returns the requests of a listing: the site, and the pages of its points."""
    return 1 + math.ceil(points / LISTING_PAGE)


def _listings(facts: Facts, event: Event) -> float:
    """Returns the listings of one sync, on average."""
    return 24 / facts.catalog_hours / event.per_day


def _of_event(facts: Facts, event: Event, points: int) -> Iterator[Line]:
    groups = _groups(event, points)
    number = per_day(event, points) * assumed.DAYS
    reservations = _reservations(event, requests_of(facts, event, points), _pages(event, points))
    for name, amount in event.used.items():
        units = amount.of(groups)
        if name == _PACE:
            # What the measurement has per group are slots of the listing, which `reservations` has too.
            units = amount.fixed * reservations / _reservations(event, event.upstream_requests, pages=1)
        yield Line(_price_of(name), _cause_of(name, event), number * units)
    gb_s = seconds_of(facts, event, points) * facts.memory_mb[event.function] / 1024
    yield Line(_gb_second(facts, event.function), event.name, number * gb_s)
    yield Line("LAMBDA_REQUEST", event.name, number)
    # The receipt of its message, and its deletion.
    yield Line("SQS_REQUEST", "messages", 2 * number)
    log_gb = (event.log_bytes + assumed.PLATFORM_LOG_BYTES) / assumed.GIGABYTE
    yield from _logs(facts, event.name, number * log_gb)
    yield Line("XRAY_TRACE", event.name, number if facts.is_traced else 0)


def _storage(facts: Facts, points: int) -> Iterator[Line]:
    groups = points / assumed.POINTS_PER_GROUP
    # Today, and HotDays after a day was archived.
    live_days = facts.hot_days + 2 + assumed.EXPIRY_DELAY_DAYS
    items = {
        "blocks": live_days * 288 * groups * _stored_bytes("block"),
        "rollups": assumed.DAYS_OF_ROLLUPS * points * _stored_bytes("rollup"),
    }
    for cause, size in items.items():
        gigabytes = size / assumed.GIGABYTE
        yield Line("DYNAMODB_STORAGE_GB_MONTH", f"storage of {cause}", gigabytes)
        if "HotTable" in facts.backed_up:
            yield Line("DYNAMODB_BACKUP_GB_MONTH", f"point-in-time recovery of {cause}", gigabytes)
    files = assumed.DAYS_OF_ROLLUPS * DAY_FILE_BYTES.of(groups) / assumed.GIGABYTE
    yield Line("S3_STORAGE_GB_MONTH", "storage of day files", files)


def _stored_bytes(kind: str) -> float:
    return ITEM_BYTES[kind] + assumed.ITEM_OVERHEAD_BYTES


def _cold_starts(facts: Facts, function: str) -> Line:
    seconds = assumed.COLD_START_CPU_S * _slowness(facts, function)
    gb_s = seconds * facts.memory_mb[function] / 1024
    return Line(_gb_second(facts, function), "cold starts", assumed.COLD_STARTS_PER_DAY * assumed.DAYS * gb_s)


def _logs(facts: Facts, cause: str, gigabytes: float) -> Iterator[Line]:
    yield Line("CLOUDWATCH_LOG_GB", f"logs: {cause}", gigabytes)
    yield Line("CLOUDWATCH_LOG_GB_MONTH", f"logs: {cause}", gigabytes * facts.log_days / assumed.DAYS)


def _slowness(facts: Facts, function: str) -> float:
    """Returns how much longer a function computes than with one CPU."""
    return max(1.0, assumed.FULL_CPU_MB / facts.memory_mb[function])


def _gb_second(facts: Facts, function: str) -> str:
    return "LAMBDA_ARM_GB_SECOND" if function in facts.arm_functions else "LAMBDA_GB_SECOND"


def _price_of(name: str) -> str:
    if name.startswith("s3 "):
        return "S3_PUT" if name == "s3 put" else "S3_GET"
    if name.startswith("sqs "):
        return "SQS_REQUEST"
    return "DYNAMODB_WRITE_UNIT" if " write of " in name else "DYNAMODB_READ_UNIT"


def _cause_of(name: str, event: Event) -> str:
    """Returns the cause: reads by event, writes by what is written."""
    kind, _, cause = name.partition(" of ")
    if kind == "HotTable write":
        return cause if cause in ("expiry marks", "rollups") else f"{cause} written"
    if kind == "HotTable read":
        return f"{cause} read: {event.name}"
    return "messages" if kind.startswith("sqs") else "day files" if kind.startswith("s3") else "state"
