"""What the template says about costs: the resources that it creates, and their settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_ALARM_TOPIC = {"AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms"}


@dataclass(frozen=True, slots=True)
class Facts:
    """The settings that decide the bill; functions and tables are named by their logical ids."""

    memory_mb: Mapping[str, int]
    arm_functions: frozenset[str]
    is_traced: bool
    alarm_metrics: int
    composite_alarms: int
    dashboards: int
    secrets: int
    queues: int
    """Event source mappings of queues, each of which polls."""
    schedules: int
    detailed_metrics: bool
    """Whether API Gateway publishes metrics of each method."""
    backed_up: frozenset[str]
    """Tables with point-in-time recovery."""
    keys_of_account: frozenset[str]
    """Tables that are encrypted by the AWS managed key of the account, whose requests are billed."""
    log_days: int
    hot_days: int
    catalog_hours: int
    requests_per_minute: int
    """Of each key of ACE."""
    sync_concurrency: int
    """Invocations of EtlFunction at a time."""


def read(document: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> Facts:
    """Returns the facts of a template with these parameters, defaults for the others, and an alarm topic."""
    template = _Template(document, _ALARM_TOPIC | dict(parameters or {}))
    functions = dict(template.resources("AWS::Serverless::Function"))
    common = template.resolve(document["Globals"]["Function"])
    alarms = [properties for _, properties in template.resources("AWS::CloudWatch::Alarm")]
    apis = [properties for _, properties in template.resources("AWS::Serverless::Api")]
    tables = dict(template.resources("AWS::DynamoDB::Table"))
    architectures = {name: (common | f).get("Architectures", ["x86_64"]) for name, f in functions.items()}
    return Facts(
        memory_mb={name: int((common | f).get("MemorySize", 128)) for name, f in functions.items()},
        arm_functions=frozenset(name for name, kinds in architectures.items() if kinds == ["arm64"]),
        is_traced=common.get("Tracing") == "Active",
        alarm_metrics=sum(map(_metrics_of_alarm, alarms)),
        composite_alarms=len(list(template.resources("AWS::CloudWatch::CompositeAlarm"))),
        dashboards=len(list(template.resources("AWS::CloudWatch::Dashboard"))),
        secrets=len(list(template.resources("AWS::SecretsManager::Secret"))),
        queues=len(list(template.resources("AWS::Lambda::EventSourceMapping"))),
        schedules=len(list(template.resources("AWS::Scheduler::Schedule"))),
        detailed_metrics=any(s.get("MetricsEnabled") for api in apis for s in api["MethodSettings"]),
        backed_up=frozenset(name for name, table in tables.items() if _is_backed_up(table)),
        keys_of_account=frozenset(name for name, t in tables.items() if _has_key_of_account(t)),
        log_days=int(template.parameters["LogRetentionDays"]),
        hot_days=int(template.parameters["HotDays"]),
        catalog_hours=int(template.parameters.get("CatalogHours", 1)),
        requests_per_minute=int(template.parameters.get("AceRequestsPerMinute", 50)),
        sync_concurrency=int(template.parameters.get("SyncConcurrency", 2)),
    )


class _Template:
    """A template with the values of its parameters, of which conditions and functions are evaluated."""

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self._document = document
        defaults = {name: str(p["Default"]) for name, p in document["Parameters"].items() if "Default" in p}
        self.parameters = defaults | dict(parameters)

    def resources(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields the logical id and the properties of each resource of a type that is created."""
        for name, resource in self._document["Resources"].items():
            if resource["Type"] == kind and self._holds(resource.get("Condition")):
                yield name, self.resolve(resource.get("Properties", {}))

    def resolve(self, value: Any) -> Any:
        """Returns the value with If, Ref of parameters, and conditions replaced by their results."""
        match value:
            case {"If": [condition, then, otherwise]}:
                return self.resolve(then if self._holds(condition) else otherwise)
            case {"Ref": name}:
                return self.parameters.get(name, {"Ref": name})
            case {"Equals": [one_value, other_value]}:
                return self.resolve(one_value) == self.resolve(other_value)
            case {"Not": [condition]}:
                return not self.resolve(condition)
            case {"And": conditions}:
                return all(map(self.resolve, conditions))
            case {"Or": conditions}:
                return any(map(self.resolve, conditions))
            case {"Condition": name} if isinstance(name, str) and len(value) == 1:
                return self._holds(name)
            case dict():
                return {key: self.resolve(item) for key, item in value.items()}
            case list():
                return [self.resolve(item) for item in value]
        return value

    def _holds(self, condition: str | None) -> bool:
        return condition is None or bool(self.resolve(self._document["Conditions"][condition]))


def _metrics_of_alarm(alarm: Mapping[str, Any]) -> int:
    """An alarm on a formula is billed for each metric in it."""
    return sum("MetricStat" in query for query in alarm["Metrics"]) if "Metrics" in alarm else 1


def _is_backed_up(table: Mapping[str, Any]) -> bool:
    return bool(table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"))


def _has_key_of_account(table: Mapping[str, Any]) -> bool:
    specification = table.get("SSESpecification", {})
    return bool(specification.get("SSEEnabled")) and "KMSMasterKeyId" not in specification
