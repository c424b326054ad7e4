"""Evaluates the calls of a handler against the policy of its function, and records which grants they use."""

import functools
import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.support.iam.calls import absence, accesses
from tests.support.iam.evaluation import Access, DeniedError, Grant, check
from tests.support.iam.statements import functions, statements

_function: ContextVar[str | None] = ContextVar("function", default=None)
# The codes of S3 for an object that is missing; the answer to HEAD has no body, and so no other code.
_MISSING = {"NoSuchKey", "404"}


class Recorder:
    """The calls of handlers in one process."""

    def __init__(self) -> None:
        self.used: set[tuple[str, Grant]] = set()
        """The grants that allowed a call, each with its function."""
        self.denied: list[str] = []
        """The calls that AWS would refuse."""

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Evaluates the calls of the functions' handlers in the `with` block, also those of their threads.

        Calls outside a handler are a test's own, and those that moto makes are not the product's.
        """
        with pytest.MonkeyPatch.context() as patch:
            for logical_id, properties in functions().items():
                module = importlib.import_module(properties["Handler"].removesuffix(".handler"))
                patch.setattr(module, "handler", _named(logical_id, module.handler))
            patch.setattr(BaseClient, "_make_api_call", self._call(BaseClient._make_api_call))
            # Presigned links come this way, too.
            patch.setattr(BaseClient, "_emit_api_params", self._parameters(BaseClient._emit_api_params))
            patch.setattr(ThreadPoolExecutor, "submit", _with_context(ThreadPoolExecutor.submit))
            yield

    def _call(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def call(client: Any, operation: str, parameters: Any) -> Any:
            function = _function.get()
            if function is None:
                return make(client, operation, parameters)
            service = client.meta.service_model.service_name
            self._check(function, operation, accesses(service, operation, parameters))
            token = _function.set(None)
            try:
                return make(client, operation, parameters)
            except ClientError as error:
                access = absence(service, operation, parameters)
                if access and error.response["Error"]["Code"] in _MISSING:
                    self._check(function, operation, [access])
                raise
            finally:
                _function.reset(token)

        return call

    def _parameters(self, emit: Callable[..., Any]) -> Callable[..., Any]:
        def parameters(client: Any, api_params: Any, operation_model: Any, context: Any) -> Any:
            if function := _function.get():
                service, operation = client.meta.service_model.service_name, operation_model.name
                self._check(function, operation, accesses(service, operation, api_params))
            return emit(client, api_params, operation_model, context)

        return parameters

    def _check(self, function: str, operation: str, needed: list[Access]) -> None:
        """Records what an operation needs; raises what AWS answers when it is not allowed."""
        for access in needed:
            try:
                grants = check(statements(function), access)
            except DeniedError as error:
                self.denied.append(f"{function}: {error}")
                code = "AccessDenied" if access.action.startswith("s3:") else "AccessDeniedException"
                metadata = {"HTTPStatusCode": 403, "RetryAttempts": 0}
                answer: Any = {"Error": {"Code": code, "Message": str(error)}, "ResponseMetadata": metadata}
                raise ClientError(answer, operation) from None
            self.used |= {(function, grant) for grant in grants}


RECORDER = Recorder()
"""The recorder of this process."""


def _named(logical_id: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(handler)
    def named(event: Any, context: Any) -> Any:
        token = _function.set(logical_id)
        try:
            return handler(event, context)
        finally:
            _function.reset(token)

    return named


def _with_context(submit: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the method of a pool, whose threads then belong to the function that submits."""

    def submitted(pool: Any, function: Any, /, *arguments: Any, **named: Any) -> Any:
        return submit(pool, copy_context().run, function, *arguments, **named)

    return submitted
