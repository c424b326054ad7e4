"""The API of saved views through its handler: a proxy event in, status and JSON out."""

from typing import Any

import pytest

from tests.support.admin_calls import Call, call
from tests.support.lost_answers import LostAnswer
from vitals.model.records.sites import REMOVED
from vitals.model.records.views import MAX_VIEW
from vitals.store import items, keys
from vitals.store.state.sites import SiteTable
from vitals.store.state.views import ViewTable

__all__ = ["call"]

PATH = "/sites/mill/views"
VIEW = "equip=AHU-1&tag=air+temp&range=7d"


def names(call: Call) -> list[str]:
    status, answer = call("GET", PATH, scopes="read")
    assert (status, answer["site_name"]) == (200, "mill")
    return [view["name"] for view in answer["views"]]


def test_views_are_saved_listed_and_deleted(call: Call) -> None:
    assert names(call) == []
    status, saved = call("PUT", PATH, {"name": "  Plant  ", "view": VIEW})
    assert (status, saved["name"], saved["view"]) == (200, "Plant", VIEW)
    assert saved["saved_by"] == "ada (0123abcd)"
    call("PUT", PATH, {"name": "AHU 1", "view": "a=1"}, token_id="")
    status, answer = call("GET", PATH, scopes="read")
    assert [view["saved_by"] for view in answer["views"]] == ["ada", "ada (0123abcd)"]
    assert answer["views"][1] == saved
    assert call("DELETE", PATH, query={"name": "AHU 1"}) == (200, {"name": "AHU 1", "status": "removed"})
    assert names(call) == ["Plant"]


def test_a_name_that_exists_is_replaced(call: Call) -> None:
    for view in ("a=1", "a=2"):
        call("PUT", PATH, {"name": "Plant", "view": view})
    assert [view["view"] for view in call("GET", PATH)[1]["views"]] == ["a=2"]


def test_names_compare_exactly(call: Call) -> None:
    for name in ("plant", "Plant", "Plänt", "Pla\u0308nt", "Plant  1", "Plant 1"):
        call("PUT", PATH, {"name": name, "view": "a=1"})
    assert len(names(call)) == 6
    status, answer = call("DELETE", PATH, query={"name": "PLANT"})
    assert (status, answer["error"]) == (404, "the site has no view 'PLANT'")
    assert call("DELETE", PATH, query={"name": " plant "})[1]["name"] == "plant"
    assert len(names(call)) == 5


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"name": " ", "view": "a=1"}, "name must have 1 to 80 printable characters"),
        ({"name": "x" * 81, "view": "a=1"}, "name must have 1 to 80 printable characters"),
        ({"name": "a\nb", "view": "a=1"}, "name must have 1 to 80 printable characters"),
        ({"name": 1, "view": "a=1"}, "name: Input should be a valid string"),
        ({"name": "a"}, "view: Field required"),
        ({"name": "a", "view": "x" * (MAX_VIEW + 1)}, "view: String should have at most 4000 characters"),
        ({"name": "a", "view": "tag=é"}, "printable ASCII without spaces"),
        ({"name": "a", "view": "?a=1"}, "view must begin after the ? of the address"),
        ({"name": "a", "view": "a=1", "saved_by": "eve"}, "unknown key 'saved_by'; the JSON body takes"),
    ],
)
def test_an_invalid_view_is_not_saved(call: Call, body: Any, text: str) -> None:
    status, answer = call("PUT", PATH, body)
    assert (status, answer["error_code"], text in answer["error"]) == (400, "INVALID_REQUEST", True), answer
    assert names(call) == []


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, "name: Field required"),
        ({"name": ""}, "name must have 1 to 80 printable characters"),
        ({"name": "a", "view": "a=1"}, "unknown parameter 'view'; this route takes name"),
    ],
)
def test_a_deletion_names_one_view(call: Call, query: dict[str, str], text: str) -> None:
    status, answer = call("DELETE", PATH, query=query)
    assert (status, text in answer["error"]) == (400, True), answer


def test_a_full_site_refuses_another_view(call: Call, dynamodb: Any) -> None:
    count = keys.view_count("mill") | items.attributes({"saved_views": 200})
    dynamodb.put_item(TableName="StateTable", Item=count)
    status, answer = call("PUT", PATH, {"name": "a", "view": "a=1"})
    assert (status, answer["error"]) == (400, "the site has 200 views; delete one of them first")


def test_scopes_and_sites_are_checked(call: Call, dynamodb: Any) -> None:
    requests: tuple[tuple[str, Any, Any], ...] = (
        ("GET", None, None),
        ("PUT", {"name": "a", "view": "a=1"}, None),
        ("DELETE", None, {"name": "a"}),
    )
    SiteTable(dynamodb, "StateTable").set_status("gone", REMOVED)
    for method, body, query in requests:
        refused = "backfill" if method == "GET" else "read export backfill"
        assert call(method, PATH, body, query, scopes=refused)[0] == 403
        assert call(method, "/sites/bank/views", body, query)[0] == 403
        assert call(method, "/sites/gone/views", body, query)[0] == 404
    assert ViewTable(dynamodb, "StateTable").of_site("gone") == []


def test_a_removed_site_keeps_its_views(call: Call, dynamodb: Any) -> None:
    call("PUT", PATH, {"name": "a", "view": "a=1"})
    sites = SiteTable(dynamodb, "StateTable")
    sites.set_status("mill", REMOVED)
    assert call("GET", PATH)[0] == 404
    sites.set_status("mill", "enabled")
    assert names(call) == ["a"]


@pytest.mark.parametrize("operation", ["PutItem", "TransactWriteItems"])
def test_a_lost_answer_saves_one_view(call: Call, operation: str) -> None:
    with LostAnswer(operation, number=0).patched():
        assert call("PUT", PATH, {"name": "a", "view": "a=1"})[0] == 200
    with LostAnswer("TransactWriteItems", number=0).patched():
        assert call("DELETE", PATH, query={"name": "a"})[0] == 200
    assert names(call) == []


def test_other_methods_are_named(call: Call) -> None:
    assert call("PATCH", PATH, {})[1]["error"] == "method not allowed; use DELETE, GET, HEAD, PUT"
