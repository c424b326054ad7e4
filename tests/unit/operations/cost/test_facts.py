"""What is read of the template."""

from typing import Any

import pytest

from operations.cost import facts
from operations.template import load

FUNCTION = {"Type": "AWS::Serverless::Function", "Properties": {"MemorySize": 512}}


PARAMETERS = {"LogRetentionDays": "30", "HotDays": "20", "Extra": "no"}


def document(**resources: Any) -> dict[str, Any]:
    return {
        "Parameters": {name: {"Default": value} for name, value in PARAMETERS.items()},
        "Conditions": {"HasExtra": {"Equals": [{"Ref": "Extra"}, "yes"]}},
        "Globals": {"Function": {"Tracing": {"If": ["HasExtra", "Active", "PassThrough"]}}},
        "Resources": resources,
    }


def test_the_template_is_read() -> None:
    read = facts.read(load())
    assert read.queues == 4
    assert read.secrets == 1
    assert read.schedules == 3
    assert "StateTable" in read.backed_up
    assert set(read.memory_mb) >= {"EtlFunction", "ArchivalFunction", "QueryFunction", "AuthorizerFunction"}


@pytest.mark.parametrize(("parameter", "dashboards"), [("no", 0), ("yes", 1)])
def test_resources_of_false_conditions_are_free(parameter: str, dashboards: int) -> None:
    dashboard = {"Type": "AWS::CloudWatch::Dashboard", "Condition": "HasExtra"}
    read = facts.read(document(Dashboard=dashboard), {"Extra": parameter})
    assert read.dashboards == dashboards
    assert read.is_traced == (parameter == "yes")


def test_an_alarm_counts_each_of_its_metrics() -> None:
    formula = [
        {"Id": "e", "Expression": "a / b"},
        {"Id": "a", "MetricStat": {}},
        {"Id": "b", "MetricStat": {}},
    ]
    alarms = {
        "Plain": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}},
        "Formula": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": formula}},
        "Composite": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {}},
    }
    read = facts.read(document(**alarms))
    assert (read.alarm_metrics, read.composite_alarms) == (3, 1)


def test_a_function_has_the_settings_of_globals() -> None:
    globals_too = document(Etl=FUNCTION)
    globals_too["Globals"]["Function"] |= {"Architectures": ["arm64"], "MemorySize": 1024}
    read = facts.read(globals_too)
    assert read.arm_functions == {"Etl"}
    assert read.memory_mb == {"Etl": 512}


def test_only_keys_of_the_account_are_billed() -> None:
    def table(specification: dict[str, Any]) -> dict[str, Any]:
        return {"Type": "AWS::DynamoDB::Table", "Properties": {"SSESpecification": specification}}

    tables = {"Managed": table({"SSEEnabled": True}), "Owned": table({"SSEEnabled": False})}
    assert facts.read(document(**tables)).keys_of_account == {"Managed"}
