"""The site records on moto: updates of different facts do not overwrite each other, and are recorded."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.kill import Killed, Killer, Moment
from vitals.errors import NotFoundError
from vitals.model.records.changes import Change
from vitals.model.records.sites import PAUSED, SiteRecord
from vitals.model.timespan import HOUR_MS, Span
from vitals.store import items, keys
from vitals.store.state.changes import ChangeTable
from vitals.store.state.sites import SiteTable

NOON = 1_767_268_800_000


@pytest.fixture
def table(dynamodb: Any) -> SiteTable:
    return SiteTable(dynamodb, "StateTable")


@pytest.fixture
def changes(dynamodb: Any) -> ChangeTable:
    return ChangeTable(dynamodb, "StateTable")


def test_timezone_and_units_change_nothing_else(table: SiteTable) -> None:
    table.set_status("mill", PAUSED, "north")
    table.record_catalog("mill", "Mill", 3, NOON)
    table.advance("mill", None, Span(NOON - HOUR_MS, NOON), {"null": 1})
    before = table.load("mill")
    assert before and (before.timezone, before.units) == ("UTC", "source")
    after = table.set_settings("mill", {"timezone": "America/Chicago", "units": "imperial"}, "ada")
    assert after == table.load("mill") == replace(before, timezone="America/Chicago", units="imperial")
    table.advance("mill", NOON, Span(NOON, NOON + HOUR_MS), {})
    table.record_catalog("mill", "Mill", 4, NOON)
    assert [(site.timezone, site.units) for site in table.list()] == [("America/Chicago", "imperial")]


def test_holidays_are_stored_in_order(table: SiteTable, changes: ChangeTable) -> None:
    table.set_status("mill", PAUSED)
    first, second = ("2026-12-25",), ("2026-12-25", "2027-01-01")
    for holidays in (first, second, second, ()):
        assert table.set_settings("mill", {"holidays": holidays}, "ada").holidays == holidays
        assert [site.holidays for site in table.list()] == [holidays]
    # Changes of one millisecond are in any order.
    recorded = {(change.change.before, change.change.after) for change in changes.newest("mill", 10)}
    assert recorded == {((), first), (first, second), (second, ())}


def test_a_record_of_an_older_release_is_read(dynamodb: Any, table: SiteTable) -> None:
    """It has no settings; one that is set later is recorded with the default before."""
    facts = {"display_name": "Mill", "points": 3, "checkpoint_ms": NOON}
    item = keys.site_record("mill") | items.attributes(facts)
    dynamodb.put_item(TableName="StateTable", Item=item)
    old = SiteRecord("mill", "Mill", points=3, checkpoint_ms=NOON)
    assert table.load("mill") == old
    assert (old.timezone, old.units, old.holidays) == ("UTC", "source", ())
    assert table.set_settings("mill", {"holidays": ()}, "ada") == old
    after = table.set_settings("mill", {"holidays": ("2026-12-25",)}, "ada")
    assert table.load("mill") == after == replace(old, holidays=("2026-12-25",))


def test_each_setting_that_differs_is_recorded(table: SiteTable, changes: ChangeTable) -> None:
    table.set_status("mill", PAUSED)
    table.set_settings("mill", {"timezone": "America/Chicago", "units": "source"}, "ada")
    table.set_settings("mill", {"timezone": "America/Chicago"}, "bob")
    table.set_settings("mill", {"timezone": "Asia/Kolkata", "units": "metric"}, "bob")
    recorded = [(c.who, c.change) for c in changes.newest("mill", 10)]
    assert sorted(recorded, key=repr) == [
        ("ada", Change("timezone", "mill", "UTC", "America/Chicago")),
        ("bob", Change("timezone", "mill", "America/Chicago", "Asia/Kolkata")),
        ("bob", Change("units", "mill", "source", "metric")),
    ]


def test_of_two_writers_the_second_sees_the_first(dynamodb: Any, changes: ChangeTable) -> None:
    class Race:
        """Another writer sets the timezone before the first transaction."""

        transactions = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(dynamodb, name)

        def transact_write_items(self, **request: Any) -> Any:
            self.transactions += 1
            if self.transactions == 1:
                SiteTable(dynamodb, "StateTable").set_settings("mill", {"timezone": "Asia/Tokyo"}, "bob")
            return dynamodb.transact_write_items(**request)

    race: Any = Race()
    table = SiteTable(race, "StateTable")
    table.set_status("mill", PAUSED)
    table.set_settings("mill", {"timezone": "America/Chicago"}, "ada")
    recorded = {(c.who, c.change.before, c.change.after) for c in changes.newest("mill", 10)}
    assert recorded == {("bob", "UTC", "Asia/Tokyo"), ("ada", "Asia/Tokyo", "America/Chicago")}
    assert race.transactions == 2


def test_a_setting_and_its_change_are_one_write(dynamodb: Any, changes: ChangeTable) -> None:
    SiteTable(dynamodb, "StateTable").set_status("mill", PAUSED)
    for moment in (Moment(0), Moment(0, after=True)):
        table = SiteTable(Killer(moment).client(dynamodb), "StateTable")
        with pytest.raises(Killed):
            table.set_settings("mill", {"timezone": "Asia/Tokyo"}, "ada")
        record = table.load("mill")
        assert record and (record.timezone == "Asia/Tokyo") == moment.after
        assert len(changes.newest("mill", 10)) == moment.after


def test_a_site_without_record_has_no_settings(table: SiteTable, changes: ChangeTable) -> None:
    with pytest.raises(NotFoundError, match="there is no site 'mill'"):
        table.set_settings("mill", {"units": "metric"}, "ada")
    assert changes.newest("mill", 10) == []


def test_a_site_without_them_has_the_defaults() -> None:
    assert (SiteRecord("mill").timezone, SiteRecord("mill").units) == ("UTC", "source")
