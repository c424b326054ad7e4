"""The saved views of a site on moto: their order, and their number when several people save at once."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.kill import Killed, Killer, Moment, at_steps
from vitals.errors import InvalidRequestError, NotFoundError
from vitals.model.records.views import MAX_NAME, MAX_VIEW, MAX_VIEWS, SavedView
from vitals.store import items, keys
from vitals.store.state.views import ViewTable

FULL = "the site has 200 views; delete one of them first"
# Each example has a site of its own.
SITES = (f"s{number}" for number in count())
STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from("abcd")), max_size=12)


@pytest.fixture
def table(dynamodb: Any) -> ViewTable:
    return ViewTable(dynamodb, "StateTable")


def view(name: str, text: str = "range=7d") -> SavedView:
    return SavedView(name, text, "ada (0123abcd)", 1_767_268_800_000)


def fill(client: Any, number: int) -> list[str]:
    """Stores so many views of the site mill, and returns their names."""
    names = [f"v{index:03d}" for index in range(number)]
    stored = [
        keys.saved_view("mill", name) | items.attributes({"view": "a=1", "saved_by": "ada", "saved_ms": 1})
        for name in names
    ]
    for item in [*stored, keys.view_count("mill") | items.attributes({"saved_views": number})]:
        client.put_item(TableName="StateTable", Item=item)
    return names


def counted(client: Any, site: str = "mill") -> int:
    item = client.get_item(TableName="StateTable", Key=keys.view_count(site)).get("Item", {})
    return int(item.get("saved_views", {"N": "0"})["N"])


class Race:
    """A client, with something that happens just before its first transaction."""

    def __init__(self, client: Any, happens: Callable[[], object]) -> None:
        self._client = client
        self._happens = [happens]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        if self._happens:
            self._happens.pop()()
        return self._client.transact_write_items(**request)


def test_views_are_in_the_order_of_their_names(table: ViewTable) -> None:
    names = ["Zone", "a b", "é", "😀", "e\u0301", "view#x", "count", "x" * MAX_NAME, "😀" * MAX_NAME]
    for name in names:
        table.save("mill", view(name))
    table.save("mil", view("of another site"))
    assert table.of_site("mill") == [view(name) for name in sorted(names)]
    assert table.of_site("mi") == []


def test_the_largest_views_are_all_listed(dynamodb: Any, table: ViewTable) -> None:
    names = fill(dynamodb, MAX_VIEWS)
    for name in names:
        table.save("mill", view(name, "x" * MAX_VIEW))
    assert table.of_site("mill") == [view(name, "x" * MAX_VIEW) for name in names]
    assert counted(dynamodb) == MAX_VIEWS


def test_a_full_site_takes_replacements_only(dynamodb: Any, table: ViewTable) -> None:
    names = fill(dynamodb, MAX_VIEWS)
    with pytest.raises(InvalidRequestError, match=FULL):
        table.save("mill", view("new"))
    table.save("mill", view(names[7], "range=1y"))
    table.save("mil", view("new"))
    table.remove("mill", names[0])
    table.save("mill", view("new"))
    assert [saved.name for saved in table.of_site("mill")] == sorted([*names[1:], "new"])


def test_of_two_last_views_one_is_refused(dynamodb: Any, table: ViewTable) -> None:
    fill(dynamodb, MAX_VIEWS - 1)
    racing = ViewTable(Race(dynamodb, lambda: table.save("mill", view("first"))), "StateTable")
    with pytest.raises(InvalidRequestError, match=FULL):
        racing.save("mill", view("second"))
    assert len(table.of_site("mill")) == counted(dynamodb) == MAX_VIEWS


def test_the_last_view_may_be_saved_twice(dynamodb: Any, table: ViewTable) -> None:
    """The site is full when the second one comes, and the name exists."""
    fill(dynamodb, MAX_VIEWS - 1)
    racing = ViewTable(Race(dynamodb, lambda: table.save("mill", view("last", "a=1"))), "StateTable")
    racing.save("mill", view("last", "a=2"))
    assert view("last", "a=2") in table.of_site("mill")
    assert len(table.of_site("mill")) == counted(dynamodb) == MAX_VIEWS


def test_of_two_removals_one_is_counted(dynamodb: Any, table: ViewTable) -> None:
    table.save("mill", view("a"))
    table.save("mill", view("b"))
    racing = ViewTable(Race(dynamodb, lambda: table.remove("mill", "a")), "StateTable")
    with pytest.raises(NotFoundError, match="the site has no view 'a'"):
        racing.remove("mill", "a")
    assert (table.of_site("mill"), counted(dynamodb)) == ([view("b")], 1)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_count_is_that_of_the_views(dynamodb: Any, steps: list[tuple[bool, str]]) -> None:
    site, table = next(SITES), ViewTable(dynamodb, "StateTable")
    expected: dict[str, SavedView] = {}
    for number, (saves, name) in enumerate(steps):
        if saves:
            expected[name] = view(name, f"a={number}")
            table.save(site, expected[name])
        elif name in expected:
            table.remove(site, name)
            del expected[name]
        else:
            with pytest.raises(NotFoundError):
                table.remove(site, name)
        assert table.of_site(site) == [expected[name] for name in sorted(expected)]
        assert counted(dynamodb, site) == len(expected)


@at_steps(range(3))
def test_a_killed_save_is_completed_by_a_repeat(dynamodb: Any, table: ViewTable, moment: Moment) -> None:
    """The steps are the put of a replacement, and the transactions of a new view and of a removal."""
    dying = ViewTable(Killer(moment).client(dynamodb), "StateTable")
    with pytest.raises(Killed):
        dying.save("mill", view("a"))
        dying.remove("mill", "a")
    assert counted(dynamodb) == len(table.of_site("mill"))
    table.save("mill", view("a"))
    assert (table.of_site("mill"), counted(dynamodb)) == ([view("a")], 1)
