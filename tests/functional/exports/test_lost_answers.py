"""Exports while AWS does what it is asked, and one of its answers is lost."""

from typing import Any

import pytest

from tests.support.exporting import FIRST, Stage, deployed, simulator, stage
from tests.support.lost_answers import LostAnswer, requests
from vitals.model.timespan import DAY_MS, Span, iso
from vitals.reading.bulk.day_rows import DayRows

__all__ = ["deployed", "simulator", "stage"]

SPAN = Span(FIRST, FIRST + 3 * DAY_MS)


def test_an_export_completes_without_any_answer(stage: Stage) -> None:
    """Whichever is lost; and its links lead to all that is stored of it."""
    first: list[str] = []
    operations = requests(lambda: first.append(complete(stage)))
    expected = summary(stage, first[0])
    assert {"PutItem", "UpdateItem", "PutObject", "SendMessageBatch"} <= set(operations)
    for number in range(len(operations)):
        with LostAnswer(number=number).patched():
            export = complete(stage)
        stage.assert_exact(export, SPAN)
        assert summary(stage, export) == expected, (number, operations[number])
        assert stage.objects(export) == {file["name"] for file in stage.get(export)["files"]}


def complete(stage: Stage) -> str:
    """A part of settled days, and one of a day that changed since."""
    export = stage.start(end_time=iso(SPAN.end_ms))
    stage.drain()
    return export


def summary(stage: Stage, export: str) -> list[object]:
    """What an export says of itself, apart from the names that it alone has."""
    answer = stage.get(export)
    names = ("status", "error", "attempts", "rows", "days_done", "progress_percent")
    return [*(answer[name] for name in names), len(answer["files"])]


def test_a_waiting_export_is_cancelled_without_answer(deployed: Stage) -> None:
    export = deployed.start()
    with LostAnswer("UpdateItem", number=0).patched():
        status, answer = deployed.delete(export)
    assert (status, answer["status"]) == (200, "cancelled")
    deployed.drain()
    assert deployed.get(export)["status"] == "cancelled"


def test_a_running_export_is_cancelled_without_answer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not removed under its worker."""
    export = stage.start()
    build = DayRows._build
    answers = []

    def cancelling(*arguments: Any) -> Any:
        if not answers:
            # The first update finds that the export is claimed, the second asks its worker.
            with LostAnswer("UpdateItem", number=1).patched():
                answers.append(stage.delete(export))
        return build(*arguments)

    monkeypatch.setattr(DayRows, "_build", cancelling)
    stage.drain()
    [(status, answer)] = answers
    assert (status, answer["status"], answer["cancel_requested"]) == (202, "running", True)
    assert stage.get(export)["status"] == "cancelled"
    assert stage.objects(export) == set()
