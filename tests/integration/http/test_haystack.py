"""Haystack clients and their credentials, through the deployed gateway, authorizer and function."""

import base64
import json
import random
import shutil
import subprocess
import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from phable import DateTimeRange, HaystackClient, Ref

from tests.support.haystack_filters import Rule, Vocabulary, rules, text_of
from tests.support.local_stack import ROOT
from tests.support.stack import token_for
from vitals.model import units
from vitals.model.haystack.units import haystack_unit
from vitals.model.timespan import HOUR_MS, WINDOW_MS, iso

pytestmark = pytest.mark.integration

SCRIPT = ROOT / "tests/support/haystack_client.mjs"
# Units of ours that Haystack has no symbol for.
UNKNOWN_UNITS = {"°R", "MPa", "ftH₂O"}
FILTERS = 200
TAGS = "id dis point site equip siteRef equipRef kind unit tz hisCollectInterval"


@pytest.fixture(scope="module")
def site(stack: dict[str, Any]) -> str:
    headers = {"Authorization": f"Bearer {stack['token']}"}
    name: str = requests.get(stack["api"] + "/sites", headers=headers, timeout=40).json()["sites"][0][
        "site_name"
    ]
    return name


@pytest.fixture(scope="module")
def secret(stack: dict[str, Any]) -> str:
    return token_for(stack, "haystack", "read", "*")


def get(stack: dict[str, Any], authorization: str, path: str = "/haystack/about") -> requests.Response:
    return requests.get(stack["api"] + path, headers={"Authorization": authorization}, timeout=40)


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"su:{password}".encode()).decode()


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER authToken=", "bearer authToken="])
def test_a_token_in_every_form(stack: dict[str, Any], secret: str, scheme: str) -> None:
    answer = get(stack, scheme + secret)
    assert answer.status_code == 200, answer.text
    assert "Building Vitals" in answer.text
    assert get(stack, scheme + secret, "/sites").status_code == 200


def test_basic_is_for_haystack_alone(stack: dict[str, Any], secret: str) -> None:
    assert get(stack, basic(secret)).status_code == 200
    refused = get(stack, basic(secret), "/sites")
    assert (refused.status_code, refused.json()["error_code"]) == (403, "FORBIDDEN")
    # The answer that the gateway has cached for this header is the same.
    assert get(stack, basic(secret)).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer nobody",
        "BEARER authToken=nobody",
        basic("nobody"),
        "Basic !",
        "SCRAM data=x",
        "HELLO username=c3U",
    ],
)
def test_other_credentials_are_unauthorized(stack: dict[str, Any], authorization: str) -> None:
    answer = get(stack, authorization)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def generated_filters(records: list[dict[str, Any]]) -> list[str]:
    """Filters of the tags and the values that the site's records have."""
    vocabulary = Vocabulary(
        tags=tuple(TAGS.split()),
        values=(
            *(True, "Number", "Bool", "UTC", "°F"),
            *(("number", 60.0, "s"), ("number", 300.0, "s"), ("number", 900.0, "s")),
            *(("ref", record["id"]) for record in records[:3]),
        ),
    )
    texts: list[str] = []

    @seed(1)
    @settings(
        max_examples=FILTERS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(rules(vocabulary))
    def collect(rule: Rule) -> None:
        texts.append(text_of(rule))

    collect()
    return texts


def nclient(stack: dict[str, Any], secret: str, **request: Any) -> dict[str, Any]:
    node = shutil.which("node")
    assert node, "node is missing"
    content = {"url": f"{stack['api']}/haystack", "token": secret, "filters": [], "ids": [], "units": []}
    done = subprocess.run(
        [node, SCRIPT, ROOT / "web"],
        input=json.dumps(content | request),
        text=True,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_nclient_reads_records_filters_and_histories(stack: dict[str, Any], secret: str, site: str) -> None:
    facts = nclient(stack, secret, units=[haystack_unit(unit.symbol) for unit in units.UNITS if unit.symbol])
    assert facts["about"] == "4.0"
    assert facts["ops"] == ["about", "ops", "filetypes", "formats", "read", "nav", "hisRead", "close"]
    assert {"text/zinc", "application/vnd.haystack+json"} <= set(facts["formats"])
    assert facts["empty"]
    assert f"@{site}.site" in facts["sites"]
    assert set(facts["unknown_units"]) == UNKNOWN_UNITS
    assert "the filter is not valid at character 10" in facts["error"]

    end_ms = (time.time_ns() // 1_000_000 - HOUR_MS) // WINDOW_MS * WINDOW_MS
    edges = (iso(end_ms - 2 * HOUR_MS), iso(end_ms))
    points = [
        record for record in facts["records"] if record["pointName"] and record["id"].startswith(f"{site}.p")
    ]
    chosen = random.Random(1).sample(points, 12)
    filters = generated_filters(facts["records"])
    answer = nclient(
        stack,
        secret,
        filters=filters,
        ids=[point["id"] for point in chosen],
        range=",".join(f"{edge} UTC" for edge in edges),
    )
    assert len(filters) == FILTERS
    assert answer["mismatches"] == []
    # The oracle selects some of the records with most filters, so that agreement says something.
    assert sum(0 < count < len(facts["records"]) for count in answer["selected"]) > FILTERS / 4

    query = {"site_name": site, "point_names": [point["pointName"] for point in chosen], "resolution": "raw"}
    query |= {"start_time": edges[0], "end_time": edges[1]}
    headers = {"Authorization": f"Bearer {secret}"}
    samples = requests.post(
        stack["api"] + "/timeseries/query", json=query, headers=headers, timeout=40
    ).json()
    for point, series in zip(chosen, samples["series"], strict=True):
        read = [tuple(row) for row in answer["histories"][point["id"]] if row[1] is not None]
        assert read == list(zip(series["timestamps"], series["values"], strict=True)), point


@pytest.mark.parametrize("content_type", ["json", "zinc"])
def test_phable_reads_a_point(stack: dict[str, Any], secret: str, site: str, content_type: str) -> None:
    client = HaystackClient(f"{stack['api']}/haystack", secret, content_type=content_type)
    assert client.about()["productName"] == "Building Vitals"
    point = client.read(f"point and siteRef==@{site}.site")
    end = datetime.now(ZoneInfo("UTC")) - timedelta(hours=1)
    grid = client.his_read_by_id(Ref(point["id"].val), DateTimeRange(end - timedelta(hours=2), end))
    assert grid.rows
    assert {frozenset(row) for row in grid.rows} == {frozenset({"ts", "val"})}
    assert client.close().rows == []
