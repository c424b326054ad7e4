"""What the documents name exists, and what people need named is in the documents."""

import re
from pathlib import Path

import pytest

from local.ace_simulator.faults import Faults
from tests.support.template import ROOT, template
from vitals import config
from vitals.http import edge

DOCS = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "client/README.md", *ROOT.glob("docs/**/*.md")]
)
SOURCES = [*ROOT.glob("functions/**/*.py"), *ROOT.glob("layers/common/python/vitals/**/*.py")]
OPERATIONS = (ROOT / "docs/operations.md").read_text()


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_resolve(path: Path) -> None:
    text = path.read_text()
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (path.parent / target).exists(), target
    folders = "tests|docs|bench|events|functions|layers|local|operations|tools"
    for named in re.findall(rf"(?<![.\w])((?:{folders})/[\w./-]+\.\w+)", text):
        assert (ROOT / named).exists(), named


def test_the_readme_shows_a_tested_page() -> None:
    readme = (ROOT / "README.md").read_text()
    [shown] = re.findall(r"!\[[^\]]+\]\((docs/images/[\w.-]+)\)", readme)
    picture = (ROOT / shown).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 300_000
    page_tests = (ROOT / "tests/integration/web/test_page.py").read_text()
    assert f'visits.picture(page, "{Path(shown).stem}")' in page_tests


def test_make_targets_in_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {t for path in DOCS for t in re.findall(r"(?:`|^ {4})make ([a-z]+)", path.read_text(), re.M)}
    assert {"run", "test", "verify"} <= named <= targets


def test_functions_are_invoked_by_their_alias() -> None:
    commands = [
        command
        for path in DOCS
        for command in re.findall(r"aws lambda invoke(?:[^\n]*\\\n)*[^\n]*", path.read_text())
    ]
    assert len(commands) >= 7
    assert not [command for command in commands if "--qualifier live" not in command]


def test_every_alarm_is_described() -> None:
    resources = template()["Resources"]
    alarms = {name for name, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    assert set(re.findall(r"\b[A-Z]\w+Alarm\b", OPERATIONS)) == alarms


def test_every_saved_query_is_described() -> None:
    queries = [
        r["Properties"] for r in template()["Resources"].values() if r["Type"] == "AWS::Logs::QueryDefinition"
    ]
    for query in queries:
        name = query["Name"]["Sub"].removeprefix("${AWS::StackName}/")
        assert f"| {name} |" in OPERATIONS


def test_metrics_in_the_source_are_described() -> None:
    for path in SOURCES:
        for metric in re.findall(r'add_metric\(\s*"(\w+)"', path.read_text()):
            assert metric in OPERATIONS, metric


def test_settings_and_the_template_agree() -> None:
    kinds = [kind for name, kind in vars(config).items() if name.endswith("Settings")]
    read = {variable.name for kind in kinds for variable in config.variables(kind).values()}
    document = template()
    template_settings = set(document["Globals"]["Function"]["Environment"]["Variables"])
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            template_settings |= set(resource["Properties"].get("Environment", {}).get("Variables", {}))
    # What libraries read, and a digest of the parameters, for which SAM publishes a version.
    others = ("POWERTOOLS_", "AWS_", "PYDANTIC_", "PYTHON", "SETTINGS_DIGEST")
    assert read <= template_settings
    assert not {name for name in template_settings - read if not name.startswith(others)}


def test_request_limits_are_those_of_the_edge() -> None:
    [refused] = re.findall(r"Before any route.*?\n\n", OPERATIONS, re.S)
    written = [int(number.replace(",", "")) for number in re.findall(r"(?:over|more than) ([\d,]+)", refused)]
    of_parameters = [edge.MAX_PARAMETERS, edge.MAX_PARAMETER_NAME, edge.MAX_VALUE]
    assert written == [edge.MAX_PATH, *of_parameters, edge.MAX_BODY_BYTES]


def test_every_fault_of_the_simulator_is_described() -> None:
    text = (ROOT / "docs/local.md").read_text()
    assert not {fault for fault in Faults().by_name() if f"`{fault}`" not in text}


def test_every_variable_of_the_local_stack_is_described() -> None:
    text = (ROOT / "docs/local.md").read_text()
    sources = "\n".join(path.read_text() for path in (ROOT / "local/stack").glob("*.py"))
    variables = set(re.findall(r'"((?:VITALS|ACE)_[A-Z_]+)"', sources))
    assert len(variables) > 8
    assert not {name for name in variables if f"`{name}`" not in text}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 40


def test_the_glossary_defines_the_words_of_the_storage() -> None:
    glossary = (ROOT / "docs/architecture.md").read_text().partition("## Glossary")[2]
    for word in ("point", "sample", "window", "group", "block", "checkpoint", "ledger", "late sample"):
        assert f"| {word} |" in glossary or f", {word} |" in glossary


FLOWS = {
    title: steps
    for title, steps in re.findall(
        r"^## ([^\n]+), in order\n\n(.*?)(?=^## )",
        (ROOT / "docs/architecture.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
}


@pytest.mark.parametrize("title", FLOWS)
def test_a_flow_has_ten_steps_in_existing_modules(title: str) -> None:
    assert len(re.findall(r"^\d+\. ", FLOWS[title], re.MULTILINE)) == 10
    modules = re.findall(r"`((?:\w+/)+\w+)`", FLOWS[title])
    assert len(modules) == len(set(modules)) > 10
    for name in modules:
        places = [ROOT / name, ROOT / "functions" / name, ROOT / "layers/common/python/vitals" / name]
        assert any(candidate.with_suffix(".py").exists() or candidate.is_dir() for candidate in places), name


def test_three_flows_are_described() -> None:
    assert list(FLOWS) == ["A sync", "A chart query", "The archiving of a day"]
