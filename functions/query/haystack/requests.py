"""Requests of Haystack clients: a grid by POST, or parameters of a GET as a grid of one row."""

import sys
from collections.abc import Mapping, Sequence
from datetime import date

from query.haystack.formats import FORMATS, ZINC, is_old_json
from vitals.codec.haystack import zinc
from vitals.errors import InvalidRequestError
from vitals.model.haystack.values import DateTime, Dict, Grid, Number, Ref, Value

# These are texts as they are, also where they look like another value: `true`, 2026-11-01.
_TEXTS = ("filter", "range", "navId", "tz")
_MAX_TEXT = 4_000


def grid_of_body(body: str, content_type: str) -> Grid:
    """Returns the grid of a body; InvalidRequestError for a body that is none."""
    form = FORMATS[media_type_of(content_type) or _guess(body)]
    assert form.decode
    return form.decode(body) if body.strip() else Grid([])


def is_readable(content_type: str) -> bool:
    """Returns whether a grid can be in this format; without one it is Zinc or JSON."""
    media_type = media_type_of(content_type)
    form = FORMATS.get(media_type)
    return not media_type or (form is not None and form.decode is not None and not is_old_json(content_type))


def media_type_of(content_type: str) -> str:
    """Returns the media type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def grid_of_parameters(parameters: Mapping[str, Sequence[str]]) -> Grid:
    """Returns the grid of a GET: a row for each value of a repeated parameter, such as `id`."""
    length = max(map(len, parameters.values()), default=0)
    rows: list[Dict] = [
        {name: _value(name, texts[index]) for name, texts in parameters.items() if index < len(texts)}
        for index in range(length)
    ]
    return Grid.of(rows)


def _guess(body: str) -> str:
    return "application/json" if body.lstrip().startswith("{") else ZINC


def _value(name: str, text: str) -> Value:
    """Returns a parameter's value as Zinc writes it, or the text itself where it is none."""
    if name in _TEXTS and not text.startswith('"'):
        return text
    try:
        value = zinc.decode_value(text)
    except InvalidRequestError:
        return text
    return text if value is None else value


def text_in(row: Dict, name: str) -> str | None:
    """Returns a text of a row, None where it is missing; InvalidRequestError for another kind."""
    value = row.get(name)
    if isinstance(value, Ref):
        return value.id
    # A client may send a date for a range.
    if isinstance(value, (date, DateTime)):
        return zinc.text_of(value)
    if value is None or (isinstance(value, str) and len(value) <= _MAX_TEXT):
        return value
    raise InvalidRequestError(f"{name} must be a text of at most {_MAX_TEXT:,} characters")


def ids_in(rows: Sequence[Dict]) -> list[str]:
    """Returns the id of each row; InvalidRequestError for one that is no reference."""
    ids = [_id(row.get("id")) for row in rows]
    if not ids:
        raise InvalidRequestError("the request has no id")
    return ids


def _id(value: Value | None) -> str:
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, str) and value.startswith("@"):
        return value[1:]
    raise InvalidRequestError("id must be a reference such as @demo.p1")


def limit_in(row: Dict) -> int | None:
    """Returns the `limit` of a row, None where it is missing; InvalidRequestError for no whole number."""
    value = row.get("limit")
    if value is None:
        return None
    if isinstance(value, Number) and not value.unit and value.value >= 0 and value.value.is_integer():
        return min(int(value.value), sys.maxsize)
    raise InvalidRequestError("limit must be a whole number from 0 on")
