"""Asks upstream and store the same random questions: `vitals verify [--seed N]`.

They are about what the syncs have passed, or with `--start` and `--end` about each day between them.

The upstream is asked first, then a sync runs, then the store is asked: whatever the upstream served must be
in the store. What differs is asked of the upstream once more, for late readings may arrive in between.
"""

import argparse
import json
import random
import struct
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import boto3
import requests
from botocore.config import Config

from operations import oracle, stack_file
from operations.problem import Problem

_ENOUGH_SAMPLES = 25_000
_QUESTIONS = (12, 300)
_MOST_POINTS = 100
# What the upstream sends for one question: it can't filter by point.
_MOST_READINGS = 300_000
_MINUTE_MS = 60_000
_DAY_MS = 24 * 60 * _MINUTE_MS
_FARTHEST_MS = 60 * _DAY_MS
_PAGES = 400
_ATTEMPTS = 12
# As long as the product waits for one page of 100,000 readings; an answer that drips in never ends.
_ANSWER_S = 60

type Samples = dict[tuple[str, int], float]


@dataclass(frozen=True, slots=True)
class Question:
    """Some points of a site in [start_ms, end_ms)."""

    site: str
    names: tuple[str, ...]
    start_ms: int
    end_ms: int


class Upstream:
    """The ACE API as its documentation says, asked patiently."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}"}

    def points(self, site: str) -> list[str]:
        names: list[str] = []
        for page in range(1, _PAGES):
            answer = self._get(
                f"/sites/{quote(site)}/configured_points",
                {"page": page, "per_page": 100},
                {"items": list, "pages": int},
            )
            names += [item["name"] for item in _with_names(answer["items"])]
            if page >= answer["pages"]:
                return names
        raise Problem(f"the points of {site} did not end within {_PAGES} pages")

    def ask(self, question: Question) -> Samples:
        readings = self._readings(question)
        found = oracle.expected(readings, set(question.names))
        return {key: v for key, v in found.items() if question.start_ms <= key[1] < question.end_ms}

    def _readings(self, question: Question) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {"page_size": 100_000, "raw_data": "true"}
        query["start_time"], query["end_time"] = _iso(question.start_ms), _iso(question.end_ms)
        for _ in range(_PAGES):
            answer = self._get(
                f"/sites/{quote(question.site)}/timeseries/paginated",
                query,
                {"point_samples": list, "has_more": bool},
            )
            yield from _with_names(answer["point_samples"])
            if not answer["has_more"]:
                return
            query["cursor"] = answer["next_cursor"]
        raise Problem(f"the readings of {question.site} did not end within {_PAGES} pages")

    def _get(self, path: str, query: dict[str, Any], shape: dict[str, type]) -> dict[str, Any]:
        """The first whole answer that is an object with these keys of these types."""
        said = "nothing"
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._whole(path, query)
                if answer.status_code == 200:
                    return _shaped(_json(answer.content), shape)
                said = str(answer.status_code)
            except _ShapeError as error:
                said = str(error)
            except (requests.RequestException, ValueError, TimeoutError) as error:
                said = type(error).__name__
            time.sleep(min(0.1 * 2**attempt, 5))
        raise Problem(f"the upstream's {path} failed {_ATTEMPTS} times, last with {said}")

    def _whole(self, path: str, query: dict[str, Any]) -> requests.Response:
        """The answer, if all of it comes in time: requests itself would wait anew for every byte."""
        answers: list[requests.Response | requests.RequestException] = []

        def ask() -> None:
            try:
                answers.append(
                    requests.get(self._url + path, query, headers=self._headers, timeout=_ANSWER_S)
                )
            except requests.RequestException as error:
                answers.append(error)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(_ANSWER_S)
        if not answers:
            raise TimeoutError
        if isinstance(answers[0], requests.RequestException):
            raise answers[0]
        return answers[0]


def _json(body: bytes) -> Any:
    """What Python's own parser makes of it, which takes NaN; what is not Unicode stays visible."""
    return json.loads(body.decode("utf-8", "surrogateescape"), strict=False)


class _ShapeError(Exception):
    """Whole JSON that is not what the endpoint answers."""


def _shaped(answer: Any, shape: dict[str, type]) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise _ShapeError(f"a JSON {type(answer).__name__} instead of an object")
    for key, kind in shape.items():
        if type(answer.get(key)) is not kind:
            raise _ShapeError(f"no {kind.__name__} under {key!r}")
    if answer.get("has_more") and not isinstance(answer.get("next_cursor"), str):
        raise _ShapeError("no str under 'next_cursor'")
    return answer


def _with_names(items: list[Any]) -> Iterator[dict[str, Any]]:
    """The entries that are about a point: text that is not Unicode is nobody's name."""
    for item in items:
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(name, str) and not any("\ud800" <= letter <= "\udfff" for letter in name):
            yield item


class Store:
    """The deployed product: its API, and its sync."""

    def __init__(self, stack: dict[str, Any]) -> None:
        self._stack = stack
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {stack['token']}"

    def synced(self) -> dict[str, tuple[int, int]]:
        """Each site with the span (UTC ms) that its syncs have passed."""
        sites = self._answer("GET", "/sites")["sites"]
        return {
            site["site_name"]: (
                oracle.milliseconds(site["synced_from"]) or 0,
                oracle.milliseconds(site["synced_until"]) or 0,
            )
            for site in sites
            if site["synced_until"]
        }

    def ask(self, question: Question) -> Samples:
        body: dict[str, Any] = {
            "site_name": question.site,
            "point_names": question.names,
            "start_time": question.start_ms,
            "end_time": question.end_ms,
            "resolution": "raw",
        }
        found: Samples = {}
        for _ in range(_PAGES):
            answer = self._answer("POST", "/timeseries/query", json=body)
            if answer["warnings"]:
                raise Problem(f"the store warns: {answer['warnings']}")
            for series in answer["series"]:
                for at, value in zip(series["timestamps"], series["values"], strict=True):
                    key = (series["point_name"], at)
                    if key in found:
                        raise Problem(f"the store answers {key} twice")
                    found[key] = value
            body["next_token"] = answer["metadata"]["next_token"]
            if body["next_token"] is None:
                return found
        raise Problem(f"the answer to {question} did not end within {_PAGES} pages")

    def upstream(self) -> Upstream:
        """The upstream that the deployed sync asks, with the key that it uses."""
        outputs = self._stack["outputs"]
        function = self._client("lambda").get_function_configuration(FunctionName=outputs["EtlFunction"])
        key = self._client("secretsmanager").get_secret_value(SecretId=outputs["AceApiKeySecret"])
        return Upstream(function["Environment"]["Variables"]["ACE_API_URL"], key["SecretString"])

    def sync(self, site: str) -> None:
        """Syncs the site until a sync succeeds; the upstream's faults may fail some."""
        payload = json.dumps({"site": site}).encode()
        receipt: Any = None
        for _ in range(_ATTEMPTS):
            answer = self._client("lambda").invoke(
                FunctionName=self._stack["outputs"]["EtlFunction"], Payload=payload
            )
            receipt = json.load(answer["Payload"])
            if "FunctionError" not in answer and receipt["caught_up"]:
                return
        raise Problem(f"the sync of {site} does not catch up: {receipt}")

    def _client(self, service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self._stack["aws_endpoint"],
            region_name=self._stack["region"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(connect_timeout=3, read_timeout=310, retries={"total_max_attempts": 2}),
        )

    def _answer(self, method: str, path: str, **request: Any) -> Any:
        answer = self._session.request(method, self._stack["api"] + path, timeout=60, **request)
        if answer.status_code != 200:
            raise Problem(f"{path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()


def main(arguments: Sequence[str]) -> int:
    """Prints how many samples match; 1 when any differs."""
    parser = argparse.ArgumentParser(prog="vitals verify", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="ask the same questions again")
    parser.add_argument("--start", type=_day, help="ask about each day from this one, YYYY-MM-DD in UTC")
    parser.add_argument("--end", type=_day, help="to this one")
    parser.add_argument("--json", action="store_true", help="JSON on stdout, and nothing else there")
    asked = parser.parse_args(arguments)
    if (asked.start is None) != (asked.end is None):
        parser.error("--start and --end belong together")
    days = None if asked.start is None else range(asked.start, asked.end + _DAY_MS, _DAY_MS)
    try:
        matched, expected, extra = verify(Store(stack_file.running_stack()), asked.seed, days)
    except (Problem, requests.RequestException) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps({"matched": matched, "expected": expected, "extra": extra}))
    else:
        print(f"match {matched} of {expected} samples")
        if extra:
            print(f"the store has {extra} samples that the upstream does not serve")
    return 0 if matched == expected and expected and not extra else 1


def _day(text: str) -> int:
    """When the UTC day begins."""
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day of the form YYYY-MM-DD") from None


def verify(store: Store, seed: int | None, days: range | None = None) -> tuple[int, int, int]:
    """How many samples the upstream serves and the store has, the upstream serves, only the store has.

    `days` are the starts (UTC ms) of those to ask about, each at least once.
    """
    seed = random.randrange(2**32) if seed is None else seed
    upstream = store.upstream()
    synced = store.synced()
    if not synced:
        raise Problem("no site is synced yet")
    served = _ask_upstream(upstream, _spans(synced, days), random.Random(seed))
    asking = f"{len(served)} questions (seed {seed}), then a sync, then the same of the store"
    print(asking, file=sys.stderr)
    for site in synced:
        store.sync(site)
    matched = expected = extra = 0
    for question, first in served:
        held = store.ask(question)
        truth = first
        if _bits(held) != _bits(first):
            truth = _settled(held, first, upstream.ask(question))
        good = sum(_same(held.get(key), value) for key, value in truth.items())
        matched, expected = matched + good, expected + len(truth)
        extra += len(held.keys() - truth.keys())
        if good != len(truth) or held.keys() - truth.keys():
            _show(question, held, truth)
    return matched, expected, extra


def _spans(synced: dict[str, tuple[int, int]], days: range | None) -> list[tuple[str, int, int]]:
    """(site, start, end) of the spans that questions may fall into."""
    if days is None:
        return [(site, *span) for site, span in sorted(synced.items())]
    spans = [
        (site, day, min(day + _DAY_MS, until)) for site, (_, until) in sorted(synced.items()) for day in days
    ]
    if not spans or any(start >= end for _, start, end in spans):
        raise Problem("--start must not be after --end, nor --end after what is synced")
    return spans


def _ask_upstream(
    upstream: Upstream, spans: list[tuple[str, int, int]], chance: random.Random
) -> list[tuple[Question, Samples]]:
    names = {site: upstream.points(site) for site in {site for site, _, _ in spans}}
    served: list[tuple[Question, Samples]] = []
    fewest, most = (max(number, len(spans)) for number in _QUESTIONS)
    while len(served) < most and (
        len(served) < fewest or sum(len(found) for _, found in served) < _ENOUGH_SAMPLES
    ):
        site, *span = spans[len(served) % len(spans)]
        question = _question(site, names[site], (span[0], span[1]), chance)
        served.append((question, upstream.ask(question)))
    return served


def _question(site: str, names: list[str], span: tuple[int, int], chance: random.Random) -> Question:
    """Anywhere in the span, so that hot, cold and split ranges all come up."""
    start_ms, end_ms = span
    reach = max(6 * _MINUTE_MS, min(end_ms - start_ms, _FARTHEST_MS))
    longest = min(12 * 60, max(10, _MOST_READINGS // len(names)), reach // _MINUTE_MS - 1)
    length = chance.randint(5, max(5, longest)) * _MINUTE_MS + chance.randrange(_MINUTE_MS)
    back = chance.randrange(max(1, reach - length))
    chosen = chance.sample(names, chance.randint(1, min(_MOST_POINTS, len(names))))
    return Question(site, tuple(chosen), end_ms - back - length, end_ms - back)


def _settled(held: Samples, first: Samples, second: Samples) -> Samples:
    """What the store must hold when the upstream said one thing before it was asked and another after."""
    truth: Samples = {}
    for key in first.keys() | second.keys():
        answers = [said[key] for said in (first, second) if key in said]
        if key in held and any(_same(held[key], answer) for answer in answers):
            truth[key] = held[key]
        elif len(answers) == 2:
            # Served both times, so the store must have it, with one of the two values.
            truth[key] = answers[1]
    return truth


def _same(one: float | None, other: float | None) -> bool:
    """Equal to the bit."""
    if one is None or other is None:
        return one is other
    return struct.pack("<d", one) == struct.pack("<d", other)


def _bits(found: Samples) -> dict[tuple[str, int], bytes]:
    return {key: struct.pack("<d", value) for key, value in found.items()}


def _show(question: Question, held: Samples, truth: Samples) -> None:
    """The first few differences."""
    print(f"differs: {question.site} {_iso(question.start_ms)} to {_iso(question.end_ms)}", file=sys.stderr)
    differing = sorted(k for k in held.keys() | truth.keys() if not _same(held.get(k), truth.get(k)))
    for name, at in differing[:5]:
        said, has = truth.get((name, at)), held.get((name, at))
        print(f"  {name} {_iso(at)}: upstream {said!r}, store {has!r}", file=sys.stderr)


def _iso(at_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_ms // 1000)) + f".{at_ms % 1000:03d}Z"
