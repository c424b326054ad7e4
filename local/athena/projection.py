"""The partitions of a Glue table that a WHERE clause selects, by Athena's partition projection."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
from sqlglot import exp

from local.athena.errors import QueryError

_FORMATS = {"yyyy/MM/dd": "%Y/%m/%d", "yyyy-MM-dd": "%Y-%m-%d", "yyyy/MM": "%Y/%m"}
_INTERVALS = {"DAYS": "1 DAY", "MONTHS": "1 MONTH"}

type Partitions = dict[str, tuple[str, ...]]
"""Values of the partition keys, by S3 location."""

type Source = tuple[str, list[Any]]
"""SQL that lists the values of one key, and its parameters."""


def partitions(definition: dict[str, Any], table: exp.Table, today: date) -> Partitions:
    """Returns the partitions that the query reads; QueryError when it names no value of an injected key."""
    keys = [key["Name"] for key in definition.get("PartitionKeys", [])]
    if not keys:
        return {definition["StorageDescriptor"]["Location"].rstrip("/"): ()}
    settings = definition["Parameters"]
    if settings.get("projection.enabled") != "true":
        raise QueryError("NOT_SUPPORTED: a partitioned table must have partition projection")
    conditions = [c for c in _conditions(table) if _columns(c) <= set(keys)]
    sources = [_projected(key, settings, conditions, today) for key in keys]
    template = settings["storage.location.template"].rstrip("/")
    return {_location(template, keys, row): row for row in _combinations(keys, sources, conditions)}


def _location(template: str, keys: Sequence[str], row: Sequence[str]) -> str:
    values = dict(zip(keys, row, strict=True))
    return re.sub(r"\$\{(\w+)\}", lambda name: values[name[1]], template)


def _conditions(table: exp.Table) -> list[exp.Expr]:
    """Returns the conditions of the WHERE clause on this table alone, with bare column names."""
    select = table.parent_select
    clause = select.args.get("where") if select else None
    if clause is None:
        return []
    conditions = clause.this.flatten() if isinstance(clause.this, exp.And) else [clause.this]
    aliases = {"", table.alias_or_name}
    own = []
    for condition in conditions:
        if {column.table for column in condition.find_all(exp.Column)} <= aliases:
            bare = condition.copy()
            for column in bare.find_all(exp.Column):
                column.set("table", None)
            own.append(bare)
    return own


def _columns(condition: exp.Expr) -> set[str]:
    return {column.name.lower() for column in condition.find_all(exp.Column)}


def _projected(key: str, settings: dict[str, str], conditions: Sequence[exp.Expr], today: date) -> Source:
    kind = settings[f"projection.{key}.type"]
    if kind == "injected":
        return "SELECT unnest(?::VARCHAR[])", [_named(key, conditions)]
    interval = _INTERVALS.get(settings.get(f"projection.{key}.interval.unit", "DAYS"))
    if kind != "date" or interval is None:
        raise QueryError(f"NOT_SUPPORTED: the projection of {key}")
    date_format = _FORMATS[settings[f"projection.{key}.format"]]
    first, last = (
        today if text == "NOW" else datetime.strptime(text, date_format).date()
        for text in settings[f"projection.{key}.range"].split(",")
    )
    # DuckDB lists the days, because there are more than 13,000 since 1990.
    days = f"SELECT strftime(day, ?) FROM range(?::TIMESTAMP, ?::TIMESTAMP, INTERVAL {interval}) AS _(day)"
    return days, [date_format, first, last + timedelta(1)]


def _named(key: str, conditions: Sequence[exp.Expr]) -> list[str]:
    """Returns the values that a condition `key = '…'` or `key IN ('…', …)` lists."""
    for condition in conditions:
        if _columns(condition) == {key} and isinstance(condition, exp.EQ | exp.In):
            literals = [literal.this for literal in condition.find_all(exp.Literal)]
            if literals:
                return literals
    raise QueryError(
        f"CONSTRAINT_VIOLATION: For the injected projected partition column {key}, the WHERE clause must "
        "contain only static equality conditions, and at least one such condition must be present."
    )


def _combinations(
    keys: Sequence[str], projected: Sequence[Source], conditions: Sequence[exp.Expr]
) -> list[tuple[str, ...]]:
    """Returns the combinations of values that meet the conditions, as DuckDB evaluates them."""
    sources = ", ".join(
        f'({sql}) AS _{n}("{key}")' for n, (key, (sql, _)) in enumerate(zip(keys, projected, strict=True))
    )
    condition = " AND ".join(f"({c.sql('duckdb')})" for c in conditions) or "true"
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{key}"' for key in keys)
        query = f"SELECT {columns} FROM {sources} WHERE {condition} ORDER BY ALL"
        return connection.execute(query, [value for _, values in projected for value in values]).fetchall()
