"""The output and the exit code of `vitals smoke`."""

import json

import pytest

from operations.errors import OperatorError
from operations.smoke import command
from operations.smoke.api import SmokeToken
from operations.smoke.checks import Deadline, Result
from operations.smoke.target import Target

OK, TO_DO, SKIPPED = Result("chart", "OK", "5"), Result("Athena", "TO DO", "x"), Result("a", "SKIPPED", "b")
DEADLINE = Deadline(1, lambda: 0, lambda _: None)


def target(*, is_local: bool) -> Target:
    return Target({}, "http://api", lambda service: None, is_local=is_local, option="")


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    """The results of the checks of a stack."""
    results: list[Result] = []
    monkeypatch.setattr(command, "selected", lambda name: target(is_local=True))
    monkeypatch.setattr(command, "first_site", lambda target: "mill")
    monkeypatch.setattr(command, "_results", lambda target, site, deadline: iter(results))
    return results


@pytest.mark.parametrize("other", [TO_DO, SKIPPED])
def test_only_an_ok_stack_exits_with_0(listed: list[Result], other: Result) -> None:
    listed[:] = [OK]
    assert command.main([]) == 0
    listed[:] = [other, OK]
    assert command.main([]) == 1


def test_json_is_an_object_per_check(listed: list[Result], capsys: pytest.CaptureFixture[str]) -> None:
    listed[:] = [OK, TO_DO]
    command.main(["--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"check": "chart", "status": "OK", "text": "5"},
        {"check": "Athena", "status": "TO DO", "text": "x"},
    ]


def test_without_a_stack_nothing_is_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str | None) -> Target:
        raise OperatorError("no local stack is running")

    monkeypatch.setattr(command, "selected", fail)
    assert command.main([]) == 1
    assert capsys.readouterr().err == "error: no local stack is running\n"


def test_only_an_account_has_a_quota() -> None:
    for is_local in (True, False):
        stack = target(is_local=is_local)
        token = SmokeToken(stack, None, "mill", DEADLINE)  # type: ignore[arg-type]
        checks = command.checks(stack, "mill", token, DEADLINE)
        names = [check.name for check in checks]
        assert ("concurrency quota" in names) != is_local
        assert {need for check in checks for need in check.needs} <= set(names)
