"""The dashboard of template.yaml shows what the code sends and logs; what costs is off by default."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.support.template import ROOT, resolved, template
from vitals.pipeline.acceptance import REASONS

RESOURCES = template()["Resources"]
SOURCES = [*ROOT.glob("functions/**/*.py"), *ROOT.glob("layers/common/python/vitals/**/*.py")]
DASHBOARD = RESOURCES["OperationsDashboard"]
# A dashboard of more than 50 metrics is charged, even if it is one of three.
MAX_METRICS = 50


def widgets() -> list[dict[str, Any]]:
    """The widgets' properties, with the names of resources in place of their values."""
    text = DASHBOARD["Properties"]["DashboardBody"]["Sub"][0]
    names = {name: name for name in re.findall(r"\$\{([^!}]+)\}", text)}
    return [widget["properties"] for widget in json.loads(resolved({"Sub": text}, names))["widgets"]]


def metrics() -> Iterator[list[Any]]:
    """The metrics of all widgets, without expressions."""
    for widget in widgets():
        yield from (line for line in widget.get("metrics", []) if isinstance(line[0], str))


def queries() -> list[str]:
    return [widget["query"] for widget in widgets() if "query" in widget]


def test_the_dashboard_shows_every_custom_metric() -> None:
    own = [line for line in metrics() if line[0] == "AWS::StackName"]
    calls = [re.findall(r'add_metric\(\s*"(\w+)"', path.read_text()) for path in SOURCES]
    assert {line[1] for line in own} == {name for names in calls for name in names}
    service = RESOURCES["EtlFunction"]["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert all(line[2:4] == ["service", service] for line in own)


def test_the_dashboard_has_every_subject() -> None:
    assert len(list(metrics())) <= MAX_METRICS
    text = json.dumps(widgets())
    for subject in (
        "Lag",
        "accepted",
        "rejected",
        "day archived",
        "Latency",
        "5XX",
        "OldestMessage",
        "Capacity",
    ):
        assert subject in text


def test_its_queries_fit_the_logs() -> None:
    sources = {name for query in queries() for name in re.findall(r"SOURCE '(\w+)'", query)}
    assert {RESOURCES[name]["Type"] for name in sources} == {"AWS::Logs::LogGroup"}
    logged = {text for path in SOURCES for text in re.findall(r'"([a-z][a-z ]+)"', path.read_text())}
    filters = " ".join(re.findall(r"filter message (.*?) \|", " ".join(queries())))
    assert set(re.findall(r"'(.*?)'", filters)) <= logged
    [rejected] = [query for query in queries() if "rejected" in query]
    assert sorted(re.findall(r"sum\(rejected\.(\w+)\)", rejected)) == sorted(REASONS)


def test_what_costs_is_off_by_default() -> None:
    parameters, conditions = template()["Parameters"], template()["Conditions"]
    assert {parameters[name]["Default"] for name in ("Dashboard", "DetailedApiMetrics")} == {"false"}
    assert conditions[DASHBOARD["Condition"]] == {"Equals": [{"Ref": "Dashboard"}, "true"]}
    for method in RESOURCES["Api"]["Properties"]["MethodSettings"]:
        condition, *values = method.get("MetricsEnabled", {"If": ["HasDetailedApiMetrics", True, False]})[
            "If"
        ]
        assert values == [True, False]
        assert conditions[condition] == {"Equals": [{"Ref": "DetailedApiMetrics"}, "true"]}
