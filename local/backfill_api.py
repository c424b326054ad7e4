"""The backfill routes of the deployed API, and how a run is followed to its end."""

import shlex
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import requests

from local.problem import Problem

# The API's function ends after 29 s.
_TIMEOUT_SECONDS = (5, 35)
# With the pauses between them, a minute and more without an answer.
_MOST_FAILURES = 8
_LONGEST_RETRY_SECONDS = 15
_LONGEST_PAUSE_SECONDS = 10

type Run = dict[str, Any]
"""A run as GET /backfill/{id} describes it."""


class RefusedError(Problem):
    """The API will not do it, with its own words."""

    def __init__(self, text: str, status: int, running_id: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.running_id = running_id


class UnansweredError(Problem):
    """The API gave no answer, or none of its own; it may give one later."""


class BackfillApi:
    """The routes; each call ends within a time, and only following a run asks more than once."""

    def __init__(self, url: str, token: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._url = url
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def start(
        self, site: str, start: str, end: str, *, force: bool = False, dry_run: bool = False
    ) -> dict[str, Any]:
        body = {"site_name": site, "start_date": start, "end_date": end, "force": force, "dry_run": dry_run}
        return self._answer("POST", "/backfill/start", json=body)

    def run(self, run_id: str) -> Run:
        return self._answer("GET", f"/backfill/{quote(run_id, safe='')}")

    def runs(self, site: str) -> list[Run]:
        """The site's latest runs, newest first, without their days."""
        found: list[Run] = self._answer("GET", "/backfill", params={"site_name": site})["backfills"]
        return found

    def cancel(self, run_id: str) -> dict[str, Any]:
        return self._answer("POST", f"/backfill/{quote(run_id, safe='')}/cancel")

    def follow(self, run_id: str, warn: Callable[[str], None]) -> Iterator[Run]:
        """The run again and again until it has ended; Problem when the API stays silent meanwhile."""
        began = time.monotonic()
        failures = 0
        while True:
            try:
                run = self.run(run_id)
            except UnansweredError as error:
                failures += 1
                if failures == _MOST_FAILURES:
                    raise Problem(
                        f"{error}, {failures} times in a row; the backfill goes on without this command, "
                        f"watch it again with `{watch_command(run_id)}`"
                    ) from None
                warn(f"{error}; asking again ({failures} of {_MOST_FAILURES})")
                self._sleep(min(2 ** (failures - 1), _LONGEST_RETRY_SECONDS))
                continue
            failures = 0
            yield run
            if run["status"] != "running":
                return
            self._sleep(pause_after(time.monotonic() - began))

    def _answer(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        try:
            answer = self._session.request(method, self._url + path, timeout=_TIMEOUT_SECONDS, **request)
        except requests.RequestException as error:
            raise UnansweredError(f"{self._url} gives no answer ({type(error).__name__})") from None
        status, found = answer.status_code, _object(answer)
        if answer.ok and found:
            return found
        said = found.get("error") or found.get("message") or answer.text[:300]
        if status < 400 or status == 429 or status >= 500:
            raise UnansweredError(f"{self._url} answers {status}: {said}")
        raise RefusedError(f"{said} ({found.get('error_code', status)})", status, found.get("running_id"))


def pause_after(seconds: float) -> float:
    """How long to wait before asking again of a run that has been watched for so long."""
    return min(max(1.0, seconds / 60), _LONGEST_PAUSE_SECONDS)


def watch_command(run_id: str) -> str:
    return f"make backfill WATCH={shlex.quote(run_id)}"


def cancel_command(run_id: str) -> str:
    return f"make backfill CANCEL={shlex.quote(run_id)}"


def _object(answer: requests.Response) -> dict[str, Any]:
    """The body; empty when it is something else, which a gateway may send."""
    try:
        found = answer.json()
    except requests.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
