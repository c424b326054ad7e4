"""Building Vitals from Python: `Client().query(…)` is a pyarrow Table."""

from vitals_client.client import Client
from vitals_client.errors import (
    ConflictError,
    FailedError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    SetupError,
    TooLargeError,
    UnansweredError,
    UnauthorizedError,
    UnavailableError,
    VitalsError,
    VitalsWarning,
)

__all__ = [
    "Client",
    "ConflictError",
    "FailedError",
    "ForbiddenError",
    "InvalidRequestError",
    "NotFoundError",
    "RateLimitedError",
    "RefusedError",
    "SetupError",
    "TooLargeError",
    "UnansweredError",
    "UnauthorizedError",
    "UnavailableError",
    "VitalsError",
    "VitalsWarning",
]
