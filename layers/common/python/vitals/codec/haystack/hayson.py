"""Hayson, the JSON format of Project Haystack 4."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from typing import Any

import numpy as np
import orjson

from vitals.codec.haystack import zinc
from vitals.errors import InvalidRequestError
from vitals.model.haystack.scanner import NAME
from vitals.model.haystack.values import (
    MAX_COLUMNS,
    MAX_ROWS,
    Cells,
    Column,
    Coord,
    DateTime,
    Grid,
    Instants,
    Mark,
    Number,
    Ref,
    Symbol,
    Uri,
    Value,
    XStr,
    city,
)
from vitals.model.measures.local_time import local_iso

_MAX_DEPTH = 20


def encode(grid: Grid) -> str:
    """Returns the grid as JSON; every number keeps its bits."""
    return orjson.dumps(_grid(grid)).decode()


def _grid(grid: Grid) -> dict[str, Any]:
    names = [column.name for column in grid.columns]
    cells = [_cells(column.cells) for column in grid.columns]
    return {
        "_kind": "grid",
        "meta": {"ver": "3.0", **_dict(grid.meta)},
        "cols": [
            {"name": column.name, "meta": _dict(column.meta)} if column.meta else {"name": column.name}
            for column in grid.columns
        ]
        or [{"name": "empty"}],
        "rows": [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in zip(*cells, strict=True)
        ],
    }


def _cells(cells: Cells) -> Iterable[Any]:
    if isinstance(cells, Instants):
        return _instants(cells)
    return (None if value is None else _value(value) for value in cells)


def _instants(instants: Instants) -> list[dict[str, str]]:
    zone = city(instants.zone)
    return [
        {"_kind": "dateTime", "val": text.replace(".000", "", 1), "tz": zone}
        for text in local_iso(instants.times, instants.zone)
    ]


def _dict(tags: Mapping[str, Value]) -> dict[str, Any]:
    return {name: _value(value) for name, value in tags.items()}


def _value(value: Value) -> Any:
    return _WRITERS[type(value)](value)


def _number(number: Number) -> Any:
    value: float | str = number.value
    if value != value or value in (float("inf"), float("-inf")):
        # JSON has no such numbers.
        return {"_kind": "number", "val": zinc.text_of(Number(number.value))}
    return {"_kind": "number", "val": value, "unit": number.unit} if number.unit else value


def _ref(ref: Ref) -> dict[str, str]:
    shown = {"dis": ref.dis} if ref.dis else {}
    return {"_kind": "ref", "val": ref.id, **shown}


_WRITERS: Mapping[type, Callable[[Any], Any]] = {
    bool: lambda value: value,
    str: lambda value: value,
    Number: _number,
    Mark: lambda value: {"_kind": value.value},
    Ref: _ref,
    Symbol: lambda value: {"_kind": "symbol", "val": value.name},
    Uri: lambda value: {"_kind": "uri", "val": value.text},
    XStr: lambda value: {"_kind": "xstr", "type": value.type, "val": value.text},
    Coord: lambda value: {"_kind": "coord", "lat": value.latitude, "lng": value.longitude},
    DateTime: lambda value: _instants(Instants(np.array([value.time_ms]), value.zone))[0],
    date: lambda value: {"_kind": "date", "val": value.isoformat()},
    time: lambda value: {"_kind": "time", "val": value.isoformat()},
    Grid: _grid,
    dict: _dict,
    list: lambda value: [None if item is None else _value(item) for item in value],
}


def decode(text: str) -> Grid:
    """Returns the grid, or the grid of one row for an object that is none; InvalidRequestError otherwise."""
    try:
        content = orjson.loads(text)
    except ValueError:
        raise InvalidRequestError("the request body is not valid JSON") from None
    value = _decoded(content, 0)
    if isinstance(value, Grid):
        return value
    if isinstance(value, Mapping):
        return Grid.of([value])
    raise InvalidRequestError("the request body must be a grid: an object with meta, cols and rows")


def _decoded(content: Any, depth: int) -> Value | None:
    if depth > _MAX_DEPTH:
        raise InvalidRequestError(f"the grid has more than {_MAX_DEPTH} values in each other")
    match content:
        case None | bool() | str():
            return content
        case int() | float():
            return Number(float(content))
        case list():
            return [_decoded(item, depth + 1) for item in content]
        case dict():
            return _of_object(content, depth)
    raise InvalidRequestError("the grid has a value of an unknown kind")


def _of_object(content: dict[str, Any], depth: int) -> Value:
    kind = content.get("_kind", "dict")
    try:
        if kind == "grid":
            return _decoded_grid(content, depth)
        if kind == "dict":
            return _decoded_dict({name: item for name, item in content.items() if name != "_kind"}, depth)
        return _KINDS[kind](content)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidRequestError(f"the grid has a value that is not a {str(kind)[:20]}") from None


def _decoded_dict(content: Mapping[str, Any], depth: int) -> Mapping[str, Value]:
    values = {name: _decoded(item, depth + 1) for name, item in content.items()}
    return {name: value for name, value in values.items() if value is not None}


def _decoded_grid(content: Mapping[str, Any], depth: int) -> Grid:
    if len(content["rows"]) > MAX_ROWS:
        raise InvalidRequestError(f"a grid has at most {MAX_ROWS:,} rows")
    if len(content["cols"]) > MAX_COLUMNS:
        raise InvalidRequestError(f"a grid has at most {MAX_COLUMNS} columns")
    meta = _decoded_dict(content.get("meta") or {}, depth)
    rows = [_decoded_dict(row, depth) for row in content["rows"]]
    columns = [
        Column(
            _name(column["name"]),
            [row.get(column["name"]) for row in rows],
            _decoded_dict(column.get("meta") or {}, depth),
        )
        for column in content["cols"]
    ]
    return Grid(columns, meta)


def _scalar(text: str) -> Value:
    """Returns the value of a text that Zinc writes the same way."""
    value = zinc.decode_value(text)
    if value is None:
        raise ValueError(text)
    return value


_KINDS: Mapping[str, Callable[[dict[str, Any]], Value]] = {
    "marker": lambda content: Mark.MARKER,
    "na": lambda content: Mark.NA,
    "remove": lambda content: Mark.REMOVE,
    "number": lambda content: _decoded_number(content),
    "ref": lambda content: Ref(_text(content["val"]), str(content.get("dis") or "")),
    "symbol": lambda content: Symbol(_text(content["val"])),
    "uri": lambda content: Uri(_text(content["val"])),
    "xstr": lambda content: XStr(_text(content["type"]), _text(content["val"])),
    "coord": lambda content: Coord(float(content["lat"]), float(content["lng"])),
    "date": lambda content: _scalar(content["val"]),
    "time": lambda content: _scalar(content["val"]),
    "dateTime": lambda content: _scalar(content["val"]),
}


def _decoded_number(content: dict[str, Any]) -> Number:
    value = content["val"]
    special = {"NaN": "nan", "INF": "inf", "-INF": "-inf"}
    return Number(float(special.get(value, value)), str(content.get("unit") or ""))


def _name(value: Any) -> str:
    """Returns the name of a column; ValueError for another text."""
    if not NAME.fullmatch(_text(value)):
        raise ValueError(value)
    return _text(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
