"""Rebuilding rollups of version 1 without the upstream."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import boto3
import pytest

from backfill.events import StartRequest
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.backfills import OPERATOR, READER, TODAY, Backfill, backfill, days_ago
from tests.support.clock import Clock
from tests.support.kill import Killed, Killer, Moment
from tests.support.moto_aws import restore_tables, saved_tables
from tests.support.rollups import plant_old_rollups
from tests.support.sites import SITE
from vitals.errors import NotFoundError
from vitals.model.records.ledger import ROLLUP_VERSION
from vitals.model.records.sites import PAUSED, REMOVED
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.reading.request import QueryRequest
from vitals.store.control.circuit import Circuit
from vitals.store.state.ledger import Ledger
from vitals.store.state.runs import RunTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.quality_files import QualityFiles
from vitals.store.tiers.rollups import RollupTier

__all__ = ["backfill"]

NEW = {bytes([ROLLUP_VERSION])}
DATE = days_ago(5)
DAY = SiteDay.parse(SITE, DATE)
RANGE = {"start_date": days_ago(9), "end_date": days_ago(0)}
COLUMNS = ("timestamps", "values", "min", "max", "count", "first", "last")


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """A reading every two hours of each of six points."""
    settings = SimulatorSettings(points=6, sites=(SITE,), interval_s=7_200, other_intervals=False)
    with Simulator(settings, clock=clock) as running:
        yield running


@pytest.fixture
def upgraded(backfill: Backfill) -> Backfill:
    """A day that the release before this one archived, a week ago."""
    assert backfill.execute(DATE, DATE, name="old").status == "SUCCEEDED"
    plant_old_rollups(backfill.worker.archiver, DAY)
    backfill.world.clock.forward(7 * 24 * 60)
    return backfill


def answers(
    backfill: Backfill, span: Span, resolutions: tuple[str, ...] = ("1h", "1d")
) -> list[dict[str, Any]]:
    """The hours and the days of every point, each in a query of its own."""
    names = sorted(backfill.world.syncer.catalogs.load(SITE).active_ids)
    api = backfill.world.api()
    requests = [QueryRequest(SITE, names, span.start_ms, span.end_ms, text) for text in resolutions]
    return [api.query(READER, request).answer for request in requests]


def columns(answered: list[dict[str, Any]]) -> list[list[Any]]:
    series = [series for answer in answered for series in answer["series"]]
    assert any(len(one["values"]) for one in series)
    return [[getattr(one[name], "tobytes", lambda: None)() for name in COLUMNS] for one in series]


def known(answered: list[dict[str, Any]]) -> set[bool]:
    return {
        share is not None for answer in answered for series in answer["series"] for share in series["known"]
    }


def versions(backfill: Backfill, day: SiteDay = DAY) -> set[bytes]:
    items = backfill.world.client.scan(TableName="HotTable")["Items"]
    rollups = [item for item in items if "#rollup#" in item["pk"]["S"]]
    return {bytes(item["b"]["B"])[:1] for item in rollups if item["w"]["N"] == str(day.day_ms)}


def files() -> list[tuple[str, str, str]]:
    listed = boto3.client("s3").list_object_versions(Bucket="cold-bucket")["Versions"]
    return [
        (version["Key"], version["VersionId"], version["ETag"])
        for version in listed
        # The quality is judged again.
        if not version["Key"].startswith("quality/")
    ]


def test_old_days_are_rebuilt_with_equal_answers(upgraded: Backfill) -> None:
    before, stored, sent = answers(upgraded, DAY.span), files(), upgraded.upstream_requests()
    assert (known(before), versions(upgraded)) == ({False}, {b"\x01"})
    execution = upgraded.execute(days_ago(9), days_ago(0), rebuild=True)
    assert execution.output["days"] == {"done": 1, "empty": 0, "failed": 0, "cancelled": 0}
    after = answers(upgraded, DAY.span)
    assert columns(after) == columns(before)
    assert [answer["metadata"]["sources"] for answer in after] == [["rollup"], ["rollup"]]
    assert known(after) == {True}
    assert versions(upgraded) == NEW
    assert (files(), upgraded.upstream_requests()) == (stored, sent)
    assert upgraded.day(DATE).requests == 0
    assert upgraded.day(DATE).samples > 12
    upgraded.assert_exact(DAY.span)


def test_a_second_rebuild_has_no_days(upgraded: Backfill) -> None:
    upgraded.execute(DATE, DATE, rebuild=True)
    request = {"site": SITE, **RANGE, "rebuild": True, "dry_run": True}
    again = upgraded.tasks.handle({"task": "plan", "run": "again", "asked": request})
    assert (again["days"], again["days_complete"]) == ([], 1)
    forced = upgraded.execute(DATE, DATE, name="forced", rebuild=True, force=True)
    assert forced.output["days"]["done"] == 1


def test_a_dry_rebuild_only_estimates(backfill: Backfill) -> None:
    backfill.worker.archiver.ledger.update_archive(DAY, status="done", etag="e", rows=6_000_000, points=4_000)
    before = saved_tables()
    start: StartRequest = {
        "site": SITE,
        "start_date": DATE,
        "end_date": DATE,
        "rebuild": True,
        "dry_run": True,
    }
    status, answer = backfill.api().start(OPERATOR, start)
    assert (status, answer["rebuild"], answer["days_total"], answer["days_complete"]) == (200, True, 1, 0)
    assert answer["estimate"]["requests"] == 0
    assert answer["estimate"]["dollars"] > 0
    assert saved_tables() == before


@pytest.mark.parametrize("later_days", [0, 40], ids=["with blocks", "with expired blocks"])
def test_a_day_with_blocks_is_rebuilt(backfill: Backfill, later_days: int) -> None:
    """As the nightly archiving left it; the blocks neither change nor live longer."""
    world, archiver, day = backfill.world, backfill.worker.archiver, SiteDay(SITE, TODAY)
    world.clock.now_ms = TODAY + DAY_MS + 2 * HOUR_MS
    world.sync()
    archiver.archive(day)
    plant_old_rollups(archiver, day)
    world.clock.forward(60 + later_days * 24 * 60)
    blocks, samples = blocks_of(backfill), backfill.answers(day.span)
    backfill.execute(days_ago(0), days_ago(0), rebuild=True)
    assert len(blocks) > 10
    assert blocks_of(backfill) == blocks
    assert versions(backfill, day) == NEW
    assert backfill.answers(day.span) == samples


def blocks_of(backfill: Backfill) -> list[dict[str, Any]]:
    items = backfill.world.client.scan(TableName="HotTable")["Items"]
    return [item for item in items if "#rollup#" not in item["pk"]["S"]]


def test_a_paused_site_is_rebuilt_without_ace(upgraded: Backfill) -> None:
    world = upgraded.world
    world.syncer.sites.set_status(SITE, PAUSED)
    upgraded.worker.circuits.store(Circuit(9, world.clock() + DAY_MS))
    upgraded.tasks = replace(upgraded.tasks, worker=lambda group: pytest.fail("connected to the upstream"))
    assert upgraded.execute(DATE, DATE, rebuild=True).status == "SUCCEEDED"
    assert versions(upgraded) == NEW


def test_a_removed_site_is_not_rebuilt(backfill: Backfill) -> None:
    backfill.world.syncer.sites.set_status(SITE, REMOVED)
    request = {"site": SITE, **RANGE, "rebuild": True}
    with pytest.raises(NotFoundError):
        backfill.tasks.handle({"task": "plan", "run": "run", "asked": request})


@contextmanager
def steps_of(killer: Killer) -> Iterator[None]:
    """Every write of a rebuild: the ledger's and the run's records, each rollup, and the files."""
    with ExitStack() as stack:
        for owner, method in (
            (Ledger, "_apply"),
            (RunTable, "update_day"),
            (RollupTier, "_put"),
            (ColdTier, "put"),
            (QualityFiles, "put"),
        ):
            stack.enter_context(killer.patched(owner, method))
        yield


def test_a_kill_at_any_step_leaves_equal_state(upgraded: Backfill) -> None:
    archived = saved_tables()
    plan = {"task": "plan", "run": "run", "asked": {"site": SITE, **RANGE, "rebuild": True}}
    day = {"task": "day", "run": "run", "day": DATE}
    expected, stored = columns(answers(upgraded, DAY.span, ("1h",))), files()

    def rebuild(moment: Moment | None) -> int:
        restore_tables(archived)
        upgraded.tasks.handle(plan)
        killer = Killer(moment)
        with steps_of(killer), pytest.raises(Killed) if moment else nullcontext():
            upgraded.tasks.handle(day)
        return killer.steps

    steps = rebuild(None)
    assert steps > 10
    # The steps between are those of further rollups.
    for step in (*range(6), *range(steps - 4, steps)):
        for after in (False, True):
            rebuild(Moment(step, after))
            upgraded.world.clock.forward(1)
            assert columns(answers(upgraded, DAY.span, ("1h",))) == expected
            assert upgraded.tasks.handle(day)["status"] == "done"
            record = upgraded.worker.archiver.ledger.archive_record(DAY)
            assert (record.settled, record.rollups, record.has_old_rollups) == (True, ROLLUP_VERSION, False)
            assert versions(upgraded) == NEW
            assert columns(answers(upgraded, DAY.span, ("1h",))) == expected
    assert files() == stored
