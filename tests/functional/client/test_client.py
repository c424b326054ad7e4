"""The client against the API's own handlers: what it answers is what the building said, to the bit."""

import csv
import json
import socket
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from query import answers
from tests.functional.conftest import NOON, SITE, Clock, World
from tests.support.api_server import ApiServer
from tests.support.client_fixtures import building, client, deployed, make_token, server, token
from tests.support.laid_out_server import DRY, RUN, STARTED, TOKEN, LaidOutServer, error, run
from tests.support.raw_server import RawServer, requests_on
from tests.support.raw_server import answer as whole
from tests.unit.client.test_tables import ALL, stream
from tests.unit.client.test_tables import page as page_of
from vitals.model.timespan import HOUR_MS, MINUTE_MS, Span, iso
from vitals.reading import plan
from vitals_client import (
    Client,
    ConflictError,
    FailedError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    RateLimitedError,
    TooLargeError,
    UnansweredError,
    UnauthorizedError,
    UnavailableError,
    VitalsError,
    VitalsWarning,
    given,
    tables,
)
from vitals_client import client as client_module

__all__ = ["building", "client", "deployed", "make_token", "server", "token"]

SPAN = Span(NOON - 135 * MINUTE_MS, NOON + 20 * MINUTE_MS)
"""All that the building is synced for."""
POINT = f"ses/{SITE}/8000:33-8033/analogInput/100"

type Samples = dict[tuple[str, int], bytes]


def samples(*pages: pa.Table) -> Samples:
    """Every sample by name and time, values to the bit; none may come twice."""
    found: Samples = {}
    for page in pages:
        names, values = page["point_name"].to_pylist(), page["value"].to_numpy()
        times = page["timestamp"].cast(pa.int64()).to_pylist()
        part = {(name, at): value.tobytes() for name, at, value in zip(names, times, values, strict=True)}
        assert len(part) == page.num_rows
        assert not found.keys() & part.keys()
        found |= part
    return found


def everything(client: Client) -> list[str]:
    return [point["point_name"] for point in client.points(SITE) if not point["point_name"].startswith("wea")]


def test_three_lines_make_a_data_frame(
    server: ApiServer, token: str, monkeypatch: pytest.MonkeyPatch, building: World
) -> None:
    monkeypatch.setenv("VITALS_API", server.url)
    monkeypatch.setenv("VITALS_TOKEN", token)
    table = Client().query(SITE, [POINT], "2026-01-01", "2026-01-02", resolution="raw")
    frame = table.to_pandas()
    truth = {at: value for (name, at), value in building.truth(SPAN).items() if name == POINT}
    assert len(frame) == len(truth) > 100
    assert [value.tobytes() for value in frame["value"].to_numpy()] == [truth[at] for at in sorted(truth)]
    assert frame["timestamp"].tolist() == [pd.Timestamp(at, unit="ms", tz="UTC") for at in sorted(truth)]
    assert set(frame["point_name"]) == {POINT}


def test_a_table_is_what_the_building_said(client: Client, building: World) -> None:
    names = everything(client)
    table = client.query(SITE, names, SPAN.start_ms, SPAN.end_ms, resolution="raw")
    truth = building.truth(SPAN)
    assert samples(table) == truth
    assert len(truth) > 5_000
    assert table["point_name"].chunk(0).dictionary.to_pylist() == names


def test_pages_are_merged_exactly(client: Client, server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    names = everything(client)
    whole = client.query(SITE, names, SPAN.start_ms, SPAN.end_ms, resolution="raw")
    monkeypatch.setattr(plan, "MAX_SAMPLES", 700)
    before = len(server.asked)
    merged = client.query(SITE, names, SPAN.start_ms, SPAN.end_ms, resolution="raw")
    assert len(server.asked) - before > 5
    assert merged.cast(whole.schema).equals(whole)
    one, many = tables.beside(whole), tables.beside(merged)
    for series, parts in zip(one["series"], many["series"], strict=True):
        assert parts["coverage"]["received"] == series["coverage"]["received"]
        # Each page counts whole intervals only.
        assert 0 <= series["coverage"]["expected"] - parts["coverage"]["expected"] <= len(server.asked)
    for key in ("total_samples", "samples_read", "samples_returned", "sources", "next_token"):
        assert many["metadata"][key] == one["metadata"][key]
    assert many["metadata"]["cost"]["requests"] > one["metadata"]["cost"]["requests"]
    assert many["warnings"] == one["warnings"] == []


def test_a_gap_over_several_pages_is_one(
    client: Client, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hours before the first sync were never asked for."""
    early = Span(SPAN.start_ms - 6 * HOUR_MS, SPAN.end_ms)
    asked = (SITE, [POINT], early.start_ms, early.end_ms)
    [whole] = tables.beside(client.query(*asked, resolution="raw"))["series"]
    monkeypatch.setattr(plan.QueryPlan, "first_step_ms", lambda _: HOUR_MS)
    monkeypatch.setattr(plan.QueryPlan, "longest_step_ms", lambda _: HOUR_MS)
    monkeypatch.setattr(answers, "READ_BUDGET_S", -1.0)
    before = len(server.asked)
    with warnings.catch_warnings():
        # Each page says that it ended early; what is missing in it is in the next one.
        warnings.simplefilter("error")
        table = client.query(*asked, resolution="raw")
    assert len(server.asked) - before > 5
    [parts] = tables.beside(table)["series"]
    assert parts["gaps"] == whole["gaps"]
    assert parts["gaps"][0]["start"] == iso(early.start_ms)


def test_pages_can_be_had_one_at_a_time(
    client: Client, server: ApiServer, building: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = everything(client)
    monkeypatch.setattr(plan, "MAX_SAMPLES", 700)
    before = len(server.asked)
    pages = client.query_pages(SITE, names, SPAN.start_ms, SPAN.end_ms, resolution="raw")
    first = next(pages)
    assert len(server.asked) - before == 1
    assert first.num_rows <= 700
    assert samples(first, *pages) == building.truth(SPAN)


def test_pages_warn_once_and_not_of_what_follows(
    client: Client, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr(plan.QueryPlan, "first_step_ms", lambda _: HOUR_MS)
    monkeypatch.setattr(answers, "READ_BUDGET_S", -1.0)
    pages = client.query_pages(SITE, [POINT, "nope"], SPAN.start_ms, SPAN.end_ms, resolution="raw")
    told = [tables.beside(page)["warnings"] for page in pages]
    assert len(told) > 2
    assert all(len(warnings) == 2 for warnings in told[:-1])
    assert [str(warning.message) for warning in recwarn] == ["the site has no point 'nope'"]


def test_an_answer_without_an_end_is_given_up(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MAX_SAMPLES", 40)
    monkeypatch.setattr(client_module, "_MOST_PAGES", 3)
    with pytest.raises(FailedError, match="within 3 pages"):
        client.query(SITE, [POINT], SPAN.start_ms, SPAN.end_ms, resolution="raw")


def over_http(client: Client, token: str, path: str, **params: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(client.api + path, params=params, headers=headers, timeout=10)
    assert answer.status_code == 200
    return answer.json()


SHAPES: list[dict[str, Any]] = [
    {"resolution": "5m"},
    {"resolution": "1h"},
    {"max_points": 30},
    {"width": 20},
    {"width": 20, "method": "mean"},
    {"width": 20, "method": "lttb", "resolution": "raw"},
]


def test_every_shape_is_as_the_apis_json(client: Client, token: str) -> None:
    start, end = datetime(2026, 1, 1, 9, 45, tzinfo=UTC), datetime(2026, 1, 1, 12, 20, tzinfo=UTC)
    names = everything(client)[:7]
    asked = {"site_name": SITE, "point_names": names, "start_time": iso(SPAN.start_ms)}
    for shape in SHAPES:
        found = tables.answer(client.query(SITE, names, start, end, **shape))
        said = over_http(client, token, "/timeseries/query", **asked, end_time=iso(SPAN.end_ms), **shape)
        for volatile in ("query_time_ms", "cost", "cache_hit"):
            del found["metadata"][volatile], said["metadata"][volatile]
        assert found == said, shape


def test_nothing_is_an_empty_table(client: Client) -> None:
    table = client.query(SITE, [POINT], "2025-12-01", "2025-12-02", resolution="raw")
    assert (table.num_rows, table.column_names) == (0, ["point_name", "timestamp", "value"])
    assert [series["values"] for series in tables.answer(table)["series"]] == [[]]
    assert table.to_pandas().empty


def test_what_is_missing_is_a_warning_of_the_callers_line(client: Client) -> None:
    for ask in (client.query, lambda *asked: list(client.query_pages(*asked))):
        with pytest.warns(VitalsWarning, match="the site has no point 'nope'") as caught:
            ask(SITE, [POINT, "nope"], SPAN.start_ms, SPAN.end_ms)
        assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(VitalsWarning, match="the site has no point 'nope'"):
        client.latest(SITE, [POINT, "nope"])


def test_sites_latest_coverage_and_health_are_as_the_api_says(client: Client, token: str) -> None:
    assert client.sites() == over_http(client, token, "/sites")["sites"]
    assert client.health() == over_http(client, token, "/health")
    days = over_http(client, token, f"/sites/{SITE}/coverage", start="2025-12-31", end="2026-01-02")
    assert client.coverage(SITE, datetime(2025, 12, 31, tzinfo=UTC), "2026-01-02") == days
    assert len(days["days"]) == 2
    newest = over_http(client, token, f"/sites/{SITE}/latest", limit=1000)["latest"]
    assert client.latest(SITE) == newest
    assert len(newest) > 40


def test_lists_come_page_by_page(client: Client, server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, newest = list(client.points(SITE)), client.latest(SITE)
    monkeypatch.setattr(client_module, "_PAGE", 10)
    before = len(server.asked)
    found = client.points(SITE)
    assert next(found) == whole[0]
    assert len(server.asked) - before == 1
    assert [whole[0], *found] == whole
    assert client.latest(SITE) == newest


def test_points_are_found_by_words_and_tags(client: Client) -> None:
    found = list(client.points(SITE, "zone temp", ["air", "unit=degreesFahrenheit"]))
    assert 0 < len(found) < 10
    assert all("Zone temp" in point["display_name"] and "air" in point["tags"] for point in found)
    assert list(client.points(SITE, "no such words")) == []


def test_tags_count_the_points_that_have_them(client: Client) -> None:
    tags = client.tags(SITE)
    assert tags["site_name"] == SITE
    for each in tags["tags"]:
        assert len(list(client.points(SITE, tags=[each["tag"]]))) == each["points"]
    assert {each["equipment"] for each in tags["equipment"]} == {
        point["equipment"] for point in client.points(SITE) if point["equipment"]
    }


def test_status_tells_of_the_sites_that_the_token_grants(
    server: ApiServer, client: Client, make_token: Callable[..., str]
) -> None:
    [site] = client.status()["sites"]
    assert (site["site_name"], site["unarchived_count"]) == (SITE, len(site["unarchived_days"]))
    assert site["rejected"]
    with Client(server.url, make_token("read", site="elsewhere")) as stranger:
        assert stranger.status() == {"sites": [], "dead_letters": None, "warnings": []}


def test_more_names_than_one_request_takes(
    client: Client, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = everything(client)
    monkeypatch.setattr(given, "_NAMES_A_REQUEST", 10)
    before = len(server.asked)
    newest = client.latest(SITE, names)
    assert len(server.asked) - before == -(-len(names) // 10)
    assert [entry["point_name"] for entry in newest] == names


# Exports


def test_an_export_is_waited_for_and_downloaded_exactly(
    client: Client, building: World, tmp_path: Path
) -> None:
    names = everything(client)
    for form in ("parquet", "csv"):
        started = client.exports.create(SITE, names, SPAN.start_ms, iso(SPAN.end_ms), format=form)  # type: ignore[arg-type]
        done = client.exports.wait(started["id"])
        assert (done["status"], done["points"]) == ("completed", len(names))
        files = client.exports.download(started["id"], tmp_path / form)
        assert sorted(files) == sorted((tmp_path / form).iterdir())
        assert [file.stat().st_size for file in files] == [
            file["bytes"] for file in sorted(done["files"], key=lambda file: file["name"])
        ]
        assert READERS[form](files) == building.truth(SPAN)
    assert {export["format"] for export in client.exports.list(SITE)} == {"csv", "parquet"}


def of_parquet(files: list[Path]) -> Samples:
    return samples(*(pq.read_table(file) for file in files))


def of_csv(files: list[Path]) -> Samples:
    rows = [row for file in files for row in csv.DictReader(file.read_text().splitlines())]
    return {
        (row["point_name"], round(datetime.fromisoformat(row["timestamp"]).timestamp() * 1000)): np.float64(
            row["value"]
        ).tobytes()
        for row in rows
    }


READERS: dict[str, Callable[[list[Path]], Samples]] = {"parquet": of_parquet, "csv": of_csv}


def test_an_export_of_nothing_named_is_of_every_point(client: Client) -> None:
    started = client.exports.create(SITE, [], SPAN.start_ms, SPAN.end_ms)
    assert started["points"] == len(list(client.points(SITE)))
    assert client.exports.cancel(started["id"]) == {"id": started["id"], "status": "removed"}
    with pytest.raises(NotFoundError):
        client.exports.get(started["id"])


# Backfills


def test_a_backfill_is_started_followed_and_listed(client: Client) -> None:
    planned = client.backfills.start(SITE, "2025-12-27", "2025-12-27", dry_run=True)
    assert (planned["dry_run"], planned["days_total"], planned["estimate"]["requests"]) == (True, 1, 24)
    started = client.backfills.start(SITE, datetime(2025, 12, 27).date(), "2025-12-27")
    [ended] = client.backfills.follow(started["id"])
    assert (ended["status"], ended["days_done"]) == ("succeeded", 1)
    assert client.backfills.get(started["id"]) == ended
    assert [each["id"] for each in client.backfills.list(SITE)] == [started["id"]]
    assert client.backfills.cancel(started["id"])["cancel_requested"] is False


def test_of_a_run_at_work_the_id_is_told(client: Client, server: ApiServer) -> None:
    server.after = lambda method, path, body: None
    started = client.backfills.start(SITE, "2025-12-27", "2025-12-28")
    with pytest.raises(ConflictError) as refused:
        client.backfills.start(SITE, "2025-12-27", "2025-12-27")
    assert (refused.value.running_id, refused.value.status) == (started["id"], 409)
    assert client.backfills.cancel(started["id"])["cancel_requested"] is True


# Errors


REFUSALS: list[tuple[type[VitalsError], str, Callable[[Client], Any]]] = [
    (InvalidRequestError, "INVALID_REQUEST", lambda c: c.query(SITE, [POINT], "yesterday", "2026-01-02")),
    (InvalidRequestError, "INVALID_REQUEST", lambda c: c.query(SITE, [], "2026-01-01", "2026-01-02")),
    (NotFoundError, "NOT_FOUND", lambda c: c.query(SITE, ["x"], "2026-01-01", "2026-01-02")),
    (NotFoundError, "NOT_FOUND", lambda c: c.query("no_site", ["x"], "2026-01-01", "2026-01-02")),
    (TooLargeError, "TOO_LARGE", lambda c: c.query(SITE, [POINT], "2020-01-01", "2026-01-02")),
    (NotFoundError, "NOT_FOUND", lambda c: c.coverage("no/site", "2026-01-01", "2026-01-02")),
    (NotFoundError, "NOT_FOUND", lambda c: c.exports.get("nothing")),
    (NotFoundError, "NOT_FOUND", lambda c: c.backfills.get("../sites")),
    (NotFoundError, "NOT_FOUND", lambda c: list(c.points("no_site"))),
]


def test_a_refusal_has_its_class_and_the_apis_words(client: Client, server: ApiServer) -> None:
    for kind, code, ask in REFUSALS:
        before = len(server.asked)
        with pytest.raises(kind) as refused:
            ask(client)
        assert (refused.value.code, refused.value.request_id) == (code, "r-1")
        assert str(refused.value) == f"{refused.value.text} ({code})"
        assert len(server.asked) - before == 1


def test_tokens_that_do_not_do(server: ApiServer, make_token: Callable[..., str], clock: Clock) -> None:
    with pytest.raises(UnauthorizedError, match="bearer token"):
        Client(server.url, "vitals_nonsense").sites()
    short = make_token("read", life_ms=60_000)
    with Client(server.url, short) as client:
        assert client.sites()
        clock.forward(2)
        with pytest.raises(UnauthorizedError):
            client.sites()
    with Client(server.url, make_token("read", site="elsewhere")) as client:
        with pytest.raises(ForbiddenError):
            client.query(SITE, [POINT], SPAN.start_ms, SPAN.end_ms)
        with pytest.raises(ForbiddenError):
            client.backfills.start(SITE, "2025-12-27", "2025-12-27")


def test_a_netrc_changes_nothing(
    server: ApiServer, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Client(server.url, token) as client:
        assert client.sites()


# Trouble, laid out


@pytest.fixture
def trouble() -> Iterator[LaidOutServer]:
    server = LaidOutServer()
    with server.serving():
        yield server


BUSY = (503, {"error": "busy", "error_code": "UNAVAILABLE", "request_id": "r-9"}, {"Retry-After": "0"})
SITES = "GET /sites"
QUERY = "POST /timeseries/query"


def asking(server: LaidOutServer, **options: Any) -> Client:
    return Client(server.url, TOKEN, **options)


def test_what_is_safe_is_asked_again(trouble: LaidOutServer) -> None:
    trouble.lay_out(SITES, BUSY, BUSY, (200, {"sites": []}))
    assert asking(trouble).sites() == []
    assert len(trouble.asked) == 3


def test_a_query_is_asked_again_though_it_is_posted(trouble: LaidOutServer) -> None:
    trouble.lay_out(QUERY, BUSY)
    with pytest.raises(UnavailableError, match=r"busy \(UNAVAILABLE, request r-9\)"):
        asking(trouble, retries=2).query("home", ["a"], 0, 1)
    assert len(trouble.asked) == 3
    assert len({json.dumps(body) for _, body in trouble.asked}) == 1


def test_newest_samples_are_asked_for_again_though_names_are_posted(trouble: LaidOutServer) -> None:
    entry = {"point_name": ",", "timestamp": 7, "value": 0.5, "unit": "", "last_seen": 7}
    answer = {"site_name": "home", "latest": [entry], "next_token": None, "warnings": []}
    trouble.lay_out("POST /sites/home/latest", BUSY, BUSY, (200, answer))
    assert asking(trouble).latest("home", [","]) == [entry]
    assert [body for _, body in trouble.asked] == [{"point_names": [","]}] * 3


def test_threads_share_a_client_and_sites_its_connection() -> None:
    """Each question of a thread goes over the connections that are there, whichever site it is about."""

    def serve(connection: socket.socket, number: int) -> None:
        for _ in requests_on(connection):
            connection.sendall(whole(b'{"latest": [], "warnings": [], "tags": [], "next_token": null}'))

    def ask(client: Client, number: int) -> None:
        client.latest(f"site-{number}", ["a"])
        client.tags(f"site-{number}")

    with RawServer(serve) as server, Client(server.url, TOKEN, retries=0) as client:
        for number in range(50):
            ask(client, number)
        # One for questions that are posted, one for all others.
        assert server.connections == 2
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: ask(client, number), range(50, 250)))


def test_what_starts_something_is_not(trouble: LaidOutServer) -> None:
    for request in ("POST /backfill/start", "POST /exports", "DELETE /exports/x"):
        trouble.lay_out(request, BUSY)
    client = asking(trouble)
    for start in (
        lambda: client.backfills.start("home", "2026-01-01", "2026-01-02"),
        lambda: client.exports.create("home", [], 0, 1),
        lambda: client.exports.cancel("x"),
    ):
        before = len(trouble.asked)
        with pytest.raises(UnavailableError):
            start()
        assert len(trouble.asked) - before == 1


def test_a_quota_that_is_used_up_is_not_waited_for(trouble: LaidOutServer) -> None:
    used_up = error(429, "RATE_LIMITED", "the token has used its requests of today")
    trouble.lay_out(SITES, (*used_up, {"Retry-After": "3600"}))
    with pytest.raises(RateLimitedError) as limited:
        asking(trouble).sites()
    assert (limited.value.retry_after_s, len(trouble.asked)) == (3600.0, 1)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((200, b"<html>a login page</html>"), "without JSON"),
        ((200, b"[]"), "without JSON"),
        ((204, b""), "without JSON"),
        ((302, b"", {"Location": "/elsewhere"}), "answers 302: nothing"),
        ((500, b"oops"), "answers 500: oops"),
        ((404, b"<html>\n  no such bucket\n</html>"), "answers 404: <html> no such bucket </html>"),
        ((502, {"message": "Internal server error"}), "answers 502: Internal server error"),
        ((200, b"{}", {"Content-Length": "100"}), "gives no answer"),
    ],
)
def test_what_is_no_answer_of_the_apis_is_none(trouble: LaidOutServer, answer: Any, says: str) -> None:
    trouble.lay_out(SITES, answer)
    with pytest.raises(UnansweredError, match=says):
        asking(trouble, retries=0).sites()
    assert len(trouble.asked) == 1


WHOLE = stream(page_of(ALL), 20)
LESS = stream(page_of(ALL, metadata={"samples_returned": len(ALL) + 1}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no stream",
        WHOLE[:-100],
        WHOLE[:-8],
        WHOLE[:-8] + bytes(8),
        WHOLE[:-100] + bytes(100),
        WHOLE + b"x",
        LESS,
        stream(page_of(ALL).replace_schema_metadata({})),
    ],
)
def test_a_broken_stream_is_none(trouble: LaidOutServer, body: bytes) -> None:
    arrow = {"Content-Type": "application/vnd.apache.arrow.stream"}
    trouble.lay_out(QUERY, (200, WHOLE, arrow))
    assert asking(trouble).query("home", ["a"], 0, 1).num_rows == len(ALL)
    trouble.lay_out(QUERY, (200, body, arrow))
    with pytest.raises(UnansweredError, match="broken Arrow stream"):
        asking(trouble).query("home", ["a"], 0, 1)
    trouble.lay_out(QUERY, (200, body))
    with pytest.raises(UnansweredError, match="without an Arrow stream"):
        asking(trouble).query("home", ["a"], 0, 1)


def test_nobody_there_is_said_so() -> None:
    with pytest.raises(UnansweredError, match=r"http://127\.0\.0\.1:9 gives no answer"):
        Client("http://127.0.0.1:9", "t", retries=1).sites()


EXPORT = {"id": "x", "status": "completed", "error": "", "links_expire_at": ""}


def files(trouble: LaidOutServer, name: str = "a.csv", size: int = 4) -> None:
    file = {"name": name, "bytes": size, "url": f"{trouble.url}/file"}
    trouble.lay_out("GET /exports/x", (200, EXPORT | {"files": [file]}))


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "..", "", "a/b.csv"])
def test_a_file_is_written_nowhere_else(trouble: LaidOutServer, tmp_path: Path, name: str) -> None:
    files(trouble, name)
    with pytest.raises(FailedError, match="no name for one"):
        asking(trouble).exports.download("x", tmp_path / "here")
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]


def test_a_download_that_breaks_off_leaves_nothing(trouble: LaidOutServer, tmp_path: Path) -> None:
    """The link needs no token, and gets none: this server would say 401 if it were not so."""
    (tmp_path / "a.csv").write_text("as it was")
    files(trouble)
    trouble.open.add("GET /file")
    trouble.lay_out("GET /file", (200, b"abc", {"Content-Length": "4"}))
    with pytest.raises(UnansweredError, match="broke off"):
        asking(trouble).exports.download("x", tmp_path)
    trouble.lay_out("GET /file", (200, b"abc"))
    with pytest.raises(FailedError, match="3 bytes instead of 4"):
        asking(trouble).exports.download("x", tmp_path)
    trouble.lay_out("GET /file", (403, b"expired"))
    with pytest.raises(UnansweredError, match="the link answers 403"):
        asking(trouble).exports.download("x", tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.csv", "as it was")]
    trouble.lay_out("GET /file", (200, b"abcd"))
    assert asking(trouble).exports.download("x", tmp_path) == [tmp_path / "a.csv"]
    assert (tmp_path / "a.csv").read_bytes() == b"abcd"


@pytest.mark.parametrize(("status", "why"), [("failed", "no disk"), ("cancelled", "")])
def test_an_export_that_ends_badly_says_so(trouble: LaidOutServer, status: str, why: str) -> None:
    trouble.lay_out("GET /exports/x", (200, EXPORT | {"status": status, "error": why}))
    with pytest.raises(FailedError, match=f"the export x is {status}" + (f": {why}" if why else "$")):
        asking(trouble).exports.wait("x")
    with pytest.raises(FailedError, match="only a completed one has files"):
        asking(trouble).exports.download("x")


def test_an_export_is_not_waited_for_longer_than_asked(trouble: LaidOutServer) -> None:
    trouble.lay_out("GET /exports/x", (200, EXPORT | {"status": "running"}))
    with pytest.raises(FailedError, match="did not end within 0 s; it goes on by itself"):
        asking(trouble).exports.wait("x", timeout_s=0)


def test_a_backfill_that_is_refused_or_dry(trouble: LaidOutServer) -> None:
    trouble.lay_out("POST /backfill/start", DRY, STARTED)
    client = asking(trouble)
    assert "id" not in client.backfills.start("mill", "2026-01-01", "2026-01-04", dry_run=True)
    assert client.backfills.start("mill", "2026-01-01", "2026-01-04")["id"] == RUN
    trouble.lay_out(f"GET /backfill/{RUN}", (200, run(["done"], "succeeded")))
    assert [each["status"] for each in client.backfills.follow(RUN)] == ["succeeded"]
