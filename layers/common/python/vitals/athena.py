"""Athena: one query from its start to its end; what a caller sent reaches it as parameters only."""

import contextlib
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

from vitals import keys
from vitals.counts import cut_days
from vitals.errors import AthenaError, TierTimeoutError, TooLargeError
from vitals.timespan import Span, day_name, iso

# Hardly any query takes less than half a second, and the account's calls a second are limited.
_FIRST_POLL_S = 0.2
_LONGEST_POLL_S = 1.0
# Times as numbers, for Athena writes timestamps to Parquet as INT96, without a zone.
_TIME_MS = "date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', {})"
_SAMPLES = f"""
SELECT point_name, {_TIME_MS.format('"timestamp"')} AS time_ms, value
FROM "{{database}}"."{{table}}"
WHERE site = ? AND day BETWEEN ? AND ?
  AND "timestamp" >= CAST(? AS timestamp) AND "timestamp" < CAST(? AS timestamp){{points}}
"""
# Rows without a name, of which a name is none: `value` rows, the first of them at `time_ms`.
_COUNTS = f"""
UNION ALL
SELECT CAST(NULL AS varchar), {_TIME_MS.format('min("timestamp")')}, CAST(count(*) AS double)
FROM "{{database}}"."{{table}}"
WHERE site = ? AND day IN ({{days}}){{points}}
GROUP BY day, ("timestamp" >= TIMESTAMP '{{start}}' AND "timestamp" < TIMESTAMP '{{end}}')
"""
# A query of Athena has at most 262,144 bytes; a name is a parameter, once or twice, with a `?` and a comma.
_MAX_NAME_BYTES = 200_000
# Athena's limit of a parameter, which Java counts in UTF-16.
_MAX_PARAMETER_CHARACTERS = 1_024
# What may not pass every lexer and log between here and the engine.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
# 64 bits: among a site's points two names share them once in 10¹² sites.
_DIGEST_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Athena:
    """Queries of one database in one workgroup, by sessions like boto3's or its default."""

    database: str
    workgroup: str
    client_config: Config
    session: Callable[[], Any] = lambda: None
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def run(
        self, sql: str, parameters: Sequence[str], timeout_s: float, go_on: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """What Athena says of the query when it has succeeded; `parameters` are texts, as they are.

        AthenaError when it fails, TooLargeError when it scans more than the workgroup allows,
        TierTimeoutError when it is not done in time. An error of `go_on`, called with each look, ends it too.
        Whatever ends it early, the query is stopped.
        """
        end = self.monotonic() + timeout_s
        wr, session = self._wrangler()
        with _told():
            execution = wr.athena.start_query_execution(
                sql,
                database=self.database,
                workgroup=self.workgroup,
                params=[_literal(text) for text in parameters],
                paramstyle="qmark",
                boto3_session=session,
            )
            with _stopped_early(wr, session, execution):
                return self._wait(wr, session, execution, end, go_on)

    def frame(self, execution: str) -> Any:
        """What an UNLOAD that has succeeded left, as a data frame, None when that is nothing."""
        wr, session = self._wrangler()
        with _told():
            try:
                return wr.athena.get_query_results(execution, boto3_session=session)
            except wr.exceptions.EmptyDataFrame:
                return None

    def _wrangler(self) -> tuple[Any, Any]:
        # Importing pandas and awswrangler takes a second or two, so only who asks Athena pays for it.
        import awswrangler as wr

        wr.config.botocore_config = self.client_config
        return wr, self.session()

    def _wait(
        self, wr: Any, session: Any, execution: str, end: float, go_on: Callable[[], None]
    ) -> dict[str, Any]:
        for pause in self._pauses():
            told: dict[str, Any] = wr.athena.get_query_execution(execution, boto3_session=session)
            status = told["Status"]
            if status["State"] == "SUCCEEDED":
                return told
            if status["State"] in ("FAILED", "CANCELLED"):
                reason = status.get("StateChangeReason", status["State"])
                if "bytes scanned limit" in reason.lower():
                    raise TooLargeError("the range holds more than one query may scan; ask for less")
                raise AthenaError("Athena could not answer the query", reason)
            if self.monotonic() + pause > end:
                break
            go_on()
            self.sleep(pause)
        raise TierTimeoutError("Athena did not answer in time; ask for less")

    def _pauses(self) -> Iterator[float]:
        pause = _FIRST_POLL_S
        while True:
            yield pause
            pause = min(pause * 1.5, _LONGEST_POLL_S)


def samples(
    database: str,
    table: str,
    site: str,
    span: Span,
    names: Sequence[str] | None,
    most_rows: int | None = None,
) -> tuple[str, list[str]]:
    """The SELECT of these points' samples in the span, or of all points', and its parameters.

    It gives up to `most_rows` samples, and counts the days that the span cuts: counts.RowCounts takes these
    rows, which have no name, by add_source_counts.
    """
    days = cut_days(span)
    points, named = ("", []) if names is None else _points(names, 2 if days else 1)
    source = {"database": database, "table": table, "points": points}
    select = _SAMPLES.format(**source)
    edges = [keys.athena_day(day_name(time_ms)) for time_ms in (span.start_ms, span.end_ms - 1)]
    start, end = _timestamp(span.start_ms), _timestamp(span.end_ms)
    parameters = [site, *edges, start, end, *named]
    if most_rows is not None:
        select += f"LIMIT {most_rows}\n"
    if days:
        # The limit is of the samples, and every statement begins with SELECT, as UNLOAD is documented.
        select = f"SELECT point_name, time_ms, value FROM ({select})"
        marks = ", ".join("?" * len(days))
        select += _COUNTS.format(**source, days=marks, start=start, end=end)
        parameters += [site, *(keys.athena_day(day_name(day_ms)) for day_ms in days), *named]
    return select, parameters


def _points(names: Sequence[str], times: int) -> tuple[str, list[str]]:
    """The condition that selects these points, used so many times in a query, and its parameters.

    Names that Athena might not take as literals are selected by digests of their UTF-8, which are always
    safe and short; such a query reads every point of its days, for the files' statistics are of names.
    """
    literals = [_literal(name) for name in names]
    size = sum(len(literal.encode()) + len("?, ") for literal in literals) * times
    fit = all(len(literal.encode("utf-16-le")) // 2 <= _MAX_PARAMETER_CHARACTERS for literal in literals)
    if fit and size <= _MAX_NAME_BYTES and not any(map(_UNSAFE.search, names)):
        return f"\n  AND point_name IN ({', '.join('?' * len(names))})", list(names)
    digests = ", ".join(f"'{_digest(name)}'" for name in names)
    digest = f"substr(to_hex(sha256(to_utf8(point_name))), 1, {_DIGEST_DIGITS})"
    return f"\n  AND {digest} IN ({digests})", []


def _digest(name: str) -> str:
    """As Athena's to_hex(sha256(…)) writes it."""
    return hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_DIGITS].upper()


def scanned_bytes(told: dict[str, Any]) -> int:
    """What a query that has succeeded read, which is what it is billed by."""
    return int(told.get("Statistics", {}).get("DataScannedInBytes", 0))


def _timestamp(time_ms: int) -> str:
    """A time as the text that Athena casts to a timestamp."""
    return iso(time_ms).replace("T", " ").removesuffix("Z")


def _literal(text: str) -> str:
    """Athena reads a parameter as an SQL expression, so that a text must come as a literal."""
    return "'" + text.replace("'", "''") + "'"


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What AWS says, in this product's words."""
    try:
        yield
    except (ConnectTimeoutError, ReadTimeoutError) as error:
        raise TierTimeoutError("Athena did not answer in time; try again") from error
    except (ClientError, BotoCoreError) as error:
        raise AthenaError("Athena could not be asked", str(error)) from error


@contextlib.contextmanager
def _stopped_early(wr: Any, session: Any, execution: str) -> Iterator[None]:
    try:
        yield
    except (AthenaError, TooLargeError):
        # It has ended by itself.
        raise
    except Exception:
        with contextlib.suppress(ClientError, BotoCoreError, TierTimeoutError):
            wr.athena.stop_query_execution(execution, boto3_session=session)
        raise
