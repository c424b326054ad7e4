"""The sweep of exports whose message was lost: each is sent again, and nothing else is."""

from contextvars import Context
from typing import Any

import pytest

from exports.handle import MAX_RECEIVES
from tests.support.exporting import Stage, deployed, simulator, stage
from tests.support.kill import Killer, Moment, at_steps, killed_at
from tests.support.lost_answers import LostAnswer
from tests.support.template import template
from vitals.aws.sqs import MessageQueue
from vitals.model.records.exports import IDLE_MS, RETENTION_MS
from vitals.model.timespan import HOUR_MS, MINUTE_MS
from vitals.reading.bulk.day_rows import DayRows
from vitals.store import keys
from vitals.store.state.exports import ExportTable

__all__ = ["deployed", "simulator", "stage"]

SWEPT = {"body": "{}"}
LEASE = 16 * MINUTE_MS
SHORT: dict[str, Any] = {"start_time": "2026-01-01", "end_time": "2026-01-02"}
"""One settled day, so that an export has one part."""


def lose(stage: Stage) -> None:
    """Loses the next message."""
    assert stage.receive()


def sweep(stage: Stage) -> list[dict[str, Any]]:
    """Runs a sweep, and returns the messages that it has sent, off their queues."""
    assert stage.deliver(SWEPT)
    messages = []
    while message := stage.receive():
        messages.append(message)
    return messages


def entries(stage: Stage) -> list[str]:
    """The exports of the index."""
    items = stage.world.client.scan(TableName="StateTable")["Items"]
    return [item["sk"]["S"].partition("#")[2] for item in items if item["pk"]["S"] == keys.OPEN_EXPORTS]


@pytest.mark.parametrize("priority", ["normal", "high"])
def test_an_export_without_a_message_completes(stage: Stage, priority: str) -> None:
    export = stage.start(priority=priority)
    lose(stage)
    stage.world.clock.now_ms += IDLE_MS
    assert stage.deliver(SWEPT)
    assert stage.get(export)["status"] == "queued"
    stage.drain()
    stage.assert_exact(export)
    assert stage.taken[-1] == ("EXPORT_QUEUE_HIGH_URL" if priority == "high" else "EXPORT_QUEUE_URL")


def test_one_between_two_parts_is_sent_too(stage: Stage) -> None:
    """Its worker was killed after it had released the export, before it sent the next message."""
    export = stage.start()
    message = stage.receive()
    assert message
    stage.remaining_s = 599
    with killed_at(MessageQueue, "send"):
        stage.deliver(message)
    stage.remaining_s = 900
    stage.world.clock.now_ms += IDLE_MS - 1
    assert sweep(stage) == []
    stage.world.clock.now_ms += 1
    [again] = sweep(stage)
    assert stage.deliver(again)
    stage.assert_exact(export)


def test_one_that_is_worked_on_is_not_sent(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    export = stage.start()
    message = stage.receive()
    assert message
    stage.world.clock.now_ms += 5 * HOUR_MS
    build, sent = DayRows._build, []

    def sweeping(*arguments: Any) -> Any:
        # In a context of its own: the sweep is no call of the worker.
        sent.append(Context().run(sweep, stage))
        return build(*arguments)

    monkeypatch.setattr(DayRows, "_build", sweeping)
    assert stage.deliver(message)
    assert sent == [[], []]
    stage.assert_exact(export)


@pytest.mark.parametrize("ending", ["completed", "cancelled", "removed"])
def test_an_ended_export_is_never_sent(stage: Stage, ending: str) -> None:
    export = stage.start(**SHORT)
    if ending == "completed":
        stage.drain()
    else:
        lose(stage)
        stage.delete(export)
    if ending == "removed":
        stage.delete(export)
    for hours in (1, 24):
        stage.world.clock.now_ms += hours * HOUR_MS
        assert sweep(stage) == []
        assert entries(stage) == []


def test_a_failed_export_is_left_to_the_operator(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until its dead letter is redriven, and its next message lost."""
    export = stage.start()
    message = stage.receive()
    assert message
    with monkeypatch.context() as patch:
        patch.setattr(DayRows, "_build", lambda *_: 1 / 0)
        assert not stage.deliver(message, MAX_RECEIVES)
    stage.world.clock.now_ms += IDLE_MS
    assert sweep(stage) == []
    with killed_at(DayRows, "_build"):
        stage.deliver(message, 1)
    stage.world.clock.now_ms += IDLE_MS + LEASE
    [again] = sweep(stage)
    assert stage.deliver(again)
    stage.assert_exact(export)


def test_a_killed_last_attempt_is_not_repeated(stage: Stage) -> None:
    export = stage.start()
    message = stage.receive()
    assert message
    with killed_at(DayRows, "_build"):
        stage.deliver(message, MAX_RECEIVES)
    stage.world.clock.now_ms += LEASE + IDLE_MS
    assert sweep(stage) == []
    assert stage.get(export)["status"] == "failed"
    assert entries(stage) == [export]


def test_a_lost_export_that_was_cancelled_ends(stage: Stage) -> None:
    export = stage.start()
    message = stage.receive()
    assert message
    with killed_at(DayRows, "_build"):
        stage.deliver(message)
    assert stage.delete(export)[0] == 202
    stage.world.clock.now_ms += LEASE + IDLE_MS
    [again] = sweep(stage)
    assert stage.deliver(again)
    assert stage.get(export)["status"] == "cancelled"
    assert stage.objects(export) == set()


def test_sweeps_wait_longer_each_time(deployed: Stage) -> None:
    """A queue that takes days to empty does not fill with second messages."""
    deployed.start()
    lose(deployed)
    sent = []
    for hour in range(1, 7 * 24):
        deployed.world.clock.now_ms += HOUR_MS
        sent += [hour] * len(sweep(deployed))
    assert sent == [1, 2, 4, 8, 16, 32, 64, 128]


def test_a_second_message_changes_nothing(stage: Stage) -> None:
    export = stage.start(**SHORT)
    first = stage.receive()
    stage.world.clock.now_ms += IDLE_MS
    [second] = sweep(stage)
    assert first == second
    for message in (first, second):
        assert stage.deliver(message)
    answer = stage.get(export)
    assert (answer["status"], answer["attempts"]) == ("completed", 1)
    assert stage.objects(export) == {file["name"] for file in answer["files"]}


def test_only_idle_exports_of_many_are_sent(deployed: Stage) -> None:
    idle = [deployed.start(**SHORT) for _ in range(3)]
    for _ in idle:
        lose(deployed)
    deployed.delete(idle.pop())
    deployed.world.clock.now_ms += IDLE_MS
    recent = deployed.start(**SHORT)
    lose(deployed)
    messages = sweep(deployed)
    assert {message["body"] for message in messages} == {f'{{"export": "{export}"}}' for export in idle}
    assert set(entries(deployed)) == {*idle, recent}


@at_steps(range(4))
def test_a_killed_request_leaves_no_lost_export(deployed: Stage, moment: Moment) -> None:
    """If its record exists, the export completes; if not, its entry goes."""
    with Killer(moment).patched(ExportTable, "_put"), pytest.raises(BaseException, match=r"^$"):
        deployed.start(**SHORT)
    exports = deployed.call("GET", "/exports", {"site_name": "ses_falls_city"})[1]["exports"]
    assert len(exports) == (moment == Moment(3, after=True))
    assert sweep(deployed) == []
    deployed.world.clock.now_ms += IDLE_MS
    messages = sweep(deployed)
    assert len(messages) == len(exports)
    assert len(entries(deployed)) == len(exports)
    for message in messages:
        assert deployed.deliver(message)
        assert deployed.get(exports[0]["id"])["status"] == "completed"


STEPS = [
    (ExportTable, "open_entries"),
    (ExportTable, "load"),
    (MessageQueue, "send"),
    (ExportTable, "note_sweep"),
    (ExportTable, "close"),
]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("owner", "method"), STEPS)
def test_a_killed_sweep_is_repeated(stage: Stage, owner: type, method: str, after: bool) -> None:
    ended, lost = stage.start(**SHORT), stage.start(**SHORT)
    message = stage.receive()
    assert message
    assert stage.deliver(message)
    lose(stage)
    stage.world.clock.now_ms += IDLE_MS
    with killed_at(owner, method, after=after):
        stage.deliver(SWEPT)
    assert stage.deliver(SWEPT, receives=2)
    stage.drain()
    assert {stage.get(export)["status"] for export in (ended, lost)} == {"completed"}
    stage.world.clock.now_ms += IDLE_MS
    assert sweep(stage) == []
    assert entries(stage) == []


@pytest.mark.parametrize("number", range(3))
def test_a_sweep_works_without_any_answer(deployed: Stage, number: int) -> None:
    """The message, the note of it, and the removal of an entry."""
    cancelled = deployed.start(**SHORT)
    deployed.delete(cancelled)
    lose(deployed)
    export = deployed.start(**SHORT)
    lose(deployed)
    deployed.world.clock.now_ms += IDLE_MS
    with LostAnswer(number=number).patched():
        assert deployed.deliver(SWEPT)
    assert entries(deployed) == [export]
    deployed.drain()
    assert deployed.get(export)["status"] == "completed"


def test_a_sweep_ends_in_time(deployed: Stage) -> None:
    deployed.start(**SHORT)
    lose(deployed)
    deployed.world.clock.now_ms += IDLE_MS
    deployed.remaining_s = 29
    assert sweep(deployed) == []
    deployed.remaining_s = 900
    assert len(sweep(deployed)) == 1


def test_an_index_entry_expires_with_its_export(deployed: Stage) -> None:
    deployed.start(**SHORT)
    [item] = deployed.world.client.query(
        TableName="StateTable",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": keys.OPEN_EXPORTS}},
    )["Items"]
    assert int(item["expires_at"]["N"]) == (deployed.world.clock() + RETENTION_MS) // 1000


def test_the_schedule_sends_an_hourly_sweep() -> None:
    resources = template()["Resources"]
    schedule = resources["ExportSchedule"]["Properties"]
    assert schedule["Target"]["Arn"] == {"GetAtt": "ExportQueueHigh.Arn"}
    assert schedule["Target"]["Input"] == "{}"
    # A message that is hidden or delayed is not lost.
    for name in ("ExportQueue", "ExportQueueHigh"):
        hidden_s = resources[name]["Properties"]["VisibilityTimeout"] + 900
        assert hidden_s * 1000 < IDLE_MS
