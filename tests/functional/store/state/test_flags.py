"""The flags of a site on moto: their revision, number and history when several people change them at once."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.kill import Killed, Killer, Moment, at_steps
from tests.support.lost_answers import LostAnswer
from vitals.errors import ConflictError, InvalidRequestError, NotFoundError
from vitals.model.records.changes import Change
from vitals.model.records.flags import MAX_FLAGS, MAX_POINTS, Flag, FlaggedSpans
from vitals.model.timespan import Span
from vitals.store import keys
from vitals.store.state.changes import ChangeTable
from vitals.store.state.flags import FlagTable

# Each example has a site of its own.
SITES = (f"s{number}" for number in count())
STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=10)
CHANGES = [Change("flag", "p", None, "bad")]


@pytest.fixture
def table(dynamodb: Any) -> FlagTable:
    return FlagTable(dynamodb, "StateTable")


def flag(number: int, points: tuple[int, ...] = (1, 2)) -> Flag:
    return Flag(f"{number:013d}-00ff", points, Span(number, number + 10), "fell off", "ada (0123abcd)", 1)


def counted(client: Any, site: str = "mill") -> int:
    item = client.get_item(TableName="StateTable", Key=keys.flag_revision(site)).get("Item", {})
    return int(item.get("flags", {"N": "0"})["N"])


def recorded(client: Any, site: str = "mill") -> int:
    """The number of changes in the site's history."""
    return len(ChangeTable(client, "StateTable").newest(site, 1_000))


class Race:
    """A client, with something that happens just before each of its first calls of a method."""

    def __init__(self, client: Any, method: str, happens: list[Callable[[], object]]) -> None:
        self._client, self._method, self._happens = client, method, happens

    def __getattr__(self, name: str) -> Any:
        if name == self._method and self._happens:
            self._happens.pop(0)()
        return getattr(self._client, name)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_each_change_advances_the_revision(dynamodb: Any, steps: list[tuple[bool, int]]) -> None:
    site, table = next(SITES), FlagTable(dynamodb, "StateTable")
    expected: dict[int, Flag] = {}
    revision = 0
    for adds, number in steps:
        if adds and number not in expected:
            expected[number] = flag(number)
            table.add(site, expected[number], CHANGES)
            revision += 1
        elif number in expected:
            table.remove(site, expected.pop(number), "bob", CHANGES)
            revision += 1
        else:
            with pytest.raises(NotFoundError, match="the site has no flag"):
                table.remove(site, flag(number), "bob", CHANGES)
        assert table.of_site(site) == [expected[number] for number in sorted(expected)]
        assert table.revision(site) == recorded(dynamodb, site) == revision
        assert counted(dynamodb, site) == len(expected)


def test_the_largest_flag_is_stored(table: FlagTable) -> None:
    largest = Flag("1-0", tuple(range(MAX_POINTS)), Span(0, 1), "é" * 200, "ada", 1)
    table.add("mill", largest, CHANGES * MAX_POINTS)
    assert table.of_site("mill") == [largest]
    assert table.of_site("mil") == []


def test_spans_are_read_again_after_changes(dynamodb: Any, table: FlagTable) -> None:
    assert table.spans("mill") == FlaggedSpans()
    table.add("mill", flag(5), CHANGES)
    loaded = table.spans("mill")
    assert (loaded.revision, loaded.by_point) == (1, {1: [Span(5, 15)], 2: [Span(5, 15)]})
    assert table.spans("mill", loaded) is loaded
    table.remove("mill", flag(5), "bob", CHANGES)
    assert table.spans("mill", loaded) == FlaggedSpans(2)


def test_a_change_during_the_read_is_seen(dynamodb: Any, table: FlagTable) -> None:
    """Another person adds a flag after the first revision is read, and one after the flags are."""
    table.add("mill", flag(1), CHANGES)
    happens: list[Callable[[], object]] = [lambda: table.add("mill", flag(2), CHANGES)]
    spans = FlagTable(Race(dynamodb, "query", happens), "StateTable").spans("mill")
    assert spans == FlaggedSpans.of(2, table.of_site("mill"))
    happens = [lambda: None, lambda: table.add("mill", flag(3), CHANGES)]
    spans = FlagTable(Race(dynamodb, "get_item", happens), "StateTable").spans("mill")
    assert spans == FlaggedSpans.of(3, table.of_site("mill"))


def test_flags_that_always_change_are_a_conflict(dynamodb: Any, table: FlagTable) -> None:
    table.add("mill", flag(1), CHANGES)

    def adding(number: int) -> Callable[[], object]:
        return lambda: table.add("mill", flag(number), CHANGES)

    racing = FlagTable(Race(dynamodb, "query", [adding(number) for number in range(2, 30)]), "StateTable")
    with pytest.raises(ConflictError, match="the flags of mill changed while they were read"):
        racing.spans("mill")


def test_of_two_last_flags_one_is_refused(dynamodb: Any, table: FlagTable) -> None:
    item = keys.flag_revision("mill") | {"flags": {"N": str(MAX_FLAGS - 1)}, "revision": {"N": "7"}}
    dynamodb.put_item(TableName="StateTable", Item=item)
    happens: list[Callable[[], object]] = [lambda: table.add("mill", flag(1), CHANGES)]
    racing = FlagTable(Race(dynamodb, "transact_write_items", happens), "StateTable")
    with pytest.raises(InvalidRequestError, match="the site has 500 flags; delete one of them first"):
        racing.add("mill", flag(2), CHANGES)
    assert (table.of_site("mill"), counted(dynamodb), table.revision("mill")) == ([flag(1)], MAX_FLAGS, 8)


def test_of_two_removals_one_is_counted(dynamodb: Any, table: FlagTable) -> None:
    table.add("mill", flag(1), CHANGES)
    table.add("mill", flag(2), CHANGES)
    happens: list[Callable[[], object]] = [lambda: table.remove("mill", flag(1), "bob", CHANGES)]
    racing = FlagTable(Race(dynamodb, "transact_write_items", happens), "StateTable")
    with pytest.raises(NotFoundError, match="the site has no flag"):
        racing.remove("mill", flag(1), "ada", CHANGES)
    assert (table.of_site("mill"), counted(dynamodb), table.revision("mill")) == ([flag(2)], 1, 3)


@at_steps(range(2))
def test_a_killed_change_is_whole_or_none(dynamodb: Any, table: FlagTable, moment: Moment) -> None:
    dying = FlagTable(Killer(moment).client(dynamodb), "StateTable")
    with pytest.raises(Killed):
        dying.add("mill", flag(1), CHANGES)
        dying.remove("mill", flag(1), "bob", CHANGES)
    assert counted(dynamodb) == len(table.of_site("mill"))
    assert table.revision("mill") == recorded(dynamodb) == moment.step + moment.after


def test_a_lost_answer_changes_nothing_twice(dynamodb: Any, table: FlagTable) -> None:
    for revision, change in enumerate(
        [
            lambda: table.add("mill", flag(1), CHANGES),
            lambda: table.remove("mill", flag(1), "bob", CHANGES),
        ],
        1,
    ):
        with LostAnswer("TransactWriteItems", number=0).patched():
            change()
        assert table.revision("mill") == recorded(dynamodb) == revision
    assert (table.of_site("mill"), counted(dynamodb)) == ([], 0)
