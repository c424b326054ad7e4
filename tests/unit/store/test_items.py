"""Items of DynamoDB: paging that ends."""

from typing import Any

import pytest

from vitals.errors import ConflictError
from vitals.store import items


def endless(asked: list[dict[str, Any]]) -> Any:
    """A Query whose every page names another one."""

    def query(**request: Any) -> Any:
        asked.append(request)
        return {"Items": [{"n": len(asked)}], "LastEvaluatedKey": {"sk": {"N": str(len(asked))}}}

    return query


def test_each_page_goes_on_where_the_one_before_ended_and_no_further_than_it_may() -> None:
    asked: list[dict[str, Any]] = []
    found = []
    with pytest.raises(ConflictError, match="the days of a run did not end within 3 pages"):
        for page in items.pages(endless(asked), {"Limit": 1}, "the days of a run", most=3):
            found += page
    assert found == [{"n": 1}, {"n": 2}, {"n": 3}]
    starts = [{"ExclusiveStartKey": {"sk": {"N": str(n)}}} for n in (1, 2)]
    assert asked == [{"Limit": 1}, *({"Limit": 1} | start for start in starts)]


def test_who_wants_one_page_asks_for_one() -> None:
    asked: list[dict[str, Any]] = []
    assert next(items.pages(endless(asked), {}, "runs")) == [{"n": 1}]
    assert len(asked) == 1


def test_the_last_page_ends_it() -> None:
    assert list(items.pages(lambda **_: {"Items": []}, {}, "runs")) == [[]]
