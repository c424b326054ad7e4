"""What leaves API Gateway: bytes as bytes, compressed where that is accepted and worth it."""

import csv
import io
import json
import re
from typing import Any

import numpy as np
import ormsgpack
import pyarrow as pa
import pytest
import requests

from tests.support import openapi

pytestmark = pytest.mark.integration

ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def hour(stack: dict[str, Any]) -> dict[str, Any]:
    """A query of a site's last archived hour, by POST."""
    headers = {"Authorization": f"Bearer {stack['token']}"}
    [site] = requests.get(f"{stack['api']}/sites", headers=headers, timeout=40).json()["sites"]
    listed = requests.get(
        f"{stack['api']}/sites/{site['site_name']}/points?limit=5", headers=headers, timeout=40
    )
    end_ms = int(np.datetime64(site["synced_until"].rstrip("Z"), "ms").astype(int))
    return {
        "site_name": site["site_name"],
        "point_names": [point["point_name"] for point in listed.json()["points"]],
        "start_time": end_ms - 3_600_000,
        "end_time": end_ms,
        "resolution": "raw",
    }


def ask(stack: dict[str, Any], query: dict[str, Any], accept: str, encoding: str) -> requests.Response:
    """The answer with its body as it came over the wire."""
    headers = {
        "Authorization": f"Bearer {stack['token']}",
        "Accept": accept,
        "Accept-Encoding": encoding,
    }
    return requests.post(
        f"{stack['api']}/timeseries/query", json=query, headers=headers, timeout=40, stream=True
    )


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_every_form_holds_the_same_rows(stack: dict[str, Any], hour: dict[str, Any], encoding: str) -> None:
    whole = ask(stack, hour, "application/json", encoding).json()
    values = np.concatenate([np.array(series["values"], np.float64) for series in whole["series"]])
    times = [time for series in whole["series"] for time in series["timestamps"]]
    assert len(values) > 100

    packed = ask(stack, hour, "application/msgpack", encoding)
    assert packed.headers["Content-Type"] == "application/msgpack"
    unpacked = ormsgpack.unpackb(packed.content)
    assert unpacked["series"] == whole["series"]
    types = {name: type(value) for name, value in whole["metadata"].items()}
    assert {"cost", "query_time_ms", "sources"} <= types.keys()
    assert {name: type(value) for name, value in unpacked["metadata"].items()} == types

    # The first of several ranges is none of the binary ones.
    streamed = ask(stack, hour, f"application/json;q=0.1, {ARROW}", encoding)
    assert streamed.headers["Content-Type"] == ARROW
    table = pa.ipc.open_stream(streamed.content).read_all()
    assert table["timestamp"].cast(pa.int64()).to_pylist() == times
    assert np.array_equal(table["value"].to_numpy().view("u8"), values.view("u8"))
    envelope = json.loads(table.schema.metadata[b"vitals"])
    assert envelope["site_name"] == hour["site_name"]
    assert {name: type(value) for name, value in envelope["metadata"].items()} == types

    written = ask(stack, hour, "text/csv", encoding)
    header, *rows = csv.reader(io.StringIO(written.text, newline=""))
    assert header == ["point_name", "timestamp", "value"]
    assert np.array_equal(np.array([float(row[2]) for row in rows]).view("u8"), values.view("u8"))
    envelope = json.loads(written.headers["Vitals-Metadata"])
    assert envelope["metadata"]["total_samples"] == len(rows)
    assert {name: type(value) for name, value in envelope["metadata"].items()} == types


@pytest.mark.parametrize("accept", ["application/json", "text/csv", "application/msgpack", ARROW])
def test_a_large_answer_is_compressed_on_request(
    stack: dict[str, Any], hour: dict[str, Any], accept: str
) -> None:
    compressed = ask(stack, hour, accept, "br, gzip;q=0.8")
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert compressed.headers["Vary"] == "Accept, Accept-Encoding, Authorization, Origin"
    assert compressed.raw.read(2) == b"\x1f\x8b"
    for refusing in ("identity", "gzip;q=0", "*"):
        plain = ask(stack, hour, accept, refusing)
        assert "Content-Encoding" not in plain.headers
        assert len(plain.content) > 1024


def test_a_small_answer_is_not_compressed(stack: dict[str, Any]) -> None:
    answer = requests.get(f"{stack['api']}/health", headers={"Accept-Encoding": "gzip"}, timeout=40)
    assert "Content-Encoding" not in answer.headers
    assert answer.json()["status"] == "ok"


def test_an_unacceptable_type_is_a_json_406(stack: dict[str, Any], hour: dict[str, Any]) -> None:
    answer = ask(stack, hour, "text/html", "gzip")
    assert (answer.status_code, answer.json()["error_code"]) == (406, "NOT_ACCEPTABLE")
    assert answer.headers["Content-Type"] == "application/json"


def test_the_public_api_description_names_no_site(stack: dict[str, Any], hour: dict[str, Any]) -> None:
    described = requests.get(f"{stack['api']}/openapi.json", timeout=40)
    assert described.status_code == 200
    assert described.json() == openapi.document()
    page = requests.get(f"{stack['api']}/docs", timeout=40)
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"]
    assert hour["site_name"] not in described.text + page.text
    assert requests.post(f"{stack['api']}/docs", timeout=40).status_code == 405


def test_the_script_of_the_docs_is_compressed(stack: dict[str, Any]) -> None:
    page = requests.get(f"{stack['api']}/docs", timeout=40)
    assert len(page.content) < 1_000
    script = re.findall(r'src="(assets/swagger-ui-[^"]+)"', page.text)[0]
    answer = requests.get(f"{stack['api']}/{script}", timeout=40)
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert int(answer.headers["Content-Length"]) < len(answer.content) / 3
