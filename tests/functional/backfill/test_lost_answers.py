"""Backfills while AWS does what it is asked, and one of its answers is lost."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.backfills import OPERATOR, Backfill, backfill, days_ago, whole
from tests.support.clock import Clock
from tests.support.lost_answers import LostAnswer, requests
from tests.support.moto_aws import restore_tables, saved_tables
from tests.support.sites import SITE

__all__ = ["backfill"]

OF_A_RUN = ("DeleteItem", "PutItem", "UpdateItem")
OF_FILES = ("PutObject", "DeleteObject", "DeleteObjects")


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """A reading of six points every two hours."""
    settings = SimulatorSettings(points=6, sites=(SITE,), interval_s=7_200, other_intervals=False)
    with Simulator(settings, clock=clock) as running:
        yield running


# The first of each: the lock, the run, the day, its hours one by one; and the last: file, rollups, end.
@pytest.mark.parametrize(
    ("operations", "numbers"),
    [(OF_A_RUN, [0, 1, 2, 3, *range(-9, 0)]), (OF_FILES, [0, -3, -1])],
    ids=["records", "files"],
)
def test_a_day_is_read_without_any_answer(
    backfill: Backfill, operations: tuple[str, ...], numbers: list[int]
) -> None:
    before = saved_tables()
    count = len(requests(lambda: backfill.execute(days_ago(9), days_ago(9), name="counted"), *operations))
    for number in numbers:
        restore_tables(before)
        name = f"run{number}"
        remove_files()
        with LostAnswer(*operations, number=number % count).patched():
            execution = backfill.execute(days_ago(9), days_ago(9), name=name)
        assert execution.status == "SUCCEEDED"
        assert execution.output["days"] == {"done": 1, "empty": 0, "failed": 0, "cancelled": 0}
        assert backfill.day(days_ago(9), name).attempts == 1
        assert backfill.staged() == []
        backfill.assert_exact(whole(9, 9))


def remove_files() -> None:
    """The file of the run before would be found, and not replaced."""
    client = boto3.client("s3")
    for version in client.list_object_versions(Bucket="cold-bucket")["Versions"]:
        client.delete_object(Bucket="cold-bucket", Key=version["Key"], VersionId=version["VersionId"])


def test_a_run_is_started_and_cancelled_without_answer(backfill: Backfill) -> None:
    request: Any = {"site": SITE, "start_date": days_ago(3), "end_date": days_ago(2)}
    operations = ("PutItem", "UpdateItem", "StartExecution")
    before, statuses = saved_tables(), []

    def start_and_cancel(name: str) -> None:
        api = backfill.api(name)
        started, _ = api.start(OPERATOR, request)
        cancelled, _ = api.cancel(OPERATOR, name)
        statuses.append((started, cancelled))

    count = len(requests(lambda: start_and_cancel("counted"), *operations))
    for number in range(count):
        restore_tables(before)
        with LostAnswer(*operations, number=number).patched():
            start_and_cancel(f"run{number}")
    assert set(statuses) == {(202, 202)}
