"""What is said of quotas, schedules, tables and dead letters."""

from typing import Any

import pytest

from operations.smoke.account import Account, judge_dead_letters, judge_quota, judge_schedules, judge_tables
from operations.smoke.checks import ProblemError
from operations.smoke.target import Target


def test_a_new_account_must_raise_its_quota() -> None:
    assert judge_quota(50).startswith("50 ")
    with pytest.raises(ProblemError, match=r"has 10 .*request-service-quota-increase .*L-B99A9384"):
        judge_quota(10)


def test_a_disabled_schedule_is_named() -> None:
    assert judge_schedules({"SyncSchedule": "ENABLED", "ArchiveSchedule": "ENABLED"})
    with pytest.raises(ProblemError, match=r"^ArchiveSchedule is off. .*Schedules=on"):
        judge_schedules({"SyncSchedule": "ENABLED", "ArchiveSchedule": "DISABLED"})


def test_settings_of_restored_tables_have_their_command() -> None:
    on = {"state": "ENABLED", "hot": "ENABLING"}
    assert judge_tables(on, {"state": "ENABLED"}).startswith("items of 2 tables expire, and 1 ")
    with pytest.raises(ProblemError) as raised:
        judge_tables(on | {"hot": "DISABLED"}, {"state": "DISABLED", "hot": "ENABLED"})
    assert "update-time-to-live --table-name hot " in str(raised.value)
    assert "update-continuous-backups --table-name state " in str(raised.value)
    assert str(raised.value).count("aws dynamodb") == 2


class Tables:
    """DynamoDB with two tables, of which the hot one cannot be restored."""

    def describe_time_to_live(self, TableName: str) -> Any:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}}

    def describe_continuous_backups(self, TableName: str) -> Any:
        status = {"state": "ENABLED", "hot": "DISABLED"}[TableName]
        recovery = {"PointInTimeRecoveryStatus": status}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}}


def test_hot_table_may_have_no_recovery() -> None:
    outputs = {"StateTable": "state", "HotTable": "hot"}

    def account(**parameters: str) -> Account:
        return Account(Target(outputs, "http://api", lambda _: Tables(), False, "", parameters))

    assert account(HotTableRecovery="false").tables()
    with pytest.raises(ProblemError, match="update-continuous-backups --table-name hot"):
        account(HotTableRecovery="true").tables()


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
