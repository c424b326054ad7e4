"""Each exception of the template's security check has a reason."""

import re

from tests.support.template import ROOT, template


def reasons() -> list[str]:
    comments = re.findall(r"checkov:skip=\w+(.*)", (ROOT / "template.yaml").read_text())
    lists = [
        exception["comment"]
        for resource in template()["Resources"].values()
        for exception in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    return [*(comment.removeprefix(":") for comment in comments), *lists]


def test_exceptions_have_reasons() -> None:
    assert reasons()
    assert [reason for reason in reasons() if not re.fullmatch(r"\s*(\S+ ){3,}\S+\.", reason)] == []


def test_make_checks_the_template_without_downloads() -> None:
    [command] = re.findall(
        r"^\t\.venv-checkov/bin/checkov (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert "--skip-download" in command
    assert "--framework cloudformation" in command
    assert "-f template.yaml" in command
