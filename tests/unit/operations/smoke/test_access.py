"""What is said of refusals and headers."""

from typing import Any

import pytest

from operations.smoke.access import Answer, judge_headers, judge_refusals
from operations.smoke.checks import ProblemError
from vitals.http.edge import SECURITY_HEADERS

ERROR = {"error": "text", "error_code": "NOT_FOUND", "request_id": "r"}


def answer(status: int, headers: dict[str, str] = SECURITY_HEADERS, content: Any = ERROR) -> Answer:
    return Answer("/docs", status, headers, content)


def test_refusals_with_their_statuses_are_right() -> None:
    assert judge_refusals({status: answer(status) for status in (401, 403, 404)})


@pytest.mark.parametrize("wrong", [answer(403), answer(404, content="<html>"), answer(404, content={})])
def test_a_wrong_refusal_is_a_problem(wrong: Answer) -> None:
    with pytest.raises(ProblemError):
        judge_refusals({401: answer(401), 404: wrong})


def test_responses_have_the_security_headers() -> None:
    assert judge_headers([answer(200)], answer(401))


@pytest.mark.parametrize("name", [name for name in SECURITY_HEADERS if name != "Cache-Control"])
@pytest.mark.parametrize("place", ["page", "error"])
def test_a_missing_header_is_named(name: str, place: str) -> None:
    fewer = {key: value for key, value in SECURITY_HEADERS.items() if key != name}
    page = answer(200, fewer if place == "page" else SECURITY_HEADERS)
    with pytest.raises(ProblemError, match=name):
        judge_headers([page], answer(401, fewer if place == "error" else SECURITY_HEADERS))


def test_a_page_that_was_not_built_is_named() -> None:
    with pytest.raises(ProblemError, match="make deploy"):
        judge_headers([answer(404)], answer(401))


def test_a_weak_policy_is_a_problem() -> None:
    weak = SECURITY_HEADERS | {"Content-Security-Policy": "default-src *"}
    with pytest.raises(ProblemError, match="Content-Security-Policy"):
        judge_headers([answer(200, weak)], answer(401))
