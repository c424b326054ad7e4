"""What is allowed must be used, unless an exception says why not."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.iam.evaluation import Grant
from tests.support.iam.exceptions import Uncalled
from tests.support.iam.usage import Usage, problems
from tests.support.template import ROOT

READ, WRITE = Grant("Files", "s3:GetObject", "b/*"), Grant("Files", "s3:PutObject", "b/*")
ALLOWED = {("F", READ), ("F", WRITE)}
EXCEPTION = Uncalled("Athena writes.", "F", "Files", "s3:Put*")


def test_all_used_is_no_problem() -> None:
    assert problems(ALLOWED, ALLOWED, []) == []


def test_an_unused_grant_is_named() -> None:
    assert problems(ALLOWED, {("F", READ)}, []) == ["F never uses Files s3:PutObject b/*"]
    assert problems(ALLOWED, {("F", READ), ("Other", WRITE)}, []) != []


def test_an_exception_excuses_an_unused_grant() -> None:
    assert problems(ALLOWED, {("F", READ)}, [EXCEPTION]) == []


def test_a_used_exception_is_named() -> None:
    assert problems(ALLOWED, ALLOWED, [EXCEPTION]) == [
        "F uses Files s3:PutObject b/*, which is an exception: Athena writes."
    ]


def test_an_exception_without_a_grant_is_named() -> None:
    assert problems({("F", READ)}, {("F", READ)}, [EXCEPTION]) == [
        "F has no Files s3:Put* *, which is an exception"
    ]


def ran_all(*, without: int = 0, args: tuple[str, ...] = ("tests/functional",), **options: Any) -> bool:
    config: Any = SimpleNamespace(args=args, getoption=lambda name, default: options.get(name, default))
    usage = Usage(config)
    files = sorted((ROOT / "tests/functional").rglob("test_*.py"))
    for file in files[without:]:
        report: Any = SimpleNamespace(nodeid=f"{file.relative_to(ROOT)}::test_something")
        usage.pytest_runtest_logreport(report)
    return usage.ran_all()


def test_a_run_of_every_file_is_compared() -> None:
    assert ran_all()
    assert ran_all(args=("tests/unit", "tests/functional", "tests/simulation"))


@pytest.mark.parametrize(
    "selection",
    [{"without": 1}, {"args": ("tests/functional/etl/test_app.py::test_x",)}, {"keyword": "x"}, {"lf": True}],
)
def test_a_run_of_some_tests_is_not(selection: dict[str, Any]) -> None:
    assert not ran_all(**selection)
