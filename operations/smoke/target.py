"""The stack that is checked: its outputs, its API and clients of its AWS account that wait long enough."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from botocore.config import Config

from operations import stack_file, stacks
from operations.errors import OperatorError
from operations.sites.changes import sites_of
from operations.stacks import Stack
from vitals.model.records.sites import ENABLED

# EtlFunction may take 300 s; an invoke that is repeated would sync twice.
_INVOKE = Config(connect_timeout=5, read_timeout=310, retries={"total_max_attempts": 1})
_OTHERS = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})


@dataclass(frozen=True, slots=True)
class Target:
    """A stack on AWS, or the local one, which has no account."""

    outputs: dict[str, str]
    api: str
    client: Callable[[str], Any]
    is_local: bool
    option: str
    """How another command names the stack: ` --stack NAME`, nothing for the local one."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The template's parameters, empty for the local stack."""


def selected(name: str | None) -> Target:
    """Returns the stack of this name on AWS, the running local one for None."""
    return _local() if name is None else _deployed(stacks.deployed(name), name)


def _deployed(stack: Stack, name: str) -> Target:
    outputs = dict(stack.outputs)
    option = f" --stack {name}"
    return Target(outputs, stack.output("ApiUrl"), _client, False, option, stack.parameters)


def _client(service: Any) -> Any:
    return boto3.client(service, config=_INVOKE if service == "lambda" else _OTHERS)


def _local() -> Target:
    running = stack_file.running_stack()
    client = partial(_local_client, running)
    return Target(running["outputs"], running["api"], client, is_local=True, option="")


def _local_client(running: dict[str, Any], service: str) -> Any:
    """Returns a client of the emulator, or of the server that emulates Athena."""
    if service == "athena":
        running = running | {"aws_endpoint": running["athena_endpoint"]}
    return stack_file.client(running, service, attempts=1 if service == "lambda" else 2)


def first_site(target: Target) -> str:
    """Returns the first enabled site of the stack, if possible one that is synced."""
    records = sites_of(Stack(target.outputs, target.client)).all()
    enabled = [record for record in records if record.status == ENABLED]
    if not enabled:
        raise OperatorError(f"the stack has no enabled site; add one: vitals site add SITE{target.option}")
    return min(enabled, key=lambda record: (record.checkpoint_ms is None, record.site)).site


def invoke(target: Target, function: str, event: dict[str, Any]) -> tuple[Any, bool]:
    """Invokes the live version of a function; returns its answer, and whether that is an error."""
    response = target.client("lambda").invoke(
        FunctionName=target.outputs[function], Qualifier="live", Payload=json.dumps(event).encode()
    )
    return json.load(response["Payload"]), "FunctionError" in response
