"""One local stack for the whole run, beside the one that a developer may have up."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.browser import Visits
from tests.support.browser_fixtures import browser, mill, pictures, pytest_runtest_makereport, visits
from tests.support.local_stack import running_stack

__all__ = ["browser", "mill", "pictures", "pytest_runtest_makereport", "visits"]


@pytest.fixture(scope="session")
def stack() -> Iterator[dict[str, Any]]:
    """.local/stack.json of a stack that is up."""
    with running_stack() as running:
        yield running


@pytest.fixture
def page(visits: Visits) -> Page:
    """The page, signed in, as it opens."""
    return visits.open()
