"""Which requests are retried, and when."""

import pytest
from urllib3.exceptions import MaxRetryError
from urllib3.response import HTTPResponse
from urllib3.util.retry import Retry

from vitals_client.http import retry_policy


def response(status: int, **headers: str) -> HTTPResponse:
    return HTTPResponse(b"", {name.replace("_", "-"): value for name, value in headers.items()}, status)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_transient_statuses_are_retried(status: int) -> None:
    assert retry_policy(3, "GET").is_retry("GET", status)
    assert not retry_policy(3, "GET").is_retry("POST", status)
    assert retry_policy(3, "GET", "POST").is_retry("POST", status)


@pytest.mark.parametrize("status", [200, 304, 400, 401, 403, 404, 409, 413, 500])
def test_other_statuses_are_not_retried(status: int) -> None:
    assert not retry_policy(3, "GET").is_retry("GET", status)
    assert not retry_policy(3, "GET").is_retry("GET", status, has_retry_after=True)


def retried(retries: Retry, times: int, **headers: str) -> Retry:
    for _ in range(times):
        retries = retries.increment("GET", "/", response=response(503, **headers))
    return retries


def test_the_number_of_retries_is_limited() -> None:
    retried(retry_policy(3, "GET"), 3)
    with pytest.raises(MaxRetryError):
        retried(retry_policy(3, "GET"), 4)
    with pytest.raises(MaxRetryError):
        retried(retry_policy(0, "GET"), 1)


def test_pauses_grow_to_a_limit_with_jitter() -> None:
    waits = [retried(retry_policy(9, "GET"), times).get_backoff_time() for times in range(1, 9)]
    assert waits[0] == 0
    assert all(least <= wait <= least + 0.5 for least, wait in zip((1, 2, 4), waits[1:], strict=False))
    assert waits[-1] == 8
    assert len({retried(retry_policy(9, "GET"), 2).get_backoff_time() for _ in range(20)}) > 1


def test_retry_after_is_obeyed_up_to_a_minute() -> None:
    assert (
        retried(retry_policy(3, "GET"), 1, Retry_After="2").get_retry_after(response(503, Retry_After="2"))
        == 2
    )
    retried(retry_policy(3, "GET"), 3, Retry_After="60")
    with pytest.raises(MaxRetryError):
        retried(retry_policy(3, "GET"), 1, Retry_After="3600")


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "9" * 5_000,
        "-5",
        "NaN",
        "inf",
        "1.5",
        "",
        "soon",
        "Mon, 99 Foo 2026 x",
    ],
)
def test_an_invalid_retry_after_is_ignored(text: str) -> None:
    retries = retried(retry_policy(3, "GET"), 3, Retry_After=text)
    assert retries.get_retry_after(response(503, Retry_After=text)) is None


def test_retry_after_may_be_a_date() -> None:
    retries, past = retry_policy(3, "GET"), "Thu, 01 Jan 1970 00:00:00 GMT"
    assert retried(retries, 3, Retry_After=past).get_retry_after(response(503, Retry_After=past)) == 0
    with pytest.raises(MaxRetryError):
        retried(retries, 1, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT")
