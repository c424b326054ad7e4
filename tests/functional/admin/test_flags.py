"""The API of flags through its handler: a proxy event in, status and JSON out."""

from typing import Any

import pytest

from admin import flags
from tests.support.admin_calls import NAMES, Call, call
from tests.support.lost_answers import LostAnswer
from vitals.model.records.flags import MAX_FLAGS
from vitals.store.state.flags import FlagTable

__all__ = ["call"]

PATH = "/sites/mill/flags"
BODY: dict[str, Any] = {
    "point_names": ["p001", "p000"],
    "start_time": "2025-12-30T00:00:00Z",
    "end_time": "2025-12-31T00:00:00Z",
    "reason": " sensor fell off ",
}


def listed(call: Call, **query: str) -> list[dict[str, Any]]:
    status, answer = call("GET", PATH, query=query or None, scopes="read")
    assert (status, answer["site_name"]) == (200, "mill")
    return list(answer["flags"])


def test_a_span_is_flagged_listed_and_removed(call: Call, dynamodb: Any) -> None:
    status, flag = call("POST", PATH, BODY)
    assert status == 200
    expected = BODY | {"reason": "sensor fell off", "flagged_by": "ada (0123abcd)"}
    assert {name: flag[name] for name in expected} == expected
    assert listed(call) == [flag]
    assert listed(call, point_name="p000") == [flag]
    assert listed(call, point_name="p002") == []
    removed = call("DELETE", PATH, query={"flag_id": flag["flag_id"]})
    assert removed == (200, {"flag_id": flag["flag_id"], "status": "removed"})
    assert listed(call) == []
    assert FlagTable(dynamodb, "StateTable").revision("mill") == 2


def test_the_history_of_flags_is_kept(call: Call) -> None:
    _, flag = call("POST", PATH, BODY)
    call("DELETE", PATH, query={"flag_id": flag["flag_id"]}, token_id="99999999")
    _, answer = call("GET", "/sites/mill/changes", scopes="read")
    text = "2025-12-30T00:00:00Z/2025-12-31T00:00:00Z: sensor fell off"
    assert [
        (change["who"], change["what"], change["subject"], change["before"], change["after"])
        for change in reversed(answer["changes"])
    ] == [
        ("ada (0123abcd)", "flag", "p001", None, text),
        ("ada (0123abcd)", "flag", "p000", None, text),
        ("ada (99999999)", "flag", "p001", text, None),
        ("ada (99999999)", "flag", "p000", text, None),
    ]


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"reason": "  "}, 400, "reason must have 1 to 200 printable characters"),
        ({"reason": "x" * 201}, 400, "reason must have 1 to 200 printable characters"),
        ({"reason": "a\nb"}, 400, "reason must have 1 to 200 printable characters"),
        ({"end_time": BODY["start_time"]}, 400, "start_time must be before end_time"),
        ({"start_time": "2999-01-01", "end_time": "2999-01-02"}, 400, "start_time is in the future"),
        ({"start_time": "1980-01-01", "end_time": "1981-01-01"}, 400, "no sample between start_time and"),
        ({"start_time": 1767000000000.1, "end_time": 1767000000000.9}, 400, "no sample between start_time"),
        ({"point_names": []}, 400, "point_names"),
        ({"point_names": ["p000", "nowhere"]}, 404, "the site has no point 'nowhere'"),
        ({"points": 1}, 400, "unknown key 'points'"),
    ],
)
def test_another_flag_is_refused(call: Call, change: dict[str, Any], status: int, text: str) -> None:
    answered, answer = call("POST", PATH, BODY | change)
    assert (answered, text in answer["error"]) == (status, True), answer
    assert listed(call) == []


def test_changing_flags_needs_the_scope_admin(call: Call) -> None:
    for scopes in ("read", "export backfill"):
        assert call("POST", PATH, BODY, scopes=scopes)[0] == 403
        assert call("DELETE", PATH, query={"flag_id": "x"}, scopes=scopes)[0] == 403
    assert call("GET", PATH, scopes="backfill")[0] == 403
    assert call("GET", "/sites/gone/flags", scopes="read")[0] == 404


def test_only_a_flag_that_exists_is_removed(call: Call) -> None:
    status, answer = call("DELETE", PATH, query={"flag_id": "0-x"})
    assert (status, answer["error"]) == (404, "the site has no flag '0-x'")


def test_lists_continue_with_a_token(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flags, "_NAMES_OF_PAGE", 3)
    ids = [call("POST", PATH, BODY | {"reason": f"r{number}"})[1]["flag_id"] for number in range(4)]
    _, first = call("GET", PATH)
    _, second = call("GET", PATH, query={"next_token": first["next_token"]})
    assert [flag["flag_id"] for flag in first["flags"]] == sorted(ids)[:1]
    assert [flag["flag_id"] for flag in second["flags"]] == sorted(ids)[1:2]
    status, answer = call("GET", PATH, query={"next_token": first["next_token"], "point_name": "p000"})
    assert (status, "belongs to another request" in answer["error"]) == (400, True)


def test_a_site_has_a_limit_of_flags(call: Call, dynamodb: Any) -> None:
    call("POST", PATH, BODY)
    dynamodb.update_item(
        TableName="StateTable",
        Key={"pk": {"S": "flags#mill"}, "sk": {"S": "revision"}},
        UpdateExpression="SET flags = :number",
        ExpressionAttributeValues={":number": {"N": str(MAX_FLAGS)}},
    )
    status, answer = call("POST", PATH, BODY)
    assert (status, answer["error"]) == (400, "the site has 500 flags; delete one of them first")
    assert len(listed(call)) == 1


def test_a_flag_has_all_points_of_a_request(call: Call) -> None:
    _, flag = call("POST", PATH, BODY | {"point_names": [*NAMES, *NAMES[:100]]})
    assert flag["point_names"] == NAMES


def test_a_lost_answer_leaves_one_flag(call: Call, dynamodb: Any) -> None:
    with LostAnswer("TransactWriteItems", number=0).patched():
        assert call("POST", PATH, BODY)[0] == 200
    [flag] = listed(call)
    with LostAnswer("TransactWriteItems", number=0).patched():
        assert call("DELETE", PATH, query={"flag_id": flag["flag_id"]})[0] == 200
    assert FlagTable(dynamodb, "StateTable").revision("mill") == 2
