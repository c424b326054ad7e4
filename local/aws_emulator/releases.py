"""Keeps a function's versions when a release changes it, as Lambda does.

ministack creates the function again, without versions and aliases, and stops the workers that still answer
for the version before.
"""

from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from local.aws_emulator.cloudformation import Create, Created

_KEPT = ("versions", "next_version", "aliases", "policy")
_LATEST = "$LATEST"


def patch() -> None:
    """Patches ministack's CloudFormation."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    handlers["create"] = _keep_versions(handlers["create"])


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
