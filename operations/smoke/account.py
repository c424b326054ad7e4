"""Checks of the account: concurrency, schedules, tables and dead letters."""

from collections.abc import Mapping
from dataclasses import dataclass

from operations.smoke.checks import ProblemError
from operations.smoke.target import Target

# The workers alone use ten: two each for syncs, archiving, backfills and both queues of exports.
MIN_CONCURRENCY = 50
_QUOTA = "L-B99A9384"
_TABLES = ("StateTable", "HotTable")
_EXPIRING = ("ENABLED", "ENABLING")
_SCHEDULES = ("SyncSchedule", "ArchiveSchedule", "ExportSchedule")
DEAD_LETTERS = ("SyncDeadLetters", "ArchiveDeadLetters", "ExportDeadLetters", "ScheduleDeadLetters")


@dataclass(frozen=True, slots=True)
class Account:
    """The checks of one stack's account."""

    target: Target

    def quota(self) -> str:
        """Checks the quota of concurrent executions."""
        limit = self.target.client("lambda").get_account_settings()["AccountLimit"]
        return judge_quota(limit["ConcurrentExecutions"])

    def schedules(self) -> str:
        """Checks that syncs, archiving and the sweep of exports run by themselves."""
        client = self.target.client("scheduler")
        return judge_schedules(
            {name: client.get_schedule(Name=self.target.outputs[name])["State"] for name in _SCHEDULES}
        )

    def tables(self) -> str:
        """Checks the settings that a restored table lacks: its items expire, and it can be restored."""
        client = self.target.client("dynamodb")
        names = {output: self.target.outputs[output] for output in _TABLES}
        expiry, recovery = {}, {}
        for name in names.values():
            expires = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
            expiry[name] = expires["TimeToLiveStatus"]
            recovery[name] = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        if self.target.parameters.get("HotTableRecovery") == "false":
            del recovery[names["HotTable"]]
        return judge_tables(expiry, recovery)

    def dead_letters(self) -> str:
        """Checks that no message failed."""
        client = self.target.client("sqs")
        names = ["ApproximateNumberOfMessages", "QueueArn"]
        queues: dict[str, tuple[int, str]] = {}
        for queue in DEAD_LETTERS:
            answer = client.get_queue_attributes(QueueUrl=self.target.outputs[queue], AttributeNames=names)
            messages, arn = (answer["Attributes"][name] for name in names)
            queues[queue] = (int(messages), arn)
        return judge_dead_letters(queues)


def judge_quota(executions: int) -> str:
    """Returns what is right; ProblemError when the workers and the API could block each other."""
    if executions < MIN_CONCURRENCY:
        raise ProblemError(
            f"the account has {executions} concurrent executions of Lambda, and needs {MIN_CONCURRENCY}. "
            f"Request more: aws service-quotas request-service-quota-increase --service-code lambda "
            f"--quota-code {_QUOTA} --desired-value 1000"
        )
    return f"{executions} concurrent executions of Lambda"


def judge_schedules(states: Mapping[str, str]) -> str:
    """Returns what is right; ProblemError when a schedule is off."""
    disabled = [name for name, state in states.items() if state != "ENABLED"]
    if disabled:
        raise ProblemError(
            f"{' and '.join(disabled)} {'is' if len(disabled) == 1 else 'are'} off. "
            "Set Schedules=on for the stage in samconfig.toml and deploy again"
        )
    return "syncs and archiving run by themselves"


def judge_tables(expiry: Mapping[str, str], recovery: Mapping[str, str]) -> str:
    """Returns what is right; ProblemError when a setting is off. Both are statuses by table name."""
    remedies = [
        f"aws dynamodb update-time-to-live --table-name {name} "
        "--time-to-live-specification Enabled=true,AttributeName=expires_at"
        for name, status in expiry.items()
        if status not in _EXPIRING
    ]
    remedies += [
        f"aws dynamodb update-continuous-backups --table-name {name} "
        "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        for name, status in recovery.items()
        if status != "ENABLED"
    ]
    if remedies:
        raise ProblemError(f"a table lacks settings, such as one that was restored: {'; '.join(remedies)}")
    return f"items of {len(expiry)} tables expire, and {len(recovery)} have point-in-time recovery"


def judge_dead_letters(queues: Mapping[str, tuple[int, str]]) -> str:
    """Returns what is right; ProblemError when a queue has messages. Queues are (messages, ARN) by name."""
    remedies = [
        f"{name} has {messages}: {_redrive(name, arn)}"
        for name, (messages, arn) in queues.items()
        if messages
    ]
    if remedies:
        raise ProblemError(
            f"messages failed. Fix the cause (docs/operations.md, Dead letters), then: {'; '.join(remedies)}"
        )
    return f"{len(queues)} queues are empty"


def _redrive(name: str, arn: str) -> str:
    if name == "ScheduleDeadLetters":
        return "invoke the functions and purge the queue, as described there"
    return f"aws sqs start-message-move-task --source-arn {arn}"
