"""An answer of /timeseries/query as what the caller accepts: JSON, CSV, MessagePack or an Arrow stream.

JSON and MessagePack have the whole answer. CSV and Arrow are one long table of the columns of all series; the
rest travels beside it, in headers or under `vitals` in the schema's metadata.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import orjson

from vitals.errors import NotAcceptableError, TooLargeError
from vitals.reading.request import Limits

JSON = "application/json"
CSV = "text/csv"
MSGPACK = "application/msgpack"
ARROW = "application/vnd.apache.arrow.stream"

# Lambda answers 6,291,456 bytes at most: text with its line ends and quotes escaped, anything else as base64.
MAX_TEXT_BYTES = 5_600_000
MAX_BINARY_BYTES = 4_600_000
# API Gateway passes 10,240 bytes of headers on.
_MAX_WARNINGS = 3_000
_LONGEST_NUMBER = len("-2.2250738585072014e-308,")
_TIME = len("2026-11-23T12:00:00.000Z,")
_RANGE = re.compile(r"([\w!#$&^.+-]+)/([\w!#$&^.+-]+|\*)|\*(/\*)?")
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
# What a series has one of per row, and what a table calls it.
_COLUMNS = {
    "timestamps": "timestamp",
    "values": "value",
    "min": "min",
    "max": "max",
    "count": "count",
    "first": "first",
    "last": "last",
}
_WHOLE_NUMBERS = ("timestamps", "count")

type Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A body and the headers that belong to it."""

    content_type: str
    body: str | bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Range:
    """One media range of an Accept header; a later `position` counts less."""

    kind: str
    subtype: str
    quality: float
    position: int

    @property
    def preference(self) -> tuple[float, int, int]:
        return self.quality, (self.kind != "*") + (self.subtype != "*"), -self.position

    def covers(self, media_type: str) -> bool:
        kind, subtype = media_type.split("/")
        return self.kind in ("*", kind) and self.subtype in ("*", subtype)


def negotiated(accept: str) -> str:
    """The media type to answer with; JSON when the caller doesn't care, NotAcceptableError when none will do.

    Of types that are accepted equally the one that is named more exactly is meant, then the one named first.
    """
    ranges = list(_ranges(accept)) if accept.strip() else [_Range("*", "*", 1, 0)]
    best: tuple[tuple[float, int, int], str] | None = None
    for media_type in _ENCODERS:
        covering = [found for found in ranges if found.covers(media_type)]
        if not covering:
            continue
        # The most specific range decides: */* doesn't bring back what q=0 excludes.
        meant = max(covering, key=lambda found: (found.preference[1], found.quality))
        if meant.quality > 0 and (best is None or meant.preference > best[0]):
            best = meant.preference, media_type
    if best is None:
        raise NotAcceptableError(f"the answer comes as {', '.join(_ENCODERS)}")
    return best[1]


def _ranges(accept: str) -> Iterator[_Range]:
    """The ranges of an Accept header; what is malformed accepts nothing."""
    for position, text in enumerate(accept.split(",")):
        media, *parameters = (part.strip() for part in text.split(";"))
        found = _RANGE.fullmatch(media)
        qualities = [value for name, _, value in (p.partition("=") for p in parameters) if name in ("q", "Q")]
        quality = qualities[0] if qualities else "1"
        if found and _QUALITY.fullmatch(quality):
            yield _Range((found[1] or "*").lower(), (found[2] or "*").lower(), float(quality), position)


def limits(media_type: str, names: Sequence[str]) -> Limits | None:
    """How many rows of these points one answer can carry; None: as many as a query's own limits allow."""
    if media_type != CSV:
        return None
    longest = max((len(orjson.dumps(_quoted(name))) for name in names), default=0)
    samples, aggregates = (
        MAX_TEXT_BYTES // (longest + _TIME + numbers * _LONGEST_NUMBER) for numbers in (1, 6)
    )
    return Limits(samples, aggregates)


def encoded(answer: Answer, media_type: str) -> Encoded:
    """The answer as `negotiated` said; TooLargeError when it is more than Lambda answers."""
    done = _ENCODERS[media_type](answer, media_type)
    if not _fits(done.body):
        raise TooLargeError("the answer is larger than 5 MB: ask for fewer points or a shorter range")
    return done


def _fits(body: str | bytes) -> bool:
    if isinstance(body, bytes):
        return len(body) <= MAX_BINARY_BYTES
    return len(body.encode()) <= MAX_TEXT_BYTES


def _json(answer: Answer, media_type: str) -> Encoded:
    return Encoded(media_type, orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY).decode())


def _msgpack(answer: Answer, media_type: str) -> Encoded:
    import ormsgpack

    return Encoded(media_type, ormsgpack.packb(answer, option=ormsgpack.OPT_SERIALIZE_NUMPY))


def _arrow(answer: Answer, media_type: str) -> Encoded:
    # Imported here because only this format needs it at a cold start.
    import pyarrow as pa

    series = answer["series"]
    counts = [len(one["timestamps"]) for one in series]
    names = pa.array([one["point_name"] for one in series], pa.string())
    which = np.repeat(np.arange(len(series), dtype=np.int32), counts)
    table = {"point_name": pa.DictionaryArray.from_arrays(which, names)}
    for key in _columns(series):
        column = pa.array(np.concatenate([_array(one, key) for one in series]))
        table[_COLUMNS[key]] = column.cast(pa.timestamp("ms", "UTC")) if key == "timestamps" else column
    batch = pa.RecordBatch.from_pydict(table, metadata={"vitals": orjson.dumps(_beside(answer))})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return Encoded(media_type, sink.getvalue())


def _csv(answer: Answer, media_type: str) -> Encoded:
    keys = _columns(answer["series"])
    header = ",".join(["point_name", *(_COLUMNS[key] for key in keys)])
    body = "\n".join(chain([header], *(_rows(one, keys) for one in answer["series"]), [""]))
    return Encoded(f"{media_type}; charset=utf-8; header=present", body, _headers(answer))


def _rows(series: Answer, keys: Sequence[str]) -> Iterator[str]:
    """Joined texts, for the csv module takes seven times as long; only a name ever needs its quotes."""
    if not len(series["timestamps"]):
        return iter(())
    columns = [(key, _array(series, key)) for key in keys]
    texts = [_times(column) if key == "timestamps" else _numbers(column) for key, column in columns]
    name = _quoted(series["point_name"])
    return (",".join((name, *row)) for row in zip(*texts, strict=True))


def _times(times: Any) -> list[str]:
    texts: list[str] = np.datetime_as_string(times.astype("datetime64[ms]"), timezone="UTC").tolist()
    return texts


def _numbers(numbers: Any) -> list[str]:
    """The shortest texts that read back as the same numbers."""
    return orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].decode().split(",")


def _quoted(name: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([name])
    return out.getvalue()


def _headers(answer: Answer) -> dict[str, str]:
    """What goes beside CSV: everything but the series, as headers of ASCII."""
    rest = {
        key: value for key, value in answer.items() if key not in ("series", "warnings", "warning_details")
    }
    headers = {"Vitals-Metadata": _ascii(rest)}
    if answer["metadata"]["next_token"]:
        headers["Vitals-Next-Token"] = answer["metadata"]["next_token"]
    if answer["warnings"]:
        texts = _fitting(answer["warnings"])
        headers["Vitals-Warnings"] = _ascii(texts)
        # The last text may say how many more there are, which has no code.
        details = zip(answer["warning_details"], texts, strict=False)
        codes = [detail["code"] for detail, text in details if detail["text"] == text]
        headers["Vitals-Warning-Codes"] = _ascii(codes)
    return headers


def _fitting(warnings: Sequence[str]) -> list[str]:
    """The warnings that fit a header, and how many do not."""
    fitting: list[str] = []
    for warning in warnings:
        if len(_ascii([*fitting, warning])) > _MAX_WARNINGS:
            return [*fitting, f"and {len(warnings) - len(fitting)} more: ask for JSON to read them"]
        fitting.append(warning)
    return fitting


def _ascii(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _columns(series: Sequence[Answer]) -> list[str]:
    return [key for key in _COLUMNS if series and key in series[0]]


def _array(series: Answer, key: str) -> Any:
    """A column as an array; it is a list when the answer was kept for a while."""
    return np.asarray(series[key], np.int64 if key in _WHOLE_NUMBERS else np.float64)


def _beside(answer: Answer) -> Answer:
    """The answer without its columns."""
    rest = [{key: value for key, value in one.items() if key not in _COLUMNS} for one in answer["series"]]
    return {**answer, "series": rest}


# The first of equals is JSON. MessagePack has a registered name, and two that are older.
_ENCODERS: Mapping[str, Callable[[Answer, str], Encoded]] = {
    JSON: _json,
    CSV: _csv,
    MSGPACK: _msgpack,
    "application/vnd.msgpack": _msgpack,
    "application/x-msgpack": _msgpack,
    ARROW: _arrow,
}
