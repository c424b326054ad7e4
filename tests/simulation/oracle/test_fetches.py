"""What an answer must and may have, decided from what was delivered and acknowledged."""

from collections.abc import Mapping

from tests.simulation.ace.deliveries import Delivery
from tests.simulation.ace.readings import Batch
from tests.simulation.oracle.fetch import SLACK_MS, exact
from tests.simulation.oracle.fetches import Expected, Fetches
from vitals.model.timespan import HOUR_MS, MINUTE_MS, WINDOW_MS, Span, day_start

SITE = "plant_one"
START = day_start("2026-03-10")
SPAN = Span(START, START + HOUR_MS)
NAMES = frozenset({"boiler", "chiller"})
LATER = START + HOUR_MS
MUCH_LATER = LATER + HOUR_MS


def page(
    samples: Mapping[int, float],
    at_ms: int,
    *,
    name: str = "boiler",
    number: int = 1,
    is_last: bool = True,
    malformed: bool = False,
) -> Delivery:
    """Returns a page of samples of a point: values by minutes after START."""
    rows = [(name, START + minute * MINUTE_MS, value) for minute, value in samples.items()]
    windows: dict[int, list[tuple[str, int, float]]] = {}
    for row in rows:
        windows.setdefault(row[1] - row[1] % WINDOW_MS, []).append(row)
    batches = [Batch(window_ms, (), tuple(of_window), "") for window_ms, of_window in windows.items()]
    lacks = [("chiller", START)] if malformed else []
    return Delivery(SITE, SPAN, number, "", at_ms, batches, malformed=lacks, is_last=is_last)


def fetch(fetches: Fetches, delivery: Delivery, *, ended_ms: int = 0, names: frozenset[str] = NAMES) -> None:
    """Serves a page to a job of its own and acknowledges it."""
    job = object()
    fetches.served(job, delivery, names)
    fetches.ended(job, ended_ms or delivery.served_ms + MINUTE_MS, {SITE: names})


def expected(fetches: Fetches, requested_ms: float = MUCH_LATER + HOUR_MS, name: str = "boiler") -> Expected:
    return fetches.expected(SITE, name, SPAN, requested_ms)


def values(expectation: Expected, minute: int = 0) -> set[float | str]:
    """Returns the values that a minute's sample can have."""
    return expectation.possible[START + minute * MINUTE_MS]


def test_acknowledged_samples_are_required() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0, 7: 2.0}, LATER))
    result = expected(fetches)
    assert result.required == {START, START + 7 * MINUTE_MS}
    assert values(result, 7) == {2.0}
    assert result.certain
    assert fetches.acknowledged == 2


def test_unfinished_fetches_are_only_possible() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0}, LATER), ended_ms=LATER + 5 * MINUTE_MS)
    result = expected(fetches, LATER + MINUTE_MS)
    assert (result.required, values(result)) == (set(), {1.0})
    assert not result.certain


def test_points_of_a_first_catalog_are_not_replaced() -> None:
    fetches = Fetches()
    # The first sync fetches the catalog itself; the point is not listed any more when it is read again.
    fetches.served("first", page({0: 1.0}, LATER), frozenset())
    fetches.ended("first", LATER + MINUTE_MS, {SITE: NAMES})
    fetch(fetches, page({0: 2.0}, MUCH_LATER), names=frozenset({"chiller"}))
    fetch(fetches, page({7: 3.0}, MUCH_LATER + 2 * HOUR_MS), names=frozenset({"chiller"}))
    assert values(expected(fetches, MUCH_LATER + 3 * HOUR_MS)) == {1.0, 2.0}


def test_fetches_of_jobs_that_failed_are_possible_only() -> None:
    fetches = Fetches()
    fetches.served("job", page({0: 1.0}, LATER), NAMES)
    fetches.failed("job", LATER + MINUTE_MS, {SITE: NAMES})
    result = expected(fetches)
    assert (result.required, values(result)) == (set(), {1.0})
    assert not fetches.acknowledged


def test_runs_without_their_end_are_not_acknowledged() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0}, LATER, is_last=False))
    assert expected(fetches).required == set()


def test_pages_belong_to_one_fetch() -> None:
    fetches = Fetches()
    fetches.served("job", page({0: 1.0}, LATER, is_last=False), NAMES)
    fetches.served("job", page({1: 2.0}, LATER, number=2), NAMES)
    fetches.ended("job", LATER + MINUTE_MS, {SITE: NAMES})
    assert len(expected(fetches).required) == 2


def test_unknown_points_are_not_required() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0}, LATER), names=frozenset({"chiller"}))
    assert expected(fetches).required == set()
    assert expected(fetches, name="chiller").possible == {}


def test_later_fetches_replace_values() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0}, LATER))
    fetch(fetches, page({0: 2.0}, MUCH_LATER))
    assert values(expected(fetches)) == {2.0}
    assert fetches.acknowledged == 1


def test_later_fetches_that_lack_a_sample_leave_it() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0, 1: 5.0}, LATER))
    fetch(fetches, page({0: 2.0}, MUCH_LATER))
    result = expected(fetches)
    assert (values(result, 0), values(result, 1)) == ({2.0}, {5.0})
    assert len(result.required) == 2


def test_unacknowledged_fetches_may_have_replaced_a_value() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0}, LATER))
    fetches.served("job", page({0: 2.0}, MUCH_LATER), NAMES)
    assert values(expected(fetches)) == {1.0, 2.0}
    assert expected(fetches).required == {START}


def test_overlapping_fetches_leave_either_value() -> None:
    # A reads 1.0 and is slow; B, which began later, reads 0.0 again and has nothing to change; A writes 1.0.
    fetches = Fetches()
    fetch(fetches, page({0: 0.0}, LATER - HOUR_MS))
    fetches.served("A", page({0: 1.0}, LATER), NAMES)
    fetches.served("B", page({0: 0.0}, LATER + 10 * MINUTE_MS), NAMES)
    fetches.ended("B", LATER + 11 * MINUTE_MS, {SITE: NAMES})
    fetches.ended("A", LATER + 20 * MINUTE_MS, {SITE: NAMES})
    assert values(expected(fetches)) == {0.0, 1.0}
    fetch(fetches, page({0: 0.0}, MUCH_LATER))
    assert values(expected(fetches)) == {0.0}


def test_clocks_may_change_the_order_of_fetches() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0}, LATER), ended_ms=LATER + 1)
    fetch(fetches, page({0: 2.0}, LATER + SLACK_MS))
    assert values(expected(fetches)) == {1.0, 2.0}
    fetches = Fetches()
    fetch(fetches, page({0: 1.0}, LATER), ended_ms=LATER + 1)
    fetch(fetches, page({0: 2.0}, LATER + SLACK_MS + 2))
    assert values(expected(fetches)) == {2.0}


def test_races_with_lacking_fetches_decide_nothing() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0}, LATER))
    fetches.served("lacks", page({1: 3.0}, MUCH_LATER, malformed=True), NAMES)
    fetch(fetches, page({0: 2.0}, MUCH_LATER))
    fetches.ended("lacks", MUCH_LATER + 2 * MINUTE_MS, {SITE: NAMES})
    assert values(expected(fetches)) >= {2.0}
    assert expected(fetches).required >= {START}


def test_negative_zero_is_a_value_of_its_own() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: -0.0}, LATER))
    assert values(expected(fetches)) == {"-0.0"}
    assert exact(0.0) == 0.0
    assert exact(-1.0) == -1.0


def test_weather_is_left_out() -> None:
    fetches = Fetches()
    delivery = page({0: 1.0}, LATER)
    weather = Delivery(SITE, SPAN, 1, "", LATER, delivery.batches, is_weather=True)
    fetch(fetches, weather)
    assert expected(fetches).possible == {}


def test_spans_cut_windows() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0, 1: 2.0, 2: 3.0}, LATER))
    span = Span(START + MINUTE_MS, START + 2 * MINUTE_MS)
    assert fetches.expected(SITE, "boiler", span, MUCH_LATER).required == {START + MINUTE_MS}


def test_replaced_values_are_known_while_others_are_read() -> None:
    fetches = Fetches()

    def had(value: float, since_ms: int, minute: int = 0) -> bool:
        return fetches.had_since(SITE, "boiler", START + minute * MINUTE_MS, value, since_ms)

    fetch(fetches, page({0: 1.0}, LATER))
    assert had(1.0, LATER)
    assert not had(2.0, LATER)
    assert not had(1.0, LATER + MINUTE_MS)
    assert not had(1.0, LATER, minute=5)
    fetches.served("job", page({0: 2.0}, MUCH_LATER), NAMES)
    assert had(1.0, MUCH_LATER + HOUR_MS)
    fetches.ended("job", MUCH_LATER + MINUTE_MS, {SITE: NAMES})
    # The first fetch is forgotten.
    fetch(fetches, page({7: 1.0}, MUCH_LATER + 3 * HOUR_MS))
    assert values(expected(fetches, MUCH_LATER + 4 * HOUR_MS)) == {2.0}
    assert had(1.0, MUCH_LATER)
    assert not had(3.0, MUCH_LATER)


def test_answers_may_be_older_than_later_fetches() -> None:
    fetches = Fetches()
    fetch(fetches, page({0: 1.0}, LATER))
    fetch(fetches, page({0: 2.0}, MUCH_LATER))
    assert values(expected(fetches, MUCH_LATER)) == {1.0, 2.0}
    assert values(expected(fetches)) == {2.0}
