"""Whatever ACE calls a point, it is listed, found, queried, exported and shown with its newest sample."""

import base64
import contextlib
import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import ormsgpack
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import exports.api.app
import query.app
from exports.events import ExportRequest
from query.answers import Api
from query.catalogs import Catalogs
from query.points import paging
from tests.support.api_server import ApiServer
from tests.support.clock import NOON, Clock
from tests.support.query_calls import CONTEXT, Ask, Call, ask, call
from tests.support.query_tiers import query_api
from vitals.model.points import MAX_NAME, Catalog, ListedPoint
from vitals.model.samples import from_columns
from vitals.model.timespan import HOUR_MS, Span, iso
from vitals.reading import page_token
from vitals.reading.request import MAX_POINTS
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.hot import HotTier
from vitals_client import Client, tables
from vitals_client.cli.output import show_table

__all__ = ["ask", "call"]

SITE = "home"
HOSTILE = [
    "\0",
    "a\0b",
    ",",
    ",,",
    "ahu,1/supply, temp",
    " ",
    "\u3000",
    " leading and trailing ",
    "\t\n\r\v\f\x1b[2J",
    "two\nlines",
    "\"quoted\" 'twice' \\ back",
    "50%/100%25#3?&=+;",
    "../../x",
    "\u2028\u2029\x85",
    "\ufeffBOM",
    "\u202egnp.exe\u202c",
    "שלום/مرحبا",
    "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "e\u0301\u0323\u0327",
    "\u0301",
    "\u200b",
    "\U0010ffff\ufffe",
    "=1+1",
    "\U0001d4b3" * MAX_NAME,
    "\0" * MAX_NAME,
    "%" * MAX_NAME,
    "ß",
    "__proto__",
    "null",
]
_ANY = st.characters(exclude_categories=["Cs"])
_ODD = st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp"])
NAME = st.text(_ANY, min_size=1, max_size=MAX_NAME) | st.text(_ODD, min_size=1, max_size=MAX_NAME)
NAMES = st.lists(
    NAME | st.text(st.sampled_from(", \0\n"), min_size=1, max_size=3), min_size=1, max_size=6, unique=True
)
MANY = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclasses.dataclass
class FixedCatalog:
    """A catalog that a test sets, in place of the table."""

    catalog: Catalog = dataclasses.field(default_factory=Catalog)

    def load(self, site: str) -> Catalog:
        return self.catalog


@dataclasses.dataclass
class Building:
    """A site whose points have any names; the newest value of each is its id."""

    api: Api
    call: Call

    def rename(self, names: Iterable[str]) -> dict[str, float]:
        """Gives the points other names; returns the value of each."""
        catalog = Catalog().refreshed(map(ListedPoint, names))
        self.api.catalogs = Catalogs(FixedCatalog(catalog), self.api.now)  # type: ignore[assignment]
        self.api.catalogs.loaded.clear()
        return {point.name: float(point.id) for point in catalog.points}

    def pages(self, path: str, *, by_post: bool = False, **query: Any) -> list[dict[str, Any]]:
        """Every page of a list, each of which is asked for with an opaque token."""
        results = [self._page(path, by_post, query)]
        while results[-1]["next_token"] is not None:
            assert len(results) <= len(HOSTILE)
            assert re.fullmatch("[A-Za-z0-9_-]{1,100}", results[-1]["next_token"])
            results.append(self._page(path, by_post, query | {"next_token": results[-1]["next_token"]}))
        return results

    def _page(self, path: str, by_post: bool, query: dict[str, Any]) -> dict[str, Any]:
        status, answer = self.call(path, body=query) if by_post else self.call(path, query)
        assert status == 200, answer
        return answer


@pytest.fixture
def api(dynamodb: Any, clock: Clock) -> Api:
    sites = SiteTable(dynamodb, "StateTable")
    sites.record_catalog(SITE, SITE, len(HOSTILE), clock())
    sites.advance(SITE, None, Span(NOON - HOUR_MS, NOON), {})
    Ledger(dynamodb, "StateTable").mark_changed(SITE, [NOON - HOUR_MS], NOON)
    ids = range(len(HOSTILE))
    newest = from_columns(list(ids), [NOON - 60_000] * len(ids), [float(point_id) for point_id in ids])
    HotTier(dynamodb, "HotTable").write(SITE, newest, clock())
    return query_api(dynamodb, clock, (SITE,))


@pytest.fixture
def building(api: Api, call: Call) -> Building:
    return Building(api, call)


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> list[ExportRequest]:
    """What the exports' handler was asked for."""
    requests: list[ExportRequest] = []

    def start(_: Any, request: ExportRequest) -> dict[str, Any]:
        requests.append(request)
        return {"id": "x"}

    monkeypatch.setattr(exports.api.app.api, "connect", lambda: SimpleNamespace(start=start))
    return requests


@pytest.fixture
def client(building: Building, exported: list[ExportRequest]) -> Iterator[Client]:
    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        app = exports.api.app if event["path"] == "/exports" else query.app
        answer: dict[str, Any] = app.handler(event, context)
        return answer

    grant = {"principalId": "t", "scopes": "read", "sites": SITE}
    server = ApiServer(handle, lambda _: grant, CONTEXT)
    with server.serving(), Client(server.url, "t") as asking:
        yield asking


RANGE = {"site_name": SITE, "start_time": iso(NOON - HOUR_MS), "end_time": iso(NOON), "resolution": "raw"}


def check_api(building: Building, names: Sequence[str]) -> None:
    values = building.rename(names)
    pages = building.pages(f"/sites/{SITE}/points", limit=1)
    assert [point["point_name"] for page in pages for point in page["points"]] == sorted(names)
    for request in ({"query": RANGE | {"point_name": names}}, {"body": RANGE | {"point_names": names}}):
        status, answer = building.call("/timeseries/query", **request)
        assert (status, answer["warnings"]) == (200, [])
        assert [(series["point_name"], series["values"]) for series in answer["series"]] == [
            (name, [values[name]]) for name in names
        ]
    path = f"/sites/{SITE}/latest"
    newest = [(name, values[name]) for name in names]
    for pages in (
        building.pages(path, point_name=names),
        building.pages(path, by_post=True, point_names=names),
    ):
        assert [(entry["point_name"], entry["value"]) for entry in pages[0]["latest"]] == newest
    for by_post in (False, True):
        entries = [
            entry for page in building.pages(path, by_post=by_post, limit=1) for entry in page["latest"]
        ]
        assert [(entry["point_name"], entry["value"]) for entry in entries] == sorted(newest)


def check_client(
    building: Building, client: Client, exported: list[ExportRequest], names: Sequence[str]
) -> None:
    values = building.rename(names)
    assert [point["point_name"] for point in client.points(SITE)] == sorted(names)
    series = tables.answer(client.query(SITE, names, NOON - HOUR_MS, NOON, resolution="raw"))["series"]
    assert [(item["point_name"], item["values"]) for item in series] == [
        (name, [values[name]]) for name in names
    ]
    for newest in (client.latest(SITE, names), client.latest(SITE)):
        assert {entry["point_name"]: entry["value"] for entry in newest} == values
    client.exports.create(SITE, names, NOON - HOUR_MS, NOON)
    ids = exported.pop().point_ids(building.api.catalogs.table.load(SITE))
    assert ids == tuple(values[name] for name in names)


def test_hostile_names(building: Building, client: Client, exported: list[ExportRequest]) -> None:
    check_api(building, HOSTILE)
    check_client(building, client, exported, HOSTILE)


@MANY
@given(names=NAMES)
def test_any_names(
    building: Building, client: Client, exported: list[ExportRequest], names: list[str]
) -> None:
    check_api(building, names)
    check_client(building, client, exported, names)


@pytest.mark.parametrize("accept", ["text/csv", "application/msgpack", "application/vnd.apache.arrow.stream"])
def test_hostile_names_in_every_form(building: Building, ask: Ask, accept: str) -> None:
    values = building.rename(HOSTILE)
    missing = [name[:500] + "'" for name in HOSTILE]
    body = RANGE | {"point_names": [*HOSTILE, *missing]}
    answer = ask("/timeseries/query", body=body, headers={"Accept": accept})
    headers = {name: value for name, [value] in answer["multiValueHeaders"].items()}
    assert all(value.isascii() and value.isprintable() for value in headers.values())
    if accept == "text/csv":
        rows = csv.DictReader(io.StringIO(answer["body"], newline=""))
        results = {row["point_name"]: float(row["value"]) for row in rows}
        assert json.loads(headers["Vitals-Warnings"])[0] == f"The site has no point {missing[0]!r}."
    elif accept == "application/msgpack":
        series = ormsgpack.unpackb(base64.b64decode(answer["body"]))["series"]
        results = {item["point_name"]: item["values"][0] for item in series if item["values"]}
    else:
        table = pa.ipc.open_stream(base64.b64decode(answer["body"])).read_all()
        results = dict(zip(table["point_name"].to_pylist(), table["value"].to_pylist(), strict=True))
    assert results == values


def test_names_are_split_as_the_parameter_says(building: Building) -> None:
    values = building.rename(["a", "b", "a,b", ","])
    query = RANGE | {"point_names": ["b,a", ",,"], "point_name": ["a,b", "a", ","]}
    status, answer = building.call("/timeseries/query", query)
    assert status == 200
    assert [series["point_name"] for series in answer["series"]] == ["b", "a", "a,b", ","]
    for path, parameters in (("/timeseries/query", RANGE), (f"/sites/{SITE}/latest", {})):
        for names in ({"point_name": ["x" * 513]}, {"point_names": ["x" * 513]}):
            assert building.call(path, parameters | names)[0] == 400
    for nothing in ({}, {"point_names": [",", ""]}):
        status, answer = building.call("/timeseries/query", RANGE | nothing)
        assert (status, answer["error_code"]) == (400, "INVALID_REQUEST")
        assert answer["error"].startswith("point_names must contain at least one point")
    assert len(values) == 4


def test_one_request_takes_the_longest_names(building: Building, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each character is escaped as two of six, as most programs write JSON."""
    monkeypatch.setattr(building.api.executor.rollups, "last_hours", lambda *_: {})
    names = [("🌡" * MAX_NAME)[: MAX_NAME - 4] + f"{number:04}" for number in range(MAX_POINTS)]
    building.rename(names)
    body = {"point_names": names}
    assert len(json.dumps(body)) > 3_000_000
    status, answer = building.call(f"/sites/{SITE}/latest", body=body)
    assert (status, len(answer["latest"])) == (200, len(names))
    # Those names alone would be more than Lambda answers.
    building.rename(["\0" * (MAX_NAME - 4) + f"{number:04}" for number in range(paging.MAX_LIMIT)])
    for path, key in (("points", "points"), ("latest", "latest")):
        pages = building.pages(f"/sites/{SITE}/{path}", limit=paging.MAX_LIMIT)
        assert sum(len(page[key]) for page in pages) == paging.MAX_LIMIT
        assert all(len(json.dumps({"body": json.dumps(page)})) < 6_000_000 for page in pages)


LISTS: list[tuple[str, dict[str, Any]]] = [
    ("points", {}),
    ("points", {"search": "a"}),
    ("points", {"tag": ["unit"]}),
    ("latest", {}),
]


def test_a_token_is_of_its_own_list_alone(building: Building) -> None:
    catalog = Catalog().refreshed([ListedPoint("a b", "degF"), ListedPoint("a c", "degF")])
    building.api.catalogs = Catalogs(FixedCatalog(catalog), building.api.now)  # type: ignore[assignment]

    def ask_for(name: str, request: dict[str, Any], **token: Any) -> tuple[int, dict[str, Any]]:
        return building.call(f"/sites/{SITE}/{name}", request | token)

    tokens = [ask_for(*entry, limit=1)[1]["next_token"] for entry in LISTS]
    assert len(set(tokens)) == len(LISTS)
    forged = [page_token.encode(position, "0" * 16) for position in (0, 1)]
    bad = ["a b", "", "e30", "AAAA", "é", "=", page_token.encode(-1, ""), *forged, "x" * 2_000]
    for own, entry in zip(tokens, LISTS, strict=True):
        for token in (*tokens, *bad):
            status, answer = ask_for(*entry, next_token=token)
            if token == own:
                assert [point["point_name"] for point in answer[entry[0]]] == ["a c"]
            else:
                assert (status, answer["error_code"]) == (400, "INVALID_REQUEST")
                assert answer["error"].startswith(("next_token is invalid", "next_token belongs to another"))
    status, answer = ask_for("latest", {"point_name": "a b"}, next_token=tokens[-1])
    assert (status, answer["error"].partition(";")[0]) == (
        400,
        "next_token cannot be combined with point names",
    )


@pytest.mark.parametrize("position", [-1, 2, 10**30, True, 1.0, "1", None])
def test_a_position_that_no_point_has_is_invalid(building: Building, position: Any) -> None:
    building.rename(["a", "b"])
    token = base64.urlsafe_b64encode(json.dumps([position, page_token.fingerprint("latest", SITE)]).encode())
    query = {"next_token": token.decode().rstrip("=")}
    status, answer = building.call(f"/sites/{SITE}/latest", query)
    assert (status, answer["error"][:21]) == (400, "next_token is invalid")


def test_a_list_continues_after_a_removed_point(building: Building) -> None:
    """A page may come from another container, whose catalog is older."""
    building.rename(["b", "d", "f"])
    path = f"/sites/{SITE}/points"
    token = building.call(path, {"limit": 2})[1]["next_token"]
    catalog = building.api.catalogs.table.load(SITE)
    building.api.catalogs.loaded.clear()
    # d is listed no more, and a and e are new.
    after = catalog.refreshed(map(ListedPoint, ["a", "b", "e", "f"]))
    building.api.catalogs = Catalogs(FixedCatalog(after), building.api.now)  # type: ignore[assignment]
    answer = building.call(path, {"limit": 1, "next_token": token})[1]
    assert [point["point_name"] for point in answer["points"]] == ["e"]
    building.api.catalogs.loaded[SITE] = (building.api.now(), catalog)
    answer = building.call(path, {"next_token": answer["next_token"]})[1]
    assert [point["point_name"] for point in answer["points"]] == ["f"]


@given(st.lists(st.tuples(NAME, NAME), min_size=1, max_size=5))
def test_a_commands_table_has_one_line_per_row(rows: list[tuple[str, str]]) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        show_table(("point", "name"), rows)
    lines = out.getvalue().split("\n")
    assert len(lines) == len(rows) + 2
    assert all(line.isprintable() for line in lines)
