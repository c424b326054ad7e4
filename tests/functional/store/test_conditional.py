"""Conditional writes whose answers are lost, and those that another process was before."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.lost_answers import LostAnswer
from vitals.store import conditional

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
OWN = {"n": {"N": "1"}, "b": {"B": b"\x00\xff"}}
OTHER = {"n": {"N": "1"}, "b": {"B": b"\x01"}}


def put(client: Any, facts: dict[str, Any], own: dict[str, Any]) -> bool:
    request = {
        "TableName": "StateTable",
        "Item": KEY | facts,
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    return conditional.write(client.put_item, request, own)


def test_a_write_recognises_its_own_effect(dynamodb: Any) -> None:
    with LostAnswer("PutItem", number=0).patched():
        assert put(dynamodb, OWN, OWN)


def test_what_another_process_wrote_is_not_its_own(dynamodb: Any) -> None:
    assert put(dynamodb, OTHER, OTHER)
    assert not put(dynamodb, OWN, OWN)
    with LostAnswer("PutItem", number=0).patched():
        assert not put(dynamodb, OWN, OWN)


def test_later_changes_do_not_hide_an_effect(dynamodb: Any) -> None:
    assert put(dynamodb, OWN | {"expires_at": {"N": "5"}}, OWN)
    assert put(dynamodb, OWN, OWN)


def test_a_write_that_names_nothing_recognises_nothing(dynamodb: Any) -> None:
    with LostAnswer("PutItem", number=0).patched():
        assert not put(dynamodb, OWN, {})


def test_a_missing_item_is_not_its_own(dynamodb: Any) -> None:
    request = {"TableName": "StateTable", "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}
    assert not conditional.write(dynamodb.delete_item, request, OWN)


def test_other_errors_are_raised(dynamodb: Any) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        put(dynamodb, {"n": {"N": "one"}}, OWN)
