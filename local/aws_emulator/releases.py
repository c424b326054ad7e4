"""Keeps the versions of a function and the id of an API when a release changes them, as AWS does.

ministack creates both again: the function without versions and aliases, whose workers it stops while they
still answer for the version before, and the API with another address.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import apigateway_v1 as gateway
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from local.aws_emulator.cloudformation import Create, Created

type Update = Callable[[str, dict[str, Any], dict[str, Any], str], Created]
"""(physical id, properties before, properties, stack name)."""

_KEPT = ("versions", "next_version", "aliases", "policy")
_LATEST = "$LATEST"


def patch() -> None:
    """Patches ministack's CloudFormation."""
    functions = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    functions["create"] = _keep_versions(functions["create"])
    apis = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    apis["update"] = _keep_id(apis["create"])


def _keep_versions(create: Create) -> Create:
    def create_function(logical_id: str, props: dict[str, Any], stack_name: str) -> Created:
        functions = lambda_svc._functions
        before = {name: {key: function[key] for key in _KEPT} for name, function in functions.items()}
        workers = _take_workers_of_versions()
        name, attributes = create(logical_id, props, stack_name)
        functions[name].update(before.get(name, {}))
        lambda_runtime._workers.update(workers)
        return name, attributes

    return create_function


def _take_workers_of_versions() -> dict[str, Any]:
    """Removes the workers of published versions from ministack's table, so that it does not stop them."""
    workers = lambda_runtime._workers
    return {key: workers.pop(key) for key in list(workers) if not key.endswith(f":{_LATEST}")}


def _keep_id(create: Create) -> Update:
    def update_api(api: str, old: dict[str, Any], props: dict[str, Any], stack_name: str) -> Created:
        imported, attributes = create("", props, stack_name)
        for content in (
            gateway._resources,
            gateway._authorizers_v1,
            gateway._models,
            gateway._gateway_responses,
        ):
            if imported in content:
                content[api] = content.pop(imported)
        gateway._rest_apis[api] = gateway._rest_apis.pop(imported) | {"id": api}
        gateway._delete_rest_api(imported)
        return api, attributes | {"Arn": attributes["Arn"].replace(imported, api)}

    return update_api
