"""An API over HTTP with answers that a test lays out beforehand, and what it says of backfills."""

import json
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "a-token"
RUN = "bf-1"
ESTIMATE = {"requests": 1200, "minutes": 2.5, "dollars": 0.12}
PLAN = {
    "site_name": "mill",
    "start_date": "2026-01-01",
    "end_date": "2026-01-04",
    "force": False,
    "days_total": 4,
    "days_complete": 2,
    "estimate": ESTIMATE,
}
STARTED = (202, {"id": RUN, "status": "running", **PLAN})
DRY = (200, {"dry_run": True, **PLAN})

type Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]
"""Status, JSON or bytes, and headers."""


def run(statuses: Sequence[str], status: str = "running", **changes: Any) -> dict[str, Any]:
    """A run whose days, from 2026-01-01 on, have these statuses."""
    counts = {
        f"days_{status_name}": statuses.count(status_name)
        for status_name in ("done", "empty", "failed", "cancelled")
    }
    days = [
        {
            "date": f"2026-01-{number:02}",
            "status": status_name,
            "samples": 1000 if status_name == "done" else 0,
            "requests": 3,
            "hours": 24,
            "attempts": 1,
            "seconds": 1.5,
            "error": "UpstreamUnavailableError" if status_name == "failed" else "",
        }
        for number, status_name in enumerate(statuses, 1)
    ]
    return {
        "id": RUN,
        "site_name": "mill",
        "start_date": "2026-01-01",
        "end_date": "2026-01-04",
        "force": False,
        "status": status,
        "requested_by": "local",
        "started_at": "2026-11-23T12:00:00Z",
        "ended_at": None if status == "running" else "2026-11-23T12:00:42Z",
        "cancel_requested": False,
        "progress_percent": 100.0 * sum(counts.values()) / max(1, len(statuses)),
        "days_total": len(statuses),
        "days_complete": 0,
        **counts,
        "samples": 1000 * counts["days_done"],
        "requests": 12,
        "samples_per_second": 250.0,
        "estimated_end": "2026-11-23T12:01:00Z" if status == "running" else None,
        "error": "",
        "days": days,
        **changes,
    }


class LaidOutServer:
    """Answers each request with the next answer laid out for it, and the last one from then on."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        """Method and path of each request, with its body."""
        self.open: set[str] = set()
        """Requests that must come without a token."""
        self.polled = threading.Event()
        self._answers: dict[str, deque[Answer]] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            do_POST = do_DELETE = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def lay_out(self, request: str, *answers: Answer) -> None:
        self._answers[request] = deque(answers)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        request = f"{handler.command} {handler.path}"
        self.requests.append((request, json.loads(body) if body else None))
        status, content, *changes = self._next(request)
        expected = None if request in self.open else f"Bearer {TOKEN}"
        if handler.headers["Authorization"] != expected:
            status, content, *changes = error(401, "UNAUTHORIZED", "no good token")
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        for name, value in ({"Content-Length": str(len(sent))} | (changes[0] if changes else {})).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(sent)
        if request == f"GET /backfill/{RUN}":
            self.polled.set()

    def _next(self, request: str) -> Answer:
        answers = self._answers.get(request)
        if not answers:
            return error(404, "NOT_FOUND", "there is nothing here")
        return answers.popleft() if len(answers) > 1 else answers[0]

    @contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


def error(status: int, code: str, text: str, **changes: Any) -> Answer:
    return status, {"error": text, "error_code": code, "request_id": "r-1", **changes}
