"""The checks of what the API refuses, and of the headers of its responses."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import requests

from operations.smoke.api import ABSENT_SITE
from operations.smoke.checks import ProblemError

_SECONDS = 35
_PAGES = ("/", "/docs")
_HEADERS = (
    "Content-Security-Policy",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
)
# The token of the smoke test does not grant it.
_OTHER_SITE = "smoke.not-granted"
_ERROR_KEYS = {"error", "error_code", "request_id"}


class Answer(NamedTuple):
    """A response, with its JSON object, or nothing."""

    request: str
    status: int
    headers: Mapping[str, str]
    content: Any


@dataclass(frozen=True, slots=True)
class AccessChecks:
    """Requests to the API at this address; `secret` returns the token of the smoke test."""

    api: str
    secret: Callable[[], str]

    def refusals(self) -> str:
        """Checks that 401, 403 and 404 are what they should be, and that each is an error of the API."""
        secret = self.secret()
        answers = {
            401: self._get("without a token", "/sites"),
            403: self._get(
                "for a site that the token does not grant", f"/sites/{_OTHER_SITE}/points", secret
            ),
            404: self._get("for a site that does not exist", f"/sites/{ABSENT_SITE}/points", secret),
        }
        return judge_refusals(answers)

    def headers(self) -> str:
        """Checks the headers of both pages and of an error."""
        pages = [self._get(path, path) for path in _PAGES]
        return judge_headers(pages, self._get("/sites without a token", "/sites"))

    def _get(self, request: str, path: str, secret: str = "") -> Answer:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        response = requests.get(self.api + path, headers=headers, timeout=_SECONDS)
        try:
            content = response.json()
        except ValueError:
            content = None
        return Answer(request, response.status_code, response.headers, content)


def judge_refusals(answers: Mapping[int, Answer]) -> str:
    """Returns what is right; ProblemError when an answer has another status or is not an error of the API."""
    for status, answer in answers.items():
        if answer.status != status:
            raise ProblemError(
                f"a request {answer.request} is answered {answer.status}, not {status}. {_DEPLOY_AGAIN}"
            )
        if not isinstance(answer.content, dict) or not answer.content.keys() >= _ERROR_KEYS:
            raise ProblemError(
                f"a request {answer.request} is answered without a JSON error. {_DEPLOY_AGAIN}"
            )
    return f"{', '.join(map(str, answers))} where they should be"


def judge_headers(pages: Iterable[Answer], error: Answer) -> str:
    """Returns what is right; ProblemError when a page is missing or a response lacks a security header."""
    for page in pages:
        if page.status == 404:
            raise ProblemError(
                f"{page.request} does not exist. Deploy with `make deploy`, which builds the page"
            )
        if page.status != 200:
            raise ProblemError(f"{page.request} is answered {page.status}. Read the log of QueryFunction")
    for answer in (*pages, error):
        missing = [name for name in _HEADERS if not answer.headers.get(name)]
        policy = answer.headers.get("Content-Security-Policy", "")
        if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
            missing.append("Content-Security-Policy")
        if missing:
            raise ProblemError(f"{answer.request} is answered without {missing[0]}. {_DEPLOY_AGAIN}")
    return "both pages and errors have a Content-Security-Policy and the other security headers"


_DEPLOY_AGAIN = "Check that nothing else answers at this address, and deploy again"
