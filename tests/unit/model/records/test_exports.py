"""When an export is idle, so that a sweep sends its message again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.records.exports import (
    CANCELLED,
    COMPLETED,
    FAILED,
    IDLE_MS,
    QUEUED,
    RUNNING,
    Export,
    ExportStatus,
)
from vitals.model.timespan import HOUR_MS, MINUTE_MS

CREATED = 1_767_225_600_000
WAITING = Export("e", created_ms=CREATED)
RUNS = replace(WAITING, status=RUNNING, worked_ms=CREATED, claim_until_ms=CREATED + 15 * MINUTE_MS)


def first_idle_ms(export: Export) -> int:
    """Returns how long after the request the export is idle, by the minute."""
    minutes = range(7 * 24 * 60)
    return next(m * MINUTE_MS for m in minutes if export.is_idle(CREATED + m * MINUTE_MS))


@pytest.mark.parametrize(
    ("export", "idle_ms"),
    [
        (WAITING, IDLE_MS),
        (RUNS, IDLE_MS + 15 * MINUTE_MS),
        (replace(WAITING, worked_ms=CREATED + HOUR_MS), HOUR_MS + IDLE_MS),
        (replace(WAITING, swept_ms=CREATED + IDLE_MS), 2 * IDLE_MS),
        (replace(WAITING, swept_ms=CREATED + 8 * IDLE_MS), 16 * IDLE_MS),
        (replace(RUNS, swept_ms=CREATED - HOUR_MS), IDLE_MS + 15 * MINUTE_MS),
    ],
)
def test_an_export_is_idle_after_an_hour(export: Export, idle_ms: int) -> None:
    assert first_idle_ms(export) == idle_ms


@pytest.mark.parametrize("status", [COMPLETED, FAILED, CANCELLED])
def test_an_ended_export_is_never_idle(status: ExportStatus) -> None:
    assert not replace(WAITING, status=status).is_idle(CREATED + 100 * IDLE_MS)
    assert not replace(RUNS, last_try=1).is_idle(CREATED + 100 * IDLE_MS)


TIMES = st.just(0) | st.integers(CREATED, CREATED + 200 * HOUR_MS)


@given(st.sampled_from([QUEUED, RUNNING]), TIMES, TIMES, TIMES, st.integers(0, 300 * HOUR_MS))
def test_idle_exports_had_no_work_for_an_hour(
    status: ExportStatus, worked_ms: int, claim_until_ms: int, swept_ms: int, age_ms: int
) -> None:
    now_ms = CREATED + age_ms
    export = replace(
        WAITING, status=status, worked_ms=worked_ms, claim_until_ms=claim_until_ms, swept_ms=swept_ms
    )
    latest_ms = max(CREATED, worked_ms, claim_until_ms, swept_ms)
    if export.is_idle(now_ms):
        assert now_ms >= latest_ms + IDLE_MS
    # However often it was swept, it is sent again.
    assert export.is_idle(2 * latest_ms - CREATED + IDLE_MS)
