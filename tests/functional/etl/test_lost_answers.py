"""Syncs while AWS does what it is asked, and one of its answers is lost."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.clock import Clock
from tests.support.lost_answers import LostAnswer, requests
from tests.support.moto_aws import restore_tables, saved_tables
from tests.support.sites import SITE
from tests.support.syncing import assert_exact
from tests.support.world import World


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """A reading of eight points every ten minutes."""
    settings = SimulatorSettings(points=8, sites=(SITE,), interval_s=600, other_intervals=False)
    with Simulator(settings, clock=clock) as running:
        yield running


# Each block is a put; two of them are enough.
@pytest.mark.parametrize(("operation", "most"), [("UpdateItem", 100), ("PutItem", 2)])
def test_a_sync_ends_the_same_without_any_answer(world: World, operation: str, most: int) -> None:
    """The checkpoint is moved, and the re-reads are sent, by the sync whose answer is lost."""
    world.sync()
    world.drain()
    world.clock.forward(65)
    before, receipts = saved_tables(), []
    operations = requests(lambda: receipts.append(world.sync()), operation)
    expected = outcome(world, receipts[0])
    for number in range(min(len(operations), most)):
        restore_tables(before)
        with LostAnswer(operation, number=number).patched():
            receipt = world.sync()
        assert outcome(world, receipt) == expected, number
    assert_exact(world)


def outcome(world: World, receipt: Any) -> Any:
    """What a sync said, sent and stored, apart from the id of the checkpoint's move.

    The note of a day's change moves on by a millisecond when it is repeated.
    """
    stored = [world.client.scan(TableName=table)["Items"] for table in ("HotTable", "StateTable")]
    for item in stored[1]:
        item.pop("moved_by", None)
        item.pop("changed_ms", None)
    sent = list(world.sent)
    world.sent.clear()
    assert sent
    assert receipt.caught_up
    return receipt.as_dict(), sent, [sorted(items, key=repr) for items in stored]
