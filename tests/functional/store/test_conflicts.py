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
from vitals.model.records.tokens import UsageKey
from vitals.model.records.views import SavedView
from vitals.model.samples import Samples, from_columns
from vitals.model.timespan import HOUR_MS, Span
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable
from vitals.store.state.tokens import TokenTable
from vitals.store.state.views import ViewTable
from vitals.store.tiers.hot import HotTier

START = 1_767_225_600_000
HOUR = Span(START, START + HOUR_MS)
SAMPLES: Samples = from_columns([0, 70], [START, START], [1.0, 2.0])
VIEW, OLD_VIEW = (SavedView(name, "range=7d", "ada", START) for name in ("new", "old"))


def runtime(pauses: list[float] | None = None) -> Runtime:
    return Runtime(now_ms=lambda: START, sleep=(pauses if pauses is not None else []).append)


def sites(client: Any) -> SiteTable:
    return SiteTable(client, "StateTable", runtime())


def catalogs(client: Any) -> CatalogTable:
    return CatalogTable(client, "StateTable", runtime())


def refresh(client: Any) -> Catalog:
    return catalogs(client).refresh("mill", [ListedPoint("a"), ListedPoint("b")])


def views(client: Any) -> ViewTable:
    return ViewTable(client, "StateTable", runtime())


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
    "save_view": lambda client: views(client).save("mill", VIEW),
    "replace_view": lambda client: views(client).save("mill", OLD_VIEW),
    "remove_view": lambda client: views(client).remove("mill", OLD_VIEW.name),
    "refresh": refresh,
    "set_points": lambda client: catalogs(client).set_points("mill", {"a": {"kind": "counter"}}, "ada"),
    "blocks": lambda client: HotTier(client, "HotTable", runtime()).write("mill", SAMPLES, START).samples,
    "token_grant": lambda client: tokens(client).remove_grant(tokens(client).all()[0]),
    "token_entry": lambda client: tokens(client).remove_entry(tokens(client).all()[0]),
    "token_index": lambda client: tokens(client).complete_index(),
}
SETTINGS: dict[str, Callable[[Any, Runtime], Any]] = {
    "set_settings": lambda client, runtime: SiteTable(client, "StateTable", runtime).set_settings(
        "mill", {"units": "metric"}, "ada"
    ),
    "set_points": lambda client, runtime: CatalogTable(client, "StateTable", runtime).set_points(
        "mill", {"a": {"kind": "counter"}}, "ada"
    ),
}
STORED: dict[str, Callable[[Any], bool]] = {
    "set_settings": lambda client: getattr(sites(client).load("mill"), "units", None) == "metric",
    "set_points": lambda client: catalogs(client).load("mill").by_name["a"].kind == "counter",
}
THROTTLED = ("ThrottlingError", "ProvisionedThroughputExceeded")


@pytest.fixture
def stored(dynamodb: Any) -> Any:
    """A site, a catalog, a token and a view, which some writes change; another token is not in the index."""
    sites(dynamodb).set_status("mill", "enabled")
    catalogs(dynamodb).refresh("mill", [ListedPoint("a")])
    tokens(dynamodb).create("old", ["read"], ["*"], now_ms=START)
    tokens(dynamodb).remove_entry(tokens(dynamodb).all()[0])
    tokens(dynamodb).create("charts", ["read"], ["*"], now_ms=START)
    views(dynamodb).save("mill", OLD_VIEW)
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
        "set_settings": lambda: SETTINGS["set_settings"](conflicting, slow),
        "set_points": lambda: SETTINGS["set_points"](conflicting, slow),
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


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("reason", THROTTLED)
def test_a_throttled_setting_is_written_later(stored: Any, name: str, reason: str) -> None:
    pauses: list[float] = []
    SETTINGS[name](Conflicting(stored, times=3, reason=reason), runtime(pauses))
    assert STORED[name](stored)
    assert len(pauses) == 3
    assert all(1 <= pause <= 3 for pause in pauses)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("reason", [*THROTTLED, "TransactionConflict"])
def test_no_pause_follows_the_last_attempt(stored: Any, name: str, reason: str) -> None:
    pauses: list[float] = []
    conflicting = Conflicting(stored, times=FOR_EVER, reason=reason)
    with pytest.raises(ConflictError, match="changed or was throttled during each of 8 attempts"):
        SETTINGS[name](conflicting, runtime(pauses))
    assert (conflicting.refused, len(pauses)) == (8, 7)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("reason", THROTTLED)
def test_a_pause_ends_with_the_time_limit(stored: Any, name: str, reason: str) -> None:
    elapsed: list[float] = []
    deadline = Deadline(monotonic=lambda: sum(elapsed))
    limited = Runtime(sleep=elapsed.append, uniform=lambda _, high: high, deadline=deadline)
    conflicting = Conflicting(stored, times=FOR_EVER, reason=reason)
    with deadline.within(4), pytest.raises(TierTimeoutError):
        SETTINGS[name](conflicting, limited)
    assert elapsed == [3, 1]
    assert conflicting.refused == 2


@pytest.mark.parametrize("reason", [*THROTTLED, "TransactionConflict"])
def test_messages_of_tokens_name_both_causes(stored: Any, reason: str) -> None:
    table = tokens(Conflicting(stored, times=FOR_EVER, reason=reason))
    [token] = tokens(stored).all()
    with pytest.raises(ConflictError, match="another process is changing the token, or DynamoDB throttled"):
        table.replace(token, now_ms=START, old_until_ms=START)
    with pytest.raises(ConflictError, match="another process is changing the token, or DynamoDB throttled"):
        table.set_usage(token, UsageKey("id", "value"))
