"""A client of an AWS service in memory: it repeats failed attempts as botocore's standard mode does."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from tests.simulation.aws import errors
from tests.simulation.aws.s3_wire import cut_body
from tests.simulation.process import BLOCK_PUT, Attempted, Process, attempt
from tests.support.iam.calls import accesses
from tests.support.iam.evaluation import DeniedError, check
from tests.support.iam.statements import statements

_ADDRESS = "https://simulated.example"
_LONGEST_BACKOFF_S = 20.0
# What is done without a request.
_LOCAL = {"generate_presigned_url"}


class Service(Protocol):
    """A service in memory; a call is one effect."""

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Returns the answer to an operation, or raises the error of botocore."""


class Client:
    """What the product takes for a client of boto3; `config` has its timeouts and attempts."""

    def __init__(self, service: str, server: Service, process: Process, config: Any) -> None:
        self.exceptions = errors.exceptions(service)
        self._service = service
        self._server = server
        self._process = process
        self._attempts: int = config.attempts
        self._timeout_s: float = config.read_timeout

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        if operation.startswith("_"):
            raise AttributeError(operation)
        if operation in _LOCAL:
            return getattr(self._server, operation)  # type: ignore[no-any-return]

        def call(**request: Any) -> Any:
            return self._call(operation, request)

        self.__dict__[operation] = call
        return call

    def _call(self, operation: str, request: dict[str, Any]) -> Any:
        body = request.get("Body")
        if hasattr(body, "read"):
            request["Body"] = body.read()
        if operation == "transact_write_items":
            # As botocore does, so that a repeat after a lost answer is the same transaction.
            request["ClientRequestToken"] = self._process.machine.random.randbytes(16).hex()
        call = _named(operation, request)
        self._authorize(_operation(operation), request)
        random, deadline = self._process.machine.random, self._process.runtime.deadline
        for number in range(1, self._attempts + 1):
            deadline.check()
            try:
                answer = attempt(self._process, call, lambda: self._server.call(operation, request))
            except Attempted as failed:
                if random.random() < 0.5 and failed.fault.startswith("lost"):
                    # Nothing comes, instead of the connection's end.
                    self._process.sleep(self._timeout_s * 1000)
                if failed.final or number == self._attempts:
                    raise self._error(operation, failed.fault) from None
                backoff_s = min(random.random() * 2**number, _LONGEST_BACKOFF_S)
                self._process.sleep(backoff_s * 1000)
            else:
                return self._broken(answer) if operation == "get_object" else answer
        raise AssertionError("the last attempt has ended")

    def _authorize(self, operation: str, request: Mapping[str, Any]) -> None:
        """Raises the error of AWS for a request that the policy of the process's function does not allow."""
        if not self._process.function:
            return
        for access in accesses(self._service, operation, request):
            try:
                check(statements(self._process.function), access)
            except DeniedError as denied:
                raise errors.refusal(
                    self._service, operation, "AccessDenied", str(denied), status=403
                ) from None

    def _broken(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Returns the answer, with a body that ends too early, or whose connection is reset, now and then."""
        if not self._process.machine.faults.happens("broken_body"):
            return answer
        sent = int(answer["ContentLength"] * self._process.machine.random.random())
        return answer | {"Body": cut_body(answer["Body"], sent, reset=sent % 2 == 1)}

    def _error(self, operation: str, fault: str) -> Exception:
        if fault in ("refused", "unavailable"):
            code = (
                "ThrottlingException"
                if self._process.machine.random.random() < 0.5
                else "InternalServerError"
            )
            return errors.refusal(self._service, _operation(operation), code, status=500)
        if fault == "lost_request":
            return EndpointConnectionError(endpoint_url=_ADDRESS)
        if self._process.machine.random.random() < 0.5:
            return ConnectionClosedError(endpoint_url=_ADDRESS)
        return ReadTimeoutError(endpoint_url=_ADDRESS)


def _operation(method: str) -> str:
    """Returns the operation of a client's method."""
    return "".join(word.title() for word in method.split("_"))


def _named(operation: str, request: Mapping[str, Any]) -> str:
    """Returns the name of a call for faults that only some calls have."""
    # Of the items of the hot table, blocks count their samples.
    is_block = operation == "put_item" and request["TableName"] == "HotTable" and "n" in request["Item"]
    return BLOCK_PUT if is_block else operation
