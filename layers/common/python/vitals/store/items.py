"""Items of the state table as dataclasses: fields are attributes, text as S, numbers as N."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from vitals.errors import ConflictError
from vitals.store.keys import Key

type Fact = str | int | float


def setting(table: str, key: Key, facts: Mapping[str, Fact], condition: str | None = None) -> dict[str, Any]:
    """Returns the UpdateItem request that sets these attributes; other attributes do not change.

    A condition uses attributes by name, and the new values as `:name`.
    """
    request: dict[str, Any] = {
        "TableName": table,
        "Key": key,
        "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
        "ExpressionAttributeNames": {f"#{name}": name for name in facts},
        "ExpressionAttributeValues": {f":{name}": value for name, value in attributes(facts).items()},
    }
    return request | ({"ConditionExpression": condition} if condition else {})


def selecting(table: str, partition: str, prefix: str = "") -> dict[str, Any]:
    """Returns the consistent Query request for the items of a partition whose `sk` begins with the prefix."""
    names = {":pk": {"S": partition}} | ({":prefix": {"S": prefix}} if prefix else {})
    return {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk" + (" AND begins_with(sk, :prefix)" if prefix else ""),
        "ExpressionAttributeValues": names,
        "ConsistentRead": True,
    }


def pages(
    call: Callable[..., Any], request: Mapping[str, Any], subject: str, max_pages: int = 100
) -> Iterator[list[dict[str, Any]]]:
    """Yields the items of a Query or Scan, page by page; ConflictError when they exceed `max_pages`."""
    start: dict[str, Any] = {}
    for _ in range(max_pages):
        page = call(**request, **start)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    raise ConflictError(f"{subject} did not end within {max_pages} pages")


def attribute(fact: Fact) -> Any:
    """Returns the fact as an attribute value of DynamoDB's client."""
    return {"S": fact} if isinstance(fact, str) else {"N": repr(fact)}


def attributes(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Returns the facts as attributes of DynamoDB's client."""
    return {name: attribute(fact) for name, fact in facts.items()}


def read[T](item: Mapping[str, Any], kind: type[T], **from_key: Any) -> T:
    """Returns the dataclass of an item and of the fields in its key; absent attributes take the defaults."""
    facts: dict[str, Any] = {}
    for name, is_float in _fields(kind):  # type: ignore[arg-type]
        if name in item and name not in from_key:
            [(form, value)] = item[name].items()
            facts[name] = value if form == "S" else float(value) if is_float else int(value)
    return kind(**from_key, **facts)


# `fields` filters them anew, which is much for each of a year's records.
@cache
def _fields(kind: Any) -> list[tuple[str, bool]]:
    """Returns the names of a dataclass's fields, and which are floats."""
    return [(field.name, field.type is float) for field in fields(kind)]
