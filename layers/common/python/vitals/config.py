"""Settings from the environment: a table of variables, and the variables of each function."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, get_type_hints

from vitals.errors import ConfigError, InvalidRequestError
from vitals.site_name import check_site

# As a browser sends it: neither a path nor a star.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+", re.ASCII)
_HOUR_MS = 3_600_000
_MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: `parse` takes its text or raises ValueError; `default` None requires it."""

    name: str
    parse: Callable[[str], Any]
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """Parses a whole number from `low` to `high`, the bounds of the template's parameter, times `unit`."""

    low: int
    high: int
    unit: int = 1

    def __call__(self, text: str) -> int:
        if not text.isascii() or not text.isdigit() or not self.low <= int(text) <= self.high:
            raise ValueError(f"must be a whole number from {self.low} to {self.high}")
        return int(text) * self.unit


def _matching(text: str, pattern: str, form: str) -> str:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ValueError(f"must be {form}")
    return text


def _url(text: str) -> str:
    return _matching(text, "https?://.*", "an http(s) URL").rstrip("/")


def _switch(text: str) -> bool:
    return _matching(text, "true|false", "true or false") == "true"


def _sites(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(check_site(name.strip()) for name in text.split(","))) if text else ()


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(dict.fromkeys(origin.strip() for origin in text.split(",") if origin.strip()))
    if not all(map(_ORIGIN.fullmatch, origins)):
        raise ValueError("must be a comma-separated list of origins, such as https://charts.example.com")
    return origins


_identifier = partial(_matching, pattern="[A-Za-z_][A-Za-z0-9_]*", form="an SQL identifier")

StateTable = Annotated[str, Variable("STATE_TABLE", str)]
HotTable = Annotated[str, Variable("HOT_TABLE", str)]
ColdBucket = Annotated[str, Variable("COLD_BUCKET", str)]
Sites = Annotated[tuple[str, ...], Variable("SITES", _sites, "")]
AceApiUrl = Annotated[str, Variable("ACE_API_URL", _url)]
AceSecretName = Annotated[str, Variable("ACE_SECRET_NAME", str)]
RequestsPerMinute = Annotated[int, Variable("ACE_REQUESTS_PER_MINUTE", Whole(1, 60_000), "50")]
SyncConcurrency = Annotated[int, Variable("SYNC_CONCURRENCY", Whole(2, 20), "2")]
InitialLookback = Annotated[int, Variable("INITIAL_LOOKBACK_HOURS", Whole(1, 480, _HOUR_MS), "24")]
CatalogEvery = Annotated[int, Variable("CATALOG_HOURS", Whole(1, 24, _HOUR_MS), "6")]
HotDays = Annotated[int, Variable("HOT_DAYS", Whole(1, 400), "20")]
MaxDayFileBytes = Annotated[int, Variable("MAX_DAY_FILE_MB", Whole(1, 4_096, _MEGABYTE), "256")]
MaxRangeDays = Annotated[int, Variable("MAX_QUERY_RANGE_DAYS", Whole(1, 3_660), "365")]
Concurrency = Annotated[int, Variable("BACKFILL_CONCURRENCY", Whole(1, 40), "12")]
ScanLimit = Annotated[int, Variable("ATHENA_SCAN_LIMIT_BYTES", Whole(10**7, 10**15), "10000000000")]
ExportDailyBytes = Annotated[int, Variable("EXPORT_DAILY_BYTES", Whole(10**6, 10**15), "50000000000")]
Reconcile = Annotated[bool, Variable("ARCHIVE_RECONCILE", _switch, "true")]
GlueDatabase = Annotated[str, Variable("GLUE_DATABASE", _identifier)]
GlueTable = Annotated[str, Variable("GLUE_TABLE", _identifier)]
AthenaWorkGroup = Annotated[str, Variable("ATHENA_WORKGROUP", str)]
SyncQueueUrl = Annotated[str, Variable("SYNC_QUEUE_URL", str)]
ArchiveQueueUrl = Annotated[str, Variable("ARCHIVE_QUEUE_URL", str)]
ExportQueueUrl = Annotated[str, Variable("EXPORT_QUEUE_URL", str)]
ExportQueueHighUrl = Annotated[str, Variable("EXPORT_QUEUE_HIGH_URL", str)]
SyncDeadLettersUrl = Annotated[str, Variable("SYNC_DEAD_LETTERS_URL", str)]
ArchiveDeadLettersUrl = Annotated[str, Variable("ARCHIVE_DEAD_LETTERS_URL", str)]
ExportDeadLettersUrl = Annotated[str, Variable("EXPORT_DEAD_LETTERS_URL", str)]
StateMachineArn = Annotated[str, Variable("STATE_MACHINE_ARN", str)]
SharedUsageKey = Annotated[str, Variable("SHARED_USAGE_KEY", str)]
TraceDisabled = Annotated[bool, Variable("POWERTOOLS_TRACE_DISABLED", _switch, "false")]
AlarmTopicArn = Annotated[str, Variable("ALARM_TOPIC_ARN", str, "")]
AllowedOrigins = Annotated[tuple[str, ...], Variable("ALLOWED_ORIGINS", _origins, "")]


class Settings:
    """Settings by name, one per annotation. A dataclass of each kind would cost every cold start 20 ms."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"settings cannot be changed: {name}")


class EtlSettings(Settings):
    state_table: StateTable
    hot_table: HotTable
    sync_queue_url: SyncQueueUrl
    ace_api_url: AceApiUrl
    ace_secret_name: AceSecretName
    sites: Sites
    initial_lookback_ms: InitialLookback
    catalog_every_ms: CatalogEvery
    requests_per_minute: RequestsPerMinute
    sync_concurrency: SyncConcurrency


class ArchivalSettings(Settings):
    state_table: StateTable
    hot_table: HotTable
    cold_bucket: ColdBucket
    archive_queue_url: ArchiveQueueUrl
    ace_api_url: AceApiUrl
    ace_secret_name: AceSecretName
    sites: Sites
    hot_days: HotDays
    max_day_file_bytes: MaxDayFileBytes
    reconcile: Reconcile
    requests_per_minute: RequestsPerMinute
    alarm_topic_arn: AlarmTopicArn


class QuerySettings(Settings):
    state_table: StateTable
    hot_table: HotTable
    cold_bucket: ColdBucket
    sites: Sites
    glue_database: GlueDatabase
    glue_table: GlueTable
    athena_workgroup: AthenaWorkGroup
    max_day_file_bytes: MaxDayFileBytes
    max_range_days: MaxRangeDays
    ace_api_url: AceApiUrl
    sync_dead_letters_url: SyncDeadLettersUrl
    archive_dead_letters_url: ArchiveDeadLettersUrl
    export_dead_letters_url: ExportDeadLettersUrl


class BackfillApiSettings(Settings):
    state_table: StateTable
    sites: Sites
    state_machine_arn: StateMachineArn
    requests_per_minute: RequestsPerMinute
    concurrency: Concurrency


class BackfillSettings(BackfillApiSettings):
    hot_table: HotTable
    cold_bucket: ColdBucket
    ace_api_url: AceApiUrl
    ace_secret_name: AceSecretName
    hot_days: HotDays
    max_day_file_bytes: MaxDayFileBytes


class ExportApiSettings(Settings):
    state_table: StateTable
    cold_bucket: ColdBucket
    queue_url: ExportQueueUrl
    queue_high_url: ExportQueueHighUrl
    scan_limit_bytes: ScanLimit
    daily_bytes: ExportDailyBytes


class ExportSettings(Settings):
    state_table: StateTable
    hot_table: HotTable
    cold_bucket: ColdBucket
    queue_url: ExportQueueUrl
    queue_high_url: ExportQueueHighUrl
    glue_database: GlueDatabase
    glue_table: GlueTable
    athena_workgroup: AthenaWorkGroup
    max_day_file_bytes: MaxDayFileBytes


class AuthorizerSettings(Settings):
    state_table: StateTable
    shared_usage_key: SharedUsageKey


class AdminSettings(Settings):
    state_table: StateTable
    sites: Sites


class HttpSettings(Settings):
    allowed_origins: AllowedOrigins


class TracingSettings(Settings):
    trace_disabled: TraceDisabled


def load[T: Settings](kind: type[T], environ: Mapping[str, str] = os.environ) -> T:
    """Returns the settings of one kind; ConfigError names every variable that is missing or malformed."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field, variable in variables(kind).items():
        text = environ.get(variable.name, "").strip() or variable.default
        if text is None:
            problems.append(f"{variable.name} is missing")
            continue
        try:
            values[field] = variable.parse(text)
        except (ValueError, InvalidRequestError) as error:
            problems.append(f"{variable.name} {error}")
    if problems:
        raise ConfigError("; ".join(problems))
    return kind(**values)


def initial_sites(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the initial list of sites in the environment of a function."""
    return _sites(environ.get("SITES", "").strip())


def variables(kind: type[Settings]) -> dict[str, Variable]:
    """Returns the environment variable of each field of a kind of settings."""
    hints = get_type_hints(kind, include_extras=True)
    return {field: hint.__metadata__[0] for field, hint in hints.items()}
