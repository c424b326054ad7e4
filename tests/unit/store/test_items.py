"""Items of DynamoDB: paging that ends, and attributes of later releases."""

from typing import Any

import pytest

from vitals.errors import ConflictError
from vitals.model.records.runs import BackfillLock
from vitals.store import items


def endless(requests: list[dict[str, Any]]) -> Any:
    """A Query whose every page names another one."""

    def query(**request: Any) -> Any:
        requests.append(request)
        return {"Items": [{"n": len(requests)}], "LastEvaluatedKey": {"sk": {"N": str(len(requests))}}}

    return query


def test_pages_continue_up_to_the_limit() -> None:
    requests: list[dict[str, Any]] = []
    listed: list[dict[str, Any]] = []
    with pytest.raises(ConflictError, match="the days of a run did not end within 3 pages"):
        for page in items.pages(endless(requests), {"Limit": 1}, "the days of a run", max_pages=3):
            listed += page
    assert listed == [{"n": 1}, {"n": 2}, {"n": 3}]
    starts = [{"ExclusiveStartKey": {"sk": {"N": str(n)}}} for n in (1, 2)]
    assert requests == [{"Limit": 1}, *({"Limit": 1} | start for start in starts)]


def test_one_page_is_one_request() -> None:
    requests: list[dict[str, Any]] = []
    assert next(items.pages(endless(requests), {}, "runs")) == [{"n": 1}]
    assert len(requests) == 1


def test_the_last_page_ends_it() -> None:
    assert list(items.pages(lambda **_: {"Items": []}, {}, "runs")) == [[]]


def test_attributes_of_a_later_release_are_ignored() -> None:
    item = {"pk": {"S": "p"}, "run": {"S": "r"}, "taken_ms": {"N": "7"}, "later": {"B": b""}}
    assert items.read(item, BackfillLock) == BackfillLock("r", 7)
