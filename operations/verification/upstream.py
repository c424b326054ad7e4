"""Reads the ACE API as its documentation describes it, without the product's own client."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import requests

from operations import oracle
from operations.errors import OperatorError
from operations.oracle import Samples, States
from operations.verification.questions import Question, iso

MAX_PAGES = 400
_MAX_ATTEMPTS = 12
# The product waits as long for a page of 100,000 readings.
_ANSWER_SECONDS = 60


class Upstream:
    """The ACE API at a base URL, retried until it answers in full."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}"}

    def points(self, site: str) -> list[str]:
        """Returns the names of a site's configured points."""
        names: list[str] = []
        for page in range(1, MAX_PAGES):
            answer = self._get(
                f"/sites/{quote(site)}/configured_points",
                {"page": page, "per_page": 100},
                {"items": list, "pages": int},
            )
            names += [item["name"] for item in _named(answer["items"])]
            if page >= answer["pages"]:
                return names
        raise OperatorError(f"the point listing of {site} has more than {MAX_PAGES} pages")

    def ask(self, question: Question, states: States | None = None) -> Samples:
        """Returns the samples that the upstream's readings amount to."""
        samples = oracle.expected(self._readings(question), set(question.names), states)
        return {key: v for key, v in samples.items() if question.start_ms <= key[1] < question.end_ms}

    def _readings(self, question: Question) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {"page_size": 100_000, "raw_data": "true"}
        query["start_time"], query["end_time"] = iso(question.start_ms), iso(question.end_ms)
        for _ in range(MAX_PAGES):
            answer = self._get(
                f"/sites/{quote(question.site)}/timeseries/paginated",
                query,
                {"point_samples": list, "has_more": bool},
            )
            yield from _named(answer["point_samples"])
            if not answer["has_more"]:
                return
            query["cursor"] = answer["next_cursor"]
        raise OperatorError(f"the readings of {question} have more than {MAX_PAGES} pages")

    def _get(self, path: str, query: dict[str, Any], shape: dict[str, type]) -> dict[str, Any]:
        """Returns the first answer that is a JSON object with these keys of these types."""
        failure = "no answer"
        for attempt in range(_MAX_ATTEMPTS):
            try:
                answer = self._response(path, query)
                if answer.status_code == 200:
                    return _shaped(_json(answer.content), shape)
                failure = f"status {answer.status_code}"
            except _ShapeError as error:
                failure = str(error)
            except (requests.RequestException, ValueError, TimeoutError) as error:
                failure = type(error).__name__
            time.sleep(min(0.1 * 2**attempt, 5))
        raise OperatorError(f"the upstream's {path} failed {_MAX_ATTEMPTS} times, last with {failure}")

    def _response(self, path: str, query: dict[str, Any]) -> requests.Response:
        """Returns a response that is complete in time; requests' own timeout restarts at every byte."""
        results: list[requests.Response | requests.RequestException] = []

        def get() -> None:
            try:
                url = self._url + path
                results.append(requests.get(url, query, headers=self._headers, timeout=_ANSWER_SECONDS))
            except requests.RequestException as error:
                results.append(error)

        thread = threading.Thread(target=get, daemon=True)
        thread.start()
        thread.join(_ANSWER_SECONDS)
        if not results:
            raise TimeoutError
        if isinstance(results[0], requests.RequestException):
            raise results[0]
        return results[0]


class _ShapeError(Exception):
    """Valid JSON that is not what the endpoint answers."""


def _json(body: bytes) -> Any:
    """Parses JSON as Python does, which accepts NaN; bytes that are not UTF-8 become lone surrogates."""
    return json.loads(body.decode("utf-8", "surrogateescape"), strict=False)


def _shaped(answer: Any, shape: dict[str, type]) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise _ShapeError(f"a JSON {type(answer).__name__} instead of an object")
    for key, kind in shape.items():
        if type(answer.get(key)) is not kind:
            raise _ShapeError(f"no {kind.__name__} under {key!r}")
    if answer.get("has_more") and not isinstance(answer.get("next_cursor"), str):
        raise _ShapeError("no str under 'next_cursor'")
    return answer


def _named(items: list[Any]) -> Iterator[dict[str, Any]]:
    """Yields the entries with a name that is valid Unicode; no point has another name."""
    for item in items:
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(name, str) and not any("\ud800" <= letter <= "\udfff" for letter in name):
            yield item
