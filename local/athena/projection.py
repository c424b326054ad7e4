"""Which partitions of a Glue table a WHERE clause leaves, by Athena's rules of partition projection."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
from sqlglot import exp

from local.athena.errors import QueryError

_FORMATS = {"yyyy/MM/dd": "%Y/%m/%d", "yyyy-MM-dd": "%Y-%m-%d"}

type Partitions = dict[str, tuple[str, ...]]
"""The values of the partition keys by S3 location."""

type Source = tuple[str, list[Any]]
"""SQL that lists the values of one key, and its parameters."""


def partitions(described: dict[str, Any], table: exp.Table, today: date) -> Partitions:
    """The partitions that the query may read; QueryError when it names none of an injected key's values."""
    keys = [key["Name"] for key in described.get("PartitionKeys", [])]
    if not keys:
        return {described["StorageDescriptor"]["Location"].rstrip("/"): ()}
    settings = described["Parameters"]
    if settings.get("projection.enabled") != "true":
        raise QueryError("NOT_SUPPORTED: a partitioned table without partition projection")
    conditions = [c for c in _conditions(table) if _columns(c) <= set(keys)]
    sources = [_projected(key, settings, conditions, today) for key in keys]
    template = settings["storage.location.template"].rstrip("/")
    return {_location(template, keys, row): row for row in _left(keys, sources, conditions)}


def _location(template: str, keys: Sequence[str], row: Sequence[str]) -> str:
    values = dict(zip(keys, row, strict=True))
    return re.sub(r"\$\{(\w+)\}", lambda name: values[name[1]], template)


def _conditions(table: exp.Table) -> list[exp.Expr]:
    """What the WHERE clause over this table demands of it, part by part, with bare column names."""
    select = table.parent_select
    where = select.args.get("where") if select else None
    if where is None:
        return []
    parts = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    own = {"", table.alias_or_name}
    found = []
    for part in parts:
        if {column.table for column in part.find_all(exp.Column)} <= own:
            bare = part.copy()
            for column in bare.find_all(exp.Column):
                column.set("table", None)
            found.append(bare)
    return found


def _columns(condition: exp.Expr) -> set[str]:
    return {column.name.lower() for column in condition.find_all(exp.Column)}


def _projected(key: str, settings: dict[str, str], conditions: Sequence[exp.Expr], today: date) -> Source:
    kind = settings[f"projection.{key}.type"]
    if kind == "injected":
        return "SELECT unnest(?::VARCHAR[])", [_named(key, conditions)]
    if kind != "date" or settings.get(f"projection.{key}.interval.unit", "DAYS") != "DAYS":
        raise QueryError(f"NOT_SUPPORTED: the projection of {key}")
    form = _FORMATS[settings[f"projection.{key}.format"]]
    first, last = (
        today if text == "NOW" else datetime.strptime(text, form).date()
        for text in settings[f"projection.{key}.range"].split(",")
    )
    # DuckDB lists the days: there are more than 13,000 since 1990, for each query.
    days = "SELECT strftime(day, ?) FROM range(?::TIMESTAMP, ?::TIMESTAMP, INTERVAL 1 DAY) AS _(day)"
    return days, [form, first, last + timedelta(1)]


def _named(key: str, conditions: Sequence[exp.Expr]) -> list[str]:
    """The values that some `key = '…'` or `key IN ('…', …)` lists."""
    for condition in conditions:
        if _columns(condition) == {key} and isinstance(condition, exp.EQ | exp.In):
            literals = [literal.this for literal in condition.find_all(exp.Literal)]
            if literals:
                return literals
    raise QueryError(
        f"CONSTRAINT_VIOLATION: For the injected projected partition column {key}, the WHERE clause must "
        "contain only static equality conditions, and at least one such condition must be present."
    )


def _left(
    keys: Sequence[str], projected: Sequence[Source], conditions: Sequence[exp.Expr]
) -> list[tuple[str, ...]]:
    """The combinations of values that meet the conditions, which DuckDB judges."""
    sources = ", ".join(
        f'({sql}) AS _{n}("{key}")' for n, (key, (sql, _)) in enumerate(zip(keys, projected, strict=True))
    )
    where = " AND ".join(f"({condition.sql('duckdb')})" for condition in conditions) or "true"
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{key}"' for key in keys)
        asked = f"SELECT {columns} FROM {sources} WHERE {where} ORDER BY ALL"
        return connection.execute(asked, [value for _, values in projected for value in values]).fetchall()
