"""Fixtures of tests in a browser; a conftest imports those that its tests need."""

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Visits
from tests.support.laid_out_api import ADDRESS
from tests.support.local_stack import PICTURES
from tools import chromium

_FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium; where there is none, the tests that need it are skipped, or fail as CI asks them to."""
    program = chromium.find()
    if program is None:
        message = "not run: no Chromium on the PATH, and VITALS_CHROMIUM names none"
        if os.environ.get("VITALS_BROWSER") == "required":
            pytest.fail(message)
        pytest.skip(message)
    with chromium.launched(program) as launched:
        yield launched


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The folder of the pictures, of which none is of an earlier run."""
    return emptied(PICTURES)


def emptied(folder: Path) -> Path:
    """Returns the folder without what was in it."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture
def visits(
    browser: Browser, stack: dict[str, Any], pictures: Path, request: pytest.FixtureRequest
) -> Iterator[Visits]:
    """Opens the page; the test fails when something goes wrong in the browser that it does not allow."""
    visits = Visits(browser, stack["api"], stack["token"], pictures)
    yield visits
    visits.end(request.node.name, failed=request.node.stash.get(_FAILED, False))


@pytest.fixture
def mill(browser: Browser, pictures: Path, request: pytest.FixtureRequest) -> Iterator[Visits]:
    """Opens the page of a site whose API the test lays out; no stack is needed."""
    visits = Visits(browser, ADDRESS, "a-token", pictures)
    yield visits
    visits.end(request.node.name, failed=request.node.stash.get(_FAILED, False))
