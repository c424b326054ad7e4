"""What tests do with the stack that is up: AWS clients, tokens and commands."""

import json
import os
import subprocess
import time
from typing import Any

import boto3
from botocore.config import Config

from local.stack.processes import wait_until
from tests.support.local_stack import HOME, ROOT, VITALS
from vitals.model.site_day import SiteDay
from vitals.model.timespan import Span, day_name
from vitals.store.state.ledger import Ledger
from vitals.store.state.tokens import TokenTable

_ARCHIVING_S = 120


def aws_client(stack: dict[str, Any], service: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=stack["aws_endpoint"],
        region_name=stack["region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def verify(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [VITALS, "verify", *arguments],
        cwd=ROOT,
        env=os.environ | {"VITALS_HOME": str(HOME)},
        text=True,
        capture_output=True,
        timeout=300,
        check=False,
    )


def token_for(stack: dict[str, Any], name: str, scope: str, site: str, lasts_ms: int | None = None) -> str:
    dynamodb, now_ms = aws_client(stack, "dynamodb"), time.time_ns() // 1_000_000
    expires_ms = None if lasts_ms is None else now_ms + lasts_ms
    return TokenTable(dynamodb, stack["outputs"]["StateTable"]).create(
        name, [scope], [site], now_ms=now_ms, expires_ms=expires_ms
    )


def invoke_archival(stack: dict[str, Any], event: dict[str, str]) -> dict[str, Any]:
    """Archives until it works; the upstream's faults may fail some tries."""
    client: Any = boto3.client(
        "lambda",
        endpoint_url=stack["aws_endpoint"],
        region_name=stack["region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(read_timeout=310, retries={"total_max_attempts": 1}),
    )
    receipt: dict[str, Any] = {}
    for _ in range(5):
        payload = json.dumps(event).encode()
        answer = client.invoke(FunctionName=stack["outputs"]["ArchivalFunction"], Payload=payload)
        receipt = json.load(answer["Payload"])
        if "FunctionError" not in answer:
            return receipt
    raise AssertionError(receipt)


def archive_new_days(stack: dict[str, Any], site: str, before_ms: int) -> None:
    """Archives the days before a moment that never were.

    A test of killed syncs may have written to the day before the first that is synced.
    """
    ledger = Ledger(aws_client(stack, "dynamodb"), stack["outputs"]["StateTable"])
    for record in ledger.archive_records(site, Span(0, before_ms)):
        if record.status == "":
            invoke_archival(stack, {"site": site, "date": day_name(record.day_ms)})


def let_time_pass(stack: dict[str, Any], site: str, before_ms: int) -> None:
    """Lets the archived days before a moment be a day older than their blocks, which are gone."""
    dynamodb = aws_client(stack, "dynamodb")
    ledger = Ledger(dynamodb, stack["outputs"]["StateTable"])
    days = Span(0, before_ms)
    archive_new_days(stack, site, before_ms)

    def are_archived() -> bool:
        return all(record.status == "done" for record in ledger.archive_records(site, days))

    # A worker may archive one of them again.
    assert wait_until(are_archived, _ARCHIVING_S), ledger.archive_records(site, days)
    for record in ledger.archive_records(site, days):
        ledger.update_archive(SiteDay(site, record.day_ms), expires_ms=before_ms)
    table, key_names = stack["outputs"]["HotTable"], ("pk", "w")
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            if int(item["w"]["N"]) < before_ms and "#rollup#" not in item["pk"]["S"]:
                assert "expires_at" in item
                dynamodb.delete_item(TableName=table, Key={name: item[name] for name in key_names})
