"""What the client asks again, and for how long."""

import inspect

import pytest
from urllib3.exceptions import MaxRetryError
from urllib3.response import HTTPResponse
from urllib3.util.retry import Retry

from vitals.ace import total_timeout as timed_upstream
from vitals_client import timed
from vitals_client.following import pause_after
from vitals_client.http import patience


def answer(status: int, **headers: str) -> HTTPResponse:
    return HTTPResponse(b"", {name.replace("_", "-"): value for name, value in headers.items()}, status)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_asked_again(status: int) -> None:
    assert patience(3, "GET").is_retry("GET", status)
    assert not patience(3, "GET").is_retry("POST", status)
    assert patience(3, "GET", "POST").is_retry("POST", status)


@pytest.mark.parametrize("status", [200, 304, 400, 401, 403, 404, 409, 413, 500])
def test_what_will_not_pass_is_not(status: int) -> None:
    assert not patience(3, "GET").is_retry("GET", status)
    assert not patience(3, "GET").is_retry("GET", status, has_retry_after=True)


def ask_again(retries: Retry, times: int, **headers: str) -> Retry:
    for _ in range(times):
        retries = retries.increment("GET", "/", response=answer(503, **headers))
    return retries


def test_so_often_and_no_more() -> None:
    ask_again(patience(3, "GET"), 3)
    with pytest.raises(MaxRetryError):
        ask_again(patience(3, "GET"), 4)
    with pytest.raises(MaxRetryError):
        ask_again(patience(0, "GET"), 1)


def test_at_growing_distances_that_end_somewhere_and_differ() -> None:
    waits = [ask_again(patience(9, "GET"), times).get_backoff_time() for times in range(1, 9)]
    assert waits[0] == 0
    assert all(least <= wait <= least + 0.5 for least, wait in zip((1, 2, 4), waits[1:], strict=False))
    assert waits[-1] == 8
    assert len({ask_again(patience(9, "GET"), 2).get_backoff_time() for _ in range(20)}) > 1


def test_the_api_says_when_but_not_that_it_is_waited_for_an_hour() -> None:
    assert (
        ask_again(patience(3, "GET"), 1, Retry_After="2").get_retry_after(answer(503, Retry_After="2")) == 2
    )
    ask_again(patience(3, "GET"), 3, Retry_After="60")
    with pytest.raises(MaxRetryError):
        ask_again(patience(3, "GET"), 1, Retry_After="3600")


@pytest.mark.parametrize(
    "name",
    [
        "_TimedReader",
        "_TimedResponse",
        "_TimedConnection",
        "_TimedSecureConnection",
        "_TimedPool",
        "_TimedSecurePool",
        "_addresses",
    ],
)
def test_deadlines_are_kept_as_upstream_though_the_packages_share_no_code(name: str) -> None:
    ours, theirs = (inspect.getsource(getattr(module, name)) for module in (timed, timed_upstream))
    assert ours == theirs


def test_the_adapters_differ_in_their_name_alone() -> None:
    ours, theirs = (
        [inspect.getsource(getattr(adapter, name)) for name in ("init_poolmanager", "proxy_manager_for")]
        for adapter in (timed.TimedAdapter, timed_upstream._TimedAdapter)
    )
    assert ours == theirs


def test_what_goes_on_for_long_is_asked_after_less_often() -> None:
    assert [pause_after(seconds) for seconds in (0, 60, 300, 3600)] == [1, 1, 5, 10]


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
def test_a_retry_after_that_cannot_be_read_is_absent(text: str) -> None:
    retries = ask_again(patience(3, "GET"), 3, Retry_After=text)
    assert retries.get_retry_after(answer(503, Retry_After=text)) is None


def test_a_date_says_when_too() -> None:
    retries, past = patience(3, "GET"), "Thu, 01 Jan 1970 00:00:00 GMT"
    assert ask_again(retries, 3, Retry_After=past).get_retry_after(answer(503, Retry_After=past)) == 0
    with pytest.raises(MaxRetryError):
        ask_again(retries, 1, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT")
