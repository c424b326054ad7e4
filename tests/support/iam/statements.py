"""The policy statements of the functions in template.yaml, with the names that tests give its resources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from operator import getitem
from typing import Any

from tests.support.template import ACCOUNT, BUCKET, STACK, resolved, template

PARTITION, REGION = "aws", "us-east-1"
ALARM_TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:alarms"


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key of the request; any of the values fits."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a policy; its sid names it."""

    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()


@cache
def functions() -> Mapping[str, dict[str, Any]]:
    """Returns the properties of each function of the template by its logical id."""
    resources = template()["Resources"]
    return {n: r["Properties"] for n, r in resources.items() if r["Type"] == "AWS::Serverless::Function"}


@cache
def statements(function: str) -> tuple[Statement, ...]:
    """Returns the statements that the template gives a function."""
    policies = functions()[function].get("Policies", [])
    return tuple(parsed(resolved(_whole(s), _names())) for policy in policies for s in policy["Statement"])


def _whole(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns a statement that the template has with an option, as with the option."""
    match statement:
        case {"If": [_, dict() as then, {"Ref": "AWS::NoValue"}]}:
            return then
    return statement


def arn(service: str, resource: str) -> str:
    """Returns the ARN of a resource of the tests."""
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{resource}"


def parsed(statement: Mapping[str, Any]) -> Statement:
    """Returns a statement of a policy document without functions of CloudFormation.

    ValueError when it has an element that is not evaluated here, which would make it say something else.
    """
    if unknown := set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        raise ValueError(f"statements with {', '.join(sorted(unknown))} are not evaluated")
    return Statement(
        statement["Sid"],
        statement["Effect"],
        _texts(statement["Action"]),
        _texts(statement["Resource"]),
        tuple(
            Condition(operator, key, _texts(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        ),
    )


def _texts(value: Any) -> tuple[str, ...]:
    texts = tuple(value) if isinstance(value, list) else (value,)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{value} is not resolved")
    return texts


@cache
def _names() -> dict[str, str]:
    """Returns what Ref and GetAtt mean in the tests, by their argument."""
    names = {
        "AWS::Partition": PARTITION,
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "AWS::StackName": STACK,
        "AlarmTopicArn": ALARM_TOPIC,
        "ColdBucket": BUCKET,
        "ColdBucket.Arn": f"arn:{PARTITION}:s3:::{BUCKET}",
    }
    for logical_id, resource in template()["Resources"].items():
        if resource["Type"] in _ARNS:
            service, prefix = _ARNS[resource["Type"]]
            names[f"{logical_id}.Arn"] = arn(service, prefix + logical_id)
        if resource["Type"] in _REFS:
            path, name = _REFS[resource["Type"]]
            value = reduce(getitem, path, resource["Properties"])
            names[logical_id] = name(resolved(value, names))
    return names


_ARNS = {"AWS::DynamoDB::Table": ("dynamodb", "table/"), "AWS::SQS::Queue": ("sqs", "")}
"""The service and the kind in the ARNs of resources that the tests name by their logical ids."""
_REFS: dict[str, tuple[tuple[str, ...], Callable[[str], str]]] = {
    "AWS::ApiGateway::UsagePlan": (("UsagePlanName",), str),
    "AWS::Glue::Database": (("DatabaseInput", "Name"), str),
    "AWS::Glue::Table": (("TableInput", "Name"), str),
    "AWS::Athena::WorkGroup": (("Name",), str),
    "AWS::Serverless::StateMachine": (("Name",), lambda name: arn("states", f"stateMachine:{name}")),
}
"""The property that names a resource, and what Ref makes of it."""
