from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.records.ledger import (
    CLOCK_TOLERANCE_MS,
    EXPIRY_GRACE_MS,
    WRITE_GRACE_MS,
    ArchiveChange,
    ArchivedFile,
    ArchivedQuality,
    ArchiveRecord,
    Attempt,
    Precondition,
    changed,
)
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS

DAY = SiteDay("home", 20_000 * DAY_MS)
FILE = ArchivedFile(rows=1_000, points=2, bytes=300, checksum="c0", etag='"e"', version="v1", windows=288)
STARTED, BEGAN, ENDED = DAY.day_ms + DAY_MS, DAY.day_ms + DAY_MS + 5_000, DAY.day_ms + DAY_MS + 9_500
EXPIRES = DAY.day_ms + 40 * DAY_MS
NONE, LATEST, LATEST_AND_CURRENT, LATER_EXPIRY, EARLIER_CHANGE = Precondition


def reading(record: ArchiveRecord, now_ms: int = BEGAN, attempt_id: str = "a") -> Attempt:
    attempt = Attempt.after(DAY, record, STARTED, attempt_id)
    return attempt.begin_read(record, now_ms=now_ms, source="hot", expires_ms=EXPIRES)


def after(record: ArchiveRecord, *steps: tuple[ArchiveChange, ...]) -> ArchiveRecord:
    for change in (change for step in steps for change in step):
        changed = change.applied_to(record)
        assert changed or change.optional, f"conflict: {change}"
        record = changed or record
    return record


def test_the_changes_of_each_step_in_order() -> None:
    attempt = reading(ArchiveRecord(DAY.day_ms, attempts=2))
    expiry = ({"expires_ms": EXPIRES}, LATER_EXPIRY, True)
    building = {"status": "building", "attempt": "a", "replaces": "e0"}
    building["replaces_until_ms"] = BEGAN + WRITE_GRACE_MS
    verified = {"status": "verified", "attempt": "a", "began_ms": BEGAN, **asdict(FILE)}
    done = {"attempt": "a", "status": "done", "source": "hot", "seconds": 9.5, "error": "", "rollups": 2}
    done |= {"quality": "q1", "findings": "{}", "quality_error": ""}
    failed = {"status": "failed", "attempt": "a", "error": "ValueError: x"}
    steps = {
        "started": (attempt.started(), [({"attempts": 3, "attempt": "a"}, NONE, False)]),
        "replacing": (attempt.replacing("e0", BEGAN), [(building, LATEST, False), expiry]),
        "verified": (attempt.verified(FILE), [expiry, (verified, LATEST_AND_CURRENT, False)]),
        "done": (attempt.done(ENDED, ArchivedQuality("q1", "{}")), [(done, LATEST, False)]),
        "failed": (attempt.failed(ValueError("x")), [(failed, LATEST, True)]),
    }
    for name, (changes, expected) in steps.items():
        assert [(c.facts, c.precondition, c.optional) for c in changes] == expected, name


@pytest.mark.parametrize(
    ("changed_ms", "is_settled"),
    [
        (None, True),
        (BEGAN - WRITE_GRACE_MS - 1, True),
        (BEGAN - WRITE_GRACE_MS, False),
        (BEGAN - 1, False),
        (ENDED, False),
    ],
)
def test_days_settle_a_grace_after_a_change(changed_ms: int | None, is_settled: bool) -> None:
    record = ArchiveRecord(DAY.day_ms, status="done", began_ms=BEGAN, changed_ms=changed_ms)
    assert record.settled == is_settled


def test_a_whole_attempt_leaves_a_settled_record() -> None:
    before = ArchiveRecord(DAY.day_ms, status="failed", attempts=1, error="OSError: x")
    attempt = reading(before)
    record = after(
        before, attempt.started(), attempt.replacing("", BEGAN), attempt.verified(FILE), attempt.done(ENDED)
    )
    assert record.settled and record.countable
    assert (record.attempts, record.source, record.seconds, record.error) == (2, "hot", 9.5, "")
    assert (record.etag, record.rows, record.windows) == (FILE.etag, FILE.rows, FILE.windows)
    assert record.expires_ms == EXPIRES


def test_a_failed_attempt_names_the_last_verified_file() -> None:
    first = reading(ArchiveRecord(DAY.day_ms))
    verified = after(ArchiveRecord(DAY.day_ms), first.started(), first.verified(FILE))
    again = reading(verified, BEGAN + 1, "b")
    replacing = again.replacing(FILE.etag, BEGAN + 1)
    record = after(verified, again.started(), replacing, again.failed(OSError("disk full")))
    assert not record.settled
    assert (record.etag, record.status, record.error) == (FILE.etag, "failed", "OSError: disk full")


def test_an_attempt_without_a_read_can_fail() -> None:
    attempt = Attempt.after(DAY, ArchiveRecord(DAY.day_ms), STARTED, "a")
    assert after(ArchiveRecord(DAY.day_ms), attempt.started(), attempt.failed(OSError())).status == "failed"


@given(st.none() | st.integers(BEGAN - 2, BEGAN + 2))
def test_a_later_archiving_record_is_not_overwritten(began_ms: int | None) -> None:
    record = ArchiveRecord(DAY.day_ms, began_ms=began_ms, attempt="a")
    [_, verified] = reading(ArchiveRecord(DAY.day_ms)).verified(FILE)
    assert verified.is_permitted(record) == (began_ms is None or began_ms <= BEGAN)


def test_only_the_attempt_that_started_last_makes_steps() -> None:
    first, second = reading(ArchiveRecord(DAY.day_ms)), reading(ArchiveRecord(DAY.day_ms), attempt_id="b")
    record = after(ArchiveRecord(DAY.day_ms), first.started(), second.started())
    for attempt, is_permitted in ((first, False), (second, True)):
        steps = [attempt.replacing("", BEGAN), attempt.verified(FILE), attempt.done(ENDED)]
        for step in [*steps, attempt.failed(OSError())]:
            [change] = [change for change in step if "status" in change.facts]
            assert change.is_permitted(record) == is_permitted, change


@pytest.mark.parametrize(
    ("replaces", "until_ms", "expected"),
    [(FILE.etag, BEGAN - 1, True), (FILE.etag, BEGAN, False), ("e0", BEGAN, True), ("", None, True)],
)
def test_files_that_may_be_replaced_are_unverified(
    replaces: str, until_ms: int | None, expected: bool
) -> None:
    record = ArchiveRecord(DAY.day_ms, attempt="a", replaces=replaces, replaces_until_ms=until_ms)
    [_, verified] = reading(ArchiveRecord(DAY.day_ms)).verified(FILE)
    assert verified.is_permitted(record) == expected


@pytest.mark.parametrize(
    ("last_ms", "expected_ms"),
    [
        (None, BEGAN),
        (BEGAN - 1, BEGAN),
        (BEGAN, BEGAN + 1),
        (BEGAN + CLOCK_TOLERANCE_MS, BEGAN + CLOCK_TOLERANCE_MS + 1),
        # No clock of this stack: a conflict, and the day stays due.
        (BEGAN + CLOCK_TOLERANCE_MS + 1, BEGAN),
    ],
)
def test_an_attempt_begins_after_the_last_verified_one(last_ms: int | None, expected_ms: int) -> None:
    assert reading(ArchiveRecord(DAY.day_ms, began_ms=last_ms)).began_ms == expected_ms


@pytest.mark.parametrize(("ms", "expected"), [(-1, True), (0, False)])
def test_blocks_live_a_little_longer_by_other_clocks(ms: int, expected: bool) -> None:
    record = ArchiveRecord(
        DAY.day_ms, changed_ms=DAY.day_ms, began_ms=BEGAN, status="done", expires_ms=EXPIRES
    )
    assert record.has_blocks(EXPIRES + CLOCK_TOLERANCE_MS + ms) == expected


@given(st.none() | st.integers(EXPIRES - 2, EXPIRES + 2))
def test_an_expiry_only_comes_nearer(expires_ms: int | None) -> None:
    record = ArchiveRecord(DAY.day_ms, expires_ms=expires_ms)
    [_, expiry] = reading(record).replacing("", BEGAN)
    assert after(record, (expiry,)).expires_ms == min(EXPIRES, EXPIRES if expires_ms is None else expires_ms)


def test_rollups_are_old_until_an_archiving_is_done() -> None:
    """The record of an older release, and of a day that was never archived."""
    assert not ArchiveRecord(DAY.day_ms).has_old_rollups
    attempt = reading(ArchiveRecord(DAY.day_ms, etag='"e"', status="done"))
    verified = after(ArchiveRecord(DAY.day_ms), attempt.started(), attempt.verified(FILE))
    assert verified.has_old_rollups
    assert after(verified, attempt.failed(ValueError("x"))).has_old_rollups
    assert not after(verified, attempt.done(ENDED)).has_old_rollups


@given(st.lists(st.integers(BEGAN - 3, BEGAN + 3), min_size=1))
def test_the_time_of_changes_only_grows(times: list[int]) -> None:
    record = ArchiveRecord(DAY.day_ms)
    for time_ms in times:
        record = changed(time_ms).applied_to(record) or record
    assert record.changed_ms == max(times)
    assert changed(BEGAN).precondition is EARLIER_CHANGE


@pytest.mark.parametrize(
    ("recorded", "now_ms", "expected"),
    [
        (EXPIRES, EXPIRES + DAY_MS, EXPIRES),
        (None, DAY.day_ms, DAY.day_ms + 8 * DAY_MS),
        (None, DAY.day_ms + 30 * DAY_MS, DAY.day_ms + 30 * DAY_MS + EXPIRY_GRACE_MS),
    ],
)
def test_until_when_the_blocks_of_a_day_live(recorded: int | None, now_ms: int, expected: int) -> None:
    assert ArchiveRecord(DAY.day_ms, expires_ms=recorded).block_expiry_ms(7, now_ms) == expected


def test_blocks_marked_late_live_one_more_day() -> None:
    attempt = reading(ArchiveRecord(DAY.day_ms))
    assert attempt.blocks_expire_ms(EXPIRES - 2 * DAY_MS) == EXPIRES
    assert attempt.blocks_expire_ms(EXPIRES) == EXPIRES + EXPIRY_GRACE_MS
