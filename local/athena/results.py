"""The files that Athena writes to S3 for a successful query, and the answer of GetQueryResults."""

import io
import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from moto.athena.models import QueryResults

from local.athena.engine import Answer
from local.athena.errors import QueryError

# Athena writes in parallel: several files in no order.
_FILES = 2
_TYPES = {
    "string": "varchar",
    "int32": "integer",
    "int64": "bigint",
    "float": "float",
    "double": "double",
    "bool": "boolean",
    "date32[day]": "date",
}


def write_rows(s3: Any, answer: Answer, csv: str) -> QueryResults:
    """Writes the rows of a SELECT as CSV with its metadata, and returns what GetQueryResults answers."""
    rows = [[_text(value) for value in row.values()] for row in answer.table.to_pylist()]
    lines = [",".join(map(_field, row)) for row in [answer.table.column_names, *rows]]
    _put(s3, csv, "\n".join([*lines, ""]).encode())
    _put(s3, f"{csv}.metadata", b"")
    columns = [_column(field) for field in answer.table.schema]
    cells = [
        {"Data": [{} if text is None else {"VarCharValue": text} for text in row]}
        for row in [answer.table.column_names, *rows]
    ]
    return QueryResults(cells, columns)


def unload(
    s3: Any, answer: Answer, location: str, manifest: str, new_name: Callable[[], object] = uuid.uuid4
) -> None:
    """Writes the rows of an UNLOAD as Parquet files, none without rows, and a manifest that lists them."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    if s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/", MaxKeys=1)["KeyCount"]:
        raise QueryError(f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {location}")
    size = -(-len(answer.table) // _FILES)
    written = []
    for start in reversed(range(0, len(answer.table), size or 1)):
        buffer = io.BytesIO()
        pq.write_table(answer.table.slice(start, size), buffer)
        written.append(f"{location}/{new_name()}")
        _put(s3, written[-1], buffer.getvalue())
    _put(s3, manifest, "\n".join(written).encode())


def _put(s3: Any, address: str, body: bytes) -> None:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    s3.put_object(Bucket=bucket, Key=key, Body=body)


def _column(field: pa.Field) -> dict[str, Any]:
    name, kind = field.name, field.type
    if pa.types.is_decimal(kind):
        return {
            "Name": name,
            "Label": name,
            "Type": "decimal",
            "Precision": kind.precision,
            "Scale": kind.scale,
        }
    athena_type = "timestamp" if pa.types.is_timestamp(kind) else _TYPES.get(str(kind), "varchar")
    return {"Name": name, "Label": name, "Type": athena_type}


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case float():
            return _double(value)
        case datetime():
            return value.isoformat(sep=" ", timespec="milliseconds")
        case _:
            return str(value)


def _double(value: float) -> str:
    """Formats a double as Java does, with the shortest digits that are read as the same value."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, *others = map(str, digits)
    return f"{'-' * sign}{first}.{''.join(others) or '0'}E{int(exponent) + len(others)}"


def _field(text: str | None) -> str:
    return "" if text is None else '"' + text.replace('"', '""') + '"'
