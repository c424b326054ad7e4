"""The measurement of a day: an hour of two small sites uses what the table of units says."""

import os
from typing import Any

import pytest

from bench import day
from bench.units import amount
from operations.cost.units import EVENTS
from tests.support.moto_aws import like_aws


@pytest.fixture(scope="module")
def plays() -> Any:
    environ = dict(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        like_aws(patch)
        plays = [day.play(groups, hours=1) for groups in (1, 2)]
    yield plays
    os.environ.clear()
    os.environ.update(environ)


[SYNC] = [event for event in EVENTS if event.name == "sync"]


@pytest.mark.parametrize("name", ["HotTable write of blocks", "HotTable read of blocks"])
def test_a_group_uses_what_the_table_says(plays: list[dict[str, Any]], name: str) -> None:
    small, large = (play["events"]["sync"][name] for play in plays)
    assert large - small == pytest.approx(SYNC.used[name].per_group, abs=0.25)


def test_a_sync_writes_no_more_state(plays: list[dict[str, Any]]) -> None:
    for name in ("StateTable write of ledger", "StateTable write of archive records"):
        measured = plays[0]["events"]["sync"][name]
        assert measured <= SYNC.used[name].of(1) + 0.5


def test_a_number_is_split_by_groups() -> None:
    assert amount((4, 8), 10.0, 18.0) == "Amount(2, 2)"
    assert amount((4, 8), 7.0, 7.0) == "Amount(7)"
