"""Values that boto3 and moto compute anew for each client or test; they are the same in all of them."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import botocore.hooks
import botocore.httpsession
import botocore.regions
import botocore.session
import botocore.useragent
import moto.core.models
import moto.core.responses
import pytest

_PURE: tuple[tuple[Any, str], ...] = (
    # The loader reads the models of the services.
    (botocore.session, "create_loader"),
    # A context of TLS; moto opens no connection.
    (botocore.httpsession, "create_urllib3_context"),
    # Each request has a text of its client and its platform, made from about 90 words.
    (botocore.useragent, "sanitize_user_agent_string_component"),
    (moto.core.models, "CallbackResponse"),
    (moto.core.responses, "method_names_from_class"),
)


def share(patch: pytest.MonkeyPatch) -> None:
    """Computes them once for all tests of this process."""
    patch.setattr(botocore.hooks, "accepts_kwargs", _accepts_kwargs)
    aliases = _by_last_argument(botocore.hooks.EventAliaser._alias_event_name)
    patch.setattr(botocore.hooks.EventAliaser, "_alias_event_name", aliases)
    patch.setattr(botocore.regions, "EndpointProvider", _by_identity(botocore.regions.EndpointProvider))
    for module, name in _PURE:
        patch.setattr(module, name, functools.cache(getattr(module, name)))


def _accepts_kwargs(function: Any) -> bool:
    """Returns what botocore computes from the signature of each handler of events."""
    code = getattr(function, "__code__", None)
    return bool(code.co_flags & inspect.CO_VARKEYWORDS if code else inspect.getfullargspec(function)[2])


def _by_last_argument(method: Callable[[Any, str], str]) -> Callable[[Any, str], str]:
    """Returns the method with the same results in all instances."""
    results: dict[str, str] = {}

    def shared(instance: Any, argument: str) -> str:
        if argument not in results:
            results[argument] = method(instance, argument)
        return results[argument]

    return shared


def _by_identity(make: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the function with one result for the same objects, which it keeps: their ids stay theirs."""
    results: dict[tuple[tuple[str, int], ...], Any] = {}

    def shared(**named: Any) -> Any:
        key = tuple((name, id(value)) for name, value in named.items())
        if key not in results:
            results[key] = make(**named), named
        return results[key][0]

    return shared
