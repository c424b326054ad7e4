"""The list of changes on moto: newest first, in pages, and only with the write that makes them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import Clock
from vitals.aws.runtime import Runtime
from vitals.model.records.changes import Change, ChangeValue
from vitals.store import items, keys
from vitals.store.state.changes import MAX_CHANGES, ChangeTable

UPDATE = items.setting("StateTable", keys.site_record("mill"), {"units": "metric"})
REFUSED = UPDATE | {"ConditionExpression": "attribute_exists(nothing)"}


@pytest.fixture
def table(dynamodb: Any, clock: Clock) -> ChangeTable:
    return ChangeTable(dynamodb, "StateTable", Runtime(now_ms=clock))


def kinds(subjects: range) -> list[Change]:
    return [Change("kind", f"point {number}", None, "counter") for number in subjects]


def all_pages(table: ChangeTable, limit: int) -> list[list[str]]:
    pages: list[list[str]] = []
    before = None
    while changes := table.newest("mill", limit, before):
        pages.append([change.change.subject for change in changes])
        before = changes[-1].number
    return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 12, 100])
def test_pages_are_whole_and_newest_first(table: ChangeTable, clock: Clock, limit: int) -> None:
    first = 0
    for size in (1, 5, 1, 4):
        assert table.write("mill", "ada", kinds(range(first, first + size)), UPDATE)
        first += size
        clock.forward(1 / 60_000)
    pages = all_pages(table, limit)
    assert [subject for page in pages for subject in page] == [f"point {n}" for n in reversed(range(11))]
    assert all(len(page) == limit for page in pages[:-1])


@pytest.mark.parametrize("limit", [1, 3, 20])
def test_few_changes_read_few_items(table: ChangeTable, clock: Clock, dynamodb: Any, limit: int) -> None:
    for size in (1, 2) * 15:
        assert table.write("mill", "ada", kinds(range(size)), UPDATE)
        clock.forward(1 / 60_000)
    read: list[int] = []
    dynamodb.meta.events.register(
        "after-call.dynamodb.Query", lambda parsed, **_: read.append(parsed["Count"])
    )
    pages = all_pages(table, limit)
    assert sum(map(len, pages)) == 45
    assert max(read) == limit
    # The item of the last change of a page is read again for the next one; the last page is empty.
    assert len(read) == len(pages) + 1


def test_a_refused_update_records_nothing(table: ChangeTable) -> None:
    assert not table.write("mill", "ada", kinds(range(1)), REFUSED)
    assert table.newest("mill", 10) == []


def test_a_change_is_never_overwritten(dynamodb: Any, clock: Clock) -> None:
    """Two writers with the same number: the second one comes too late."""
    same = ChangeTable(dynamodb, "StateTable", Runtime(now_ms=clock, uniform=lambda low, _: low))
    assert same.write("mill", "ada", kinds(range(1)), UPDATE)
    assert not same.write("mill", "bob", kinds(range(1, 2)), UPDATE)
    assert [change.who for change in same.newest("mill", 10)] == ["ada"]


def test_another_error_of_a_transaction_is_raised(table: ChangeTable, dynamodb: Any) -> None:
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        table.write("mill", "ada", kinds(range(1)), UPDATE | {"TableName": "NoTable"})


def test_a_write_has_a_bounded_number(table: ChangeTable) -> None:
    with pytest.raises(ValueError, match="0 changes"):
        table.write("mill", "ada", [], UPDATE)
    with pytest.raises(ValueError, match=f"{MAX_CHANGES + 1} changes"):
        table.write("mill", "ada", kinds(range(MAX_CHANGES + 1)), UPDATE)
    assert table.write("mill", "ada", kinds(range(MAX_CHANGES)), UPDATE)


def test_sites_have_lists_of_their_own(table: ChangeTable, clock: Clock) -> None:
    table.write("mill", "ada", kinds(range(1)), UPDATE)
    assert table.newest("mil", 10) == []
    [change] = table.newest("mill", 10)
    assert (change.time_ms, change.who) == (clock(), "ada")


VALUES = st.one_of(
    st.none(),
    st.text(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.text()).map(tuple),
    st.dictionaries(st.text(), st.floats(-9, 9)),
)


@given(before=VALUES, after=VALUES)
def test_values_return_as_they_were(before: ChangeValue, after: ChangeValue) -> None:
    class Store:
        item: Any = None

        def transact_write_items(self, TransactItems: Any) -> None:
            self.item = TransactItems[1]["Put"]["Item"]

        def query(self, **_: Any) -> Any:
            return {"Items": [self.item]}

    store: Any = Store()
    table = ChangeTable(store, "StateTable")
    table.write("mill", "ada", [Change("states", "p", before, after)], UPDATE)
    [change] = table.newest("mill", 1)
    assert change.change == Change("states", "p", before, after)
