"""Rules for the tests: what they share is in tests/support, and their names are short."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.template import ROOT

TESTS = ROOT / "tests"
MAX_WORDS = 8


def parsed(folder: Path = TESTS) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(ROOT), ast.parse(path.read_text())


def test_tests_import_only_support() -> None:
    """Beside the tests of the simulation, which import it."""
    wrong = [
        f"{path}: {node.module}"
        for path, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("tests")
        and not (node.module or "").startswith("tests.support")
        and not (path.is_relative_to("tests/simulation") and "tests.simulation" in (node.module or ""))
    ]
    assert wrong == []


def test_conftest_files_hold_fixtures_only() -> None:
    """Beside the hooks of pytest and what these need."""
    wrong = [
        f"{path}: {node.name}"
        for path, tree in parsed()
        if path.name == "conftest.py"
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)
        and not node.name.startswith("pytest_")
    ]
    assert wrong == []


def test_names_have_at_most_eight_words() -> None:
    long = [
        f"{path}: {node.name}"
        for path, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and len(node.name.split("_")) - 1 > MAX_WORDS
    ]
    assert long == []


def test_one_harness_kills_runs() -> None:
    """An exception that no handler catches is defined once."""
    killers = [
        f"{path}: {node.name}"
        for path, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any("BaseException" in ast.unparse(base) for base in node.bases)
    ]
    assert killers == ["tests/support/kill.py: Killed"]
