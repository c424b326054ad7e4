"""What is said of the error of a sync."""

import pytest

from operations.smoke.sync import sync_problem, sync_text


@pytest.mark.parametrize(
    ("kind", "text", "remedy"),
    [
        ("UpstreamRefusedError", "/sites/s answered 401; a retry cannot succeed", "--secret-id arn:key"),
        ("UpstreamRefusedError", "/sites/s answered 403; a retry cannot succeed", "--secret-id arn:key"),
        ("UpstreamRefusedError", "/sites/s answered 404; a retry cannot succeed", "ACE has no site 's'"),
        ("UpstreamUnavailableError", "/sites/s answered 503, after 3 retries", "when it does"),
        ("CircuitOpenError", "requests are paused until 12:00", "when it does"),
        ("NotFoundError", "site 's' is not enabled", "vitals site add s --stack v"),
        ("Runtime.ImportModuleError", "No module named 'etl'", "Read its log"),
        ("", "Task timed out", "Read its log"),
    ],
)
def test_each_error_has_its_remedy(kind: str, text: str, remedy: str) -> None:
    error = {"errorType": kind, "errorMessage": text}
    problem = sync_problem(error, "s", "arn:key", " --stack v")
    assert remedy in problem
    assert text in problem


def test_a_sync_that_continues_is_right() -> None:
    receipt = {"site": "s", "written": 7, "checkpoint": "2026-01-01T00:00:00Z", "caught_up": False}
    assert "the next syncs continue at 2026-01-01" in sync_text(receipt)
    assert "caught up at" in sync_text(receipt | {"caught_up": True})
