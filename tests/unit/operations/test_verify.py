"""What `vitals verify` prints, and its exit codes."""

import json
from typing import Any

import pytest

from operations import stack_file, verify
from operations.errors import OperatorError
from operations.verification.comparison import Comparison


@pytest.fixture
def result(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The comparison that the command makes, and its arguments."""
    calls: dict[str, Any] = {"comparison": Comparison(3, 3, 0)}

    def compare(store: Any, seed: int | None, days: range | None) -> Comparison:
        calls.update(seed=seed, days=days)
        comparison: Comparison = calls["comparison"]
        return comparison

    monkeypatch.setattr(verify, "compare", compare)
    monkeypatch.setattr(stack_file, "running_stack", lambda: {"api": "http://api", "token": "t"})
    return calls


@pytest.mark.parametrize(
    ("comparison", "code"),
    [(Comparison(3, 3, 0), 0), (Comparison(2, 3, 0), 1), (Comparison(3, 3, 1), 1), (Comparison(0, 0, 0), 1)],
)
def test_only_an_exact_store_exits_with_0(
    result: dict[str, Any], comparison: Comparison, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    result["comparison"] = comparison
    assert verify.main(["--seed", "7"]) == code
    assert result["seed"] == 7
    first, *others = capsys.readouterr().out.splitlines()
    assert first == f"match {comparison.matched} of {comparison.expected} samples"
    assert len(others) == comparison.extra
    assert verify.main(["--json"]) == code
    assert json.loads(capsys.readouterr().out) == comparison._asdict()


def test_both_days_are_included(result: dict[str, Any]) -> None:
    verify.main(["--start", "2026-01-01", "--end", "2026-01-03"])
    assert list(result["days"]) == [1_767_225_600_000 + day * 86_400_000 for day in range(3)]


@pytest.mark.parametrize("arguments", [["--start", "2026-01-01"], ["--start", "1 May", "--end", "2 May"]])
def test_invalid_days_are_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        verify.main(arguments)
    assert caught.value.code == 2


def test_no_stack_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def running_stack() -> dict[str, Any]:
        raise OperatorError("no local stack is running")

    monkeypatch.setattr(stack_file, "running_stack", running_stack)
    assert verify.main([]) == 1
    assert capsys.readouterr().err == "error: no local stack is running\n"
