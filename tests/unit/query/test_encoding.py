"""Every form of an answer: what it holds comes back to the bit, and Accept decides which it is."""

import contextlib
import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
import ormsgpack
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from query import encoding
from tests.support.strategies import finite
from vitals.errors import NotAcceptableError, TooLargeError
from vitals.model.timespan import parse_iso

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
times = st.integers(0, 4_102_444_800_000)
EDGES = [-0.0, 0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2, 1e22, 72.0]

type Answer = dict[str, Any]


def answer_of(series: list[Answer], **fields: Any) -> Answer:
    return {
        "site_name": "home",
        "resolution": "raw",
        "timezone": "UTC",
        "series": [{"unit": "°F"} | item for item in series],
        "metadata": {"total_samples": 3, "sources": ["hot"], "next_token": None, "cost": {"requests": 2}},
        "warnings": [],
        "warning_details": [],
    } | fields


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    aggregated = draw(st.booleans())
    series = []
    for name in draw(st.lists(names, min_size=1, max_size=4, unique=True)):
        rows = draw(st.lists(times, max_size=6, unique=True).map(sorted))

        def column(size: int = len(rows)) -> Any:
            return np.array(draw(st.lists(finite, min_size=size, max_size=size)), np.float64)

        item = {"point_name": name, "timestamps": np.array(rows, np.int64), "values": column()}
        if aggregated:
            item |= {"min": column(), "max": column(), "count": np.arange(len(rows), dtype=np.int64)}
            item |= {"first": column(), "last": column()}
        series.append(item | {"gaps": [{"start": "a", "end": "b", "reason": "no_data"}]})
    return answer_of(series)


def bits(column: Any) -> bytes:
    return np.asarray(column, np.float64).tobytes()


def assert_same(read: Mapping[str, Any], answer: Answer) -> None:
    """The whole of a JSON-like answer, floats to the bit."""
    assert {k: v for k, v in read.items() if k != "series"} == {
        k: v for k, v in answer.items() if k != "series"
    }
    for got, series in zip(read["series"], answer["series"], strict=True):
        assert list(got) == list(series)
        for key, value in series.items():
            if isinstance(value, np.ndarray):
                assert bits(got[key]) == bits(value)
            else:
                assert got[key] == value


def rows_of(answer: Answer) -> list[tuple[Any, ...]]:
    """The long table of an answer, values as their bits."""
    keys = [key for key in answer["series"][0] if key not in ("point_name", "unit", "gaps")]
    return [
        (item["point_name"], *(bits([item[key][row]]) for key in keys))
        for item in answer["series"]
        for row in range(len(item["timestamps"]))
    ]


@given(answers())
def test_json_holds_the_answer(answer: Answer) -> None:
    body = encoding.encoded(answer, encoding.JSON).body
    assert isinstance(body, str)
    assert_same(json.loads(body), answer)


@given(answers())
def test_msgpack_holds_the_answer(answer: Answer) -> None:
    body = encoding.encoded(answer, encoding.MSGPACK).body
    assert isinstance(body, bytes)
    assert_same(ormsgpack.unpackb(body), answer)


@pytest.mark.parametrize(("count", "units"), [(2, ["°F", "°F"]), (500, None)])
def test_csv_names_units_that_fit_a_header(count: int, units: list[str] | None) -> None:
    answer = answer_of([{"point_name": "p", "timestamps": np.arange(1), "values": np.ones(1)}] * count)
    headers = encoding.encoded(answer, encoding.CSV).headers
    assert json.loads(headers["Vitals-Metadata"]).get("series_units") == units


@given(answers())
@example(answer_of([{"point_name": "p", "timestamps": np.arange(9), "values": np.array(EDGES)}]))
def test_arrow_has_rows_and_the_rest_as_metadata(answer: Answer) -> None:
    table = pa.ipc.open_stream(encoding.encoded(answer, encoding.ARROW).body).read_all()
    assert table.schema.field("point_name").type == pa.dictionary(pa.int32(), pa.string())
    assert table.schema.field("timestamp").type == pa.timestamp("ms", "UTC")
    columns = [table["point_name"].to_pylist(), table["timestamp"].cast(pa.int64()).to_pylist()]
    columns += [table[name].to_pylist() for name in table.column_names[2:]]
    read = [(name, *(bits([cell]) for cell in row)) for name, *row in zip(*columns, strict=True)]
    assert read == rows_of(answer)
    envelope = json.loads(table.schema.metadata[b"vitals"])
    for series in answer["series"]:
        for key in ("timestamps", "values", "min", "max", "count", "first", "last"):
            series.pop(key, None)
    assert envelope == answer


@given(answers())
@example(answer_of([{"point_name": "p", "timestamps": np.arange(9), "values": np.array(EDGES)}]))
@example(answer_of([{"point_name": 'a,"b"\r\nc', "timestamps": np.arange(1), "values": np.ones(1)}]))
def test_csv_holds_the_rows(answer: Answer) -> None:
    done = encoding.encoded(answer, encoding.CSV)
    header, *rows = csv.reader(io.StringIO(str(done.body), newline=""))
    assert header[:3] == ["point_name", "timestamp", "value"]
    assert header[3:] in ([], ["min", "max", "count", "first", "last"])
    read = [
        (name, bits([parse_iso(time)]), *(bits([float(n)]) for n in numbers)) for name, time, *numbers in rows
    ]
    assert read == rows_of(answer)
    assert all(time.endswith("Z") and len(time) == len("2026-11-23T12:00:00.000Z") for _, time, *_ in rows)


@given(answers(), st.sampled_from([encoding.CSV, encoding.ARROW, encoding.MSGPACK, encoding.JSON]))
def test_a_kept_answer_looks_the_same(answer: Answer, media_type: str) -> None:
    cached = orjson.loads(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY))
    assert encoding.encoded(cached, media_type) == encoding.encoded(answer, media_type)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=2_000), max_size=12))
def test_headers_beside_csv_are_ascii_and_fit(warnings: list[str]) -> None:
    details = [{"code": "TIME_LIMIT", "text": text} for text in warnings]
    answer = answer_of([], warnings=warnings, warning_details=details, site_name="ü\n")
    answer["metadata"]["next_token"] = "bmV4dA"
    headers = encoding.encoded(answer, encoding.CSV).headers
    assert headers["Vitals-Next-Token"] == "bmV4dA"
    metadata = json.loads(headers["Vitals-Metadata"])
    rest = {k: v for k, v in answer.items() if k not in ("series", "warnings", "warning_details")}
    assert metadata == rest | {"series_units": []}
    assert ("Vitals-Warnings" in headers) == bool(warnings)
    read = json.loads(headers.get("Vitals-Warnings", "[]"))
    assert read == warnings or read[-1].startswith(f"and {len(warnings) - len(read) + 1} more")
    codes = json.loads(headers.get("Vitals-Warning-Codes", "[]"))
    assert codes == ["TIME_LIMIT"] * (len(read) - (read != warnings))
    assert all(text.isascii() and text.isprintable() and len(text) < 4_000 for text in headers.values())


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", encoding.JSON),
        ("  ", encoding.JSON),
        ("*/*", encoding.JSON),
        ("*", encoding.JSON),
        ("application/*", encoding.JSON),
        ("application/json", encoding.JSON),
        ("Application/JSON; charset=utf-8", encoding.JSON),
        ("text/csv", encoding.CSV),
        ("text/*", encoding.CSV),
        ("text/csv;header=present", encoding.CSV),
        ("text/csv, */*", encoding.CSV),
        ("text/csv, application/json", encoding.CSV),
        ("application/json, text/csv", encoding.JSON),
        ("application/json;q=0.5, text/csv;q=0.9", encoding.CSV),
        ("application/json;q=0.5, application/vnd.apache.arrow.stream", encoding.ARROW),
        ("application/msgpack", encoding.MSGPACK),
        ("application/vnd.msgpack", "application/vnd.msgpack"),
        ("application/x-msgpack", "application/x-msgpack"),
        ("application/json;q=0, */*", encoding.CSV),
        ("application/json;q=0, application/*", encoding.MSGPACK),
        ("*/*;q=0.1, text/csv;q=0.05", encoding.JSON),
        ("text/html, image/gif, *; q=.2, */*; q=0.2", encoding.JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", encoding.JSON),
        ("nonsense, text/csv", encoding.CSV),
        ("application/json;q=2, text/csv;q=0.1", encoding.CSV),
        ("application/json;q=nan, text/csv;q=0.1", encoding.CSV),
        ("text/csv;Q=0.2, application/json;q=0.1", encoding.CSV),
        (",,text/csv,", encoding.CSV),
    ],
)
def test_accept_decides(accept: str, media_type: str) -> None:
    assert encoding.negotiated(accept) == media_type


@pytest.mark.parametrize("accept", ["text/html", "image/*", "*/*;q=0", "nonsense", "*/json", "json;q=", ";"])
def test_nothing_acceptable_names_what_there_is(accept: str) -> None:
    with pytest.raises(NotAcceptableError, match="application/json, text/csv, application/msgpack"):
        encoding.negotiated(accept)


@given(st.text(max_size=60))
def test_any_accept_is_decided(accept: str) -> None:
    with contextlib.suppress(NotAcceptableError):
        assert "/" in encoding.negotiated(accept)


@pytest.mark.parametrize("aggregated", [False, True])
@pytest.mark.parametrize("name", ["p", "ses/ses_falls_city/8000:33-8033/analogValue/102", '"ü,' * 170])
def test_the_longest_csv_fits_a_lambda_response(name: str, aggregated: bool) -> None:
    limits = encoding.limits(encoding.CSV, ["x", name])
    assert limits
    rows = min(limits.aggregates, 30_000) if aggregated else min(limits.samples, 100_000)
    longest = np.full(rows, -2.2250738585072014e-308)
    series = {"point_name": name, "timestamps": np.full(rows, 1_795_435_200_123), "values": longest}
    if aggregated:
        series |= dict.fromkeys(("min", "max", "first", "last"), longest)
        series["count"] = np.full(rows, 86_400_000)
    body = encoding.encoded(answer_of([series]), encoding.CSV).body
    assert len(json.dumps(body, ensure_ascii=False).encode()) < 6_291_456
    assert encoding.limits(encoding.ARROW, [name]) is None


def test_an_answer_beyond_lambdas_limit_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = answer_of([{"point_name": "p", "timestamps": np.arange(50), "values": np.ones(50)}])
    monkeypatch.setattr(encoding, "MAX_TEXT_BYTES", 300)
    monkeypatch.setattr(encoding, "MAX_BINARY_BYTES", 300)
    for media_type in (encoding.JSON, encoding.CSV, encoding.MSGPACK, encoding.ARROW):
        with pytest.raises(TooLargeError, match="fewer points"):
            encoding.encoded(answer, media_type)
