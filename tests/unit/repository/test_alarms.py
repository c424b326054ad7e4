"""Alarms of template.yaml and their metrics: what they cost, what they notice, and that code sends them."""

import re
from typing import Any

import pytest

from tests.support.template import ROOT, template
from vitals.model.records.planning import MAX_AGE_MS
from vitals.model.timespan import HOUR_MS

RESOURCES = template()["Resources"]
STACK = {"Ref": "AWS::StackName"}
SOURCES = [*ROOT.glob("functions/**/*.py"), *ROOT.glob("layers/common/python/vitals/**/*.py")]
SCHEDULE_S = 300
NOTICED_S = 25 * 60
NOTICED_ARCHIVE_MS = 26 * HOUR_MS
MAX_CUSTOM_METRICS = 3
MAX_ALARMS = 21
# Dollars a month: an alarm's metric, a composite alarm, and a custom metric that is always sent.
ALARM_METRIC, COMPOSITE, CUSTOM_METRIC = 0.10, 0.50, 0.30
MAX_DOLLARS = 2.25


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == kind}


ALARMS = of_type("AWS::CloudWatch::Alarm")
COMPOSITES = of_type("AWS::CloudWatch::CompositeAlarm")


def metrics_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics that an alarm evaluates, with their periods and statistics."""
    if "MetricName" in alarm:
        return [alarm]
    stats = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    return [stat["Metric"] | {"Period": stat["Period"], "Statistic": stat["Stat"]} for stat in stats]


EVALUATED = [metric for alarm in ALARMS.values() for metric in metrics_of(alarm)]


def emitted() -> set[str]:
    calls = [re.findall(r'add_metric\(\s*"(\w+)"', path.read_text()) for path in SOURCES]
    return {name for names in calls for name in names}


def test_alarms_are_few_and_cheap() -> None:
    assert len(ALARMS) + len(COMPOSITES) <= MAX_ALARMS
    # A custom metric is charged for the hours in which it is sent, ArchiveProblems while there are problems.
    own = {metric["MetricName"] for metric in EVALUATED if metric["Namespace"] == STACK}
    always_sent = own - {"ArchiveProblems"}
    dollars = len(EVALUATED) * ALARM_METRIC + len(COMPOSITES) * COMPOSITE + len(always_sent) * CUSTOM_METRIC
    assert dollars <= MAX_DOLLARS


def test_custom_metrics_are_few_and_have_alarms() -> None:
    custom = {metric["MetricName"] for metric in EVALUATED if metric["Namespace"] == STACK}
    assert emitted() == custom
    assert len(custom) <= MAX_CUSTOM_METRICS


def test_metrics_belong_to_the_stack() -> None:
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == STACK
    named = [metric for metric in EVALUATED if metric["Namespace"] == STACK]
    # The dimension that Powertools adds, and no other: each dimension's value is a metric that is charged.
    service = RESOURCES["EtlFunction"]["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert all(metric["Dimensions"] == [{"Name": "service", "Value": service}] for metric in named)
    others = [metric["Namespace"] for metric in EVALUATED if metric["Namespace"] != STACK]
    assert all(name.startswith("AWS/") for name in others)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_is_legal_and_described(name: str) -> None:
    alarm = ALARMS[name]
    periods = {metric["Period"] for metric in metrics_of(alarm)}
    assert len(periods) == 1
    [period] = periods
    assert period % 60 == 0
    # CloudWatch evaluates at most a day, or a week in periods of an hour and longer.
    assert period * alarm["EvaluationPeriods"] <= (86_400 if period < 3_600 else 604_800)
    assert alarm.get("DatapointsToAlarm", 1) <= alarm["EvaluationPeriods"]
    assert alarm["TreatMissingData"] in ("breaching", "notBreaching")
    assert len(alarm["AlarmDescription"]) > 80
    assert ("AlarmActions" in alarm) and ("OKActions" in alarm)
    if "Metrics" in alarm:
        assert sum(query.get("ReturnData", True) for query in alarm["Metrics"]) == 1


def fires_after(alarm: dict[str, Any], reports: list[float | None]) -> int | None:
    """The number of windows after which SyncLagAlarm fires; None stands for a window without a report."""
    [expression] = [query["Expression"] for query in alarm["Metrics"] if "Expression" in query]
    [filled] = re.findall(r"FILL\(lag, (\d+)\)", expression)
    values = [float(filled) if report is None else report for report in reports]
    breaching = [value > alarm["Threshold"] for value in values]
    for end in range(1, len(values) + 1):
        window = breaching[max(0, end - alarm["EvaluationPeriods"]) : end]
        if sum(window) >= alarm["DatapointsToAlarm"]:
            return end
    return None


def test_silence_of_the_sync_is_noticed() -> None:
    alarm = ALARMS["SyncLagAlarm"]
    assert alarm["TreatMissingData"] == "breaching"
    [metric] = metrics_of(alarm)
    assert metric["Period"] == SCHEDULE_S
    assert metric["Period"] * alarm["EvaluationPeriods"] <= NOTICED_S
    windows = fires_after(alarm, [None] * 9)
    # The first window without a report may have begun just after one.
    assert windows and (windows + 1) * SCHEDULE_S <= NOTICED_S


def test_a_site_that_stands_still_is_noticed() -> None:
    alarm = ALARMS["SyncLagAlarm"]
    # A sync ends a minute after its window. The report of the next one has the lag of before that sync.
    lags = [60.0 + SCHEDULE_S * number for number in range(1, 9)]
    windows = fires_after(alarm, [*lags])
    assert windows and windows * SCHEDULE_S <= NOTICED_S
    assert fires_after(alarm, [lags[0]] * 9) is None


@pytest.mark.parametrize("reports", [[None, 360, 360, 360], [360, None, 360, None], [1_260, 360, 360, 360]])
def test_a_late_report_is_no_alarm(reports: list[float | None]) -> None:
    assert fires_after(ALARMS["SyncLagAlarm"], reports * 3) is None


def test_silence_of_the_archival_is_noticed() -> None:
    alarm = ALARMS["ArchiveProblemsAlarm"]
    evaluated_s = alarm["Period"] * alarm["EvaluationPeriods"]
    assert MAX_AGE_MS + (SCHEDULE_S + evaluated_s) * 1000 <= NOTICED_ARCHIVE_MS
    # Plannings are a day apart, and may take longer than the one before.
    assert MAX_AGE_MS >= 25 * HOUR_MS


REQUIRED = {
    ("AWS/Lambda", "Errors"),
    ("AWS/Lambda", "Throttles"),
    ("AWS/Lambda", "Duration"),
    ("AWS/Lambda", "RecursiveInvocationsDropped"),
    ("AWS/ApiGateway", "5XXError"),
    ("AWS/ApiGateway", "4XXError"),
    ("AWS/ApiGateway", "Latency"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    ("AWS/States", "ExecutionsFailed"),
    ("AWS/States", "ExecutionsAborted"),
    ("AWS/States", "ExecutionsTimedOut"),
    ("AWS/DynamoDB", "WriteThrottleEvents"),
    ("AWS/Athena", "ProcessedBytes"),
}


def test_each_kind_of_failure_has_an_alarm() -> None:
    others = [metric for metric in EVALUATED if metric["Namespace"] != STACK]
    assert {(metric["Namespace"], metric["MetricName"]) for metric in others} == REQUIRED
