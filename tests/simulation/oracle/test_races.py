"""Two archivings of one day at once, on servers in memory, at each pair of moments to wait or to die.

The first attempt makes some calls, the second makes some, and then each of them goes on or is killed.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from tests.simulation.oracle.store_world import DAY, NAMES, SITE, DirectClient, Inline, World
from tests.simulation.stack import BUCKET
from tests.support.equal_buckets import aggregate
from tests.support.kill import Killed
from vitals.aws.clients import CONFIG
from vitals.aws.runtime import Runtime
from vitals.errors import BlocksExistError, DayFileTruncatedError, VitalsError
from vitals.model.samples import Samples, concat, from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import HOUR_MS, MINUTE_MS, floor_window
from vitals.pipeline.archiver import Archiver
from vitals.store.stores import Stores
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.day_object import Stored

BEHIND_MS = 2 * MINUTE_MS
END = 1_000

type Archive = Callable[[Archiver], Any]
type Rows = Mapping[tuple[int, int], float]
"""Values by point id and time (UTC ms)."""


class Racing:
    """An attempt that makes as many calls as it is permitted; its clock differs from the world's."""

    def __init__(self, world: World, archive: Archive, clock_ms: int = 0) -> None:
        self.receipt: Any = None
        self._permitted, self._is_killed, self._has_ended = 0, False, False
        self._turn, self._waits = threading.Semaphore(0), threading.Semaphore(0)
        servers = {"dynamodb": world.dynamodb, "s3": world.s3}
        runtime = Runtime(
            now_ms=lambda: world.now_ms + clock_ms,
            pool=lambda workers, name: Inline(),
            client=lambda service, config=None: DirectClient(service, self._gated(world, servers[service])),
        )
        settings = SimpleNamespace(
            hot_table="HotTable", state_table="StateTable", cold_bucket=BUCKET, max_day_file_bytes=2**28
        )
        archiver = Archiver.connect(Stores.connect(settings, runtime, CONFIG), runtime, 2)
        threading.Thread(target=self._run, args=(archive, archiver), daemon=True).start()
        self._waits.acquire()

    def proceed(self, calls: int = END) -> None:
        """Makes so many calls, or as many as remain."""
        if calls and not self._has_ended:
            self._permitted = calls
            self._turn.release()
            self._waits.acquire()

    def kill(self) -> None:
        self._is_killed = True
        self.proceed()

    def _gated(self, world: World, server: Any) -> Any:
        def call(operation: str, request: Any) -> Any:
            if not self._permitted:
                self._wait()
            if self._is_killed:
                raise Killed
            self._permitted -= 1
            world.now_ms += 1_000
            return server.call(operation, request)

        return SimpleNamespace(call=call)

    def _wait(self) -> None:
        self._waits.release()
        self._turn.acquire()

    def _run(self, archive: Archive, archiver: Archiver) -> None:
        self._wait()
        try:
            self.receipt = archive(archiver)
        except (VitalsError, Killed):
            pass
        finally:
            self._has_ended = True
            self._waits.release()


FIRST, SECOND = ({(point, DAY.day_ms + HOUR_MS): point + 0.5} for point in (0, 1))


def fresh(rows: Rows) -> Archive:
    """Returns the archiving of a backfill that read these rows."""
    [((point, time_ms), value)] = rows.items()
    samples = from_columns([point], [time_ms], [value])
    return lambda archiver: archiver.archive_fresh(DAY, lambda group: samples, "backfill")


def from_blocks(archiver: Archiver) -> Any:
    return archiver.archive(DAY)


def rows_of(samples: Samples) -> Rows:
    ids, times, values = samples.ids.tolist(), samples.times.tolist(), samples.values.tolist()
    return {(point, time_ms): value for point, time_ms, value in zip(ids, times, values, strict=True)}


def archived(world: World) -> Samples:
    """Returns the samples of the day's file."""
    parts = []
    for group in world.stores.cold.groups(DAY):
        ids = [NAMES.index(group.names[index]) for index in group.samples.ids.tolist()]
        parts.append(Samples(np.array(ids, np.int32), group.samples.times, group.samples.values))
    return concat(parts)


def assert_consistent(world: World) -> None:
    """A day that is done has the file of its record, and the rollups of that file."""
    record = world.stores.ledger.archive_record(DAY)
    if record.status != "done":
        return
    stored, _ = world.stores.cold.describe(DAY)
    assert stored.etag == record.etag, "the file is not the ledger's"
    samples = archived(world)
    rollups = world.stores.rollups.read(SITE, range(len(NAMES)), DAY.span)
    assert rollups.rows.equals(aggregate(samples, HOUR_MS)), "the rollups are not those of the file"


def assert_expiring_blocks_archived(world: World) -> None:
    samples, blocks = world.stores.hot.read_group(SITE, 0, DAY.span, 0)
    expiring = {block.window_ms for block in blocks if block.expires_at is not None}
    rows = {key: value for key, value in rows_of(samples).items() if floor_window(key[1]) in expiring}
    assert not rows or rows.items() <= rows_of(archived(world)).items(), (
        "a block expires that is not archived"
    )


class Unreadable:
    """A cold tier whose files cannot be read back."""

    def __init__(self, cold: ColdTier) -> None:
        self._cold = cold

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cold, name)

    def groups(self, day: SiteDay, stored: Stored) -> Any:
        raise DayFileTruncatedError(f"the file of {day} ends too early")


def unreadable(archiver: Archiver) -> Any:
    return fresh(FIRST)(replace(archiver, cold=cast(ColdTier, Unreadable(archiver.cold))))


BLANK, FILED, HOT = "blank", "filed", "hot"
type Case = tuple[str, tuple[Archive, Rows], tuple[Archive, Rows]]
CASES: dict[str, Case] = {
    "backfills of a new day": (BLANK, (fresh(FIRST), FIRST), (fresh(SECOND), SECOND)),
    "backfills of an archived day": (FILED, (fresh(FIRST), FIRST), (fresh(SECOND), SECOND)),
    "backfill, archiving": (FILED, (fresh(FIRST), FIRST), (from_blocks, {})),
    "archiving, backfill": (FILED, (from_blocks, {}), (fresh(SECOND), SECOND)),
    "archivings of a hot day": (HOT, (from_blocks, {}), (from_blocks, {})),
    "equal backfills, one is not verified": (BLANK, (unreadable, {}), (fresh(FIRST), FIRST)),
}
FATES = ((True, True), (True, False), (False, True), (False, False))


def world_of(state: str) -> World:
    world = World()
    if state == FILED:
        world.archiver.archive_fresh(DAY, lambda group: from_columns([0], [DAY.day_ms], [1.0]), "backfill")
    if state == HOT:
        world.fetch({"boiler": {DAY.day_ms: 1.0}, "chiller": {DAY.day_ms + HOUR_MS: 2.0}})
    world.now_ms += HOUR_MS
    return world


def race(case: str, calls: tuple[int, int], survivors: tuple[bool, bool], clock_ms: int) -> None:
    state, first, second = CASES[case]
    world = world_of(state)
    attempts = [Racing(world, first[0]), Racing(world, second[0], clock_ms)]
    for attempt, permitted in zip(attempts, calls, strict=True):
        attempt.proceed(permitted)
        assert_consistent(world)
    for attempt, survives in zip(attempts, survivors, strict=True):
        attempt.proceed() if survives else attempt.kill()
        assert_consistent(world)
        assert_expiring_blocks_archived(world)
    world.now_ms += 40 * MINUTE_MS
    world.archiver.archive(DAY)
    assert world.stores.ledger.archive_record(DAY).settled
    assert_consistent(world)
    rows = rows_of(archived(world))
    for attempt, (_, read) in zip(attempts, (first, second), strict=True):
        assert attempt.receipt is None or read.items() <= rows.items(), "an acknowledged sample is lost"


# Each ended, before attempts had ids, with a day done while its file or rollups were another attempt's.
@pytest.mark.parametrize(
    ("case", "calls", "survivors", "clock_ms"),
    [
        ("backfills of a new day", (12, 11), (True, True), 0),
        ("backfills of a new day", (9, 14), (True, True), -BEHIND_MS),
        ("backfills of an archived day", (12, 9), (True, True), 0),
        ("backfills of an archived day", (10, 22), (True, True), -BEHIND_MS),
        ("backfill, archiving", (7, 11), (True, True), 0),
        ("backfill, archiving", (2, 11), (True, True), BEHIND_MS),
        ("archiving, backfill", (11, 11), (True, False), 0),
        ("archiving, backfill", (11, 21), (True, True), -BEHIND_MS),
        ("equal backfills, one is not verified", (8, END), (True, True), 0),
    ],
)
def test_a_day_is_done_with_one_attempts_file(
    case: str, calls: tuple[int, int], survivors: tuple[bool, bool], clock_ms: int
) -> None:
    race(case, calls, survivors, clock_ms)


@pytest.mark.parametrize("case", CASES)
def test_attempts_race_and_die(case: str) -> None:
    """At other moments each time that the calls of an archiving change."""
    random = Random(case)
    for _ in range(12):
        calls = random.randrange(25), random.randrange(25)
        race(case, calls, random.choice(FATES), random.choice((0, BEHIND_MS, -BEHIND_MS)))


def test_blocks_refuse_an_archiving_without() -> None:
    world = world_of(HOT)
    with pytest.raises(BlocksExistError):
        fresh(FIRST)(world.archiver)
    _, blocks = world.stores.hot.read_group(SITE, 0, DAY.span, 0)
    assert {block.expires_at for block in blocks} == {None}
    assert world.stores.ledger.archive_record(DAY).status == "failed"
    assert world.stores.cold.present(SITE, DAY.span) == set()


def test_a_put_to_come_keeps_days_due() -> None:
    """The file is the same before and after the archiving, so its put does not refuse the other's."""
    calls = next(calls for calls in range(END) if announced(calls))
    world = world_of(FILED)
    backfill, archiving = Racing(world, fresh(FIRST)), Racing(world, from_blocks)
    backfill.proceed(calls)
    archiving.proceed()
    assert archiving.receipt is None
    assert not world.stores.ledger.archive_record(DAY).settled
    backfill.kill()
    world.now_ms += 40 * MINUTE_MS
    world.archiver.archive(DAY)
    assert world.stores.ledger.archive_record(DAY).settled


def announced(calls: int) -> bool:
    world = world_of(FILED)
    backfill = Racing(world, fresh(FIRST))
    backfill.proceed(calls)
    status = world.stores.ledger.archive_record(DAY).status
    backfill.kill()
    return status == "building"
