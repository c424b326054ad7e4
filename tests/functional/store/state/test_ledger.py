"""The ledger applies a change of a day's archive as the model does, and writes declared statuses only."""

from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vitals.errors import ConflictError
from vitals.model.records.ledger import (
    ArchiveChange,
    ArchivedFile,
    ArchiveRecord,
    ArchiveStatus,
    Attempt,
    Precondition,
)
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS
from vitals.store.state.ledger import Ledger

DAY = SiteDay.parse("mill", "2026-01-05")
TIMES = st.none() | st.integers(0, 3)
ATTEMPTS, ETAGS = st.sampled_from("ab"), st.sampled_from("ef")


def changes() -> st.SearchStrategy[ArchiveChange]:
    """Changes to small times, so that equal and neighbouring ones are common."""
    times = {name: st.integers(0, 3) for name in ("began_ms", "expires_ms", "changed_ms")}
    facts = st.fixed_dictionaries(times | {"attempt": ATTEMPTS, "etag": ETAGS})
    return st.builds(
        ArchiveChange, facts=facts, precondition=st.sampled_from(Precondition), optional=st.booleans()
    )


def record_facts() -> st.SearchStrategy[dict[str, Any]]:
    """Facts that preconditions compare, or some of them, as in records of older versions."""
    times = dict.fromkeys(("began_ms", "expires_ms", "changed_ms"), st.integers(0, 3))
    announced = {"replaces": st.just("") | ETAGS, "replaces_until_ms": st.integers(0, 3)}
    some = st.fixed_dictionaries({}, optional=times | {"attempt": ATTEMPTS})
    return st.builds(lambda *facts: facts[0] | facts[1], some, st.just({}) | st.fixed_dictionaries(announced))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(facts=record_facts(), change=changes())
def test_the_table_permits_what_the_model_permits(
    dynamodb: Any, facts: dict[str, Any], change: ArchiveChange
) -> None:
    ledger = Ledger(dynamodb, "StateTable")
    dynamodb.delete_item(
        TableName="StateTable", Key={"pk": {"S": "site#mill"}, "sk": {"S": f"archive#{DAY.date}"}}
    )
    ledger.update_archive(DAY, attempts=1, **facts)
    before = ledger.archive_record(DAY)
    after = change.applied_to(before)
    if after is None and not change.optional:
        with pytest.raises(ConflictError):
            ledger.apply(DAY, [change])
    else:
        ledger.apply(DAY, [change])
    assert ledger.archive_record(DAY) == (after or before)


@pytest.mark.parametrize("behind_ms", [0, 1, 120_000])
def test_a_clock_behind_moves_no_mark_back(dynamodb: Any, behind_ms: int) -> None:
    """Else the record would look as it did before, and an answer of that time would be served."""
    ledger, marked_ms = Ledger(dynamodb, "StateTable"), DAY.day_ms + DAY_MS
    ledger.mark_changed("mill", [DAY.day_ms], marked_ms)
    assert ledger.archive_record(DAY).changed_ms == marked_ms
    # Nor does a second writer in the same millisecond leave it as it is.
    ledger.mark_changed("mill", [DAY.day_ms], marked_ms - behind_ms)
    assert ledger.archive_record(DAY).changed_ms == marked_ms + 1
    ledger.mark_changed("mill", [DAY.day_ms], marked_ms + 9)
    assert ledger.archive_record(DAY).changed_ms == marked_ms + 9


def test_every_status_of_an_attempt_is_declared() -> None:
    record = ArchiveRecord(DAY.day_ms)
    attempt = Attempt.after(DAY, record, 1, "a")
    started = attempt.begin_read(record, now_ms=2, source="hot", expires_ms=3)
    file = ArchivedFile(rows=1, points=1, bytes=1, checksum="c", etag="e", version="v", windows=1)
    steps = [
        started.replacing("e", 2),
        started.verified(file),
        started.done(4),
        started.failed(ValueError("x")),
    ]
    statuses = {change.facts["status"] for step in steps for change in step if "status" in change.facts}
    assert statuses | {""} == set(get_args(ArchiveStatus))
