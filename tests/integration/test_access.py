"""Who gets in, through the deployed authorizer and API."""

import time
from typing import Any

import boto3
import pytest
import requests

from vitals.tokens import create_token

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def tokens(stack: dict[str, Any]) -> dict[str, str]:
    dynamodb: Any = boto3.client(
        "dynamodb",
        endpoint_url=stack["aws_endpoint"],
        region_name=stack["region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    now_ms = time.time_ns() // 1_000_000
    grants: dict[str, tuple[list[str], list[str], int | None]] = {
        "everything": (["read"], ["*"], None),
        "no read": (["backfill"], ["*"], None),
        "elsewhere": (["read"], ["another_site"], None),
        "expired": (["read"], ["*"], now_ms - 60_000),
    }
    table = stack["outputs"]["StateTable"]
    return {
        name: create_token(dynamodb, table, name, scopes, sites, now_ms, expires)
        for name, (scopes, sites, expires) in grants.items()
    }


def site_of(stack: dict[str, Any]) -> str:
    headers = {"Authorization": f"Bearer {stack['token']}"}
    [site] = requests.get(f"{stack['api']}/sites", headers=headers, timeout=40).json()["sites"]
    return str(site["site_name"])


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("everything", 200, None),
        ("no read", 403, "FORBIDDEN"),
        ("elsewhere", 403, "FORBIDDEN"),
        ("expired", 401, "UNAUTHORIZED"),
    ],
)
def test_a_token_opens_what_it_grants(
    stack: dict[str, Any], tokens: dict[str, str], token: str, status: int, code: str | None
) -> None:
    url = f"{stack['api']}/sites/{site_of(stack)}/points"
    answer = requests.get(url, headers={"Authorization": f"Bearer {tokens[token]}"}, timeout=40)
    assert (answer.status_code, answer.json().get("error_code")) == (status, code)


def test_hostile_requests_get_a_clear_4xx(stack: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {stack['token']}", "Content-Type": "application/json"}
    site = site_of(stack)
    query = {"site_name": site, "point_names": ["x"], "start_time": 0, "end_time": 60_000}
    for path, body in {
        "/timeseries/query": query | {"point_names": ["../../etc", "'; DROP TABLE x; --", "温度"]},
        "/timeseries/query?again": query | {"site_name": "../etc"},
        "/timeseries/query?large": query | {"point_names": ["p" * 400] * 25_000},
        "/nowhere": {},
    }.items():
        answer = requests.post(stack["api"] + path, json=body, headers=headers, timeout=60)
        assert 400 <= answer.status_code < 500, (path, answer.text[:200])
        assert set(answer.json()) == {"error", "error_code", "request_id"}
