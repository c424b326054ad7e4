"""The context that Lambda passes to a handler."""

from types import SimpleNamespace
from typing import Any


def lambda_context(function_name: str, *, remaining_s: float = 300) -> Any:
    """Returns a context of a function that has this many seconds left."""
    return SimpleNamespace(
        function_name=function_name,
        memory_limit_in_mb=128,
        invoked_function_arn="arn",
        aws_request_id="r-1",
        get_remaining_time_in_millis=lambda: int(remaining_s * 1000),
    )
