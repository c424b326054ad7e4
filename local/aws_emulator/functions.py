"""Runs several events of a function at once, and reports the names of errors.

ministack has one worker per function, which answers one event after the other, and calls every error
Runtime.HandlerError.
"""

from collections.abc import Callable
from contextvars import ContextVar
from threading import Lock
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

# Lambda's names of process errors, by the beginning of ministack's texts.
_PROCESS_ERRORS = {
    "Task timed out after": "Sandbox.Timedout",
    "Worker process died": "Runtime.ExitError",
    "Worker returned no response": "Runtime.ExitError",
}

_error_name: ContextVar[str | None] = ContextVar("error_name")


def patch() -> None:
    """Patches ministack's Lambda."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = _send_error_name(lambda_runtime._PYTHON_WORKER_SCRIPT)
    lambda_runtime.Worker = _worker
    lambda_svc._execute_function_warm = _report_error_name(lambda_svc._execute_function_warm)


class Worker(lambda_runtime.Worker):  # type: ignore[misc]
    """Keeps the name of an error for `_report_error_name`."""

    def invoke(self, event: dict[str, Any], request_id: str) -> Any:
        response = super().invoke(event, request_id)
        error = str(response.get("error"))
        names = (name for beginning, name in _PROCESS_ERRORS.items() if error.startswith(beginning))
        _error_name.set(response.get("name") or next(names, None))
        return response


class Workers:
    """As many workers of a function as it has events at once.

    With one worker, the items of a map would run one after the other, and each run or export would wait for
    the one before.
    """

    def __init__(self, *arguments: Any) -> None:
        self._arguments = arguments
        self._all: list[Worker] = []
        self._idle: list[Worker] = []
        self._lock = Lock()

    def invoke(self, event: dict[str, Any], request_id: str) -> Any:
        with self._lock:
            if not self._idle:
                self._all.append(Worker(*self._arguments))
                self._idle.append(self._all[-1])
            worker = self._idle.pop()
        try:
            return worker.invoke(event, request_id)
        finally:
            with self._lock:
                self._idle.append(worker)

    def kill(self) -> None:
        with self._lock:
            for worker in self._all:
                worker.kill()


def _worker(name: str, config: dict[str, Any], code: bytes) -> Worker | Workers:
    """Makes several workers for backfills and exports only: each process loads the whole layer."""
    variables = config.get("Environment", {}).get("Variables", {}).keys()
    is_parallel = "BACKFILL_CONCURRENCY" in variables or {"EXPORT_QUEUE_URL", "HOT_TABLE"} <= variables
    return (Workers if is_parallel else Worker)(name, config, code)


def _send_error_name(script: str) -> str:
    """Makes a function's process send the class of its error, which Retry and Catch match."""
    text = '"error": str(e), "trace"'
    assert text in script
    return script.replace(text, '"error": str(e), "name": type(e).__name__, "trace"')


def _report_error_name(execute: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Answers the name of an error as its errorType."""

    def execute_function(*args: Any) -> dict[str, Any]:
        _error_name.set(None)
        result = execute(*args)
        name = _error_name.get()
        if result.get("error") and name:
            result["body"]["errorType"] = name
        return result

    return execute_function
