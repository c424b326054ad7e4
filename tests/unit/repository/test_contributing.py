"""CONTRIBUTING.md: recipes name few files, which have what they are named for, and one recipe is followed."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.template import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
MOST_FILES = 5
# What the tests of settings read.
NEEDED = (
    "layers/common/python",
    "functions",
    "docs",
    "local",
    "operations",
    "tests/support",
    "tests/unit/repository",
)
CHECKS = (
    "tests/unit/test_config.py",
    "tests/unit/repository/test_docs.py::test_settings_and_the_template_agree",
)


def recipes() -> dict[str, list[str]]:
    """The files of each recipe by its title."""
    sections = re.split(r"^### ", TEXT.partition("## Recipes")[2], flags=re.MULTILINE)[1:]
    return {section.partition("\n")[0]: files_of(section) for section in sections}


def files_of(section: str) -> list[str]:
    steps = re.findall(r"^\d\. (.*?)(?=^\d\. |\Z)", section, flags=re.MULTILINE | re.DOTALL)
    return [
        name
        for step in steps
        for name in re.findall(r"`([\w/<>.-]+(?:\.\w+))`", step)
        if "/" in name or name in TOP
    ]


TOP = ("template.yaml", "CHANGELOG.md")


@pytest.mark.parametrize("title", recipes())
def test_a_recipe_names_few_files_that_exist(title: str) -> None:
    files = recipes()[title]
    assert 2 <= len(files) <= MOST_FILES
    for name in files:
        if "<name>" not in name:
            assert list(ROOT.glob(name.replace("<f>", "*"))), name


# By recipe: what each file that it names must contain.
CONTENTS = {
    "A route": {
        "functions/query/routes.py": "@router.",
        "functions/query/schemas.py": "(TypedDict",
        "functions/query/openapi_answers.py": "ANSWERS = {",
        "functions/query/answers.py": "class Api:",
        "template.yaml": "*no_token",
    },
    "A setting": {
        "layers/common/python/vitals/config.py": "Settings(",
        "functions/<f>/app.py": "config.",
        "layers/common/python/vitals/store/stores.py": "self._settings.",
    },
    "A metric with its alarm": {
        "functions/etl/report.py": "metrics.add_metric(",
        "template.yaml": "AWS::CloudWatch::Alarm",
    },
    "A stored record": {
        "layers/common/python/vitals/store/keys.py": "#{",
        "layers/common/python/vitals/store/stores.py": "@cached_property",
    },
    "A page of the web app": {
        "web/src/route.ts": "PAGES = [",
        "web/src/header.tsx": "TITLES: ",
        "web/src/app.tsx": "VIEWS = {",
    },
}


# CloudFormation passes it all that it needs.
WITHOUT_SETTINGS = {ROOT / "functions/cleanup/app.py"}


@pytest.mark.parametrize("title", recipes())
def test_files_contain_what_a_recipe_adds_to(title: str) -> None:
    files = recipes()[title]
    for name, content in CONTENTS[title].items():
        assert name in files
        paths = list(ROOT.glob(name.replace("<f>", "*")))
        assert paths
        for path in paths:
            assert content in path.read_text() or path in WITHOUT_SETTINGS, path


def test_every_named_constant_is_in_its_file() -> None:
    steps = re.findall(r"^\d\. `([\w/.-]+)`: (.*(?:\n   .*)*)", TEXT, flags=re.MULTILINE)
    named = {(file, constant) for file, text in steps for constant in re.findall(r"`([A-Z]{3,})`", text)}
    assert {constant for _, constant in named} == {"ANSWERS", "PAGES", "TITLES", "VIEWS"}
    for file, constant in named:
        assert re.search(rf"\b{constant}\b", (ROOT / file).read_text()), (file, constant)


def insert(path: Path, anchor: str, text: str) -> None:
    """Writes the text before the line that holds the anchor."""
    lines = path.read_text().splitlines(keepends=True)
    [index] = [number for number, line in enumerate(lines) if anchor in line]
    path.write_text("".join([*lines[:index], text, *lines[index:]]))


STEPS: dict[str, Callable[[Path], None]] = {
    "layers/common/python/vitals/config.py": lambda path: (
        insert(
            path,
            "GlueDatabase = ",
            'SyncLimit = Annotated[int, Variable("SYNC_LIMIT", Whole(1, 9), "3")]\n',
        ),
        insert(path, "initial_lookback_ms: InitialLookback", "    sync_limit: SyncLimit\n"),
    )[0],
    "template.yaml": lambda path: (
        insert(
            path,
            "  InitialLookbackHours:",
            "  SyncLimit:\n    Description: Syncs at once.\n    Type: Number\n    Default: 3\n"
            "    MinValue: 1\n    MaxValue: 9\n",
        ),
        insert(
            path,
            "INITIAL_LOOKBACK_HOURS: !Ref InitialLookbackHours",
            "          SYNC_LIMIT: !Ref SyncLimit\n",
        ),
    )[0],
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The part of the repository that the tests of settings read."""
    for folder in NEEDED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("web", "__pycache__"))
    for name in (
        "template.yaml",
        "pyproject.toml",
        "README.md",
        "tests/__init__.py",
        "tests/unit/__init__.py",
        "tests/unit/test_config.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def passes(folder: Path) -> bool:
    """Whether the tests of settings pass in a folder like the repository's."""
    paths = [str(folder / folder_name) for folder_name in ("functions", "layers/common/python", "")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts="]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    run = subprocess.run(
        [*command, *CHECKS], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return run.returncode == 0


def test_the_recipe_of_a_setting_is_complete(copy: Path) -> None:
    assert set(STEPS) <= set(recipes()["A setting"])
    for step, (name, edit) in enumerate(STEPS.items()):
        edit(copy / name)
        # Half of the recipe is noticed; all of it passes.
        assert passes(copy) == (step == len(STEPS) - 1), name
