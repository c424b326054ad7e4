"""The deployed archive: days leave the hot tier's time, and every answer stays what the upstream served."""

import time
from typing import Any

import pytest
import requests

from operations.verification.questions import Question
from operations.verification.store import Store
from tests.support.stack import invoke_archival, let_time_pass, verify
from vitals.model.timespan import DAY_MS, HOUR_MS, day_name

pytestmark = pytest.mark.integration


def sources(stack: dict[str, Any], question: Question, resolution: str) -> list[str]:
    body = {
        "site_name": question.site,
        "point_names": question.names,
        "start_time": question.start_ms,
        "end_time": question.end_ms,
        "resolution": resolution,
    }
    headers = {"Authorization": f"Bearer {stack['token']}"}
    answer = requests.post(f"{stack['api']}/timeseries/query", json=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.json()["warnings"] == []
    return list(answer.json()["metadata"]["sources"])


def test_days_become_cold_and_every_answer_stays_exact(stack: dict[str, Any]) -> None:
    store = Store(stack)
    [(site, (first_ms, _))] = store.synced().items()
    today = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS
    days = range(first_ms // DAY_MS * DAY_MS, today, DAY_MS)
    receipts = [invoke_archival(stack, {"site": site, "date": day_name(day)}) for day in days]
    assert all(receipt["rows"] > 0 for receipt in receipts)
    let_time_pass(stack, site, today - DAY_MS)
    upstream = store.upstream()
    names = tuple(upstream.points(site)[:8])
    cold = Question(site, names, today - 2 * DAY_MS, today - 2 * DAY_MS + 6 * HOUR_MS)
    split = Question(site, names, today - DAY_MS - 6 * HOUR_MS, today - DAY_MS + 6 * HOUR_MS)
    # The days were written to minutes ago, so the hot tier is asked beside their files.
    assert "archive" in sources(stack, cold, "raw")
    assert set(sources(stack, split, "raw")) == {"archive", "hot"}
    for question in (cold, split):
        assert store.ask(question) == upstream.ask(question) != {}
    again = invoke_archival(stack, {"site": site, "date": day_name(days[-1])})
    assert again["checksum"] == receipts[-1]["checksum"]
    done = verify()
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schedules_event_sends_the_due_days(stack: dict[str, Any]) -> None:
    receipt = invoke_archival(stack, {})
    assert set(receipt["due"]) == set(Store(stack).synced())
