"""Settings from the environment: one frozen dataclass per function, every problem named at once."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vitals.errors import ConfigError, InvalidRequestError
from vitals.keys import check_site
from vitals.timespan import HOUR_MS

# As a browser sends it: neither a path nor a star.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class EtlSettings:
    state_table: str
    hot_table: str
    sync_queue_url: str
    ace_api_url: str
    ace_secret_id: str
    sites: tuple[str, ...]
    initial_lookback_ms: int
    requests_per_minute: int


@dataclass(frozen=True, slots=True)
class ArchivalSettings:
    state_table: str
    hot_table: str
    cold_bucket: str
    archive_queue_url: str
    ace_api_url: str
    ace_secret_id: str
    sites: tuple[str, ...]
    hot_days: int
    max_day_file_bytes: int
    reconcile: bool
    requests_per_minute: int


@dataclass(frozen=True, slots=True)
class QuerySettings:
    state_table: str
    hot_table: str
    cold_bucket: str
    sites: tuple[str, ...]
    glue_database: str
    glue_table: str
    athena_workgroup: str
    max_day_file_bytes: int
    max_range_days: int
    ace_api_url: str
    sync_dead_letters_url: str
    archive_dead_letters_url: str
    export_dead_letters_url: str


@dataclass(frozen=True, slots=True)
class BackfillApiSettings:
    state_table: str
    sites: tuple[str, ...]
    state_machine_arn: str
    requests_per_minute: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class BackfillSettings(BackfillApiSettings):
    hot_table: str
    cold_bucket: str
    ace_api_url: str
    ace_secret_id: str
    hot_days: int
    max_day_file_bytes: int


@dataclass(frozen=True, slots=True)
class ExportApiSettings:
    state_table: str
    cold_bucket: str
    queue_url: str
    queue_high_url: str
    scan_limit_bytes: int


@dataclass(frozen=True, slots=True)
class ExportSettings:
    state_table: str
    hot_table: str
    cold_bucket: str
    queue_url: str
    queue_high_url: str
    glue_database: str
    glue_table: str
    athena_workgroup: str
    max_day_file_bytes: int


@dataclass(frozen=True, slots=True)
class AuthorizerSettings:
    state_table: str
    shared_usage_key: str


@dataclass(frozen=True, slots=True)
class HttpSettings:
    allowed_origins: tuple[str, ...]


def etl(environ: Mapping[str, str] = os.environ) -> EtlSettings:
    """The sync's settings; ConfigError names every variable that is missing or malformed."""
    read = _Reader(environ)
    settings = EtlSettings(
        state_table=read.text("STATE_TABLE"),
        hot_table=read.text("HOT_TABLE"),
        sync_queue_url=read.text("SYNC_QUEUE_URL"),
        ace_api_url=read.url("ACE_API_URL"),
        ace_secret_id=read.text("ACE_SECRET_ID"),
        sites=read.sites("SITES"),
        initial_lookback_ms=read.integer("INITIAL_LOOKBACK_HOURS", 24, 1, 24 * 20) * HOUR_MS,
        requests_per_minute=read.integer("ACE_REQUESTS_PER_MINUTE", 50, 1, 60_000),
    )
    read.finish()
    return settings


def archival(environ: Mapping[str, str] = os.environ) -> ArchivalSettings:
    """The archiving's settings; ConfigError as for `etl`."""
    read = _Reader(environ)
    settings = ArchivalSettings(
        state_table=read.text("STATE_TABLE"),
        hot_table=read.text("HOT_TABLE"),
        cold_bucket=read.text("COLD_BUCKET"),
        archive_queue_url=read.text("ARCHIVE_QUEUE_URL"),
        ace_api_url=read.url("ACE_API_URL"),
        ace_secret_id=read.text("ACE_SECRET_ID"),
        sites=read.sites("SITES"),
        hot_days=read.integer("HOT_DAYS", 20, 1, 400),
        max_day_file_bytes=read.integer("MAX_DAY_FILE_MB", 256, 1, 4_096) * 2**20,
        reconcile=read.switch("ARCHIVE_RECONCILE", True),
        requests_per_minute=read.integer("ACE_REQUESTS_PER_MINUTE", 50, 1, 60_000),
    )
    read.finish()
    return settings


def query(environ: Mapping[str, str] = os.environ) -> QuerySettings:
    """The query API's settings; ConfigError as for `etl`."""
    read = _Reader(environ)
    settings = QuerySettings(
        state_table=read.text("STATE_TABLE"),
        hot_table=read.text("HOT_TABLE"),
        cold_bucket=read.text("COLD_BUCKET"),
        sites=read.sites("SITES"),
        glue_database=read.identifier("GLUE_DATABASE"),
        glue_table=read.identifier("GLUE_TABLE"),
        athena_workgroup=read.text("ATHENA_WORKGROUP"),
        max_day_file_bytes=read.integer("MAX_DAY_FILE_MB", 256, 1, 4_096) * 2**20,
        max_range_days=read.integer("MAX_QUERY_RANGE_DAYS", 365, 1, 36_500),
        ace_api_url=read.url("ACE_API_URL"),
        sync_dead_letters_url=read.text("SYNC_DEAD_LETTERS_URL"),
        archive_dead_letters_url=read.text("ARCHIVE_DEAD_LETTERS_URL"),
        export_dead_letters_url=read.text("EXPORT_DEAD_LETTERS_URL"),
    )
    read.finish()
    return settings


def backfill_api(environ: Mapping[str, str] = os.environ) -> BackfillApiSettings:
    """The settings of the backfill's routes; ConfigError as for `etl`."""
    read = _Reader(environ)
    settings = BackfillApiSettings(**_backfill(read))
    read.finish()
    return settings


def backfill(environ: Mapping[str, str] = os.environ) -> BackfillSettings:
    """The settings of the backfill's tasks; ConfigError as for `etl`."""
    read = _Reader(environ)
    settings = BackfillSettings(
        **_backfill(read),
        hot_table=read.text("HOT_TABLE"),
        cold_bucket=read.text("COLD_BUCKET"),
        ace_api_url=read.url("ACE_API_URL"),
        ace_secret_id=read.text("ACE_SECRET_ID"),
        hot_days=read.integer("HOT_DAYS", 20, 1, 400),
        max_day_file_bytes=read.integer("MAX_DAY_FILE_MB", 256, 1, 4_096) * 2**20,
    )
    read.finish()
    return settings


def _backfill(read: "_Reader") -> dict[str, Any]:
    return {
        "state_table": read.text("STATE_TABLE"),
        "sites": read.sites("SITES"),
        "state_machine_arn": read.text("STATE_MACHINE_ARN"),
        "requests_per_minute": read.integer("ACE_REQUESTS_PER_MINUTE", 50, 1, 60_000),
        "concurrency": read.integer("BACKFILL_CONCURRENCY", 2, 1, 40),
    }


def export_api(environ: Mapping[str, str] = os.environ) -> ExportApiSettings:
    """The settings of the exports' routes; ConfigError as for `etl`."""
    read = _Reader(environ)
    settings = ExportApiSettings(
        state_table=read.text("STATE_TABLE"),
        cold_bucket=read.text("COLD_BUCKET"),
        queue_url=read.text("EXPORT_QUEUE_URL"),
        queue_high_url=read.text("EXPORT_QUEUE_HIGH_URL"),
        scan_limit_bytes=read.integer("ATHENA_SCAN_LIMIT_BYTES", 10**10, 10**7, 10**15),
    )
    read.finish()
    return settings


def export(environ: Mapping[str, str] = os.environ) -> ExportSettings:
    """The settings of the exports' worker; ConfigError as for `etl`."""
    read = _Reader(environ)
    settings = ExportSettings(
        state_table=read.text("STATE_TABLE"),
        hot_table=read.text("HOT_TABLE"),
        cold_bucket=read.text("COLD_BUCKET"),
        queue_url=read.text("EXPORT_QUEUE_URL"),
        queue_high_url=read.text("EXPORT_QUEUE_HIGH_URL"),
        glue_database=read.identifier("GLUE_DATABASE"),
        glue_table=read.identifier("GLUE_TABLE"),
        athena_workgroup=read.text("ATHENA_WORKGROUP"),
        max_day_file_bytes=read.integer("MAX_DAY_FILE_MB", 256, 1, 4_096) * 2**20,
    )
    read.finish()
    return settings


def authorizer(environ: Mapping[str, str] = os.environ) -> AuthorizerSettings:
    """The authorizer's settings; ConfigError as for `etl`."""
    read = _Reader(environ)
    settings = AuthorizerSettings(
        state_table=read.text("STATE_TABLE"), shared_usage_key=read.text("SHARED_USAGE_KEY")
    )
    read.finish()
    return settings


def http(environ: Mapping[str, str] = os.environ) -> HttpSettings:
    """What all functions behind API Gateway are told; ConfigError as for `etl`."""
    read = _Reader(environ)
    settings = HttpSettings(allowed_origins=read.origins("ALLOWED_ORIGINS"))
    read.finish()
    return settings


class _Reader:
    """Reads variables one by one and remembers what is wrong, so that one error can say it all."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[str] = []

    def finish(self) -> None:
        if self._problems:
            raise ConfigError("; ".join(self._problems))

    def text(self, name: str) -> str:
        return self._parse(name, str, "", None)

    def identifier(self, name: str) -> str:
        def parse(text: str) -> str:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text, re.ASCII):
                raise ValueError("is no SQL identifier")
            return text

        return self._parse(name, parse, "", None)

    def url(self, name: str) -> str:
        def parse(text: str) -> str:
            if not text.startswith(("https://", "http://")):
                raise ValueError("is no http(s) URL")
            return text.rstrip("/")

        return self._parse(name, parse, "", None)

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        def parse(text: str) -> int:
            if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
                raise ValueError(f"is not a whole number from {low} to {high}")
            return int(text)

        return self._parse(name, parse, low, str(default))

    def switch(self, name: str, default: bool) -> bool:
        def parse(text: str) -> bool:
            if text not in ("true", "false"):
                raise ValueError("is neither true nor false")
            return text == "true"

        return self._parse(name, parse, default, str(default).lower())

    def sites(self, name: str) -> tuple[str, ...]:
        def parse(text: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(check_site(part.strip()) for part in text.split(",")))

        return self._parse(name, parse, (), None)

    def origins(self, name: str) -> tuple[str, ...]:
        def parse(text: str) -> tuple[str, ...]:
            found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
            if not all(_ORIGIN.fullmatch(origin) for origin in found):
                raise ValueError("is no list of origins, such as https://charts.example.com")
            return found

        return self._parse(name, parse, (), "")

    def _parse[T](self, name: str, parse: Callable[[str], T], placeholder: T, default: str | None) -> T:
        text = self._environ.get(name, "").strip() or default
        if text is None:
            self._problems.append(f"{name} is missing")
            return placeholder
        try:
            return parse(text)
        except (ValueError, InvalidRequestError) as error:
            self._problems.append(f"{name} {error}")
            return placeholder
