"""Sends every request of docs/api.md, in order, to a simulated building, and compares the responses."""

import base64
import json
import re
from copy import copy
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from exports import app as exports_worker
from tests.support import openapi
from tests.support.backfill_handlers import CONTEXT, deployed, run_tasks
from tests.support.building import building
from tests.support.routing import app_of
from tests.support.template import ROOT
from tests.support.world import World
from vitals.model.measures import measure

__all__ = ["building", "deployed"]
PAGE = (ROOT / "docs/api.md").read_text()
BLOCKS = [
    [line[4:] for line in block.splitlines()] for block in re.findall(r"(?:^ {4}.+\n)+", PAGE, re.MULTILINE)
]
# What differs from run to run.
VOLATILE = {"bytes", "cost", "flag_id", "id", "name", "query_time_ms", "url"}


class Example:
    """A request of the page with its answer."""

    def __init__(self, request: list[str], answer: list[str]) -> None:
        self.method, target = request[0].split(" ", 1)
        url = urlsplit(target)
        self.path, self.query = url.path, parse_qs(url.query)
        self.accept = next((line.split(": ")[1] for line in request[1:] if line.startswith("Accept")), "")
        body = "\n".join(line for line in request[1:] if not line.startswith("Accept"))
        self.body = json.loads(body) if body else None
        self.answer = "\n".join(answer) + "\n"

    def event(self, run: str) -> dict[str, Any]:
        authorizer = {
            "principalId": "ops",
            "scopes": "read export backfill admin",
            "sites": "ses_falls_city",
            "token_id": "5f2a9c01",
        }
        query = {name: [text.replace("<id>", run) for text in texts] for name, texts in self.query.items()}
        return {
            "resource": "/{proxy+}",
            "path": self.path.replace("<id>", run),
            "httpMethod": self.method,
            "headers": {"Content-Type": "application/json", "Accept": self.accept or "*/*"},
            "multiValueHeaders": {},
            "queryStringParameters": {name: values[-1] for name, values in query.items()},
            "multiValueQueryStringParameters": query,
            "requestContext": {"requestId": "r-1", "authorizer": authorizer},
            "body": self.body and json.dumps(self.body),
            "isBase64Encoded": False,
        }


EXAMPLES = [
    Example(block, BLOCKS[number + 1])
    for number, block in enumerate(BLOCKS)
    if re.match(r"(GET|POST|PUT|PATCH|DELETE) /", block[0])
]


def steady(content: Any) -> Any:
    """Returns the response without values that differ between runs; their keys still count."""
    if isinstance(content, dict):
        return {key: None if key in VOLATILE else steady(value) for key, value in content.items()}
    return [steady(value) for value in content] if isinstance(content, list) else content


def ask(example: Example, run: str) -> dict[str, Any]:
    app = app_of(example.method, example.path)
    answer: dict[str, Any] = app.handler(example.event(run), CONTEXT)
    return answer


def test_the_examples_answer_as_the_page_says(building: World) -> None:
    run = ""
    for example in EXAMPLES:
        answer = ask(example, run)
        assert answer["statusCode"] in (200, 202), answer
        if example.accept:
            assert answer["body"] == example.answer
            continue
        content = json.loads(answer["body"])
        assert steady(content) == steady(json.loads(example.answer)), example.path
        if example.path == "/backfill/start":
            run = content["id"]
            run_tasks(run)
        if (example.method, example.path) == ("POST", "/sites/ses_falls_city/flags"):
            run = content["flag_id"]
        if (example.method, example.path) == ("POST", "/exports"):
            run = content["id"]
            exports_worker.handler({"export": run}, CONTEXT)


def test_the_measures_have_the_values_of_their_table(building: World) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+/\d+) \| (\S+) \| ([^|]*?) ?\|", PAGE, re.M)
    example = copy(EXAMPLES[1])
    assert example.body is not None
    for name, point, value, unit in rows:
        points = [f"ses/ses_falls_city/8000:33-8033/{point}"]
        example.body = example.body | {"point_names": points, "measure": name}
        [series] = json.loads(ask(example, "")["body"])["series"]
        assert series["values"] == [pytest.approx(float(value), rel=1e-12)], name
        assert series["unit"] == unit, name
    assert {name for name, *_ in rows if name != "p95"} | {"pN", "at"} == set(measure.NAMES)


def test_the_arrow_example(building: World) -> None:
    example = EXAMPLES[0]
    example.accept, accept = "application/vnd.apache.arrow.stream", example.accept
    answer = ask(example, "")
    example.accept = accept
    [code] = [block for block in BLOCKS if block[0] == "import json"]
    scope: dict[str, Any] = {"response": SimpleNamespace(content=base64.b64decode(answer["body"]))}
    exec("\n".join(code), scope)
    [series] = json.loads(example.answer)["series"]
    assert scope["frame"]["value"].tolist() == series["values"]
    assert scope["frame"]["timestamp"][0] == pd.Timestamp(series["timestamps"][0], unit="ms", tz="UTC")
    assert scope["result"]["series"][0]["coverage"] == series["coverage"]


def test_every_route_has_an_example_or_is_named() -> None:
    shown = {(e.method.lower(), e.path.replace("ses_falls_city", "{site}")) for e in EXAMPLES}
    named = {(m.lower(), p) for m, p in re.findall(r"`(GET|POST|PATCH|DELETE) (/[\w/.{}]*)`", PAGE)}
    routes = {
        (m, re.sub(r"{\w+_id}", "<id>", p))
        for p, operations in openapi.document()["paths"].items()
        for m in operations
    }
    assert shown | named == routes


def test_every_warning_has_its_row() -> None:
    table = PAGE.partition("## Warnings")[2].partition("## Samples")[0]
    detail = openapi.document()["components"]["schemas"]["WarningDetail"]["properties"]
    assert sorted(re.findall(r"^\| ([A-Z_]+) \|", table, re.M)) == sorted(detail["code"]["enum"])


def test_every_error_has_its_row() -> None:
    http = (ROOT / "layers/common/python/vitals/http/errors.py").read_text()
    by_functions = set(re.findall(r'\d{3}, "([A-Z_]+)"', http))
    by_gateway = set(re.findall(r'"error_code":"([A-Z_]+)"', (ROOT / "template.yaml").read_text()))
    described = {
        answer["description"].partition(":")[0]
        for operations in openapi.document()["paths"].values()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if status.isdigit() and int(status) >= 400
    }
    table = PAGE.partition("## Errors")[2].partition("## Samples")[0]
    rows = set(re.findall(r"^\| \d{3}[^|]*\| ([A-Z_]+)", table, re.M))
    assert rows == by_functions | by_gateway
    # A method that a path does not know has no operation to describe it.
    assert described == rows - {"METHOD_NOT_ALLOWED"}
