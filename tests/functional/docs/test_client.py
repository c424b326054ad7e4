"""Runs the examples of client/README.md on a simulated building, and checks the commands of docs/cli.md."""

import doctest
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.support.api_server import ApiServer
from tests.support.client_fixtures import building, deployed, make_token, server, token
from tests.support.template import ROOT
from vitals_client.cli import app

__all__ = ["building", "deployed", "make_token", "server", "token"]

README = ROOT / "client/README.md"
PAGE = (ROOT / "docs/cli.md").read_text()


@pytest.fixture
def environment(server: ApiServer, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITALS_API", server.url)
    monkeypatch.setenv("VITALS_TOKEN", token)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)


def test_the_examples_in_python(environment: None) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    done = doctest.testfile(str(README), module_relative=False, optionflags=flags)
    assert done.failed == 0
    assert done.attempted > 10


def test_the_examples_on_the_command_line(environment: None) -> None:
    sessions = re.findall(r"^ {4}\$ vitals (.*)\n((?: {4}.*\n)+)", README.read_text(), re.M)
    assert len(sessions) > 2
    for arguments, output in sessions:
        done = CliRunner().invoke(app, shlex.split(arguments))
        assert done.output == re.sub("^ {4}", "", output, flags=re.M)


def commands(command: Any, name: str = "vitals") -> dict[str, Any]:
    """Returns every command by its full name."""
    if not hasattr(command, "commands"):
        return {name: command}
    return {
        full_name: leaf
        for part_of_name, child in command.commands.items()
        for full_name, leaf in commands(child, f"{name} {part_of_name}").items()
    }


def test_the_page_describes_every_command_and_option() -> None:
    defined = commands(typer.main.get_command(app))
    described = {
        name: set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", options))
        for name, options in re.findall(
            r"^ {4}(vitals(?: (?:export|backfill|flag))? \w+)(.*(?:\n {8,}.*)*)$", PAGE, re.M
        )
    }
    repository_commands = {
        f"vitals {name}" for name in ("point", "restore", "site", "smoke", "token", "verify")
    }
    assert described.keys() == defined.keys()
    for name in defined.keys() - repository_commands:
        options = [parameter.opts for parameter in defined[name].params if parameter.opts[0].startswith("-")]
        assert all(set(spellings) & described[name] for spellings in options if spellings != ["--json"]), name
        assert described[name] <= {spelling for spellings in options for spelling in spellings}, name
        assert ["--json"] in options
