"""Answers of AWS, recorded once and then given again, so that only the handler's own work is timed."""

import io
import time
from threading import Lock
from typing import Any

from botocore.awsrequest import AWSResponse, HTTPHeaders
from moto.core.models import botocore_stubber

from vitals.aws.clients import PROMPT, made_client

type _Recorded = tuple[int, dict[str, str], bytes]


class Canned:
    """Clients of moto's services whose answers are remembered; `requests` counts what they sent."""

    def __init__(self) -> None:
        botocore_stubber.enabled = False
        self._answers: dict[Any, _Recorded] = {}
        self.recording = True
        self.requests = 0
        self.own_s = 0.0

    def client(self, service: Any) -> Any:
        """Returns a client as functions have; while `recording` is false it only repeats requests."""
        client = made_client.__wrapped__(service, PROMPT)
        client.meta.events.register_first(f"before-send.{service}", self._answer)
        return client

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        began_s = time.thread_time()
        try:
            self.requests += 1
            if not self.recording:
                return _response(request, self._answers[_key(request)])
            answer = _of_moto(request)
            body = answer.content
            self._answers[_key(request)] = (answer.status_code, dict(answer.headers), body)
            return _response(request, self._answers[_key(request)])
        finally:
            self.own_s += time.thread_time() - began_s


_MOTO = Lock()


def _of_moto(request: Any) -> Any:
    """Returns moto's answer; its own handler is off, because every handler is called."""
    with _MOTO:
        botocore_stubber.enabled = True
        try:
            return botocore_stubber(event_name="before-send", request=request)
        finally:
            botocore_stubber.enabled = False


class _Body(io.BytesIO):
    """A body like urllib3's."""

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


def _response(request: Any, recorded: _Recorded) -> AWSResponse:
    status, headers, body = recorded
    return AWSResponse(request.url, status, HTTPHeaders.from_dict(headers), _Body(body))


def _key(request: Any) -> Any:
    body = request.body if isinstance(request.body, bytes) else b""
    return request.method, request.url, bytes(body), request.headers.get("Range")
