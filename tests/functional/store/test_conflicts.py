"""Every write of an item that transactions also write: it waits for a transaction, and not for ever."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.conflicts import FOR_EVER, Conflicting
from vitals.aws.clients import Deadline
from vitals.aws.runtime import Runtime
from vitals.errors import ConflictError, TierTimeoutError
from vitals.model.points import Catalog, ListedPoint
from vitals.model.records.sites import PAUSED
from vitals.model.samples import Samples, from_columns
from vitals.model.timespan import HOUR_MS, Span
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable
from vitals.store.state.tokens import TokenTable
from vitals.store.tiers.hot import HotTier

START = 1_767_225_600_000
HOUR = Span(START, START + HOUR_MS)
SAMPLES: Samples = from_columns([0, 70], [START, START], [1.0, 2.0])


def runtime(pauses: list[float] | None = None) -> Runtime:
    return Runtime(now_ms=lambda: START, sleep=(pauses if pauses is not None else []).append)


def sites(client: Any) -> SiteTable:
    return SiteTable(client, "StateTable", runtime())


def catalogs(client: Any) -> CatalogTable:
    return CatalogTable(client, "StateTable", runtime())


def refresh(client: Any) -> Catalog:
    return catalogs(client).refresh("mill", [ListedPoint("a"), ListedPoint("b")])


def tokens(client: Any) -> TokenTable:
    return TokenTable(client, "StateTable", runtime())


WRITES: dict[str, Callable[[Any], Any]] = {
    "advance": lambda client: sites(client).advance("mill", None, HOUR, {}),
    "set_status": lambda client: sites(client).set_status("mill", PAUSED),
    "set_key_group": lambda client: sites(client).set_key_group("mill", "north"),
    "record_first_message": lambda client: sites(client).record_first_message("new"),
    "record_reread": lambda client: sites(client).record_reread("mill", START, full=True),
    "record_catalog": lambda client: sites(client).record_catalog("mill", "Mill", 2, START),
    "set_settings": lambda client: sites(client).set_settings("mill", {"units": "metric"}, "ada"),
    "refresh": refresh,
    "set_points": lambda client: catalogs(client).set_points("mill", {"a": {"kind": "counter"}}, "ada"),
    "blocks": lambda client: HotTier(client, "HotTable", runtime()).write("mill", SAMPLES, START).samples,
    "token_grant": lambda client: tokens(client).remove_grant(tokens(client).all()[0]),
    "token_entry": lambda client: tokens(client).remove_entry(tokens(client).all()[0]),
}


@pytest.fixture
def stored(dynamodb: Any) -> Any:
    """A site, a catalog and a token, which some of the writes change."""
    sites(dynamodb).set_status("mill", "enabled")
    catalogs(dynamodb).refresh("mill", [ListedPoint("a")])
    tokens(dynamodb).create("charts", ["read"], ["*"], now_ms=START)
    return dynamodb


@pytest.mark.parametrize("name", WRITES)
def test_a_write_waits_for_a_transaction(stored: Any, name: str) -> None:
    conflicting = Conflicting(stored, times=1)
    result = WRITES[name](conflicting)
    assert conflicting.refused == 1
    assert result is not False


@pytest.mark.parametrize("name", WRITES)
def test_endless_conflicts_are_a_conflict_error(stored: Any, name: str) -> None:
    conflicting = Conflicting(stored, times=FOR_EVER)
    with pytest.raises(ConflictError):
        WRITES[name](conflicting)
    assert conflicting.refused < 100


@pytest.mark.parametrize("name", ["set_status", "set_settings", "set_points", "token_grant"])
def test_each_conflict_is_followed_by_a_pause(stored: Any, name: str) -> None:
    pauses: list[float] = []
    conflicting = Conflicting(stored, times=3)
    slow = Runtime(now_ms=lambda: START, sleep=pauses.append, uniform=lambda _, high: high)
    writes: dict[str, Callable[[], object]] = {
        "set_status": lambda: SiteTable(conflicting, "StateTable", slow).set_status("mill", PAUSED),
        "set_settings": lambda: SiteTable(conflicting, "StateTable", slow).set_settings(
            "mill", {"units": "metric"}, "ada"
        ),
        "set_points": lambda: CatalogTable(conflicting, "StateTable", slow).set_points(
            "mill", {"a": {"kind": "counter"}}, "ada"
        ),
        "token_grant": lambda: TokenTable(conflicting, "StateTable", slow).remove_grant(
            tokens(stored).all()[0]
        ),
    }
    writes[name]()
    assert len(pauses) == 3
    assert all(0 < pause < 1 for pause in pauses)


def test_conflicts_end_with_the_time_limit(dynamodb: Any) -> None:
    elapsed: list[float] = []
    deadline = Deadline(monotonic=lambda: sum(elapsed))
    limited = Runtime(sleep=elapsed.append, uniform=lambda _, high: high, deadline=deadline)
    table = SiteTable(Conflicting(dynamodb, times=FOR_EVER), "StateTable", limited)
    with deadline.within(0.2), pytest.raises(TierTimeoutError):
        table.set_status("mill", PAUSED)
    assert len(elapsed) == 2


def test_throttling_ends_with_the_time_limit(dynamodb: Any) -> None:
    elapsed: list[float] = []
    deadline = Deadline(monotonic=lambda: sum(elapsed))
    limited = Runtime(
        now_ms=lambda: START, sleep=elapsed.append, uniform=lambda _, high: high, deadline=deadline
    )
    SiteTable(dynamodb, "StateTable", limited).set_status("mill", PAUSED)
    throttled = Conflicting(dynamodb, times=FOR_EVER, reason="ThrottlingError")
    with deadline.within(5), pytest.raises(TierTimeoutError):
        SiteTable(throttled, "StateTable", limited).set_settings("mill", {"units": "metric"}, "ada")
    assert elapsed == [3, 2]
