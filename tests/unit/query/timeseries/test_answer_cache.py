"""Which answers are cached for how long, and under which name."""

from dataclasses import replace
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from query.timeseries import answer_cache
from query.timeseries.answer_cache import STABLE_S, VOLATILE_S
from vitals.model.points import Catalog, ListedPoint
from vitals.model.records.ledger import WRITE_GRACE_MS, ArchiveRecord
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS
from vitals.reading.plan import QueryPlan
from vitals.reading.queries.planning import plan_query
from vitals.reading.request import QueryRequest

DAY = 20_000 * DAY_MS
CATALOG = Catalog().refreshed([ListedPoint("a"), ListedPoint("b")])
# Around the ends of the grace of a write, and of the day.
NOWS = st.integers(-3, 3).map(lambda steps: DAY + DAY_MS + WRITE_GRACE_MS + steps * MINUTE_MS)
CHANGED = st.none() | st.integers(-3, 3).map(lambda steps: DAY + DAY_MS + steps * MINUTE_MS)
RECORDS = st.builds(
    ArchiveRecord,
    day_ms=st.just(DAY),
    changed_ms=CHANGED,
    status=st.sampled_from(["", "building", "verified", "done", "failed"]),
)


def planned(end_ms: int = DAY + DAY_MS) -> QueryPlan:
    request = QueryRequest("s", ["a"], DAY, end_ms)
    return plan_query(request, CATALOG, DAY + 2 * DAY_MS, 365)


@given(st.lists(RECORDS, max_size=1), st.lists(NOWS, min_size=2), st.sampled_from([0, HOUR_MS]))
def test_entries_of_one_name_have_one_lifetime(
    records: list[ArchiveRecord], nows: list[int], shorter_ms: int
) -> None:
    plan = planned(DAY + DAY_MS - shorter_ms)
    entries = [answer_cache.entry(plan, records, now_ms) for now_ms in nows]
    for first, second in product(entries, entries):
        assert (first.digest == second.digest) == (first.ttl_s == second.ttl_s)


@given(st.lists(st.tuples(RECORDS, NOWS), min_size=2))
def test_equal_names_have_equal_records_and_lifetimes(read: list[tuple[ArchiveRecord, int]]) -> None:
    entries = [(record, answer_cache.entry(planned(), [record], now_ms)) for record, now_ms in read]
    for (record, first), (other_record, second) in product(entries, entries):
        same = (record, first.ttl_s) == (other_record, second.ttl_s)
        assert (first.digest == second.digest) == same


def test_a_note_makes_answers_volatile() -> None:
    record = ArchiveRecord(DAY, changed_ms=DAY + DAY_MS)
    lifetimes = {
        minutes: answer_cache.entry(planned(), [record], DAY + DAY_MS + minutes * MINUTE_MS).ttl_s
        # The writer's clock may be ahead, or the reader's.
        for minutes in (-2, 0, 2, 30, 31)
    }
    assert lifetimes == {-2: VOLATILE_S, 0: VOLATILE_S, 2: VOLATILE_S, 30: VOLATILE_S, 31: STABLE_S}
    replacing = replace(record, status="building")
    assert not answer_cache.entry(planned(), [replacing], DAY + 3 * DAY_MS).stable


def test_another_unit_is_another_answer() -> None:
    digests = set()
    for unit in ("°C", "°F"):
        catalog = Catalog().refreshed([ListedPoint("a", unit)])
        for system in (None, "source", "metric", "imperial"):
            request = QueryRequest("s", ["a"], DAY, DAY + DAY_MS, units=system)
            plan = plan_query(request, catalog, DAY + 2 * DAY_MS, 365)
            digests.add(answer_cache.entry(plan, [], DAY + 2 * DAY_MS).digest)
    # A request without units has those of the source here.
    assert len(digests) == 6
