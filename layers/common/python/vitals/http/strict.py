"""Refuses the parameters, JSON keys and bodies that a route does not declare, by name.

If a misspelled parameter were ignored, the response would answer another request.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from vitals.errors import InvalidRequestError

# Names come from the client, in any length and number.
_MAX_NAMES = 5
_MAX_NAME_LENGTH = 64


def ignores_unknown[F: Callable[..., Any]](function: F) -> F:
    """Marks a route that ignores unknown parameters and every body: a page or a monitor."""
    function.__dict__["ignores_unknown"] = True
    return function


def checks_its_input[F: Callable[..., Any]](function: F) -> F:
    """Marks a route that checks its parameters and its body by itself, in the formats of another standard."""
    function.__dict__["checks_its_input"] = True
    return function


def ignores_input(app: APIGatewayRestResolver, method: str, path: str) -> bool:
    """Returns whether a route that ignores unknown input answers this method of this path."""
    return _is_marked(app, method, path, "ignores_unknown")


def takes_any_body(app: APIGatewayRestResolver, method: str, path: str) -> bool:
    """Returns whether a route that checks its input by itself answers this method of this path."""
    return _is_marked(app, method, path, "checks_its_input")


def _is_marked(app: APIGatewayRestResolver, method: str, path: str, mark: str) -> bool:
    routes = [
        route for route in (*app._static_routes, *app._dynamic_routes) if getattr(route.func, mark, False)
    ]
    return any(route.method == method and route.rule.match(path) for route in routes)


def refuse_unknown(app: APIGatewayRestResolver) -> None:
    """Makes every route of the app refuse the parameters and bodies that it does not declare.

    Unknown keys of a declared body are refused by its model (`extra="forbid"`).
    """
    app.use(middlewares=[_check])


def unknown(app: APIGatewayRestResolver) -> str:
    """Returns an error text that names what the route of the current request does not take, or ""."""
    route: Route = app.context["_route"]
    # For a path without a route Powertools makes a route of its own.
    registered = any(route is other for other in (*app._static_routes, *app._dynamic_routes))
    tolerant = any(getattr(route.func, mark, False) for mark in ("ignores_unknown", "checks_its_input"))
    if not registered or tolerant:
        return ""
    return "; ".join(text for text in (_unknown_parameters(app, route), _undeclared_body(app, route)) if text)


def _unknown_parameters(app: APIGatewayRestResolver, route: Route) -> str:
    parameters = [field.alias for field in route.dependant.query_params]
    sent = app.current_event.resolved_query_string_parameters or {}
    extra = [name for name in sent if name not in parameters]
    if not extra:
        return ""
    keys = body_keys(route)
    body = f"; its JSON body takes {', '.join(keys)}" if keys else ""
    return f"unknown {naming('parameter', extra)}; this route takes {_listed(parameters)}{body}"


def _undeclared_body(app: APIGatewayRestResolver, route: Route) -> str:
    # Some programs send {} for no body.
    if body_keys(route) or not app.current_event.body or app.current_event.json_body in ({}, None):
        return ""
    content = app.current_event.json_body
    keys = f": unknown {naming('key', content)}" if isinstance(content, dict) else ""
    return f"this route takes no JSON body{keys}"


def body_keys(route: Route) -> list[str]:
    """Returns the keys of the JSON body that the route declares; empty if it takes no body."""
    models = [field.field_info.annotation for field in route.dependant.body_params]
    return [key for model in models for key in getattr(model, "model_fields", {})]


def naming(kind: str, names: Iterable[str]) -> str:
    """Returns the kind and the first names, shortened and quoted: `parameters 'a', 'b' and 3 more`."""
    texts = [_quote(name) for name in names]
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


def _quote(name: str) -> str:
    return repr(name if len(name) <= _MAX_NAME_LENGTH else f"{name[:_MAX_NAME_LENGTH]}…")
