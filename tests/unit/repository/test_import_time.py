"""Cold start: what a handler imports, which decides how long its import takes (`make bench` measures it)."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support.template import template

ROOT = Path(__file__).parents[3]
# Modules that each handler may import, with a few to spare: a package more is noticed.
MOST = {
    "admin.app": 510,
    "archival.app": 615,
    "authorizer.app": 170,
    "backfill.api.app": 525,
    "backfill.app": 690,
    "cleanup.app": 180,
    "etl.app": 610,
    "exports.api.app": 555,
    "exports.app": 485,
    "query.app": 605,
}
# Imported where they are used. The clients of ACE come with requests, and thereby with urllib3.
LAZY = {
    "aws_xray_sdk",
    "awswrangler",
    "boto3",
    "botocore.client",
    "botocore.session",
    "ormsgpack",
    "pandas",
    "pyarrow",
    "s3transfer",
    "tsdownsample",
}
OF_ACE = {"requests", "urllib3"}
READERS = {"archival.app", "backfill.app", "etl.app"}
# What few requests need.
RARE = {
    "query.quality",
    "query.timeseries.summaries",
    "query.timeseries.tables",
    "vitals.reading.summary.reader",
}
_IMPORT = """
import json, sys
before = set(sys.modules)
import {module}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@cache
def modules(module: str) -> frozenset[str]:
    """The modules that the import of a handler loads, as Lambda's environment has it."""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "functions"), str(ROOT / "layers/common/python")]),
        "PYDANTIC_DISABLE_PLUGINS": variables["PYDANTIC_DISABLE_PLUGINS"],
        "PYTHONTZPATH": variables["PYTHONTZPATH"],
        # The default of the parameter Tracing.
        "POWERTOOLS_TRACE_DISABLED": "true",
    }
    command = [sys.executable, "-c", _IMPORT.format(module=module)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return frozenset(json.loads(run.stdout))


def test_every_handler_is_listed() -> None:
    handlers = {
        resource["Properties"]["Handler"].removesuffix(".handler")
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    assert handlers == MOST.keys()


@pytest.mark.parametrize("module", MOST)
def test_a_handler_imports_no_more_modules(module: str) -> None:
    assert len(modules(module)) <= MOST[module]


@pytest.mark.parametrize("module", MOST)
def test_a_handler_leaves_packages_for_later(module: str) -> None:
    lazy = LAZY if module in READERS else LAZY | OF_ACE
    assert not modules(module) & lazy


def test_authorizer_and_cleanup_need_no_numpy() -> None:
    assert not (modules("authorizer.app") | modules("cleanup.app")) & {"numpy", "pydantic"}


def test_few_requests_import_what_they_need_themselves() -> None:
    assert not modules("query.app") & RARE
