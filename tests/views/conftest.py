"""A fresh stack with three weeks of a simulated building, as a new user has it: `make views`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser_fixtures import browser, emptied, pytest_runtest_makereport, visits
from tests.support.local_stack import ROOT, running_stack

__all__ = ["browser", "pytest_runtest_makereport", "visits"]

# The last whole week, the one before it, and what leads to now.
_HISTORY_DAYS = 21
# The defaults of `make up`.
_DEFAULTS = dict.fromkeys(
    ("VITALS_REPLAY", "VITALS_FAULTS", "VITALS_HOT_DAYS", "VITALS_LOOKBACK_HOURS", "VITALS_OPENED_DAYS_AGO"),
    "",
)


@pytest.fixture(scope="session")
def stack() -> Iterator[dict[str, Any]]:
    """.local/stack.json of the fresh stack."""
    with running_stack(**_DEFAULTS, VITALS_BACKFILL_DAYS=str(_HISTORY_DAYS)) as running:
        yield running


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The folder of the pictures, to look at."""
    return emptied(ROOT / ".local" / "views")
