"""API Gateway on moto, with the call that moto lacks."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest


@pytest.fixture
def flushed(aws: None) -> Iterator[list[dict[str, Any]]]:
    """Records the flushed authorizer caches; moto has no FlushStageAuthorizersCache."""
    calls: list[dict[str, Any]] = []

    def flush(params: dict[str, Any], **_: Any) -> Any:
        calls.append(params)
        return type("Response", (), {"status_code": 202})(), {}

    boto3.setup_default_session()
    session: Any = boto3.DEFAULT_SESSION
    session.events.register("before-call.api-gateway.FlushStageAuthorizersCache", flush)
    yield calls
    boto3.DEFAULT_SESSION = None
