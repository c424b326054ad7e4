"""Building Vitals from Python: `Client().query(…)` is a pyarrow Table."""

# Names are imported at their first use: the command must be ready for Ctrl-C before anything that takes long.
# Whoever checks types takes this for true; to import it from typing would take longer than all else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
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
_MODULES = ("backfills", "client", "errors", "exports", "shapes", "tables")


def __getattr__(name: str) -> object:
    """What is imported at its first use, and then a name like any other."""
    from importlib import import_module

    if name in __all__:
        module = import_module("vitals_client.client" if name == "Client" else "vitals_client.errors")
        value: object = getattr(module, name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"vitals_client.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
