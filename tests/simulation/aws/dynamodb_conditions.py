"""Parsed expressions applied to items: conditions, the range of a key condition, and updates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Any

from tests.simulation.aws.dynamodb_values import (
    DIGITS,
    SETS,
    AttributeValue,
    InvalidError,
    Item,
    number,
    number_text,
    same,
    scalar,
)
from tests.simulation.aws.expressions import Action, Attribute, Call, Node, Value

type Values = Mapping[str, AttributeValue]
type Condition = Callable[[Item, Values], bool]
type Operand = Callable[[Item, Values], AttributeValue | None]

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_NO_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"


@lru_cache(4096)
def compiled(node: Node) -> Condition:
    """Returns the function that evaluates a condition for an item and the values of its placeholders."""
    if not isinstance(node, Call):
        raise InvalidError("the expression is not a condition")
    match node.operator:
        case "AND" | "OR":
            return _logical(node.operator, [compiled(operand) for operand in node.operands])
        case "attribute_exists" | "attribute_not_exists":
            return _existence(node)
        case "=" | "IN":
            subject, *choices = map(_operand, node.operands)
            return lambda item, values: _is_any(subject(item, values), [c(item, values) for c in choices])
        case "<>":
            left, right = map(_operand, node.operands)
            return lambda item, values: not _is_any(left(item, values), [right(item, values)])
        case "begins_with":
            return _prefix(*map(_operand, node.operands))
        case "BETWEEN":
            first, low, high = node.operands
            return _logical("AND", [_order(">=", first, low), _order("<=", first, high)])
    return _order(node.operator, *node.operands)


def _logical(operator: str, conditions: list[Condition]) -> Condition:
    decide = all if operator == "AND" else any
    return lambda item, values: decide(condition(item, values) for condition in conditions)


def _existence(node: Call) -> Condition:
    [attribute] = node.operands
    assert isinstance(attribute, Attribute)
    name, expected = attribute.name, node.operator == "attribute_exists"
    return lambda item, values: (name in item) == expected


def _is_any(subject: AttributeValue | None, choices: list[AttributeValue | None]) -> bool:
    return subject is not None and any(choice is not None and same(subject, choice) for choice in choices)


def _prefix(subject: Operand, prefix: Operand) -> Condition:
    def begins(item: Item, values: Values) -> bool:
        content, start = subject(item, values), prefix(item, values)
        if content is None or start is None or content.keys() != start.keys() or "N" in start:
            return False
        whole, beginning = scalar(content), scalar(start)
        return isinstance(whole, str | bytes) and whole.startswith(beginning)  # type: ignore[arg-type]

    return begins


def _order(operator: str, first: Node, second: Node) -> Condition:
    """Values of different types have no order, so the condition is false for them."""
    compare, left_operand, right_operand = _ORDERS[operator], _operand(first), _operand(second)

    def ordered(item: Item, values: Values) -> bool:
        low, high = left_operand(item, values), right_operand(item, values)
        if low is None or high is None or low.keys() != high.keys():
            return False
        low_content, high_content = scalar(low), scalar(high)
        return low_content is not None and compare(low_content, high_content)

    return ordered


def _operand(node: Node) -> Operand:
    name = getattr(node, "name", "")
    if isinstance(node, Attribute):
        return lambda item, values: item.get(name)
    if isinstance(node, Value):
        return lambda item, values: values[name]
    raise InvalidError(f"a function that is not an operand: {node.operator}")


@dataclass(frozen=True, slots=True)
class KeyRange:
    """What a key condition selects: a partition, and the test of the sort key with its operands."""

    partition: AttributeValue
    operator: str = ""
    operands: tuple[AttributeValue, ...] = ()


def key_range(node: Node, values: Values, partition: str, sort: str) -> KeyRange:
    """Returns what the key condition of a query selects; InvalidError for any other condition."""
    tests = node.operands if isinstance(node, Call) and node.operator == "AND" else (node,)
    operands = {}
    for test in tests:
        if not isinstance(test, Call) or not isinstance(test.operands[0], Attribute):
            raise InvalidError("Invalid KeyConditionExpression: Invalid operator used")
        bounds = tuple(values[getattr(operand, "name", "")] for operand in test.operands[1:])
        operands[test.operands[0].name] = (test.operator, bounds)
    operator, chosen = operands.pop(partition, ("", ()))
    if operator != "=" or operands.keys() - {sort}:
        raise InvalidError(f"Query condition missed key schema element: {partition}")
    return KeyRange(chosen[0], *operands.get(sort, ()))


def updated(item: Item, actions: tuple[Action, ...], values: Values) -> dict[str, AttributeValue]:
    """Returns the attributes that the update changes, with their new values; the item stays as it is."""
    return {action.attribute: _changed(action, item, values) for action in actions}


def _changed(action: Action, item: Item, values: Values) -> AttributeValue:
    if action.section == "SET":
        return _result(action.operand, item, values)
    assert isinstance(action.operand, Value)
    added, before = values[action.operand.name], item.get(action.attribute)
    [(form, content)] = added.items()
    if form not in ("N", *SETS):
        raise InvalidError(
            "Invalid UpdateExpression: Incorrect operand type for operator or function; "
            f"operator: ADD, operand type: {form}"
        )
    if before is None:
        return added
    if form not in before:
        raise InvalidError(_WRONG_TYPE)
    return _sum("+", before, added) if form == "N" else {form: list(dict.fromkeys(before[form] + content))}


def _result(node: Node, item: Item, values: Values) -> AttributeValue:
    if isinstance(node, Value):
        return values[node.name]
    if isinstance(node, Attribute):
        if node.name not in item:
            raise InvalidError(_NO_ATTRIBUTE)
        return item[node.name]
    first, second = node.operands
    if node.operator == "if_not_exists":
        assert isinstance(first, Attribute)
        return item[first.name] if first.name in item else _result(second, item, values)
    return _sum(node.operator, _result(first, item, values), _result(second, item, values))


def _sum(operator: str, first: AttributeValue, second: AttributeValue) -> AttributeValue:
    if "N" not in first or "N" not in second:
        raise InvalidError(_WRONG_TYPE)
    compute = DIGITS.add if operator == "+" else DIGITS.subtract
    return {"N": number_text(compute(number(first["N"]), number(second["N"])))}
