"""Adds to the import of a REST API: ANY methods, authorizers, gateway responses and binary media types."""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1 as gateway

_ANY = "x-amazon-apigateway-any-method"
_RESPONSES = "x-amazon-apigateway-gateway-responses"
_AUTHORIZER = "x-amazon-apigateway-authorizer"

type Paths = dict[str, dict[str, Any]]


def patch() -> None:
    """Patches ministack's API Gateway."""
    gateway._OPENAPI_HTTP_METHODS.add("any")
    gateway._import_rest_api = _import_more(gateway._import_rest_api)


def _import_more(import_rest_api: Callable[..., str]) -> Callable[..., str]:
    def import_document(spec: dict[str, Any], base: dict[str, Any] | None = None) -> str:
        paths = {
            path: {("any" if method == _ANY else method): operation for method, operation in item.items()}
            for path, item in spec["paths"].items()
        }
        base = base or {}
        # CloudFormation escapes the slash of a media type as a JSON pointer does.
        binary = [media_type.replace("~1", "/") for media_type in base.get("binaryMediaTypes", [])]
        api_id = import_rest_api(spec | {"paths": paths}, base | {"binaryMediaTypes": binary})
        _secure(api_id, paths, _create_authorizers(api_id, spec))
        for kind, response in spec.get(_RESPONSES, {}).items():
            gateway._put_gateway_response(api_id, kind, response)
        return api_id

    return import_document


def _create_authorizers(api_id: str, spec: dict[str, Any]) -> dict[str, str]:
    """Creates the authorizers of the document and returns their ids by the name of the security scheme."""
    schemes = spec.get("components", {}).get("securitySchemes", {})
    ids = {}
    for name, scheme in schemes.items():
        settings = scheme.get(_AUTHORIZER)
        if settings is None:
            continue
        source = f"method.request.header.{scheme['name']}"
        _, _, body = gateway._create_authorizer(api_id, settings | {"name": name, "identitySource": source})
        ids[name] = json.loads(body)["id"]
    return ids


def _secure(api_id: str, paths: Paths, authorizers: dict[str, str]) -> None:
    """Sets the authorizer of each method, and whether it needs an API key."""
    resources = {resource["path"]: resource for resource in gateway._resources[api_id].values()}
    for path, item in paths.items():
        methods = resources[path]["resourceMethods"]
        for method, operation in item.items():
            schemes = {name for rule in operation.get("security", []) for name in rule}
            for name in schemes & set(authorizers):
                methods[method.upper()].update(authorizationType="CUSTOM", authorizerId=authorizers[name])
            methods[method.upper()]["apiKeyRequired"] = "api_key" in schemes
