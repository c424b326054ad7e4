"""The order of checks, what they need, and the lines that they print."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from operations.smoke.checks import Check, Deadline, ProblemError, Result, problem, results
from tests.support.athena_archive import Clock


def failing(error: BaseException) -> Callable[[], str]:
    def run() -> str:
        raise error

    return run


CLEAN_UP = Check("clean-up", lambda: "done")


def test_a_failure_skips_only_dependent_checks() -> None:
    checks = [
        Check("day", failing(ProblemError("no day. Backfill one"))),
        Check("chart", lambda: "equal", ("day", "token")),
        Check("headers", lambda: "present"),
    ]
    assert list(map(str, results(checks, CLEAN_UP))) == [
        "TO DO    day: no day. Backfill one",
        "SKIPPED  chart: needs day and token",
        "OK       headers: present",
        "OK       clean-up: done",
    ]


def test_a_result_comes_before_the_next_check() -> None:
    begun: list[str] = []
    checks = [Check(name, lambda name=name: begun.append(name) or name) for name in ("first", "second")]
    running = results(checks, CLEAN_UP)
    assert next(running) == Result("first", "OK", "first")
    assert begun == ["first"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit()])
def test_an_interrupted_command_cleans_up(error: BaseException) -> None:
    cleaned: list[str] = []
    clean_up = Check("clean-up", lambda: cleaned.append("done") or "done")
    with pytest.raises(type(error)):
        list(results([Check("export", failing(error))], clean_up))
    assert cleaned == ["done"]


def test_a_closed_reader_cleans_up() -> None:
    cleaned: list[str] = []
    running = results(
        [Check("a", lambda: "a"), Check("b", lambda: "b")],
        Check("clean-up", lambda: cleaned.append("done") or "done"),
    )
    next(running)
    running.close()
    assert cleaned == ["done"]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ProblemError("line one\nline two"), "line one line two"),
        (KeyError("State"), "KeyError: 'State'"),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"), "Add the permission"),
        (ClientError({"Error": {"Code": "InternalError"}}, "GetObject"), "Run the command again"),
    ],
)
def test_an_error_says_what_to_do(error: Exception, text: str) -> None:
    assert text in problem(error)


def test_a_poll_ends_with_its_limit() -> None:
    clock = Clock()
    deadline = Deadline(100, clock.monotonic, clock.sleep)
    assert not deadline.poll(10, lambda: False)
    assert clock.now == 10
    assert deadline.poll(10, lambda: clock.now >= 15)


def test_no_wait_outlasts_the_command() -> None:
    clock = Clock()
    deadline = Deadline(5, clock.monotonic, clock.sleep)
    assert not deadline.poll(10, lambda: False)
    assert clock.now == 5
    with pytest.raises(ProblemError, match="time limit"):
        deadline.limit(10)
