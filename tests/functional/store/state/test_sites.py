"""The site records on moto: updates of different facts do not overwrite each other."""

from dataclasses import replace
from typing import Any

import pytest

from vitals.model.records.sites import PAUSED, SiteRecord
from vitals.model.timespan import HOUR_MS, Span
from vitals.store.state.sites import SiteTable

NOON = 1_767_268_800_000


@pytest.fixture
def table(dynamodb: Any) -> SiteTable:
    return SiteTable(dynamodb, "StateTable")


def test_timezone_and_units_change_nothing_else(table: SiteTable) -> None:
    table.set_status("mill", PAUSED, "north")
    table.record_catalog("mill", "Mill", 3, NOON)
    table.advance("mill", None, Span(NOON - HOUR_MS, NOON), {"null": 1})
    before = table.load("mill")
    assert before and (before.timezone, before.units) == ("UTC", "source")
    table.set_timezone("mill", "America/Chicago")
    table.set_units("mill", "imperial")
    after = table.load("mill")
    assert after == replace(before, timezone="America/Chicago", units="imperial")
    table.advance("mill", NOON, Span(NOON, NOON + HOUR_MS), {})
    table.record_catalog("mill", "Mill", 4, NOON)
    assert [(site.timezone, site.units) for site in table.list()] == [("America/Chicago", "imperial")]


def test_a_site_without_them_has_the_defaults() -> None:
    assert (SiteRecord("mill").timezone, SiteRecord("mill").units) == ("UTC", "source")
