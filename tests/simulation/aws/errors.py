"""Errors of AWS as botocore raises them, without a client and its HTTP."""

from functools import cache
from typing import Any

from botocore.errorfactory import ClientExceptionsFactory
from botocore.exceptions import ClientError
from botocore.session import Session


@cache
def exceptions(service: str) -> Any:
    """Returns what a client of the service has as `exceptions`."""
    model = Session().get_service_model(service)
    return ClientExceptionsFactory().create_client_exceptions(model)


def refusal(
    service: str, operation: str, code: str, message: str = "", *, status: int = 400, **details: Any
) -> ClientError:
    """Returns the error with which the service refuses an operation (CamelCase name)."""
    response = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0},
        **details,
    }
    kind: type[ClientError] = exceptions(service).from_code(code)
    return kind(response, operation)
