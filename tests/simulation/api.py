"""Requests to the product's API, as API Gateway passes them on for a token with every scope."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.stack import Stack

_FUNCTIONS = {"exports": "ExportApiFunction", "backfill": "BackfillApiFunction"}
# Warnings of answers that lack nothing.
_OF_SAMPLES = ("NEGATIVE_STEPS",)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API; the status is 504 when the function died."""

    status: int
    content: Any = None
    etag: str = ""

    @property
    def is_clean(self) -> bool:
        """Whether the answer claims to be whole: no error, and no warning but of what the samples are."""
        details = self.content.get("warning_details", ()) if self.status == 200 else ()
        return self.status == 200 and all(detail["code"] in _OF_SAMPLES for detail in details)


@dataclass(slots=True)
class Api:
    """The API of a stack."""

    stack: Stack
    sites: Sequence[str]
    statuses: dict[int, int] = field(default_factory=dict)
    """How many answers had which status."""

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends a request and returns the answer."""
        is_setting = method == "PATCH" or path.endswith(("/changes", "/views"))
        function = "AdminFunction" if is_setting else _FUNCTIONS.get(path.split("/")[1], "QueryFunction")
        invocation = self.stack.request(function, self._event(method, path, query or {}, body, headers or {}))
        if invocation.error is not None:
            return self._counted(Answer(504))
        answer = invocation.result
        text = answer.get("body") or ""
        if answer.get("isBase64Encoded"):
            text = base64.b64decode(text).decode()
        content = json.loads(text) if text else None
        etag = (answer.get("multiValueHeaders") or {}).get("ETag", [""])[0]
        return self._counted(Answer(answer["statusCode"], content, etag))

    def _counted(self, answer: Answer) -> Answer:
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        return answer

    def _event(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | Sequence[str]],
        body: Any,
        headers: Mapping[str, str],
    ) -> dict[str, Any]:
        lists = {name: [value] if isinstance(value, str) else list(value) for name, value in query.items()}
        return {
            "resource": "/{proxy+}",
            "path": path,
            "httpMethod": method,
            "headers": {"Content-Type": "application/json", **headers},
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": {name: values[-1] for name, values in lists.items()},
            "multiValueQueryStringParameters": lists,
            "requestContext": {
                "requestId": "r-1",
                "authorizer": {
                    "principalId": "chart",
                    "scopes": "read backfill export admin",
                    "sites": " ".join(self.sites),
                },
            },
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
