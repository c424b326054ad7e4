"""A delivery of an export's message sends at most one, and none when no worker has claimed the export."""

import json
from contextvars import Context
from itertools import product
from typing import Any

import pytest

from exports import work
from exports.handle import MAX_RECEIVES
from exports.queues import ExportQueues
from tests.support.exporting import Stage, deployed, simulator, stage
from tests.support.kill import killed_at
from tests.support.sites import SITE
from vitals.model.records.exports import (
    CANCELLED,
    COMPLETED,
    FAILED,
    QUEUED,
    RUNNING,
    Export,
    ExportPlan,
    ExportStatus,
)
from vitals.model.timespan import MINUTE_MS
from vitals.reading.bulk.day_rows import DayRows
from vitals.store.state.exports import ExportTable

__all__ = ["deployed", "simulator", "stage"]

type Sent = list[tuple[str, int]]
"""The exports whose messages were sent, each with its delay in seconds."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """The messages, which come here instead of their queues."""
    messages: Sent = []

    def send(_: ExportQueues, export: Export, delay_s: int = 0) -> None:
        messages.append((export.export, delay_s))

    monkeypatch.setattr(ExportQueues, "send", send)
    return messages


def deliver(stage: Stage, export: str, receives: int = 1) -> bool:
    return stage.deliver({"body": json.dumps({"export": export})}, receives)


def deliver_all(stage: Stage, sent: Sent) -> int:
    """Delivers each message when its delay is over until there is none, and returns how many there were."""
    for number in range(20):
        if not sent:
            return number
        export, delay_s = sent.pop(0)
        stage.world.clock.now_ms += delay_s * 1000
        assert deliver(stage, export)
        assert len(sent) <= 2
    raise AssertionError("there are messages without end")


def cancel_and_fail(stage: Stage, export: str, monkeypatch: pytest.MonkeyPatch, receives: int) -> None:
    """Cancels the export during an attempt that fails after that."""

    def failing(*_: Any) -> None:
        assert stage.delete(export)[0] == 202
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(DayRows, "_build", failing)
        assert not deliver(stage, export, receives)


@pytest.mark.parametrize("receives", [1, MAX_RECEIVES])
def test_a_failing_attempt_ends_a_cancelled_export(
    stage: Stage, sent: Sent, monkeypatch: pytest.MonkeyPatch, receives: int
) -> None:
    """Its message is delivered again, or redriven from the dead letters, and a sweep sent a second one."""
    export = stage.start()
    cancel_and_fail(stage, export, monkeypatch, receives)
    sent.append((export, 0))
    assert deliver_all(stage, sent) == 2
    answer = stage.get(export)
    assert (answer["status"], answer["attempts"]) == ("cancelled", 1)
    assert stage.objects(export) == set()


def test_it_is_cancelled_before_the_next_delivery(
    stage: Stage, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = stage.start()
    cancel_and_fail(stage, export, monkeypatch, MAX_RECEIVES)
    answer = stage.get(export)
    assert (answer["status"], answer["cancel_requested"]) == ("cancelled", True)
    assert answer["error"] == work._UNEXPECTED
    assert answer["ended_at"]
    assert stage.objects(export) == set()
    assert stage.delete(export) == (200, {"id": export, "status": "removed"})


def test_a_kill_before_that_leaves_it_cancellable(
    stage: Stage, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = stage.start()
    with killed_at(ExportTable, "finish_cancel"):
        cancel_and_fail(stage, export, monkeypatch, MAX_RECEIVES)
    assert stage.get(export)["status"] == "failed"
    assert deliver_all(stage, sent) == 1
    assert stage.get(export)["status"] == "cancelled"
    assert stage.objects(export) == set()


CANCELS = {"cancelled": 1, "not cancelled": 0}
CLAIMS = {"none": None, "past": -1, "ends now": 0, "running": 16 * MINUTE_MS}
"""When the claim ends, in milliseconds from now."""


@pytest.mark.parametrize("status", [QUEUED, RUNNING, FAILED, COMPLETED, CANCELLED])
def test_every_state_ends(deployed: Stage, sent: Sent, status: ExportStatus) -> None:
    """Cancelled if that was requested, else completed: its plan has no parts."""
    table = ExportTable(deployed.world.client, "StateTable")
    states = product(CANCELS, CLAIMS, (0, 1), (1, MAX_RECEIVES))
    for number, (cancel, claim, last_try, receives) in enumerate(states):
        now_ms, end = deployed.world.clock(), CLAIMS[claim]
        export = Export(
            f"e{number}",
            site=SITE,
            status=status,
            created_ms=now_ms - 1,
            cancel_ms=CANCELS[cancel] and now_ms - 1,
            claim="" if end is None else "another",
            claim_until_ms=0 if end is None else now_ms + end,
            last_try=last_try,
        )
        table.create(export, ExportPlan(()))
        is_final = status in (COMPLETED, CANCELLED)
        assert deliver(deployed, export.export, receives)
        assert len(sent) == (claim in ("ends now", "running") and not is_final), export
        deliver_all(deployed, sent)
        ended = table.load(export.export, deployed.world.clock())
        assert ended
        assert ended.status == (status if is_final else CANCELLED if export.cancel_ms else COMPLETED)


def test_second_messages_do_not_multiply(stage: Stage, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a worker has the export, each delivery of the second one sends one message for itself."""
    export = stage.start()
    sent.append((export, 0))
    build = DayRows._build

    def delivering(*arguments: Any) -> Any:
        for _ in range(3):
            [(second, delay_s)] = sent
            sent.clear()
            # In a context of its own: the other delivery is no call of this worker.
            assert Context().run(deliver, stage, second)
            assert delay_s in (0, 900)
        return build(*arguments)

    monkeypatch.setattr(DayRows, "_build", delivering)
    assert deliver_all(stage, sent) == 2
    stage.assert_exact(export)
    assert stage.get(export)["attempts"] == 1


def test_a_delivery_that_lost_a_race_ends(
    deployed: Stage, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one completes the export between its reading and its claim."""
    export = deployed.start(start_time="2020-01-01", end_time="2020-01-05")
    sent.clear()
    claim, others = ExportTable.claim, []

    def late(*arguments: Any, **named: Any) -> bool:
        if not others:
            others.append(1)
            others.append(Context().run(deliver, deployed, export))
        return claim(*arguments, **named)

    monkeypatch.setattr(ExportTable, "claim", late)
    assert deliver(deployed, export)
    assert others == [1, True]
    assert sent == []
    answer = deployed.get(export)
    assert (answer["status"], answer["attempts"]) == ("completed", 1)


def test_a_claim_that_is_never_granted_fails(
    deployed: Stage, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is delivered again."""
    export = deployed.start()
    sent.clear()
    monkeypatch.setattr(ExportTable, "claim", lambda *_, **__: False)
    assert not deliver(deployed, export)
    assert sent == []
