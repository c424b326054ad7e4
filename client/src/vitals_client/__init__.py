"""Client of the Building Vitals API: `Client().query(…)` returns a pyarrow Table."""

# Names are imported at their first use, because the command must handle Ctrl-C before any slow import.
# Type checkers take this for true. Importing it from typing would take longer than the rest of the module.
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
    """Imports a public name or module at its first use."""
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
