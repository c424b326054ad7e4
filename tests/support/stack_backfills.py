"""Backfills of the stack that is up, by its API."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from local.stack.processes import wait_until
from operations.verification.store import Store
from tests.support.local_stack import PORT
from vitals.model.timespan import DAY_MS, day_name
from vitals_client import Client
from vitals_client.backfills import Backfills
from vitals_client.shapes import Run

CONTROL = f"http://127.0.0.1:{PORT + 1}/control"
LONGEST_S = 300
# A day of the simulated site has 69,000 readings.
SMALL_PAGE = 10_000


@pytest.fixture
def api(stack: dict[str, Any]) -> Iterator[Backfills]:
    with Client(stack["api"], stack["token"]) as client:
        yield client.backfills


@pytest.fixture
def site(stack: dict[str, Any]) -> str:
    [site_name] = Store(stack).synced()
    return site_name


@contextmanager
def slow_upstream(delay_s: float) -> Iterator[None]:
    """ACE takes seconds itself and fails on large pages, so that a day can be looked at while it is read."""
    before = requests.get(f"{CONTROL}/faults", timeout=10).json()
    slow = before | {"delay": delay_s, "page_limit": SMALL_PAGE}
    requests.put(f"{CONTROL}/faults", json=slow, timeout=10).raise_for_status()
    try:
        yield
    finally:
        requests.put(f"{CONTROL}/faults", json=before, timeout=10).raise_for_status()


def days_ago(days: int) -> str:
    """Counted from when the simulator started, as the day of its opening is."""
    anchor_ms: int = requests.get(f"{CONTROL}/health", timeout=10).json()["anchor_ms"]
    return day_name(anchor_ms - days * DAY_MS)


def ended(api: Backfills, run_id: str) -> Run:
    return when(api, run_id, lambda run: run["status"] != "running")


def when(api: Backfills, run_id: str, condition: Callable[[Run], bool]) -> Run:
    """The run as soon as the condition holds of it."""
    run: Run | None = None

    def holds() -> bool:
        nonlocal run
        run = api.get(run_id)
        return condition(run)

    assert wait_until(holds, LONGEST_S, interval=0.05), run
    assert run
    return run
