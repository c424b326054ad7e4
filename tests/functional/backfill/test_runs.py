"""Backfills by the real state machine's definition on moto: exact however they die, race or are cancelled."""

import dataclasses
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from backfill.estimates import concurrent_days
from local.ace_simulator.faults import Faults
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support.backfills import (
    OPERATOR,
    READER,
    TODAY,
    Backfill,
    backfill,
    days_ago,
    read_by_hours,
    whole,
)
from tests.support.clock import Clock
from tests.support.kill import killed_at
from tests.support.sites import SITE
from tests.support.template import template
from vitals.aws.stepfunctions import Executions
from vitals.codec.blocks import GROUP_SIZE
from vitals.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    RunningError,
    UnfinishedDayError,
    UpstreamUnavailableError,
)
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.records.tokens import Grant
from vitals.model.samples import from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    WINDOW_MS,
    Span,
    day_name,
    floor_window,
    iso,
)
from vitals.pipeline import archiver as archiver_module
from vitals.store.control.circuit import Circuit
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.staging import StagingArea

__all__ = ["backfill"]


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    """A reading every two hours of each of six points, of a building that opened 16 days ago."""
    settings = SimulatorSettings(
        points=6, sites=(SITE,), interval_s=7_200, other_intervals=False, opened_days_ago=16
    )
    with Simulator(settings, clock=clock) as running:
        yield running


def test_days_of_every_age_are_exact_at_once(backfill: Backfill) -> None:
    backfill.world.simulator.faults = Faults(
        server_error=0.03, truncate=0.03, duplicate=0.2, shuffle=0.5, empty=0.1
    )
    ended = backfill.execute(days_ago(18), days_ago(0))
    assert ended.status == "SUCCEEDED"
    assert ended.output["days"] == {"done": 17, "empty": 2, "failed": 0, "cancelled": 0}
    backfill.assert_exact(whole(18))
    assert [backfill.day(days_ago(ago)).status for ago in (18, 17, 16, 0)] == [
        "empty",
        "empty",
        "done",
        "done",
    ]
    assert backfill.staged() == []
    # What had no blocks was written to its file alone, inside the hot window too.
    assert backfill.blocks(whole(18, 1)) == 0
    assert backfill.blocks(whole(0)) > 0


def test_a_day_with_blocks_is_completed(backfill: Backfill) -> None:
    backfill.world.clock.now_ms += DAY_MS
    before = backfill.blocks(whole(0))
    ended = backfill.execute(days_ago(0), days_ago(0))
    assert ended.output["status"] == "succeeded"
    assert 0 < before < backfill.blocks(whole(0))
    backfill.assert_exact(whole(0))
    backfill.world.clock.forward(60)
    backfill.assert_exact(whole(0))


def test_blocks_that_appear_meanwhile_are_not_left_behind(
    backfill: Backfill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day had none when the backfill looked."""
    backfill.world.clock.now_ms += DAY_MS
    monkeypatch.setattr(ArchiveRecord, "has_blocks", lambda record, now_ms: False)
    ended = backfill.execute(days_ago(0), days_ago(0))
    assert ended.output["status"] == "succeeded"
    assert backfill.day(days_ago(0)).status == "done"
    backfill.assert_exact(whole(0))


def test_complete_days_are_skipped_and_force_changes_nothing(backfill: Backfill) -> None:
    backfill.execute(days_ago(5), days_ago(2), name="first")
    before = backfill.worker.archiver.ledger.archive_records(SITE, whole(5, 2))
    backfill.world.clock.forward(60)
    again = backfill.execute(days_ago(6), days_ago(1), name="again")
    assert [payload["day"] for payload in again.payloads if payload["task"] == "day"] == [
        days_ago(6),
        days_ago(1),
    ]
    forced = backfill.execute(days_ago(5), days_ago(2), name="forced", force=True)
    assert forced.output["days"]["done"] == 4
    after = backfill.worker.archiver.ledger.archive_records(SITE, whole(5, 2))
    assert [(r.checksum, r.etag, r.rows) for r in after] == [(r.checksum, r.etag, r.rows) for r in before]
    assert all(record.settled for record in after)
    versions = boto3.client("s3").list_object_versions(Bucket="cold-bucket", Prefix="timeseries/")["Versions"]
    assert len(versions) == 6


def test_an_empty_day_is_complete_too(backfill: Backfill) -> None:
    assert backfill.execute(days_ago(40), days_ago(40)).output["days"]["empty"] == 1
    again = backfill.execute(days_ago(40), days_ago(40), name="again")
    assert again.output["status"] == "succeeded"
    assert len(again.payloads) == 2
    backfill.assert_exact(whole(40, 40))


def test_force_stores_a_correction_of_the_source(backfill: Backfill) -> None:
    backfill.execute(days_ago(9), days_ago(9))
    name, time_ms = sorted(backfill.world.truth(whole(9, 9)))[3]
    backfill.world.simulator.put_samples(SITE, [(name, "4242.5", time_ms)])
    backfill.world.clock.forward(60)
    backfill.execute(days_ago(9), days_ago(9), name="forced", force=True)
    assert backfill.answers(whole(9, 9))[name, time_ms] == from_columns([0], [0], [4242.5]).values.tobytes()
    backfill.assert_exact(whole(9, 9))


def test_what_the_source_lost_stays(backfill: Backfill) -> None:
    backfill.execute(days_ago(9), days_ago(9))
    before = backfill.answers(whole(9, 9))
    backfill.worker.ingest.ace.pages = lambda *_: iter([])  # type: ignore[method-assign]
    backfill.world.clock.forward(60)
    forced = backfill.execute(days_ago(9), days_ago(9), name="forced", force=True)
    assert forced.output["days"] == {"done": 1, "empty": 0, "failed": 0, "cancelled": 0}
    assert backfill.answers(whole(9, 9)) == before


def test_expired_blocks_do_not_come_back(backfill: Backfill) -> None:
    """TTL deletes late: what the file has since learnt must not be undone by them."""
    world, span = backfill.world, whole(0)
    world.clock.now_ms += DAY_MS
    backfill.execute(days_ago(0), days_ago(0), name="first")
    for _ in range(2):
        world.clock.forward(60)
        backfill.worker.archiver.archive(SiteDay(SITE, TODAY))
    (name, time_ms), (_, elsewhere) = sorted(world.truth(span))[:2]
    assert floor_window(time_ms) != floor_window(elsewhere)
    world.simulator.put_samples(SITE, [(name, "4242.5", time_ms), (name, "4243.5", elsewhere)])
    world.clock.now_ms += 30 * DAY_MS
    before = world.client.scan(TableName="HotTable")["Items"]
    backfill.execute(days_ago(0), days_ago(0), name="later", force=True)
    after = world.client.scan(TableName="HotTable")["Items"]
    # The day's file alone was written.
    assert _blocks(after) == _blocks(before)
    assert backfill.blocks(span) > 12
    backfill.assert_exact(span)
    other = sorted(world.truth(span))[-1][0]
    late = from_columns([world.syncer.catalogs.load(SITE).by_name[other].id], [time_ms + 1], [1.5])
    backfill.worker.ingest.write(SITE, Span(TODAY, TODAY + HOUR_MS), [late], world.clock(), _tally(), 0)
    for _ in range(2):
        expected = world.truth(span) | {(other, time_ms + 1): late.values.tobytes()}
        assert backfill.answers(span) == expected
        world.clock.forward(60)
        backfill.worker.archiver.archive(SiteDay(SITE, TODAY))


def _blocks(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item in items if "#rollup#" not in item["pk"]["S"]]


def _tally() -> Any:
    from vitals.pipeline.ingest import Tally

    return Tally()


STEPS = [
    ("staging", "spans", 1),
    ("staging", "put_part", 3),
    ("staging", "finish", 2),
    ("staging", "fetch", 1),
    ("staging", "clear", 1),
    ("archiver.ledger", "_apply", 2),
    ("archiver.cold", "put", 1),
    ("archiver.ledger", "_apply", 5),
    ("archiver.rollups", "write", 1),
    ("archiver.ledger", "_apply", 6),
    ("archiver.ledger", "record", 1),
    ("runs", "update_day", 1),
    ("runs", "update_day", 26),
]
KILLS = [(*step, after) for step in STEPS for after in (False, True)]
# Before these, the day is not in the ledger; after them, it is done.
UNSETTLED = KILLS[
    KILLS.index(("archiver.ledger", "_apply", 2, True)) : KILLS.index(("archiver.ledger", "_apply", 6, True))
]


@pytest.mark.parametrize(
    ("owner_path", "method", "call", "after", "repeat"),
    [(*kill, "attempt") for kill in KILLS] + [(*kill, "archival") for kill in UNSETTLED],
)
def test_a_kill_at_any_step_is_completed_later(
    backfill: Backfill,
    owner_path: str,
    method: str,
    call: int,
    after: bool,
    repeat: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner: Any = backfill.worker
    for name in owner_path.split("."):
        owner = getattr(owner, name)
    day = days_ago(3)
    backfill.tasks.handle({"task": "plan", "run": "run", "asked": request(day, day)})
    with monkeypatch.context() as patch:
        read_by_hours(patch)
        if method == "put_part":
            # Otherwise a span is one part.
            patch.setattr("vitals.pipeline.ingest.FLUSH_SAMPLES", 1)
            patch.setattr(backfill.worker.ingest.ace, "page_size", 3)
        with killed_at(type(owner), method, call=call, after=after):
            backfill.worker.work("run", day)
    backfill.world.clock.forward(60)
    record = backfill.worker.archiver.ledger.archive_record(SiteDay.parse(SITE, day))
    if repeat == "archival":
        assert record.status in ("building", "verified")
        # The run is never taken up again; the night's archiving finds the day unsettled.
        there = backfill.worker.archiver.cold.present(SITE, whole(3, 3))
        backfill.worker.archiver.archive(SiteDay.parse(SITE, day))
        assert backfill.answers(whole(3, 3)) == (backfill.world.truth(whole(3, 3)) if there else {})
    backfill.worker.work("run", day)
    backfill.assert_exact(whole(3, 3))
    assert backfill.worker.archiver.ledger.archive_record(SiteDay.parse(SITE, day)).settled
    assert backfill.staged() == []


def request(start: str, end: str, **changes: Any) -> dict[str, Any]:
    return {"site": SITE, "start_date": start, "end_date": end} | changes


def test_a_retry_reads_only_missing_spans(backfill: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    read_by_hours(monkeypatch)
    day, remaining = days_ago(3), iter([600] * 10 + [0] + [600] * 100)
    backfill.worker = dataclasses.replace(backfill.worker, remaining_s=lambda: next(remaining))
    before = backfill.upstream_requests()
    ended = backfill.execute(day, day)
    assert ended.output["status"] == "succeeded"
    assert [payload["task"] for payload in ended.payloads].count("day") == 2
    assert backfill.upstream_requests() - before == 24
    assert (backfill.day(day).attempts, backfill.day(day).hours, backfill.day(day).requests) == (2, 24, 24)
    backfill.assert_exact(whole(3, 3))


def test_a_failing_day_does_not_stop_the_others(backfill: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    real = type(backfill.worker.ingest.ace).pages

    def pages(ace: Any, site: str, span: Span, *how: Any) -> Any:
        if day_name(span.start_ms) == days_ago(4):
            raise UpstreamUnavailableError("answered 503")
        return real(ace, site, span, *how)

    with monkeypatch.context() as patch:
        patch.setattr(type(backfill.worker.ingest.ace), "pages", pages)
        ended = backfill.execute(days_ago(5), days_ago(3))
    assert (ended.status, ended.error) == ("FAILED", "SomeDaysFailed")
    run = backfill.runs.load("run")
    assert run is not None
    assert run.status == "partial"
    failed = backfill.day(days_ago(4))
    assert (failed.status, failed.attempts) == ("failed", 3)
    assert failed.error == "UpstreamUnavailableError: answered 503"
    again = backfill.execute(days_ago(5), days_ago(3), name="again")
    assert again.output["days"] == {"done": 1, "empty": 0, "failed": 0, "cancelled": 0}
    backfill.assert_exact(whole(5, 3))


def test_an_open_circuit_stops_a_day_before_requests(backfill: Backfill) -> None:
    backfill.worker.circuits.store(Circuit(9, backfill.world.clock() + HOUR_MS))
    before = backfill.upstream_requests()
    ended = backfill.execute(days_ago(3), days_ago(3))
    assert ended.status == "FAILED"
    assert backfill.day(days_ago(3)).error.startswith("CircuitOpenError")
    assert backfill.upstream_requests() == before


def test_a_cancelled_run_keeps_its_days(backfill: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    api, finished = backfill.api(), []
    real = StagingArea.finish

    read_by_hours(monkeypatch)

    def finish(area: StagingArea, run: str, day: SiteDay, *staged: Any) -> None:
        real(area, run, day, *staged)
        finished.append(day.date)
        if finished.count(days_ago(4)) == 7:
            assert api.cancel(OPERATOR, "run")[0] == 202

    monkeypatch.setattr(StagingArea, "finish", finish)
    ended = backfill.execute(days_ago(5), days_ago(2))
    assert (ended.status, ended.output["status"]) == ("SUCCEEDED", "cancelled")
    assert ended.output["days"] == {"done": 1, "empty": 0, "failed": 0, "cancelled": 3}
    assert finished.count(days_ago(4)) == 7
    assert backfill.staged() == []
    assert api.cancel(OPERATOR, "run") == (
        200,
        {"id": "run", "status": "cancelled", "cancel_requested": True},
    )
    resumed = backfill.execute(days_ago(5), days_ago(2), name="resumed")
    assert resumed.output["days"]["done"] == 3
    backfill.assert_exact(whole(5, 2))


def test_a_second_run_is_refused_by_id(backfill: Backfill) -> None:
    backfill.executions.start("first", {})
    backfill.tasks.handle({"task": "plan", "run": "first", "asked": request(days_ago(5), days_ago(2))})
    second = backfill.execute(days_ago(40), days_ago(39), name="second")
    assert (second.status, second.error) == ("FAILED", "RunningError")
    api = backfill.api()
    with pytest.raises(RunningError) as refused:
        api.start(OPERATOR, request(days_ago(5), days_ago(2)))
    assert refused.value.running_id == "first"
    assert backfill.runs.load("second") is None


def test_a_lock_of_an_ended_execution_is_taken(backfill: Backfill) -> None:
    backfill.executions.start("first", {})
    backfill.tasks.handle({"task": "plan", "run": "first", "asked": request(days_ago(5), days_ago(2))})
    sfn = boto3.client("stepfunctions")
    [execution] = sfn.list_executions(stateMachineArn=machine())["executions"]
    sfn.stop_execution(executionArn=execution["executionArn"])
    assert backfill.execute(days_ago(3), days_ago(3), name="second").status == "SUCCEEDED"
    first = backfill.runs.load("first")
    assert first is not None
    assert (first.status, bool(first.ended_ms)) == ("cancelled", True)


def machine() -> str:
    [machine_record] = boto3.client("stepfunctions").list_state_machines()["stateMachines"]
    return str(machine_record["stateMachineArn"])


def test_a_lock_without_execution_is_taken_after_grace(backfill: Backfill) -> None:
    backfill.tasks.handle({"task": "plan", "run": "first", "asked": request(days_ago(5), days_ago(2))})
    assert backfill.execute(days_ago(3), days_ago(3), name="second").error == "RunningError"
    backfill.world.clock.forward(3)
    assert backfill.execute(days_ago(3), days_ago(3), name="third").status == "SUCCEEDED"


def test_two_starts_at_once_give_one_run(backfill: Backfill) -> None:
    api, gate = backfill.api(), threading.Barrier(2)

    def start(_: int) -> int:
        gate.wait(timeout=10)
        try:
            return api.start(OPERATOR, request(days_ago(5), days_ago(2)))[0]
        except (RunningError, ConflictError):
            return 409

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(start, range(2))) == [202, 409]


def test_two_workers_on_one_day_at_once_agree(backfill: Backfill) -> None:
    backfill.tasks.handle({"task": "plan", "run": "run", "asked": request(days_ago(3), days_ago(3))})
    gate = threading.Barrier(2)

    def work(_: int) -> None:
        gate.wait(timeout=10)
        try:
            backfill.worker.work("run", days_ago(3))
        except Exception:
            # Whoever loses says so, and its retry finds the day done or does it again.
            return

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    backfill.world.clock.forward(60)
    backfill.worker.work("run", days_ago(3))
    backfill.assert_exact(whole(3, 3))


def test_an_execution_stopped_by_hand_shows_as_ended(backfill: Backfill) -> None:
    backfill.executions.start("run", {})
    backfill.tasks.handle({"task": "plan", "run": "run", "asked": request(days_ago(5), days_ago(2))})
    api, sfn = backfill.api(), boto3.client("stepfunctions")
    assert api.get(READER, "run")["status"] == "running"
    [execution] = sfn.list_executions(stateMachineArn=machine())["executions"]
    sfn.stop_execution(executionArn=execution["executionArn"])
    run = api.get(READER, "run")
    assert (run["status"], run["ended_at"] is None) == ("cancelled", False)
    assert api.of_site(READER, SITE, 20)["backfills"][0]["status"] == "cancelled"


def test_a_run_tells_its_progress(backfill: Backfill) -> None:
    api = backfill.api("run")
    status, answer = api.start(OPERATOR, request(days_ago(4), days_ago(1)))
    assert (status, answer["id"], answer["status"], answer["days_total"]) == (202, "run", "running", 4)
    assert answer["estimate"]["requests"] == 4
    assert api.get(READER, "run")["progress_percent"] == 0
    backfill.worker.work("run", days_ago(4))
    backfill.world.clock.forward(1)
    run = api.get(READER, "run")
    assert (run["progress_percent"], run["days_done"], run["requested_by"]) == (25.0, 1, "ops")
    assert run["estimated_end"] == iso(backfill.world.clock() + 3 * MINUTE_MS)
    assert run["samples_per_second"] == pytest.approx(run["samples"] / 60, abs=0.1)
    day, *waiting = run["days"]
    assert {day["status"] for day in waiting} == {"waiting"}
    assert (day["date"], day["status"], day["hours"], day["requests"]) == (days_ago(4), "done", 24, 1)
    for ago in (3, 2, 1):
        backfill.worker.work("run", days_ago(ago))
    backfill.tasks.handle({"task": "summarise", "run": "run", "days": []})
    run = api.get(READER, "run")
    assert (run["status"], run["progress_percent"], run["estimated_end"]) == ("succeeded", 100.0, None)
    assert api.of_site(READER, SITE, 20)["backfills"] == [{k: v for k, v in run.items() if k != "days"}]


def test_a_dry_run_changes_nothing(backfill: Backfill) -> None:
    def state() -> Any:
        return backfill.world.client.scan(TableName="StateTable")["Items"]

    before = state()
    ended = backfill.execute(days_ago(40), days_ago(1), dry_run=True)
    assert ended.status == "SUCCEEDED"
    assert len(ended.output["days"]) == 40
    assert set(ended.output["estimate"]) == {"requests", "minutes", "dollars"}
    status, answer = backfill.api().start(OPERATOR, request(days_ago(40), days_ago(1), dry_run=True))
    assert (status, answer["dry_run"], answer["days_total"]) == (200, True, 40)
    assert state() == before


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"site": "elsewhere"}, NotFoundError),
        ({"site": "unsynced"}, InvalidRequestError),
        ({"site": "../x"}, InvalidRequestError),
        ({"start_date": "2025-02-30"}, InvalidRequestError),
        ({"start_date": "yesterday"}, InvalidRequestError),
        ({"start_date": "2025-12-20", "end_date": "2025-12-19"}, InvalidRequestError),
        ({"end_date": "2026-01-02"}, InvalidRequestError),
        ({"start_date": "2023-01-01"}, InvalidRequestError),
        ({"force": "yes"}, InvalidRequestError),
        ({"more": 1}, InvalidRequestError),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    backfill: Backfill, event: dict[str, Any], error: type[Exception]
) -> None:
    refused = request(days_ago(5), days_ago(2)) | event
    with pytest.raises(error):
        backfill.tasks.handle({"task": "plan", "run": "run", "asked": refused})
    assert backfill.runs.load("run") is None
    assert backfill.runs.of_site(SITE, 10) == []


def test_grants_are_kept(backfill: Backfill) -> None:
    api = backfill.api("run")
    stranger = Grant("x", frozenset({"read", "backfill"}), frozenset({"other"}))
    for grant in (READER, stranger):
        with pytest.raises(ForbiddenError):
            api.start(grant, request(days_ago(5), days_ago(2)))
    api.start(OPERATOR, request(days_ago(5), days_ago(2)))
    with pytest.raises(ForbiddenError):
        api.cancel(READER, "run")
    for look in (
        lambda: api.get(stranger, "run"),
        lambda: api.cancel(stranger, "run"),
        lambda: api.get(READER, "no"),
    ):
        with pytest.raises(NotFoundError):
            look()
    with pytest.raises(ForbiddenError):
        api.of_site(stranger, SITE, 5)


def test_memory_holds_one_group_of_what_is_staged(tmp_path: Any) -> None:
    from vitals.codec import staged_span

    ids = [0, 0, 1, GROUP_SIZE, GROUP_SIZE + 5]
    first = from_columns(ids, [1, 2, 1, 1, 1], [1.0, 2.0, 3.0, 4.0, -0.0])
    second = from_columns([0, GROUP_SIZE * 3], [2, 9], [9.0, 5.0])
    files = []
    for number, samples in enumerate((first, second)):
        files.append(tmp_path / str(number))
        files[-1].write_bytes(staged_span.encode(samples))
    parts = staged_span.StagedParts(files)
    assert parts.group(0).equals(from_columns([0, 0, 1], [1, 2, 1], [1.0, 9.0, 3.0]))
    assert parts.group(1).equals(from_columns([GROUP_SIZE, GROUP_SIZE + 5], [1, 1], [4.0, -0.0]))
    assert not len(parts.group(2))
    assert len(parts.group(3)) == 1
    assert staged_span.decode(files[0]).equals(first)


def test_every_call_of_the_tasks_is_allowed(backfill: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    """No emulator looks at policies."""
    called: set[str] = set()
    real = BaseClient._make_api_call

    def noted(client: Any, operation: str, parameters: Any) -> Any:
        called.add(f"{client.meta.service_model.service_name}:{operation}")
        return real(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    backfill.execute(days_ago(3), days_ago(0))
    api = backfill.api("over-http")
    api.start(OPERATOR, request(days_ago(5), days_ago(4)))
    api.of_site(READER, SITE, 5)
    for function in ("BackfillFunction", "BackfillApiFunction"):
        [policy] = template()["Resources"][function]["Properties"]["Policies"]
        allowed: set[str] = set()
        for statement in policy["Statement"]:
            if statement["Effect"] == "Allow":
                actions = statement["Action"]
                allowed |= {actions} if isinstance(actions, str) else set(actions)
        needed = {call for call in called if call.startswith("dynamodb:")}
        if function == "BackfillApiFunction":
            needed = {
                "dynamodb:" + name for name in ("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")
            }
        assert needed <= allowed, function


def settle(backfill: Backfill) -> None:
    for _ in range(2):
        backfill.world.clock.forward(60)
        backfill.worker.archiver.archive(SiteDay(SITE, TODAY))


@pytest.fixture
def late_blocks(backfill: Backfill) -> tuple[str, int]:
    """A day of a month ago that was just written to and archived again: its blocks live a day more."""
    world = backfill.world
    world.clock.now_ms += DAY_MS
    backfill.execute(days_ago(0), days_ago(0), name="first")
    settle(backfill)
    world.clock.now_ms += 30 * DAY_MS
    name, time_ms = sorted(world.truth(whole(0)))[0]
    world.simulator.put_samples(SITE, [(name, "1.5", time_ms + 1)])
    window_ms = floor_window(time_ms)
    world.reread(Span(window_ms, window_ms + HOUR_MS))
    settle(backfill)
    return name, time_ms


def test_a_correction_survives_older_blocks(backfill: Backfill, late_blocks: tuple[str, int]) -> None:
    world, (name, time_ms) = backfill.world, late_blocks
    world.simulator.put_samples(SITE, [(name, "4242.5", time_ms)])
    backfill.execute(days_ago(0), days_ago(0), name="forced", force=True)
    backfill.assert_exact(whole(0))
    world.clock.forward(40)
    name, time_ms = sorted(world.truth(whole(0)))[-1]
    world.simulator.put_samples(SITE, [(name, "7.5", time_ms + 1)])
    world.reread(Span(floor_window(time_ms), floor_window(time_ms) + WINDOW_MS))
    backfill.assert_exact(whole(0))
    settle(backfill)
    world.clock.now_ms += 3 * DAY_MS
    backfill.assert_exact(whole(0))


def test_the_night_completes_a_worker_killed_after_put(
    backfill: Backfill, late_blocks: tuple[str, int]
) -> None:
    name, time_ms = late_blocks
    backfill.world.simulator.put_samples(SITE, [(name, "4242.5", time_ms)])
    backfill.tasks.handle(
        {"task": "plan", "run": "run", "asked": request(days_ago(0), days_ago(0), force=True)}
    )
    with killed_at(ColdTier, "put", after=True):
        backfill.worker.work("run", days_ago(0))
    settle(backfill)
    backfill.assert_exact(whole(0))


@pytest.mark.parametrize("ago", [3, 14])
def test_archiving_during_a_backfill_hides_no_day(
    backfill: Backfill, monkeypatch: pytest.MonkeyPatch, ago: int
) -> None:
    archiver, day_ms = backfill.worker.archiver, TODAY - ago * DAY_MS
    backfill.tasks.handle({"task": "plan", "run": "run", "asked": request(days_ago(ago), days_ago(ago))})
    real, built = archiver_module.build_day, []

    def build(*arguments: Any, **options: Any) -> Any:
        result = real(*arguments, **options)
        if not built:
            built.append(1)
            backfill.worker.work("run", days_ago(ago))
        return result

    with monkeypatch.context() as patch:
        patch.setattr(archiver_module, "build_day", build)
        with pytest.raises(ConflictError):
            archiver.archive(SiteDay(SITE, day_ms))
    for _ in range(2):
        backfill.assert_exact(whole(ago, ago))
        backfill.world.clock.forward(60)
        archiver.archive(SiteDay(SITE, day_ms))


def test_a_span_up_to_the_present_is_continued(backfill: Backfill) -> None:
    """The live sync is down, so the day has no blocks; an attempt at noon, and one after midnight."""
    world, day = backfill.world, days_ago(-1)
    world.clock.now_ms = TODAY + DAY_MS + 12 * HOUR_MS + 31 * MINUTE_MS
    backfill.tasks.handle({"task": "plan", "run": "run", "asked": request(day, day)})
    with killed_at(StagingArea, "fetch"):
        backfill.worker.work("run", day)
    world.clock.now_ms = TODAY + 2 * DAY_MS + HOUR_MS
    assert backfill.worker.work("run", day)["status"] == "done"
    backfill.assert_exact(whole(-1, -1))


def test_what_was_read_earlier_is_stored_as_earlier(backfill: Backfill) -> None:
    """A day of blocks: a sync that read after the span was staged has the later word."""
    world = backfill.world
    world.clock.now_ms += DAY_MS
    name, time_ms = sorted(world.truth(whole(0)))[-1]
    backfill.tasks.handle({"task": "plan", "run": "run", "asked": request(days_ago(0), days_ago(0))})
    real = StagingArea.fetch

    def fetch(*arguments: Any) -> Any:
        world.clock.forward(5)
        world.simulator.put_samples(SITE, [(name, "4242.5", time_ms)])
        world.reread(Span(floor_window(time_ms), floor_window(time_ms) + WINDOW_MS))
        return real(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StagingArea, "fetch", fetch)
        backfill.worker.work("run", days_ago(0))
    backfill.assert_exact(whole(0))


def test_samples_outside_of_the_span_are_rejected(
    backfill: Backfill, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by_hours(monkeypatch)
    ace = type(backfill.worker.ingest.ace)
    real, name = ace.pages, sorted(backfill.worker.archiver.catalogs.load(SITE).active_ids)[0]

    def pages(client: Any, site: str, span: Span, accept: Any, *size: Any) -> Any:
        outside = (span.start_ms - 1, span.end_ms)
        yield accept([{"name": name, "value": "1", "time": iso(time_ms)} for time_ms in outside])
        yield from real(client, site, span, accept, *size)

    monkeypatch.setattr(ace, "pages", pages)
    assert backfill.execute(days_ago(3), days_ago(3)).output["status"] == "succeeded"
    backfill.assert_exact(whole(3, 3))
    assert backfill.day(days_ago(3)).rejected >= 48


def test_days_completed_before_the_plan_are_not_failed(backfill: Backfill) -> None:
    api = backfill.api("run")
    other = backfill.runs
    api.start(OPERATOR, request(days_ago(4), days_ago(3)))
    other.unlock(SITE, "run")
    backfill.execute(days_ago(4), days_ago(4), name="other")
    ended = backfill.execute(days_ago(4), days_ago(3))
    assert (ended.status, ended.output["days"]["failed"]) == ("SUCCEEDED", 0)
    assert (api.get(READER, "run")["days_total"], api.get(READER, "run")["days_complete"]) == (1, 1)


def test_a_name_is_used_once(backfill: Backfill) -> None:
    backfill.execute(days_ago(4), days_ago(4))
    again = backfill.execute(days_ago(4), days_ago(3), force=True)
    assert (again.status, again.error) == ("FAILED", "InvalidRequestError")
    assert backfill.execute(days_ago(4), days_ago(3), name="another").status == "SUCCEEDED"


def test_a_start_whose_answer_is_lost_goes_on(backfill: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Executions.start

    def start(*arguments: Any) -> None:
        real(*arguments)
        raise TimeoutError

    monkeypatch.setattr(Executions, "start", start)
    status, answer = backfill.api().start(OPERATOR, request(days_ago(4), days_ago(3)))
    assert status == 202
    assert backfill.api().get(READER, answer["id"])["status"] == "running"


def test_a_worker_stops_with_its_execution(backfill: Backfill) -> None:
    backfill.executions.start("run", {})
    backfill.tasks.handle({"task": "plan", "run": "run", "asked": request(days_ago(4), days_ago(3))})
    [execution] = boto3.client("stepfunctions").list_executions(stateMachineArn=machine())["executions"]
    boto3.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
    assert backfill.api().get(READER, "run")["status"] == "cancelled"
    assert backfill.worker.work("run", days_ago(4))["status"] == "cancelled"


def test_a_running_backfill_lists_every_day(backfill: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    api = backfill.api("run")
    api.start(OPERATOR, request(days_ago(4), days_ago(2)))
    backfill.worker.work("run", days_ago(4))

    def refused(*_: Any) -> Any:
        raise ClientError({"Error": {"Message": "arn:aws:iam::123456789012:role/x"}}, "PutItem")

    with monkeypatch.context() as patch:
        patch.setattr(StagingArea, "fetch", refused)
        with pytest.raises(ClientError):
            backfill.worker.work("run", days_ago(3))
    run = api.get(READER, "run")
    assert [day["status"] for day in run["days"]] == ["done", "failed", "waiting"]
    assert run["days"][1]["error"] == "ClientError"
    assert (run["days_done"], run["days_failed"], run["samples"]) == (1, 1, run["days"][0]["samples"])
    assert 33 < run["progress_percent"] < 70
    backfill.worker.work("run", days_ago(3))
    backfill.tasks.handle({"task": "summarise", "run": "run", "days": [], "error": "States.Runtime"})
    run = api.get(READER, "run")
    assert (run["status"], run["days_done"], run["days_failed"]) == ("partial", 2, 1)


def test_running_out_of_time_is_no_upstream_failure(
    backfill: Backfill, monkeypatch: pytest.MonkeyPatch
) -> None:
    backfill.worker = dataclasses.replace(backfill.worker, remaining_s=lambda: 30)
    ace = type(backfill.worker.ingest.ace)
    backfill.tasks.handle({"task": "plan", "run": "run", "asked": request(days_ago(4), days_ago(4))})

    def late(*_: Any) -> Any:
        raise UpstreamUnavailableError("the next request slot is 35 s away, after the caller's time limit")

    monkeypatch.setattr(ace, "pages", late)
    with pytest.raises(UnfinishedDayError):
        backfill.worker.work("run", days_ago(4))


def test_the_pace_limits_concurrent_days() -> None:
    large = Catalog(tuple(Point(i, ListedPoint(f"p{i}", interval_s=10)) for i in range(4_583)))
    assert concurrent_days(large, 50, 2) == 2
    assert concurrent_days(large, 50, 40) == 12
    assert concurrent_days(large, 60_000, 40) == 40
    with pytest.raises(InvalidRequestError, match="AceRequestsPerMinute"):
        concurrent_days(large, 2, 2)
