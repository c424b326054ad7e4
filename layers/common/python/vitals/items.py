"""Items of the state table as dataclasses: fields are attributes, text as S, numbers as N."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vitals.keys import Key

type Fact = str | int | float


def setting(table: str, key: Key, facts: Mapping[str, Fact], condition: str | None = None) -> dict[str, Any]:
    """The UpdateItem request that sets these attributes and leaves the others as they are.

    A condition names attributes plainly and, as `:name`, the new values.
    """
    request: dict[str, Any] = {
        "TableName": table,
        "Key": key,
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
        "ExpressionAttributeNames": {f"#{name}": name for name in facts},
        "ExpressionAttributeValues": {f":{name}": attribute(fact) for name, fact in facts.items()},
    }
    return request | ({"ConditionExpression": condition} if condition else {})


def attribute(fact: Fact) -> Any:
    """The fact as DynamoDB's client takes it."""
    return {"S": fact} if isinstance(fact, str) else {"N": repr(fact)}


def read[T](item: Mapping[str, Any], kind: type[T], **known: Any) -> T:
    """The dataclass of an item, `known` what its keys say; absent attributes take the fields' defaults."""
    facts: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name in item and field.name not in known:
            [(form, value)] = item[field.name].items()
            facts[field.name] = value if form == "S" else float(value) if field.type is float else int(value)
    return kind(**known, **facts)
