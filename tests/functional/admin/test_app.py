"""The API of settings through its handler: a proxy event in, status and JSON out."""

from typing import Any

import pytest

from admin import app
from tests.support.admin_calls import NAMES, Call, call
from tests.support.conflicts import FOR_EVER, Conflicting
from tests.support.kill import Killed, Killer, Moment, at_steps
from tests.support.lost_answers import LostAnswer
from vitals.aws.runtime import Runtime
from vitals.model.records.sites import REMOVED
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable

__all__ = ["call"]

DATES = [f"{year}-{month:02}-09" for year in range(1990, 2030) for month in range(1, 13)]


def changes(call: Call) -> list[tuple[Any, ...]]:
    """What changed, without the times, in the order of the list."""
    listed = call("GET", "/sites/mill/changes", scopes="read")[1]["changes"]
    return [tuple(change[key] for key in ("who", "what", "subject", "before", "after")) for change in listed]


def test_a_site_is_set_and_the_change_listed(call: Call) -> None:
    status, site = call("PATCH", "/sites/mill", {"timezone": "America/Chicago"})
    assert (status, site["site_name"], site["display_name"]) == (200, "mill", "The Mill")
    assert (site["status"], site["timezone"], site["units"]) == ("enabled", "America/Chicago", "source")
    assert call("PATCH", "/sites/mill", {"units": "metric"}, token_id="")[1]["units"] == "metric"
    assert sorted(changes(call)) == [
        ("ada", "units", "mill", "source", "metric"),
        ("ada (0123abcd)", "timezone", "mill", "UTC", "America/Chicago"),
    ]


def test_null_restores_the_default(call: Call) -> None:
    changed = {"timezone": "America/Chicago", "units": "metric", "holidays": ["2026-12-25"]}
    call("PATCH", "/sites/mill", changed)
    site = call("PATCH", "/sites/mill", dict.fromkeys(changed))[1]
    assert (site["timezone"], site["units"], site["holidays"]) == ("UTC", "source", [])


def test_holidays_are_a_list_of_dates(call: Call) -> None:
    body = {"holidays": ["2027-01-01", "2026-12-25", "2027-01-01"]}
    status, site = call("PATCH", "/sites/mill", body)
    assert (status, site["holidays"]) == (200, ["2026-12-25", "2027-01-01"])
    assert call("PATCH", "/sites/mill", {"units": "metric"})[1]["holidays"] == site["holidays"]
    assert call("PATCH", "/sites/mill", {"holidays": DATES[400::-1][:400]})[1]["holidays"] == DATES[1:401]
    assert call("PATCH", "/sites/mill", {"holidays": []})[1]["holidays"] == []
    listed = [(what, before, after) for _, what, _, before, after in changes(call) if what == "holidays"]
    assert sorted(listed) == [
        ("holidays", [], ["2026-12-25", "2027-01-01"]),
        ("holidays", DATES[1:401], []),
        ("holidays", ["2026-12-25", "2027-01-01"], DATES[1:401]),
    ]


def test_a_repeat_records_nothing(call: Call) -> None:
    body = {"timezone": "America/Chicago"}
    assert call("PATCH", "/sites/mill", body) == call("PATCH", "/sites/mill", body)
    assert len(changes(call)) == 1


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_an_endless_conflict_is_answered_with_503(
    call: Call, dynamodb: Any, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    conflicting = Conflicting(dynamodb, FOR_EVER, reason)
    runtime = Runtime(client=lambda *_: conflicting, sleep=lambda _: None)
    monkeypatch.setattr(app.api, "connect", lambda: app.connect(runtime))
    for path, body in (("", {"units": "metric"}), ("/points", {"points": {"p001": {"kind": "binary"}}})):
        status, answer = call("PATCH", f"/sites/mill{path}", body)
        assert (status, answer["error_code"]) == (503, "UNAVAILABLE")
    assert conflicting.refused == 16


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "the body must contain timezone, units or holidays"),
        ({"timezone": "Chicago"}, "timezone must be an IANA name such as America/Chicago"),
        ({"timezone": "utc"}, "such as America/Chicago; use UTC"),
        ({"timezone": 1}, "timezone: Input should be a valid string"),
        ({"timezone": "UTC", "units": "si"}, "units: Input should be 'source', 'metric' or 'imperial'"),
        (
            {"timezone": "UTC", "zone": "UTC"},
            "unknown key 'zone'; the JSON body takes timezone, units, hol",
        ),
        ({"holidays": ["2026-02-29"]}, "such as 2026-12-25; '2026-02-29' is not one"),
        ({"units": "metric", "holidays": "2026-12-25"}, "holidays: Input should be a valid list"),
        ({"holidays": [20261225]}, "holidays.0: Input should be a valid string"),
        ({"holidays": DATES[:401]}, "holidays must have at most 400 dates, not 401"),
    ],
)
def test_an_invalid_setting_changes_nothing(call: Call, body: Any, text: str) -> None:
    status, answer = call("PATCH", "/sites/mill", body)
    assert (status, answer["error_code"]) == (400, "INVALID_REQUEST")
    assert text in answer["error"]
    assert changes(call) == []


def test_scopes_and_sites_are_checked(call: Call, dynamodb: Any) -> None:
    body = {"units": "metric"}
    for scopes in ("read", "read export backfill"):
        assert call("PATCH", "/sites/mill", body, scopes=scopes)[0] == 403
        assert call("PATCH", "/sites/mill/points", {"points": {"p000": {}}}, scopes=scopes)[0] == 403
    assert call("GET", "/sites/mill/changes", scopes="backfill")[0] == 403
    assert call("PATCH", "/sites/bank", body)[0] == 403
    SiteTable(dynamodb, "StateTable").set_status("gone", REMOVED)
    for method, path, content in (
        ("PATCH", "/sites/gone", body),
        ("PATCH", "/sites/gone/points", {"points": {"p": {}}}),
        ("GET", "/sites/gone/changes", None),
    ):
        assert call(method, path, content)[0] == 404


def test_points_are_set_and_removed(call: Call) -> None:
    settings = {
        "p299": {"kind": "counter", "rollover": 1000},
        "p001": {"states": {"occupied": 1, "off": 0.5}},
    }
    status, answer = call("PATCH", "/sites/mill/points", {"points": settings})
    assert (status, answer["points"]) == (
        200,
        [
            {"point_name": "p299", "kind": "counter", "rollover": 1000.0},
            {"point_name": "p001", "kind": "counter", "states": {"occupied": 1.0, "off": 0.5}},
        ],
    )
    body = {"points": {"p299": {"rollover": None}, "p001": {"kind": "binary"}}}
    assert call("PATCH", "/sites/mill/points", body)[1]["points"] == [
        {"point_name": "p299", "kind": "counter"},
        {"point_name": "p001", "kind": "binary", "states": {"occupied": 1.0, "off": 0.5}},
    ]
    who = "ada (0123abcd)"
    assert sorted(changes(call), key=repr) == [
        (who, "kind", "p001", None, "binary"),
        (who, "kind", "p299", None, "counter"),
        (who, "rollover", "p299", 1000.0, None),
        (who, "rollover", "p299", None, 1000.0),
        (who, "states", "p001", None, {"occupied": 1.0, "off": 0.5}),
    ]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "'p000' must contain kind, rollover or states"),
        ({"kind": "meter"}, "points.p000.kind: Input should be"),
        ({"rollover": 0}, "'p000': rollover must be a finite number greater than 0"),
        ({"states": {"": 1}}, "'p000': the text of a state must have 1 to 64"),
        ({"states": {"On": 1, "on": 0}}, "'p000': states must differ in more than case and outer spaces"),
        ({"states": {" on": 1, "ON ": 1}}, "'p000': states must differ in more than case and outer spaces"),
        ({"unit": "kWh"}, "unknown key 'points.p000.unit'"),
    ],
)
def test_an_invalid_point_changes_no_point(call: Call, settings: Any, text: str) -> None:
    body = {"points": {"p001": {"kind": "binary"}, "p000": settings}}
    status, answer = call("PATCH", "/sites/mill/points", body)
    assert (status, text in answer["error"]) == (400, True), answer
    assert changes(call) == []


def test_an_unknown_point_changes_no_point(call: Call) -> None:
    body = {"points": {"p001": {"kind": "binary"}, "nothing": {"kind": "binary"}}}
    status, answer = call("PATCH", "/sites/mill/points", body)
    assert (status, answer["error"]) == (404, "the site has no point 'nothing'")
    assert changes(call) == []


@pytest.mark.parametrize(("count", "text"), [(0, "at least 1 item"), (501, "at most 500 items")])
def test_one_to_500_points_are_set(call: Call, count: int, text: str) -> None:
    points: dict[str, Any] = {f"p{number:03d}": {"kind": None} for number in range(count)}
    status, answer = call("PATCH", "/sites/mill/points", {"points": points})
    assert (status, text in answer["error"]) == (400, True)


def test_changes_come_in_pages(call: Call) -> None:
    call("PATCH", "/sites/mill/points", {"points": {name: {"kind": "analog"} for name in NAMES[:25]}})
    pages: list[list[str]] = []
    token: str | None = ""
    while token is not None:
        query = {"limit": "10"} | ({"next_token": token} if token else {})
        answer = call("GET", "/sites/mill/changes", query=query)[1]
        pages.append([change["subject"] for change in answer["changes"]])
        token = answer["next_token"]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [name for page in pages for name in page] == NAMES[24::-1]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"next_token": "x"}, {"limit": "x"}])
def test_an_invalid_page_is_refused(call: Call, query: dict[str, str]) -> None:
    assert call("GET", "/sites/mill/changes", query=query)[0] == 400


def test_a_token_of_another_request_is_refused(call: Call) -> None:
    call("PATCH", "/sites/mill", {"timezone": "Asia/Tokyo", "units": "metric"})
    token = call("GET", "/sites/mill/changes", query={"limit": "1"})[1]["next_token"]
    assert call("GET", "/sites/mill/changes", query={"next_token": token + "A"})[0] == 400
    assert len(call("GET", "/sites/mill/changes", query={"next_token": token})[1]["changes"]) == 1


BOTH_CHUNKS = {"p000": {"kind": "analog"}, "p299": {"kind": "analog"}}


@at_steps(range(2))
def test_a_killed_change_is_completed_by_a_repeat(call: Call, dynamodb: Any, moment: Moment) -> None:
    """Each chunk of 256 points has its own transaction; none is recorded twice, or without effect."""
    table = CatalogTable(Killer(moment).client(dynamodb), "StateTable")
    with pytest.raises(Killed):
        table.set_points("mill", BOTH_CHUNKS, "ada")
    stored = {point.name for point in table.load("mill").points if point.settings}
    assert {subject for _, _, subject, _, _ in changes(call)} == stored
    assert len(stored) == moment.step + moment.after
    assert call("PATCH", "/sites/mill/points", {"points": BOTH_CHUNKS})[0] == 200
    assert sorted(subject for _, _, subject, _, _ in changes(call)) == ["p000", "p299"]


@pytest.mark.parametrize("number", range(2))
def test_a_lost_answer_records_no_change_twice(call: Call, number: int) -> None:
    with LostAnswer("TransactWriteItems", number=number).patched():
        assert call("PATCH", "/sites/mill/points", {"points": BOTH_CHUNKS})[0] == 200
    assert sorted(subject for _, _, subject, _, _ in changes(call)) == ["p000", "p299"]


def test_other_methods_are_named(call: Call) -> None:
    assert call("GET", "/sites/mill")[1]["error"] == "method not allowed; use PATCH"
    assert call("POST", "/sites/mill/changes", {})[1]["error"] == "method not allowed; use GET, HEAD"
