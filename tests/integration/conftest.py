"""One local stack for the whole run, beside the one that a developer may have up."""

import json
import os
import shutil
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from local.stack.processes import port_is_free
from tests.support.browser import Visits
from tests.support.laid_out_api import ADDRESS
from tests.support.local_stack import HOME, PICTURES, PORT, local_stack
from tools import chromium

FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def stack() -> Iterator[dict[str, Any]]:
    """.local/stack.json of a stack that is up."""
    try:
        done = local_stack("up", seconds=900)
        assert done.returncode == 0, done.stdout
        yield json.loads((HOME / "stack.json").read_text())
    finally:
        done = local_stack("down", seconds=60)
    assert done.returncode == 0, done.stdout
    assert port_is_free(PORT)
    assert port_is_free(PORT + 1)
    assert port_is_free(PORT + 2)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium; where there is none, the tests that need it are skipped, or fail as CI asks them to."""
    program = chromium.find()
    if program is None:
        message = "not run: no Chromium on the PATH, and VITALS_CHROMIUM names none"
        if os.environ.get("VITALS_BROWSER") == "required":
            pytest.fail(message)
        pytest.skip(message)
    # What is there after a run is of that run.
    if PICTURES.exists():
        shutil.rmtree(PICTURES)
    with chromium.launched(program) as launched:
        yield launched


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def visits(browser: Browser, stack: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Visits]:
    """Opens the page; the test fails when something goes wrong in the browser that it does not allow."""
    visits = Visits(browser, stack["api"], stack["token"], PICTURES)
    yield visits
    visits.end(request.node.name, failed=request.node.stash.get(FAILED, False))


@pytest.fixture
def mill(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visits]:
    """Opens the page of a site whose API the test lays out; no stack is needed."""
    visits = Visits(browser, ADDRESS, "a-token", PICTURES)
    yield visits
    visits.end(request.node.name, failed=request.node.stash.get(FAILED, False))


@pytest.fixture
def page(visits: Visits) -> Page:
    """The page, signed in, as it opens."""
    return visits.open()
