"""The roles of the deployed stack, those that SAM makes included, and the queues that invoke functions."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.iam.evaluation import Access, DeniedError, check
from tests.support.iam.statements import arn, functions, statements
from tests.support.sam import transformed
from tests.support.template import ACE_SECRET, STACK, template
from vitals.store import keys

# What may be allowed on every resource, and why.
ON_EVERY_RESOURCE = {
    ("BackfillStateMachineRole", "DeliverLogs"): "Log delivery does not support resource-level permissions.",
    ("BackfillStateMachineRole", "Trace"): "X-Ray does not support resource-level permissions.",
}
MANAGED_POLICIES = {
    "service-role/AWSLambdaBasicExecutionRole": "SAM attaches it to each of its roles. Writes any log group.",
    "AWSXrayWriteOnlyAccess": "SAM attaches it for Tracing. X-Ray has no resource-level permissions.",
    "service-role/AWSCodeDeployRoleForLambda": "SAM makes the role by which CodeDeploy moves the aliases.",
    "service-role/AmazonAPIGatewayPushToCloudWatchLogs": "The role is that of all APIs of the account.",
}
RECEIVE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def resources(kind: str) -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in transformed()["Resources"].items() if r["Type"] == kind}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def queues(function: str) -> set[str]:
    """Returns the queues that invoke a function."""
    return {
        mapping["EventSourceArn"]["Fn::GetAtt"][0]
        for mapping in resources("AWS::Lambda::EventSourceMapping").values()
        if mapping["FunctionName"]["Ref"].startswith(function)
    }


def is_allowed(function: str, access: Access) -> bool:
    try:
        return bool(check(statements(function), access))
    except DeniedError:
        return False


def allowed(function: str, action: str, queue: str) -> bool:
    return is_allowed(function, Access(action, arn("sqs", queue)))


def on_every_resource() -> Iterator[tuple[str, str]]:
    for name, role in resources("AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            for written in policy["PolicyDocument"]["Statement"]:
                statement = written["Fn::If"][1] if "Fn::If" in written else written
                if statement["Effect"] == "Allow" and "*" in listed(statement["Resource"]):
                    yield name, statement.get("Sid", "")


def test_statements_on_every_resource_have_reasons() -> None:
    assert set(on_every_resource()) == set(ON_EVERY_RESOURCE)


def test_managed_policies_have_reasons() -> None:
    attached = {
        listed(policy.get("Fn::Sub") if isinstance(policy, dict) else policy)[0].partition(":policy/")[2]
        for role in resources("AWS::IAM::Role").values()
        for policy in role.get("ManagedPolicyArns") or []
    }
    assert attached == set(MANAGED_POLICIES)


def test_every_function_has_a_role_of_its_own() -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in resources("AWS::Lambda::Function").values()]
    assert sorted(roles) == sorted({f"{name}Role" for name in functions()})


@pytest.mark.parametrize("action", RECEIVE)
def test_functions_receive_from_their_queues_only(action: str) -> None:
    for function in functions():
        for queue in resources("AWS::SQS::Queue"):
            counts = function == "QueryFunction" and queue.endswith("DeadLetters")
            if counts and action == "sqs:GetQueueAttributes":
                continue
            assert allowed(function, action, queue) == (queue in queues(function)), (function, queue)


def test_functions_that_feed_their_queue_may_loop() -> None:
    feeding = {name for name in functions() if any(allowed(name, "sqs:SendMessage", q) for q in queues(name))}
    looping = {n for n, f in resources("AWS::Lambda::Function").items() if f.get("RecursiveLoop") == "Allow"}
    assert feeding == looping == {"EtlFunction", "ArchivalFunction", "ExportFunction"}


def test_queues_invoke_the_published_version() -> None:
    mappings = [r for r in template()["Resources"].values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    invoked = {mapping["Properties"]["FunctionName"]["Ref"] for mapping in mappings}
    assert invoked == {f"{name}.Alias" for name in ("EtlFunction", "ArchivalFunction", "ExportFunction")}


@pytest.mark.parametrize(
    ("secret", "is_readable"),
    [
        (ACE_SECRET, True),
        (f"{ACE_SECRET}-north", True),
        (f"{STACK}/other", False),
        (f"{STACK}-staging/ace-api-key", False),
        (f"{STACK}-staging/ace-api-key-north", False),
        (f"x{ACE_SECRET}", False),
    ],
)
def test_functions_read_their_own_stacks_keys(secret: str, is_readable: bool) -> None:
    access = Access("secretsmanager:GetSecretValue", arn("secretsmanager", f"secret:{secret}-aB3dEf"))
    expected = {"EtlFunction", "ArchivalFunction", "BackfillFunction"} if is_readable else set()
    assert {name for name in functions() if is_allowed(name, access)} == expected


@pytest.mark.parametrize(
    ("partition", "is_allowed_to_put"),
    [
        (keys.circuit("https://ace.example/api", "north")["pk"]["S"], True),
        (keys.SITES_PARTITION, False),
        (keys.site_partition("mill"), False),
        (keys.export_partition("e1"), False),
        (keys.TOKEN_INDEX, False),
    ],
)
def test_the_sync_puts_no_item_but_circuits(partition: str, is_allowed_to_put: bool) -> None:
    context = {"dynamodb:LeadingKeys": (partition,)}
    access = Access("dynamodb:PutItem", arn("dynamodb", "table/StateTable"), context)
    assert is_allowed("EtlFunction", access) == is_allowed_to_put


SITE_KEY = keys.SITES_PARTITION
CHUNK_KEY = keys.site_partition("mill")


@pytest.mark.parametrize(
    ("partition", "attributes", "is_allowed_to_update"),
    [
        (SITE_KEY, {"timezone"}, True),
        (SITE_KEY, {"timezone", "units", "holidays"}, True),
        (CHUNK_KEY, {"r", "s"}, True),
        *(
            (SITE_KEY, {"units", name}, False)
            for name in ("status", "key_group", "checkpoint_ms", "points", "s")
        ),
        (CHUNK_KEY, {"r", "b"}, False),
        (CHUNK_KEY, {"r", "s", "timezone"}, False),
        (keys.changes_partition("mill"), {"who"}, False),
        (keys.views_partition("mill"), {"saved_views"}, True),
        (keys.TOKEN_INDEX, {"scopes"}, False),
    ],
)
def test_settings_and_views_are_all_that_admin_updates(
    partition: str, attributes: set[str], is_allowed_to_update: bool
) -> None:
    named = tuple(sorted({"pk", "sk"} | attributes))
    context = {"dynamodb:LeadingKeys": (partition,), "dynamodb:Attributes": named}
    access = Access("dynamodb:UpdateItem", arn("dynamodb", "table/StateTable"), context)
    assert is_allowed("AdminFunction", access) == is_allowed_to_update


@pytest.mark.parametrize("action", ["PutItem", "UpdateItem", "DeleteItem"])
def test_no_function_that_reads_writes_views(action: str) -> None:
    reading = {"QueryFunction", "ExportFunction", "ExportApiFunction", "AuthorizerFunction"}
    context = {"dynamodb:LeadingKeys": (keys.views_partition("mill"),)}
    access = Access(f"dynamodb:{action}", arn("dynamodb", "table/StateTable"), context)
    writing = {name for name in functions() if is_allowed(name, access)}
    assert "AdminFunction" in writing
    assert not writing & reading


@pytest.mark.parametrize(
    ("partition", "is_allowed_to_delete"),
    [
        (keys.views_partition("mill"), True),
        (keys.changes_partition("mill"), False),
        (keys.SITES_PARTITION, False),
        (keys.site_partition("mill"), False),
    ],
)
def test_admin_deletes_nothing_but_views(partition: str, is_allowed_to_delete: bool) -> None:
    access = Access(
        "dynamodb:DeleteItem", arn("dynamodb", "table/StateTable"), {"dynamodb:LeadingKeys": (partition,)}
    )
    assert is_allowed("AdminFunction", access) == is_allowed_to_delete
