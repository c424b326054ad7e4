"""The SQL that selects samples of the archive, with the names of points as parameters."""

import hashlib
import re
from collections.abc import Sequence

from vitals.aws.athena import literal
from vitals.model.row_counts import partial_days
from vitals.model.timespan import Span, day_name, iso
from vitals.store import keys

# Times as numbers, because Athena writes timestamps to Parquet as INT96, without a zone.
_TIME_MS = "date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', {})"
_SAMPLES = f"""
SELECT point_name, {_TIME_MS.format('"timestamp"')} AS time_ms, value
FROM "{{database}}"."{{table}}"
WHERE site = ? AND day BETWEEN ? AND ?
  AND "timestamp" >= CAST(? AS timestamp) AND "timestamp" < CAST(? AS timestamp){{points}}
"""
# Rows whose name is NULL, which no point has. Each counts `value` rows, the first of them at `time_ms`.
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
# Characters that may not pass every lexer and log between here and the engine.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
# 64 bits: two names of a site share them in one of 10¹² sites.
_DIGEST_DIGITS = 16


def samples(
    database: str,
    table: str,
    site: str,
    span: Span,
    names: Sequence[str] | None,
    max_rows: int | None = None,
) -> tuple[str, list[str]]:
    """Returns the SELECT of these points' samples in the span (None: all points), and its parameters.

    It selects up to `max_rows` samples. Rows without a name count the days that are partly in the span, for
    RowCounts.add_source_counts.
    """
    days = partial_days(span)
    points, named = ("", []) if names is None else _points(names, 2 if days else 1)
    source = {"database": database, "table": table, "points": points}
    select = _SAMPLES.format(**source)
    edges = [keys.athena_day(day_name(time_ms)) for time_ms in (span.start_ms, span.end_ms - 1)]
    start, end = _timestamp(span.start_ms), _timestamp(span.end_ms)
    parameters = [site, *edges, start, end, *named]
    if max_rows is not None:
        select += f"LIMIT {max_rows}\n"
    if days:
        # The limit applies to the samples, and every statement begins with SELECT, as UNLOAD is documented.
        select = f"SELECT point_name, time_ms, value FROM ({select})"
        marks = ", ".join("?" * len(days))
        select += _COUNTS.format(**source, days=marks, start=start, end=end)
        parameters += [site, *(keys.athena_day(day_name(day_ms)) for day_ms in days), *named]
    return select, parameters


def _points(names: Sequence[str], times: int) -> tuple[str, list[str]]:
    """Returns the condition that selects these points, which a query uses `times` times, and its parameters.

    Names that Athena might not accept as literals are selected by digests of their UTF-8, which are always
    safe and short; but then the query reads every point of a day, because the files' statistics are of names.
    """
    literals = [literal(name) for name in names]
    size = sum(len(literal.encode()) + len("?, ") for literal in literals) * times
    fit = all(len(literal.encode("utf-16-le")) // 2 <= _MAX_PARAMETER_CHARACTERS for literal in literals)
    if fit and size <= _MAX_NAME_BYTES and not any(map(_UNSAFE.search, names)):
        return f"\n  AND point_name IN ({', '.join('?' * len(names))})", list(names)
    digests = ", ".join(f"'{_digest(name)}'" for name in names)
    digest = f"substr(to_hex(sha256(to_utf8(point_name))), 1, {_DIGEST_DIGITS})"
    return f"\n  AND {digest} IN ({digests})", []


def _digest(name: str) -> str:
    """Returns the digest as Athena's to_hex(sha256(…)) writes it."""
    return hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_DIGITS].upper()


def _timestamp(time_ms: int) -> str:
    """Returns a time as the text that Athena casts to a timestamp."""
    return iso(time_ms).replace("T", " ").removesuffix("Z")
