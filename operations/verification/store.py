"""Reads the store through its API, and runs its sync."""

import json
from typing import Any
from urllib.parse import quote

import requests

from operations import oracle, stack_file
from operations.errors import OperatorError
from operations.oracle import Samples, States
from operations.verification.questions import Question
from operations.verification.upstream import MAX_PAGES, Upstream

_MAX_SYNCS = 12


class Store:
    """The deployed product that a stack file describes."""

    def __init__(self, stack: dict[str, Any]) -> None:
        self._stack = stack
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {stack['token']}"

    def synced(self) -> dict[str, tuple[int, int]]:
        """Returns for each enabled site the time range, in UTC ms, that its syncs have passed."""
        sites = self._answer("GET", "/sites")["sites"]
        return {
            site["site_name"]: (
                oracle.milliseconds(site["synced_from"]) or 0,
                oracle.milliseconds(site["synced_until"]) or 0,
            )
            for site in sites
            if site["synced_until"] and site["status"] == "enabled"
        }

    def states(self, site: str) -> States:
        """Returns the numbers of state texts that were set for points of the site."""
        query: dict[str, Any] = {"limit": 1_000}
        states: dict[str, dict[str, float]] = {}
        for _ in range(MAX_PAGES):
            page = self._answer("GET", f"/sites/{quote(site)}/points", params=query)
            states |= {point["point_name"]: point["states"] for point in page["points"] if "states" in point}
            query["next_token"] = page["next_token"]
            if query["next_token"] is None:
                return states
        raise OperatorError(f"the store's points of {site} have more than {MAX_PAGES} pages")

    def ask(self, question: Question) -> Samples:
        """Returns the samples that the query API answers."""
        body: dict[str, Any] = {
            "site_name": question.site,
            "point_names": question.names,
            "start_time": question.start_ms,
            "end_time": question.end_ms,
            "resolution": "raw",
        }
        samples: Samples = {}
        for _ in range(MAX_PAGES):
            page = self._answer("POST", "/timeseries/query", json=body)
            _add(samples, page)
            body["next_token"] = page["metadata"]["next_token"]
            if body["next_token"] is None:
                return samples
        raise OperatorError(f"the store's answer for {question} has more than {MAX_PAGES} pages")

    def upstream(self) -> Upstream:
        """Returns the upstream that the deployed sync reads, with the key that it uses."""
        outputs = self._stack["outputs"]
        function = self._client("lambda").get_function_configuration(FunctionName=outputs["EtlFunction"])
        key = self._client("secretsmanager").get_secret_value(SecretId=outputs["AceApiKeySecret"])
        return Upstream(function["Environment"]["Variables"]["ACE_API_URL"], key["SecretString"])

    def sync(self, site: str) -> None:
        """Invokes the sync of a site until it has caught up; the upstream's faults may fail some invokes."""
        payload = json.dumps({"site": site}).encode()
        receipt: Any = None
        for _ in range(_MAX_SYNCS):
            response = self._client("lambda").invoke(
                FunctionName=self._stack["outputs"]["EtlFunction"], Payload=payload
            )
            receipt = json.load(response["Payload"])
            if "FunctionError" not in response and receipt["caught_up"]:
                return
        raise OperatorError(
            f"the sync of {site} did not catch up after {_MAX_SYNCS} invokes; last: {receipt}"
        )

    def _client(self, service: str) -> Any:
        return stack_file.client(self._stack, service)

    def _answer(self, method: str, path: str, **request: Any) -> Any:
        response = self._session.request(method, self._stack["api"] + path, timeout=60, **request)
        if response.status_code != 200:
            raise OperatorError(f"{path} answered {response.status_code}: {response.text[:300]}")
        return response.json()


def _add(samples: Samples, page: dict[str, Any]) -> None:
    """Adds the samples of a page; OperatorError when the page warns or repeats one."""
    if page["warnings"]:
        raise OperatorError(f"the store warns: {page['warnings']}")
    for series in page["series"]:
        for time_ms, value in zip(series["timestamps"], series["values"], strict=True):
            key = (series["point_name"], time_ms)
            if key in samples:
                raise OperatorError(f"the store returned {key} twice")
            samples[key] = value
