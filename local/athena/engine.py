"""SQL as Athena runs it, on DuckDB: tables as Glue describes them, rows from Parquet files on S3."""

import itertools
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from os.path import commonpath
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from local.athena.errors import QueryError
from local.athena.projection import Partitions, partitions

_DIALECT = "athena"
_UNLOAD = re.compile(r"\s*UNLOAD\s*\((.*)\)\s*TO\s*'s3://([^']+)'\s*WITH\s*\(([^()]*)\)\s*", re.S | re.I)
_UNKNOWN_COLUMN = re.compile(r'Referenced column "(.+?)" not found|does not have a column named "(.+?)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a query, the location that UNLOAD names, and how many bytes the query read."""

    table: pa.Table
    unload_to: str | None
    bytes_read: int


@dataclass(frozen=True, slots=True)
class Engine:
    """Runs SELECT and UNLOAD on the tables of one Glue catalog."""

    glue: Any
    s3: Any
    today: Callable[[], date] = lambda: datetime.now(UTC).date()
    threads: int | None = None
    """The threads of a query; None for one per core."""

    def run(self, sql: str, database: str, parameters: Sequence[str] = ()) -> Answer:
        """Returns the result of a query; QueryError when Athena would fail it."""
        try:
            select, unload_to = _parse(sql, parameters)
            config: dict[str, Any] = {} if self.threads is None else {"threads": self.threads}
            with tempfile.TemporaryDirectory() as folder, duckdb.connect(config=config) as connection:
                connection.execute("SET TimeZone = 'UTC'; SET autoload_known_extensions = false")
                bytes_read = self._make_views(connection, select, database, Path(folder))
                # A query may read the tables and nothing else of this machine.
                connection.execute(
                    f"SET allowed_directories = [{_quoted(folder)}]; "
                    "SET enable_external_access = false; SET lock_configuration = true"
                )
                table = connection.sql(select.sql("duckdb")).to_arrow_table()
        except SqlglotError as error:
            raise QueryError(f"SYNTAX_ERROR: {error}") from error
        except duckdb.Error as error:
            column = _UNKNOWN_COLUMN.search(str(error))
            name = column and (column[1] or column[2])
            text = f"COLUMN_NOT_FOUND: Column '{name}' cannot be resolved" if name else str(error)
            raise QueryError(text) from error
        return Answer(table, unload_to, bytes_read)

    def _make_views(
        self, connection: duckdb.DuckDBPyConnection, select: exp.Expr, database: str, folder: Path
    ) -> int:
        """Replaces each table of the query by a view; returns how many bytes their files have."""
        bytes_read = 0
        subqueries = {cte.alias for cte in select.find_all(exp.CTE)}
        tables = [t for t in select.find_all(exp.Table) if t.name and (t.db or t.name not in subqueries)]
        for number, table in enumerate(tables):
            definition = self._definition(table.db or database, table.name)
            view, subfolder = f"table_{number}", folder / str(number)
            subfolder.mkdir()
            files = self._fetch(partitions(definition, table, self.today()), subfolder)
            bytes_read += sum(file.stat().st_size for file in files)
            connection.execute(_view(view, definition, files))
            table.replace(exp.to_table(view).as_(table.alias_or_name, table=True))
        return bytes_read

    def _definition(self, database: str, name: str) -> dict[str, Any]:
        try:
            definition: dict[str, Any] = self.glue.get_table(DatabaseName=database, Name=name)["Table"]
        except self.glue.exceptions.EntityNotFoundException:
            missing = f"awsdatacatalog.{database}.{name}"
            raise QueryError(f"TABLE_NOT_FOUND: Table '{missing}' does not exist") from None
        return definition

    def _fetch(self, wanted: Partitions, folder: Path) -> dict[Path, tuple[str, ...]]:
        """Downloads the objects of the partitions; returns the files, each with its partition's values."""
        files: dict[Path, tuple[str, ...]] = {}
        if not wanted:
            return files
        common = commonpath([location.removeprefix("s3://") for location in wanted])
        bucket, _, prefix = f"{common}/".partition("/")
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for item in itertools.chain.from_iterable(page.get("Contents", []) for page in pages):
            values = wanted.get(f"s3://{bucket}/{item['Key'].rpartition('/')[0]}")
            if values is not None and item["Size"]:
                file = folder / f"{len(files)}.parquet"
                file.write_bytes(self.s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
                files[file] = values
        return files


def _parse(sql: str, parameters: Sequence[str]) -> tuple[exp.Expr, str | None]:
    """Returns the SELECT, and the location of an UNLOAD."""
    unload = _UNLOAD.fullmatch(sql)
    if unload and "'PARQUET'" not in unload[3].upper():
        raise QueryError("NOT_SUPPORTED: UNLOAD must have the format Parquet")
    parsed = _statement(_fill_in(unload[1] if unload else sql, parameters))
    if not isinstance(parsed, exp.Query):
        raise QueryError("NOT_SUPPORTED: the query must be SELECT or UNLOAD")
    return parsed, f"s3://{unload[2].rstrip('/')}" if unload else None


def _fill_in(sql: str, parameters: Sequence[str]) -> str:
    """Replaces each `?` by its parameter, which is an SQL expression, as in Athena."""
    marks = [t for t in sqlglot.tokenize(sql, read=_DIALECT) if t.token_type == TokenType.PLACEHOLDER]
    if len(marks) != len(parameters):
        raise QueryError(f"Incorrect number of parameters: expected {len(marks)} but found {len(parameters)}")
    parts, end = [], 0
    for mark, parameter in zip(marks, parameters, strict=True):
        parts += [sql[end : mark.start], _statement(parameter).sql(_DIALECT)]
        end = mark.end + 1
    return "".join([*parts, sql[end:]])


def _statement(sql: str) -> exp.Expr:
    statements = sqlglot.parse(sql, read=_DIALECT)
    if len(statements) != 1 or statements[0] is None:
        raise QueryError("SYNTAX_ERROR: only one sql statement is allowed")
    return statements[0]


def _view(name: str, definition: dict[str, Any], files: dict[Path, tuple[str, ...]]) -> str:
    """Returns the SQL of a view: the table's columns in Glue's types, then the partition keys."""
    columns = [
        (_identifier(column["Name"]), exp.DataType.build(column["Type"], dialect="hive").sql("duckdb"))
        for column in definition["StorageDescriptor"]["Columns"]
    ]
    keys = [_identifier(key["Name"]) for key in definition.get("PartitionKeys", [])]
    if not files:
        nulls = [f"CAST(NULL AS {kind}) AS {column}" for column, kind in columns]
        nulls += [f"CAST(NULL AS VARCHAR) AS {key}" for key in keys]
        return f"CREATE VIEW {name} AS SELECT {', '.join(nulls)} WHERE false"
    selected = [f"CAST({column} AS {kind}) AS {column}" for column, kind in columns]
    rows = ", ".join(f"({', '.join(map(_quoted, [str(file), *values]))})" for file, values in files.items())
    paths = ", ".join(_quoted(str(file)) for file in files)
    return (
        f"CREATE VIEW {name} AS SELECT {', '.join([*selected, *keys])} "
        f"FROM read_parquet([{paths}], filename = '_file', union_by_name = true) "
        f"JOIN (VALUES {rows}) AS _partitions({', '.join(['_of', *keys])}) ON _file = _of"
    )


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
