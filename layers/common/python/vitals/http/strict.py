"""Refuses what a route does not take, by name: parameters, keys of the JSON body, and bodies.

A misspelled or unsupported parameter that is ignored gives an answer to another question.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from vitals.errors import InvalidRequestError

# A name comes from the caller, of any length and in any number.
_MAX_NAMES = 5
_MAX_NAME_LENGTH = 64


def ignores_unknown[F: Callable[..., Any]](function: F) -> F:
    """Marks a route whose address may carry anything: of a page, or of what monitors and proxies request."""
    function.__dict__["ignores_unknown"] = True
    return function


def refuse_unknown(app: APIGatewayRestResolver) -> None:
    """Makes every route of the app refuse the parameters and bodies that it does not declare.

    Unknown keys of a declared body are refused by its model (`extra="forbid"`).
    """
    app.use(middlewares=[_check])


def unknown(app: APIGatewayRestResolver) -> str:
    """Says what the current request has that its route does not take; empty when there is nothing."""
    route: Route = app.context["_route"]
    # What no route answers is answered by one that Powertools makes for it.
    registered = any(route is own for own in (*app._static_routes, *app._dynamic_routes))
    if not registered or getattr(route.func, "ignores_unknown", False):
        return ""
    query = [field.alias for field in route.dependant.query_params]
    keys = body_keys(route)
    sent = app.current_event.resolved_query_string_parameters or {}
    extra = [name for name in sent if name not in query]
    texts = []
    if extra:
        beside = f"; its JSON body takes {', '.join(keys)}" if keys else ""
        texts.append(f"unknown {naming('parameter', extra)}; this route takes {_listed(query)}{beside}")
    # Without a declared body; {} is what some programs send for none.
    if not keys and app.current_event.body and app.current_event.json_body not in ({}, None):
        content = app.current_event.json_body
        named = f": unknown {naming('key', content)}" if isinstance(content, dict) else ""
        texts.append(f"this route takes no JSON body{named}")
    return "; ".join(texts)


def body_keys(route: Route) -> list[str]:
    """Returns the keys of the JSON body that the route declares; none when it takes no body."""
    models = [field.field_info.annotation for field in route.dependant.body_params]
    return [key for model in models for key in getattr(model, "model_fields", {})]


def naming(kind: str, names: Iterable[str]) -> str:
    """Returns the first names, quoted and cut, after what they are: `parameters 'a' and 'b'`."""
    texts = [_cut(name) for name in names]
    ending = f" and {len(texts) - _MAX_NAMES} more" if len(texts) > _MAX_NAMES else ""
    plural = "s" if len(texts) > 1 else ""
    return f"{kind}{plural} {', '.join(texts[:_MAX_NAMES])}{ending}"


def _check(app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[Any]:
    text = unknown(app)
    if text:
        raise InvalidRequestError(text)
    return next_middleware(app)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "no parameters"


def _cut(name: str) -> str:
    return repr(name if len(name) <= _MAX_NAME_LENGTH else f"{name[:_MAX_NAME_LENGTH]}…")
