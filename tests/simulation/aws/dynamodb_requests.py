"""The parameters of DynamoDB's requests, checked: expressions with their placeholders, and writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.aws import expressions
from tests.simulation.aws.dynamodb_conditions import Condition, compiled, updated
from tests.simulation.aws.dynamodb_tables import Key, Table
from tests.simulation.aws.dynamodb_values import (
    AttributeValue,
    InvalidError,
    Item,
    RefusedError,
    Stored,
    checked_item,
)
from tests.simulation.aws.expressions import Expression, Node

type Request = Mapping[str, Any]

MAX_ITEM_BYTES = 400 * 1024
_CONDITION = {
    "TableName",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
}
_PAGE = {
    "TableName",
    "FilterExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "Limit",
    "ExclusiveStartKey",
    "ConsistentRead",
}
_PARAMETERS = {
    "get_item": {"TableName", "Key", "ConsistentRead"},
    "put_item": _CONDITION | {"Item"},
    "update_item": _CONDITION | {"Key", "UpdateExpression"},
    "delete_item": _CONDITION | {"Key"},
    "query": _PAGE | {"KeyConditionExpression", "ScanIndexForward"},
    "scan": _PAGE,
    "batch_get_item": {"RequestItems"},
    "transact_write_items": {"TransactItems", "ClientRequestToken"},
}


def check_parameters(operation: str, request: Request) -> None:
    """Raises NotImplementedError for what this DynamoDB does not have."""
    if operation not in _PARAMETERS:
        raise NotImplementedError(f"operation {operation}")
    unknown = request.keys() - _PARAMETERS[operation]
    if unknown:
        raise NotImplementedError(f"{operation} with {', '.join(sorted(unknown))}")


class ConditionFailedError(RefusedError):
    """The condition of a write is false for the item, which is in the details if the request says so."""

    code = "ConditionalCheckFailedException"


class Expressions:
    """The expressions of one request; their placeholders must be defined, and all definitions used."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._names = request.get("ExpressionAttributeNames", {})
        self.values = checked_item(request.get("ExpressionAttributeValues", {}))
        self._used_names: set[str] = set()
        self._used_values: set[str] = set()

    def condition(self, kind: str) -> Node | None:
        """Returns the parsed condition, None when the request has none of this kind."""
        text = self._request.get(kind)
        return None if text is None else self._use(kind, expressions.condition(kind, text, self._names))

    def compiled(self, kind: str) -> Condition | None:
        """Returns the condition as a function."""
        node = self.condition(kind)
        return None if node is None else compiled(node)

    def update(self) -> tuple[expressions.Action, ...]:
        """Returns the actions of an update, none when the request has no UpdateExpression."""
        text = self._request.get("UpdateExpression")
        if text is None:
            return ()
        return self._use("UpdateExpression", expressions.update(text, self._names))

    def check_used(self) -> None:
        """Raises InvalidError for placeholders that are defined and not used."""
        for parameter, defined, used in (
            ("ExpressionAttributeNames", self._names, self._used_names),
            ("ExpressionAttributeValues", self.values, self._used_values),
        ):
            if parameter in self._request and not defined:
                raise InvalidError(f"{parameter} must not be empty")
            unused = defined.keys() - used
            if unused:
                keys = ", ".join(sorted(unused))
                raise InvalidError(f"Value provided in {parameter} unused in expressions: keys: {{{keys}}}")

    def _use[T](self, kind: str, parsed: Expression[T]) -> T:
        undefined = parsed.values - self.values.keys()
        if undefined:
            raise InvalidError(
                f"Invalid {kind}: An expression attribute value used in expression is not defined; "
                f"attribute value: {min(undefined)}"
            )
        self._used_names |= parsed.names
        self._used_values |= parsed.values
        return parsed.content


@dataclass(frozen=True, slots=True)
class Write:
    """A write of one item, checked as far as it can be without the item."""

    table: Table
    key: Key
    condition: Condition | None
    values: dict[str, AttributeValue]
    change: Callable[[Stored | None], Stored | None]
    attributes: frozenset[str] = frozenset()
    """The attributes that an update changes."""
    returns_failed: bool = False

    def result(self) -> tuple[Stored | None, Stored | None]:
        """Returns the item before and after; ConditionFailedError when the condition is false."""
        before = self.table.read(self.key)
        if self.condition and not self.condition(before.attributes if before else {}, self.values):
            details = {"Item": before.copy()} if before and self.returns_failed else {}
            raise ConditionFailedError("The conditional request failed", **details)
        return before, self.change(before)


def put(table: Table, request: Request) -> Write:
    """Returns the write of a PutItem."""
    item = checked_item(request["Item"])
    key = table.keys.of_item(item)
    stored = _stored(item, "Item size has exceeded the maximum allowed size")
    return _write(table, key, request, Expressions(request), lambda _: stored)


def delete(table: Table, request: Request) -> Write:
    """Returns the write of a DeleteItem."""
    return _write(table, table.keys.key(request["Key"]), request, Expressions(request), lambda _: None)


def update(table: Table, request: Request) -> Write:
    """Returns the write of an UpdateItem."""
    parameters = Expressions(request)
    actions, values = parameters.update(), parameters.values
    key, key_item = table.keys.key(request["Key"]), checked_item(request["Key"])
    changed = frozenset(action.attribute for action in actions)
    for name in sorted(changed & key_item.keys()):
        raise InvalidError(
            f"One or more parameter values were invalid: Cannot update attribute {name}. "
            "This attribute is part of the key"
        )

    def change(before: Stored | None) -> Stored:
        item: Item = before.attributes if before else key_item
        return _stored(
            {**item, **updated(item, actions, values)},
            "Item size to update has exceeded the maximum allowed size",
        )

    return _write(table, key, request, parameters, change, changed)


def _write(
    table: Table,
    key: Key,
    request: Request,
    parameters: Expressions,
    change: Callable[[Stored | None], Stored | None],
    attributes: frozenset[str] = frozenset(),
) -> Write:
    condition = parameters.compiled("ConditionExpression")
    parameters.check_used()
    returns_failed = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return Write(table, key, condition, parameters.values, change, attributes, returns_failed)


def _stored(item: dict[str, AttributeValue], too_large: str) -> Stored:
    stored = Stored(item)
    if stored.size > MAX_ITEM_BYTES:
        raise InvalidError(too_large)
    return stored
