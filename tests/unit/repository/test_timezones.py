"""Timezones come from the pinned package in every process, and never from the machine's own files."""

import os
import subprocess
import sys

import pytest

from local.stack import services
from local.stack.settings import from_environ
from tests.support.template import template
from vitals.model.zones import version

VARIABLE = "PYTHONTZPATH"
PROGRAM = """
from zoneinfo import TZPATH, ZoneInfo
import tzdata
print(TZPATH, ZoneInfo("America/Chicago"), tzdata.IANA_VERSION)
"""
FROM_PACKAGE = f"() America/Chicago {version()}"


def printed(path: str | None) -> str:
    """What a new process says of its timezones."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    environment |= {} if path is None else {VARIABLE: path}
    command = [sys.executable, "-c", PROGRAM]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return run.stdout.strip()


def test_functions_read_the_pinned_package() -> None:
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert printed(variables[VARIABLE]) == FROM_PACKAGE
    assert printed(None) != FROM_PACKAGE


def test_no_function_sets_another_path() -> None:
    functions = [r for r in template()["Resources"].values() if r["Type"] == "AWS::Serverless::Function"]
    variables = [f["Properties"].get("Environment", {}).get("Variables", {}) for f in functions]
    assert functions
    assert not any(VARIABLE in names for names in variables)


def test_the_local_processes_read_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    started = services.services(from_environ({}))
    assert len(started) == 3
    assert [service.environ.get(VARIABLE) for service in started] == ["", "", ""]
