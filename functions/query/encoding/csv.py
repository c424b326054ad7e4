"""Answers as CSV, with everything but the series in headers."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import orjson

from query.encoding.columns import TABLE_NAMES, TIMES, Answer, column, column_keys, is_table
from query.encoding.result import Encoded
from vitals.model import zones
from vitals.model.measures.local_time import local_iso
from vitals.reading.request import Limits
from vitals.reading.tables.headers import TIME, headers

# API Gateway passes 10,240 bytes of headers on.
_MAX_WARNINGS_BYTES = 3_000
_MAX_UNITS_BYTES = 2_000
# The body has them, or a header of their own. Of a table, `partial` may have an entry per row.
_NOT_IN_METADATA = ("series", "warnings", "warning_details", "timestamps", "columns", "ends", "partial")
_LONGEST_NUMBER = len("-2.2250738585072014e-308,")
_TIME = len("2026-11-23T12:00:00.000-06:00,")


def limits(names: Sequence[str], max_bytes: int) -> Limits:
    """Returns how many rows of these points surely fit so many bytes."""
    longest = max((len(orjson.dumps(_quoted(name))) for name in names), default=0)
    samples, aggregates = (max_bytes // (longest + _TIME + count * _LONGEST_NUMBER) for count in (1, 10))
    return Limits(samples, aggregates)


def encode(answer: Answer, media_type: str) -> Encoded:
    """Returns one table: of all series, or of the columns; the rest of the answer is in headers."""
    lines = _table_lines(answer) if is_table(answer) else _series_lines(answer)
    body = "\n".join(chain(lines, [""]))
    return Encoded(f"{media_type}; charset=utf-8; header=present", body, _headers(answer))


def _series_lines(answer: Answer) -> Iterator[str]:
    keys = column_keys(answer["series"])
    yield ",".join(["point_name", *(TABLE_NAMES[key] for key in keys)])
    for series in answer["series"]:
        yield from _rows(series, keys, answer["timezone"])


def _table_lines(answer: Answer) -> Iterator[str]:
    columns = answer["columns"]
    names = headers((column["point_name"], column["unit"]) for column in columns)
    yield ",".join([TIME, *map(_quoted, names)])
    if len(answer["timestamps"]):
        times = _times(np.asarray(answer["timestamps"], np.int64), answer["timezone"])
        values = (_numbers(np.asarray(column["values"], np.float64)) for column in columns)
        yield from map(",".join, zip(times, *values, strict=True))


def _rows(series: Answer, keys: Sequence[str], zone: str) -> Iterator[str]:
    """Yields joined texts: the csv module takes seven times as long, and only a name ever needs quotes."""
    if not len(series["timestamps"]):
        return iter(())
    columns = [(key, column(series, key)) for key in keys]
    texts = [_times(values, zone) if key in TIMES else _numbers(values) for key, values in columns]
    name = _quoted(series["point_name"])
    return (",".join((name, *row)) for row in zip(*texts, strict=True))


def _times(times: Any, zone: str) -> list[str]:
    """Returns ISO 8601 with the offset in force, so that the hour that a clock repeats stays apart."""
    if zone != zones.UTC:
        return local_iso(times, zone)
    texts: list[str] = np.datetime_as_string(times.astype("datetime64[ms]"), timezone="UTC").tolist()
    return texts


def _numbers(numbers: Any) -> list[str]:
    """Returns the shortest texts that read back as the same numbers, empty ones for NaN."""
    text = orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].decode()
    return text.replace("null", "").split(",")


def _quoted(name: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([name])
    return out.getvalue()


def _headers(answer: Answer) -> dict[str, str]:
    """Returns everything but the series as headers of ASCII, with the units of the series if they fit."""
    metadata = {key: value for key, value in answer.items() if key not in _NOT_IN_METADATA}
    units = None if is_table(answer) else [series["unit"] for series in answer["series"]]
    if units is not None and len(_ascii(units)) <= _MAX_UNITS_BYTES:
        metadata["series_units"] = units
    headers = {"Vitals-Metadata": _ascii(metadata)}
    if answer["metadata"]["next_token"]:
        headers["Vitals-Next-Token"] = answer["metadata"]["next_token"]
    if answer["warnings"]:
        texts = _fitting(answer["warnings"])
        headers["Vitals-Warnings"] = _ascii(texts)
        # The last text may be the number of omitted warnings, which has no code.
        details = zip(answer["warning_details"], texts, strict=False)
        codes = [detail["code"] for detail, text in details if detail["text"] == text]
        headers["Vitals-Warning-Codes"] = _ascii(codes)
    return headers


def _fitting(warnings: Sequence[str]) -> list[str]:
    """Returns the warnings that fit a header, and how many do not."""
    fitting: list[str] = []
    for warning in warnings:
        if len(_ascii([*fitting, warning])) > _MAX_WARNINGS_BYTES:
            return [*fitting, f"and {len(warnings) - len(fitting)} more; request JSON to read them"]
        fitting.append(warning)
    return fitting


def _ascii(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
