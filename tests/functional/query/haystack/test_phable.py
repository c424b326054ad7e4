"""A client of Project Haystack, phable, reads a site, and its filters equal an oracle over the records."""

import struct
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from phable import (
    CallError,
    DateRange,
    DateTimeRange,
    Grid,
    HaystackClient,
    Marker,
    Number,
    Ref,
    UnknownRecError,
)
from phable.kinds import NA

from tests.support.api_server import ApiServer
from tests.support.client_fixtures import building, deployed, make_token, server, token
from tests.support.clock import NOON
from tests.support.haystack import CHANGES, HOME, SPRING, STEP_MS, change_of, haystack_url, home
from tests.support.haystack_filters import Rule, Vocabulary, rules, selects, text_of
from tests.support.sites import SITE
from tests.support.world import World
from vitals.model.timespan import DAY_MS, HOUR_MS, Span

__all__ = ["building", "deployed", "haystack_url", "home", "make_token", "server", "token"]

CHICAGO, UTC = ZoneInfo("America/Chicago"), ZoneInfo("UTC")


@pytest.fixture(params=["json", "zinc"])
def client(request: pytest.FixtureRequest, haystack_url: str) -> HaystackClient:
    return HaystackClient(haystack_url, "read:*", content_type=request.param)


@pytest.fixture
def json_client(haystack_url: str) -> HaystackClient:
    """phable's Zinc reader takes both 01:30 of autumn for the first one; its JSON reader does not."""
    return HaystackClient(haystack_url, "read:*")


def ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def bits(value: Any) -> bytes:
    return struct.pack("<d", float(value.val if isinstance(value, Number) else value))


def samples(grid: Any, column: str = "val") -> list[tuple[int, bytes]]:
    rows = [row for row in grid.rows if column in row]
    return [(ms(row["ts"]), bits(row[column])) for row in rows if not isinstance(row[column], NA)]


def test_facts_of_the_server_need_a_token(client: HaystackClient, haystack_url: str) -> None:
    about = client.about()
    assert (about["haystackVersion"], about["whoami"], about["tz"]) == ("4.0", "tests", "UTC")
    assert {row["name"] for row in client.call("ops").rows} >= {"about", "read", "nav", "hisRead", "close"}
    assert {row["mime"] for row in client.call("formats").rows} >= {"text/zinc", "application/json"}
    assert not client.close().rows
    with pytest.raises(OSError, match="401"):
        HaystackClient(haystack_url, "nobody").about()


@pytest.mark.parametrize("content_type", ["json", "zinc"])
def test_every_point_comes_back_to_the_bit(
    building: World, server: ApiServer, token: str, content_type: str
) -> None:
    client = HaystackClient(f"{server.url}/haystack", token, content_type=content_type)
    span = Span(NOON - 2 * HOUR_MS, NOON + HOUR_MS)
    edges = DateTimeRange(
        *(datetime.fromtimestamp(edge / 1000, UTC) for edge in (span.start_ms, span.end_ms))
    )
    points = client.read_all("point")
    names = {row["id"].val: row["pointName"] for row in points.rows}
    assert {row["siteRef"].val for row in points.rows} == {f"{SITE}.site"}
    grid = client.his_read_by_ids([row["id"] for row in points.rows], edges)
    read = {
        (names[column.meta["id"].val], time_ms): value
        for column in grid.cols[1:]
        for time_ms, value in samples(grid, column.name)
    }
    stored = building.stored(span)
    assert {key: value for key, value in read.items() if not key[0].startswith("weather.")} == stored
    assert len(stored) > 1_000


@pytest.mark.parametrize("day", CHANGES)
def test_a_day_on_which_the_clock_changes(json_client: HaystackClient, day: date) -> None:
    span = CHANGES[day]
    for point in (0, 1):
        grid = json_client.his_read_by_id(Ref(f"{HOME}.p{point}"), day)
        expected = change_of(day)[change_of(day).ids == point]
        inside = expected[(expected.times >= span.start_ms) & (expected.times < span.end_ms)]
        assert samples(grid) == [
            (t, bits(v)) for t, v in zip(inside.times.tolist(), inside.values, strict=True)
        ]
        assert {row["ts"].tzinfo.key for row in grid.rows} == {"America/Chicago"}
    assert len(inside) == (span.end_ms - span.start_ms) // STEP_MS
    assert grid.rows[-1]["val"] in (True, False)


def test_both_dates_of_a_range_are_read(json_client: HaystackClient) -> None:
    grid = json_client.his_read_by_id(Ref(f"{HOME}.p0"), DateRange(date(2025, 3, 8), date(2025, 3, 10)))
    assert len(samples(grid)) == len(change_of(SPRING)) // 2
    assert ms(grid.meta["hisEnd"]) == CHANGES[SPRING].end_ms + DAY_MS


def test_a_gap_is_one_value_that_is_missing(client: HaystackClient) -> None:
    start = datetime(2025, 3, 9, 20, tzinfo=CHICAGO)
    end = datetime(2025, 3, 10, 20, tzinfo=CHICAGO)
    grid = client.his_read_by_id(Ref(f"{HOME}.p0"), DateTimeRange(start, end))
    last_ms = CHANGES[SPRING].end_ms + HOUR_MS - STEP_MS
    assert [ms(row["ts"]) for row in grid.rows if isinstance(row["val"], NA)] == [last_ms + STEP_MS]
    [column] = [column for column in grid.cols if column.name == "val"]
    [gap] = column.meta["gaps"]
    assert (ms(gap["start"]), ms(gap["end"]), gap["reason"]) == (last_ms, ms(end), "not_polled")
    assert column.meta["unit"] == "°F"


def test_records_have_the_tags_of_the_upstream(client: HaystackClient) -> None:
    sat = client.read_by_id(Ref(f"{HOME}.p0"))
    assert sat["dis"] == "Supply Air"
    assert sat["discharge"] == sat["air"] == sat["point"] == sat["his"] == Marker()
    assert (sat["kind"], sat["unit"], sat["tz"], sat["hisMode"]) == ("Number", "°F", "Chicago", "sampled")
    fan, meter = client.read_by_id(Ref(f"{HOME}.p1")), client.read_by_id(Ref(f"{HOME}.p2"))
    assert (fan["kind"], fan["hisMode"]) == ("Bool", "cov")
    assert (meter["area"], meter["hisTotalized"]) == (Number(12.5, "m²"), Marker())
    equip = client.read_by_id(sat["equipRef"])
    assert (equip["dis"], equip["equip"], equip["siteRef"]) == ("AHU 1", Marker(), sat["siteRef"])
    assert client.read_by_id(sat["siteRef"])["dis"] == "Home"
    assert {
        row["id"] for row in client.read_all(f'equipRef->dis == "AHU 1" and siteRef==@{HOME}.site').rows
    } == {sat["id"], fan["id"]}
    assert client.read('point and siteRef->dis == "Nowhere"', checked=False) == {}


def test_records_form_a_tree(client: HaystackClient) -> None:
    def children(node: str | None) -> dict[str, str | None]:
        rows = client.call("nav", Grid.to_grid({"navId": node} if node else {"empty": "x"})).rows
        return {row["dis"]: row.get("navId") for row in rows}

    sites = children(None)
    assert set(sites) >= {"Home"}
    below = children(sites["Home"])
    assert set(below) == {"AHU 1", "VAV 3", "meter"}
    # What has no navId has no children.
    assert children(below["AHU 1"]) == {"Supply Air": None, "Fan": None}
    assert below["meter"] is None


def test_ids_without_a_record_are_empty_rows(client: HaystackClient) -> None:
    with pytest.raises(UnknownRecError):
        client.read_by_ids([Ref(f"{HOME}.p0"), Ref(f"{HOME}.p99")])
    with pytest.raises(CallError) as refused:
        client.his_read_by_id(Ref("nowhere.p0"), SPRING)
    assert refused.value.help_msg.meta["dis"] == "there is no point '@nowhere.p0'"


def test_a_token_reads_its_own_sites_only(haystack_url: str) -> None:
    client = HaystackClient(haystack_url, f"read:{HOME}")
    assert {row["id"].val for row in client.read_all("site").rows} == {f"{HOME}.site"}
    with pytest.raises(CallError) as refused:
        client.his_read_by_id(Ref("other.p0"), date(2026, 1, 1))
    assert refused.value.help_msg.meta["dis"] == "there is no point '@other.p0'"
    assert client.read_by_id(Ref("other.p0")) == {}
    with pytest.raises(OSError, match="403"):
        HaystackClient(haystack_url, "backfill:*").read_all("site")


def test_what_cannot_be_answered_is_an_error_grid(client: HaystackClient) -> None:
    for filter_text, text in {
        "point and": "the filter is not valid at character 10: expected the name of a tag",
        "^ahu": "the filter uses a definition",
    }.items():
        with pytest.raises(CallError) as refused:
            client.read_all(filter_text)
        assert text in refused.value.help_msg.meta["dis"]
    with pytest.raises(CallError) as refused:
        client.his_read_by_id(Ref(f"{HOME}.p0"), DateRange(date(2024, 1, 1), date(2025, 12, 1)))
    assert "the range is longer than 365 days" in refused.value.help_msg.meta["dis"]
    with pytest.raises(OSError, match="404"):
        client.call("hisWrite")


def plain(value: Any) -> Any:
    """A value as the oracle compares it."""
    match value:
        case Marker():
            return ("marker",)
        case Ref():
            return ("ref", value.val)
        case Number():
            return ("number", value.val, value.unit or "")
    return value


TAGS = "id dis point site equip siteRef equipRef kind unit area floor cool hisCollectInterval"
VOCABULARY = Vocabulary(
    tags=tuple(TAGS.split()),
    values=(
        *(True, "Fan", "Home", "AHU 1", "Number", "2", "°F"),
        *(("number", 12.5, "m²"), ("number", 300.0, "s"), ("number", 60.0, "")),
        *(("ref", f"{HOME}.site"), ("ref", f"{HOME}.p0"), ("ref", "other.site")),
    ),
)


@pytest.fixture
def by_id(json_client: HaystackClient) -> dict[str, dict[str, Any]]:
    """The records as the oracle compares them."""
    rows = json_client.read_all("id").rows
    return {row["id"].val: {name: plain(value) for name, value in row.items()} for row in rows}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=rules(VOCABULARY))
def test_filters_equal_an_oracle(
    json_client: HaystackClient, by_id: dict[str, dict[str, Any]], rule: Rule
) -> None:
    expected = [id for id, record in by_id.items() if selects(rule, record, by_id)]
    assert [row["id"].val for row in json_client.read_all(text_of(rule)).rows] == expected, text_of(rule)


def test_a_limit_is_the_most_records(client: HaystackClient) -> None:
    assert [row["id"].val for row in client.read_all("point", 2).rows] == [f"{HOME}.p0", f"{HOME}.p1"]
    assert client.read_all("point", 0).rows == []
