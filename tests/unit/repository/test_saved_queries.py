"""The saved queries of template.yaml search for what the code logs, in the logs of the functions."""

import re
from typing import Any

import pytest

from tests.support.template import ROOT, template
from vitals.pipeline.acceptance import REASONS

RESOURCES = template()["Resources"]
SOURCES = [*ROOT.glob("functions/**/*.py"), *ROOT.glob("layers/common/python/vitals/**/*.py")]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == kind}


QUERIES = of_type("AWS::Logs::QueryDefinition")


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_names_messages_and_log_groups(name: str) -> None:
    query = QUERIES[name]
    assert query["Name"]["Sub"].startswith("${AWS::StackName}/")
    groups = {RESOURCES[group["Ref"]]["Type"] for group in query["LogGroupNames"]}
    assert groups == {"AWS::Logs::LogGroup"}
    logged = {text for path in SOURCES for text in re.findall(r'"([a-z][a-z ]+)"', path.read_text())}
    messages = re.findall(r'message (?:=|in) (\[.*?\]|".*?")', query["QueryString"])
    assert set(re.findall(r'"(.*?)"', " ".join(messages))) <= logged


def test_every_reason_of_rejection_is_summed() -> None:
    text = QUERIES["RejectedReadingsQuery"]["QueryString"]
    assert sorted(re.findall(r"sum\(rejected\.(\w+)\)", text)) == sorted(REASONS)


def test_failures_are_searched_in_every_function() -> None:
    logs = {group["Ref"] for group in QUERIES["FailuresQuery"]["LogGroupNames"]}
    functions = of_type("AWS::Serverless::Function").values()
    assert logs == {function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions}
