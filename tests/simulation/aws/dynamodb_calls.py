"""Random calls of DynamoDB in the expressions of the product, over a few keys."""

import re
from typing import Any

from hypothesis import strategies as st

# Every ConditionExpression of a PutItem or DeleteItem in the product.
PUT_CONDITIONS = (
    None,
    "attribute_not_exists(pk)",
    "r = :read",
    "attribute_not_exists(pk) OR f <= :began",
    "attribute_not_exists(pk) OR #run = :run OR #run = :ended",
)
DELETE_CONDITIONS = (None, "#run = :run", "attribute_exists(pk)")
# Every UpdateExpression of the product, with the conditions that it is used with.
_REVISION = (None, "r = :read", "attribute_not_exists(pk)")
_ADVANCE = (
    "SET checkpoint_ms = :new, first_ms = if_not_exists(first_ms, :first),"
    " rejected = :rejected, rejected_from_ms = :first"
)
_FACTS = "SET #status = :status, #claim = :claim, #claim_until_ms = :claim_until_ms, #cancel_ms = :cancel_ms"
UPDATES: dict[str, tuple[str | None, ...]] = {
    "SET at_ms = at_ms + :step": ("at_ms > :now", "at_ms > :now AND at_ms < :until", None),
    "SET at_ms = :next": ("attribute_not_exists(at_ms) OR at_ms <= :now",),
    _ADVANCE: ("attribute_not_exists(checkpoint_ms)", "checkpoint_ms = :checkpoint_read"),
    "ADD p :points": (None,),
    "SET #status_ms = :status_ms": ("attribute_not_exists(status_ms)",),
    "SET #timezone = :timezone, #units = :units": (
        "(attribute_not_exists(#timezone) OR #timezone = :timezone_before)"
        " AND (attribute_not_exists(#units) OR #units = :units_before)",
    ),
    "SET c = :c, p = :p, r = :r": _REVISION,
    "SET c = :c, p = :p, r = :r, k = :k": _REVISION,
    "SET b = :b, r = :r": _REVISION,
    "SET b = :b, s = :s, r = :r": _REVISION,
    "SET expires_at = :at": ("r = :read",),
    _FACTS: (
        "#claimed = :held",
        "#status = :running",
        "#status IN (:was_queued, :was_running) AND cancel_ms = :none",
        "#status IN (:was_queued, :was_running) AND claim_until_ms < :now",
        "#status IN (:was_queued, :was_running, :was_failed) AND cancel_ms = :none AND claim_until_ms < :now",
        "#status IN (:was_queued, :was_running, :was_failed) AND cancel_ms > :none AND claim_until_ms < :now",
        "attribute_exists(pk)",
    ),
    "SET #attempt = :attempt": (None, "attempt = :attempt"),
    "SET #attempt = :attempt, #began_ms = :began_ms, #etag = :etag": (
        "attempt = :attempt AND (attribute_not_exists(began_ms) OR began_ms <= :began_ms)"
        " AND (attribute_not_exists(replaces_until_ms) OR replaces_until_ms < :began_ms"
        " OR replaces <> :etag)",
    ),
    "SET #changed_ms = :changed_ms": ("attribute_not_exists(changed_ms) OR changed_ms < :changed_ms",),
    "SET changed_ms = changed_ms + :step": (None,),
    "SET reserved_bytes = if_not_exists(reserved_bytes, :none) + :size, reserved_by = :export,"
    " expires_at = :expires": (
        "attribute_not_exists(pk) OR (reserved_bytes <= :room AND reserved_by <> :export)",
    ),
    "SET #expires_ms = :expires_ms": ("attribute_not_exists(expires_ms) OR expires_ms > :expires_ms",),
}
# Every KeyConditionExpression of the product.
QUERIES = {
    "StateTable": (
        "pk = :pk",
        "pk = :pk AND begins_with(sk, :prefix)",
        "pk = :pk AND sk BETWEEN :low AND :high",
    ),
    "HotTable": ("pk = :pk", "pk = :pk AND w BETWEEN :low AND :high"),
}
SCAN = {
    "TableName": "StateTable",
    "FilterExpression": "begins_with(pk, :prefix) AND sk = :sk",
    "ExpressionAttributeValues": {":prefix": {"S": "token#"}, ":sk": {"S": "token"}},
}
NAMES = {"#claimed": "claim"}

PARTITIONS = {"StateTable": ("site#a", "token#1"), "HotTable": ("a#1", "a#rollup#1")}
SORTS = {
    "StateTable": ("day#2026-01-01", "day#2026-01-02", "day#é", "token", "Z"),
    "HotTable": ("-5", "0", "9", "10", "300000", "1700000000000"),
}
NUMBERS = st.integers(0, 4).map(lambda value: {"N": str(value)})
TEXTS = st.sampled_from(("", "queued", "running", "run1")).map(lambda value: {"S": value})
BYTES = st.binary(max_size=3).map(lambda value: {"B": value})
NUMBER_SETS = st.sets(st.integers(-9, 99), min_size=1, max_size=3).map(
    lambda value: {"NS": sorted(map(str, value))}
)
TEXT_SETS = st.sets(st.sampled_from("abc"), min_size=1).map(lambda value: {"SS": sorted(value)})
COUNTS = st.dictionaries(st.sampled_from(("no_name", "no_time")), NUMBERS).map(lambda value: {"M": value})
# What placeholders and attributes hold that are not numbers.
KINDS = {
    **dict.fromkeys((":c", ":p", ":k", ":b", "b", "c", "k"), BYTES),
    **dict.fromkeys((":run", ":ended", ":held", ":status", ":claim", ":running", "run", "claim"), TEXTS),
    **dict.fromkeys((":was_queued", ":was_running", ":was_failed", "status", "name"), TEXTS),
    **dict.fromkeys((":attempt", "attempt", ":etag", "etag", "replaces"), TEXTS),
    **dict.fromkeys((":export", "reserved_by"), TEXTS),
    **dict.fromkeys((":timezone", ":timezone_before", "timezone"), TEXTS),
    **dict.fromkeys((":units", ":units_before", "units"), TEXTS),
    **dict.fromkeys((":rejected", "rejected"), COUNTS),
    ":points": NUMBER_SETS,
    "p": st.one_of(NUMBER_SETS, BYTES),
    "sites": TEXT_SETS,
}
ATTRIBUTES = (
    "r",
    "f",
    "n",
    "at_ms",
    "claim_until_ms",
    "cancel_ms",
    "began_ms",
    "expires_ms",
    "replaces_until_ms",
    "reserved_bytes",
)
ITEMS = st.fixed_dictionaries(
    {}, optional={name: KINDS.get(name, NUMBERS) for name in (*ATTRIBUTES, *KINDS) if name[0] != ":"}
)
RETURNED = {
    "put_item": ("NONE", "ALL_OLD"),
    "delete_item": ("NONE", "ALL_OLD"),
    "update_item": ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_NEW", "UPDATED_OLD"),
}

type Call = tuple[str, dict[str, Any]]


def placeholders(draw: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Returns the request with what its expressions use."""
    text = " ".join(str(request[kind]) for kind in request if kind.endswith("Expression"))
    names = {name: NAMES.get(name, name[1:]) for name in sorted(set(re.findall(r"#\w+", text)))}
    values = {name: draw(KINDS.get(name, NUMBERS)) for name in sorted(set(re.findall(r":\w+", text)))}
    options = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    return request | {option: defined for option, defined in options.items() if defined}


@st.composite
def keys(draw: Any, table: str) -> dict[str, Any]:
    name, form = ("sk", "S") if table == "StateTable" else ("w", "N")
    return {
        "pk": {"S": draw(st.sampled_from(PARTITIONS[table]))},
        name: {form: draw(st.sampled_from(SORTS[table]))},
    }


@st.composite
def writes(draw: Any) -> Call:
    """An operation with its request, without what it returns."""
    table = draw(st.sampled_from(("StateTable", "HotTable")))
    operation = draw(st.sampled_from(("put_item", "update_item", "update_item", "delete_item")))
    key, request = draw(keys(table)), {"TableName": table}
    if operation == "put_item":
        condition = draw(st.sampled_from(PUT_CONDITIONS))
        request["Item"] = key | draw(ITEMS)
    elif operation == "delete_item":
        condition = draw(st.sampled_from(DELETE_CONDITIONS))
        request["Key"] = key
    else:
        update = draw(st.sampled_from(tuple(UPDATES)))
        condition = draw(st.sampled_from(UPDATES[update]))
        request |= {"Key": key, "UpdateExpression": update}
    if condition:
        request["ConditionExpression"] = condition
        if draw(st.booleans()):
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return operation, placeholders(draw, request)


@st.composite
def single_writes(draw: Any) -> Call:
    operation, request = draw(writes())
    return operation, request | {"ReturnValues": draw(st.sampled_from(RETURNED[operation]))}


@st.composite
def transactions(draw: Any) -> Call:
    entries = [
        {operation.removesuffix("_item").title(): request}
        for operation, request in draw(st.lists(writes(), min_size=1, max_size=4))
    ]
    return "transact_write_items", {"TransactItems": entries}


@st.composite
def gets(draw: Any) -> Call:
    table = draw(st.sampled_from(("StateTable", "HotTable")))
    return "get_item", {"TableName": table, "Key": draw(keys(table)), "ConsistentRead": draw(st.booleans())}


@st.composite
def batches(draw: Any) -> Call:
    chosen = draw(st.lists(keys("HotTable"), min_size=1, max_size=6))
    return "batch_get_item", {"RequestItems": {"HotTable": {"Keys": chosen, "ConsistentRead": True}}}


@st.composite
def queries(draw: Any) -> Call:
    table = draw(st.sampled_from(("StateTable", "HotTable")))
    condition = draw(st.sampled_from(QUERIES[table]))
    form = "S" if table == "StateTable" else "N"
    bounds = [draw(st.sampled_from(SORTS[table])) for _ in range(2)]
    low, high = sorted(bounds, key=int if form == "N" else str)
    values = {
        ":pk": {"S": draw(st.sampled_from(PARTITIONS[table]))},
        ":prefix": {"S": draw(st.sampled_from(("d", "day#", "day#2026-01", "token", "x")))},
        ":low": {form: low},
        ":high": {form: high},
    }
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {name: value for name, value in values.items() if name in condition},
        "ConsistentRead": draw(st.booleans()),
        "ScanIndexForward": draw(st.booleans()),
    }
    limit = draw(st.none() | st.integers(1, 4))
    return "query", request | ({"Limit": limit} if limit else {})


CALLS = st.one_of(
    single_writes(), single_writes(), transactions(), gets(), batches(), queries(), st.just(("scan", SCAN))
)
