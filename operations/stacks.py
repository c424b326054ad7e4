"""The stack that a command works on: one on AWS, with the operator's own credentials, or the local one."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from operations import stack_file
from operations.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Stack:
    """The outputs of a stack; `client` makes the clients of its AWS account by service."""

    outputs: Mapping[str, str]
    client: Callable[[str], Any]
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The template's parameters; empty where they are not read."""

    def output(self, name: str) -> str:
        """Returns an output; OperatorError when the stack has none of this name, or it was not selected."""
        if name not in self.outputs:
            raise OperatorError(f"the output {name} of the stack is needed; give --stack")
        return self.outputs[name]

    def caller(self) -> str:
        """Returns the operator's identity, such as user/ann; `operator` when AWS does not return it.

        Readers of changes see it, so it is the ARN without the account.
        """
        try:
            return str(self.client("sts").get_caller_identity()["Arn"]).rpartition(":")[2]
        except (BotoCoreError, ClientError):
            return "operator"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that select a stack."""
    parser.add_argument("--stack", help="name of a stack on AWS (default: the running local stack)")
    parser.add_argument("--table", help="instead of --stack: the stack output StateTable")


def selected(options: argparse.Namespace, **outputs: str | None) -> Stack:
    """Returns the stack of the options: that of --stack, that of --table and `outputs`, or the local one."""
    named = {name: value for name, value in {"StateTable": options.table, **outputs}.items() if value}
    if named and (options.stack or not options.table):
        raise OperatorError("give --stack, or --table, or none of them")
    if named:
        return Stack(named, boto3.client)
    return deployed(options.stack) if options.stack else local()


def deployed(name: str) -> Stack:
    """Returns the stack of this name in the account and the region of the shell."""
    [stack] = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", [])}
    return Stack(outputs, boto3.client, parameters)


def local() -> Stack:
    """Returns the running local stack; OperatorError when there is none."""
    running = stack_file.running_stack()
    return Stack(running["outputs"], partial(stack_file.client, running))
