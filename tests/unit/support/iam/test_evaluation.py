"""Requests are allowed and denied as IAM does."""

from typing import Any

import pytest

from tests.support.iam.evaluation import Access, DeniedError, Grant, all_grants, check
from tests.support.iam.statements import Statement, parsed

KEYS = "dynamodb:LeadingKeys"
READS: dict[str, Any] = {
    "Sid": "Read",
    "Effect": "Allow",
    "Action": ["dynamodb:GetItem", "dynamodb:Query"],
    "Resource": ["table/State", "table/Hot"],
}
NO_TOKENS: dict[str, Any] = {
    "Sid": "NoTokens",
    "Effect": "Deny",
    "Action": "dynamodb:*",
    "Resource": "table/State",
    "Condition": {"ForAnyValue:StringLike": {KEYS: ["token#*"]}},
}
LISTS: dict[str, Any] = {
    "Sid": "List",
    "Effect": "Allow",
    "Action": "s3:ListBucket",
    "Resource": "bucket",
    "Condition": {"StringLikeIfExists": {"s3:prefix": ["athena/*", "exports/*"]}},
}
TOKENS_ONLY = READS | {"Condition": {"ForAllValues:StringLike": {KEYS: ["token#*"]}}}


def allows(statements: list[dict[str, Any]], action: str, resource: str, **context: list[str]) -> bool:
    keys = {"keys": KEYS, "prefix": "s3:prefix", "tls": "aws:SecureTransport"}
    access = Access(action, resource, {keys[name]: tuple(values) for name, values in context.items()})
    try:
        return bool(check([parsed(statement) for statement in statements], access))
    except DeniedError:
        return False


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("dynamodb:GetItem", "table/State", True),
        ("DynamoDB:getitem", "table/State", True),
        ("dynamodb:PutItem", "table/State", False),
        ("dynamodb:GetItem", "table/state", False),
        ("dynamodb:GetItem", "table/State/index/x", False),
    ],
)
def test_action_and_resource_must_match(action: str, resource: str, allowed: bool) -> None:
    assert allows([READS], action, resource) == allowed


@pytest.mark.parametrize(
    ("pattern", "resource", "allowed"),
    [
        ("bucket/a/*", "bucket/a/b/c", True),
        ("bucket/a/*", "bucket/a", False),
        ("bucket/a/*", "bucket/A/b", False),
        ("secret-??????", "secret-aBc123", True),
        ("secret-??????", "secret-aBc12", False),
        ("bucket/a.b", "bucket/axb", False),
        ("bucket/*", "bucket/line\nbreak", True),
    ],
)
def test_wildcards_match_any_text(pattern: str, resource: str, allowed: bool) -> None:
    statement = {"Sid": "S", "Effect": "Allow", "Action": "s3:Get*", "Resource": pattern}
    assert allows([statement], "s3:GetObject", resource) == allowed


def test_one_denied_key_denies_the_batch() -> None:
    statements = [READS, NO_TOKENS]
    assert allows(statements, "dynamodb:Query", "table/State", keys=["site#a", "site#b"])
    assert not allows(statements, "dynamodb:Query", "table/State", keys=["site#a", "token#b"])
    assert allows(statements, "dynamodb:Query", "table/Hot", keys=["token#b"])


def test_a_denial_wins_in_any_order() -> None:
    assert not allows([NO_TOKENS, READS], "dynamodb:GetItem", "table/State", keys=["token#b"])


def test_every_key_must_be_allowed() -> None:
    assert allows([TOKENS_ONLY], "dynamodb:GetItem", "table/State", keys=["token#a", "token#b"])
    assert not allows([TOKENS_ONLY], "dynamodb:GetItem", "table/State", keys=["token#a", "site#b"])


def test_a_missing_key_passes_some_operators() -> None:
    """A scan has no leading keys, so that these conditions do not stop it."""
    assert allows([TOKENS_ONLY], "dynamodb:Query", "table/State")
    assert allows([READS, NO_TOKENS], "dynamodb:Query", "table/State")
    assert allows([LISTS], "s3:ListBucket", "bucket")
    strict = LISTS | {"Condition": {"StringLike": {"s3:prefix": "athena/*"}}}
    assert not allows([strict], "s3:ListBucket", "bucket")


def test_a_present_key_must_match() -> None:
    assert allows([LISTS], "s3:ListBucket", "bucket", prefix=["exports/x"])
    assert not allows([LISTS], "s3:ListBucket", "bucket", prefix=["timeseries/"])
    assert not allows([LISTS], "s3:ListBucket", "bucket", prefix=[""])


def test_all_conditions_must_fit() -> None:
    condition = LISTS["Condition"] | {"Bool": {"aws:SecureTransport": "true"}}
    statement = LISTS | {"Condition": condition}
    assert allows([statement], "s3:ListBucket", "bucket", prefix=["athena/"], tls=["true"])
    assert not allows([statement], "s3:ListBucket", "bucket", prefix=["athena/"], tls=["false"])
    assert not allows([statement], "s3:ListBucket", "bucket", prefix=["other/"], tls=["true"])


def test_grants_name_action_resource_and_value() -> None:
    statements = [parsed(LISTS), parsed(NO_TOKENS)]
    access = Access("s3:ListBucket", "bucket", {"s3:prefix": ("exports/x",)})
    listing, value = Grant("List", "s3:ListBucket", "bucket"), Grant("List", "s3:prefix", "exports/*")
    assert check(statements, access) == {listing, value}
    assert all_grants(statements) == {listing, value, Grant("List", "s3:prefix", "athena/*")}


@pytest.mark.parametrize("operator", ["StringNotLike", "NumericLessThan", "ForAllValues:ArnLike"])
def test_other_operators_are_errors(operator: str) -> None:
    statement = parsed(LISTS | {"Condition": {operator: {"s3:prefix": "x"}}})
    with pytest.raises(KeyError):
        check([statement], Access("s3:ListBucket", "bucket", {"s3:prefix": ("x",)}))


@pytest.mark.parametrize("more", [{"NotAction": "s3:*"}, {"Principal": "*"}, {"Resource": {"Ref": "Table"}}])
def test_other_elements_are_errors(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not"):
        parsed(READS | more)


def test_statements_are_values() -> None:
    assert parsed(READS) == Statement(
        "Read", "Allow", ("dynamodb:GetItem", "dynamodb:Query"), ("table/State", "table/Hot")
    )
