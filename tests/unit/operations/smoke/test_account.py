"""What is said of quotas, schedules and dead letters."""

import pytest

from operations.smoke.account import judge_dead_letters, judge_quota, judge_schedules
from operations.smoke.checks import ProblemError


def test_a_new_account_must_raise_its_quota() -> None:
    assert judge_quota(50).startswith("50 ")
    with pytest.raises(ProblemError, match=r"has 10 .*request-service-quota-increase .*L-B99A9384"):
        judge_quota(10)


def test_a_disabled_schedule_is_named() -> None:
    assert judge_schedules({"SyncSchedule": "ENABLED", "ArchiveSchedule": "ENABLED"})
    with pytest.raises(ProblemError, match=r"^ArchiveSchedule is off. .*Schedules=on"):
        judge_schedules({"SyncSchedule": "ENABLED", "ArchiveSchedule": "DISABLED"})


def test_dead_letters_have_their_command() -> None:
    empty = {"SyncDeadLetters": (0, "arn:sync"), "ScheduleDeadLetters": (0, "arn:schedule")}
    assert judge_dead_letters(empty) == "2 queues are empty"
    full = {"SyncDeadLetters": (2, "arn:sync"), "ExportDeadLetters": (0, "arn:export")}
    with pytest.raises(ProblemError) as raised:
        judge_dead_letters(full)
    assert "SyncDeadLetters has 2: aws sqs start-message-move-task --source-arn arn:sync" in str(raised.value)
    assert "arn:export" not in str(raised.value)


def test_messages_of_schedules_are_not_moved() -> None:
    with pytest.raises(ProblemError) as raised:
        judge_dead_letters({"ScheduleDeadLetters": (1, "arn:schedule")})
    assert "start-message-move-task" not in str(raised.value)
    assert "invoke" in str(raised.value)
