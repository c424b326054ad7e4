"""Requests of Haystack clients: a grid by POST, or parameters of a GET as a grid of one row."""

from collections.abc import Mapping, Sequence

from query.haystack.formats import FORMATS, ZINC
from vitals.codec.haystack import zinc
from vitals.errors import InvalidRequestError
from vitals.model.haystack.values import Dict, Grid, Number, Ref, Value

# These are texts as they are, also where they look like another value: `true`, 2026-11-01.
_TEXTS = ("filter", "range", "navId", "tz")
MAX_ROWS = 10_000


def grid_of_body(body: str, content_type: str) -> Grid:
    """Returns the grid of a body; InvalidRequestError for another body or format."""
    media_type = content_type.partition(";")[0].strip().lower() or _guess(body)
    form = FORMATS.get(media_type)
    if form is None or form.decode is None or "version=3" in content_type.replace(" ", ""):
        raise InvalidRequestError(
            "Content-Type must be text/zinc, application/vnd.haystack+json or application/json;"
            " JSON of version 3 is not supported"
        )
    if not body.strip():
        return Grid([])
    grid = form.decode(body)
    if any(len(column.cells) > MAX_ROWS for column in grid.columns):
        raise InvalidRequestError(f"a request has at most {MAX_ROWS:,} rows")
    return grid


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
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, (Number, bool)):
        raise InvalidRequestError(f"{name} must be a text")
    # A client may send a date for a range.
    return zinc.text_of(value)


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
        return int(value.value)
    raise InvalidRequestError("limit must be a whole number from 0 on")
