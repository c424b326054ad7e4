"""The client against the API's own handlers: results equal the simulated building exactly."""

import json
import socket
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests

from tests.support.api_server import ApiServer
from tests.support.client_data import POINT, SPAN, Samples, of_csv, of_parquet, samples
from tests.support.client_fixtures import building, client, deployed, make_token, server, token
from tests.support.client_tables import ALL, stream
from tests.support.client_tables import page as page_of
from tests.support.clock import Clock
from tests.support.laid_out_server import DRY, RUN, STARTED, TOKEN, LaidOutServer, error, run
from tests.support.raw_server import RawServer, requests_on
from tests.support.raw_server import answer as whole
from tests.support.sites import SITE
from tests.support.world import World
from vitals.model.timespan import HOUR_MS, Span, iso
from vitals.reading.paging import Pages
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
    arguments,
    tables,
)
from vitals_client import client as client_module

__all__ = ["building", "client", "deployed", "make_token", "server", "token"]


def point_names(client: Client) -> list[str]:
    return [point["point_name"] for point in client.points(SITE) if not point["point_name"].startswith("wea")]


def test_three_lines_make_a_data_frame(
    server: ApiServer, token: str, monkeypatch: pytest.MonkeyPatch, building: World
) -> None:
    monkeypatch.setenv("VITALS_API", server.url)
    monkeypatch.setenv("VITALS_TOKEN", token)
    table = Client().query(SITE, [POINT], "2026-01-01", "2026-01-02", resolution="raw")
    frame = table.to_pandas()
    truth = {time: value for (name, time), value in building.truth(SPAN).items() if name == POINT}
    assert len(frame) == len(truth) > 100
    assert [value.tobytes() for value in frame["value"].to_numpy()] == [truth[time] for time in sorted(truth)]
    assert frame["timestamp"].tolist() == [pd.Timestamp(time, unit="ms", tz="UTC") for time in sorted(truth)]
    assert set(frame["point_name"]) == {POINT}


def test_a_table_equals_the_building(client: Client, building: World) -> None:
    names = point_names(client)
    table = client.query(SITE, names, SPAN.start_ms, SPAN.end_ms, resolution="raw")
    truth = building.truth(SPAN)
    assert samples(table) == truth
    assert len(truth) > 5_000
    assert table["point_name"].chunk(0).dictionary.to_pylist() == names


def test_pages_are_joined_exactly(client: Client, server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    names = point_names(client)
    whole = client.query(SITE, names, SPAN.start_ms, SPAN.end_ms, resolution="raw")
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 700)
    before = len(server.requests)
    merged = client.query(SITE, names, SPAN.start_ms, SPAN.end_ms, resolution="raw")
    assert len(server.requests) - before > 5
    assert merged.cast(whole.schema).equals(whole)
    expected, joined = tables.envelope(whole), tables.envelope(merged)
    for series, joined_series in zip(expected["series"], joined["series"], strict=True):
        assert joined_series["coverage"]["received"] == series["coverage"]["received"]
        # Each page counts whole intervals only.
        difference = series["coverage"]["expected"] - joined_series["coverage"]["expected"]
        assert 0 <= difference <= len(server.requests)
    for key in ("total_samples", "samples_read", "samples_returned", "sources", "next_token"):
        assert joined["metadata"][key] == expected["metadata"][key]
    assert joined["metadata"]["cost"]["requests"] > expected["metadata"]["cost"]["requests"]
    assert joined["warnings"] == expected["warnings"] == []


def test_a_gap_across_pages_is_one(
    client: Client, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hours before the first sync were never polled."""
    early = Span(SPAN.start_ms - 6 * HOUR_MS, SPAN.end_ms)
    request = (SITE, [POINT], early.start_ms, early.end_ms)
    [whole] = tables.envelope(client.query(*request, resolution="raw"))["series"]
    monkeypatch.setattr(Pages, "first_step_ms", lambda _: HOUR_MS)
    monkeypatch.setattr(Pages, "longest_step_ms", lambda _: HOUR_MS)
    monkeypatch.setattr("query.timeseries.samples.READ_BUDGET_S", -1.0)
    before = len(server.requests)
    with warnings.catch_warnings():
        # Each page has a warning that it ended early; the next page continues it.
        warnings.simplefilter("error")
        table = client.query(*request, resolution="raw")
    assert len(server.requests) - before > 5
    [series] = tables.envelope(table)["series"]
    assert series["gaps"] == whole["gaps"]
    assert series["gaps"][0]["start"] == iso(early.start_ms)


def test_pages_are_requested_one_at_a_time(
    client: Client, server: ApiServer, building: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = point_names(client)
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 700)
    before = len(server.requests)
    pages = client.query_pages(SITE, names, SPAN.start_ms, SPAN.end_ms, resolution="raw")
    first = next(pages)
    assert len(server.requests) - before == 1
    assert first.num_rows <= 700
    assert samples(first, *pages) == building.truth(SPAN)


def test_pages_warn_once_and_not_of_continuation(
    client: Client, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr(Pages, "first_step_ms", lambda _: HOUR_MS)
    monkeypatch.setattr("query.timeseries.samples.READ_BUDGET_S", -1.0)
    pages = client.query_pages(SITE, [POINT, "nope"], SPAN.start_ms, SPAN.end_ms, resolution="raw")
    warnings_of_pages = [tables.envelope(page)["warnings"] for page in pages]
    assert len(warnings_of_pages) > 2
    assert all(len(texts) == 2 for texts in warnings_of_pages[:-1])
    assert [str(warning.message) for warning in recwarn] == ["The site has no point 'nope'."]


def test_the_number_of_pages_is_limited(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitals.reading.request.MAX_SAMPLES", 40)
    monkeypatch.setattr("vitals_client.pages.MAX_PAGES", 3)
    with pytest.raises(FailedError, match="more than 3 pages"):
        client.query(SITE, [POINT], SPAN.start_ms, SPAN.end_ms, resolution="raw")


def over_http(client: Client, token: str, path: str, **params: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(client.api + path, params=params, headers=headers, timeout=10)
    assert answer.status_code == 200
    return answer.json()


FORMS: list[dict[str, Any]] = [
    {"resolution": "5m"},
    {"resolution": "1h"},
    {"max_points": 30},
    {"width": 20},
    {"width": 20, "method": "mean"},
    {"width": 20, "method": "lttb", "resolution": "raw"},
]


def test_every_form_equals_the_apis_json(client: Client, token: str) -> None:
    start, end = datetime(2026, 1, 1, 9, 45, tzinfo=UTC), datetime(2026, 1, 1, 12, 20, tzinfo=UTC)
    names = point_names(client)[:7]
    parameters = {"site_name": SITE, "point_names": names, "start_time": iso(SPAN.start_ms)}
    for form in FORMS:
        answer = tables.answer(client.query(SITE, names, start, end, **form))
        expected = over_http(
            client, token, "/timeseries/query", **parameters, end_time=iso(SPAN.end_ms), **form
        )
        for volatile in ("query_time_ms", "cost", "cache_hit"):
            del answer["metadata"][volatile], expected["metadata"][volatile]
        assert answer == expected, form


def test_a_range_without_samples_is_an_empty_table(client: Client) -> None:
    table = client.query(SITE, [POINT], "2025-12-01", "2025-12-02", resolution="raw")
    assert (table.num_rows, table.column_names) == (0, ["point_name", "timestamp", "value"])
    assert [series["values"] for series in tables.answer(table)["series"]] == [[]]
    assert table.to_pandas().empty


def test_a_warning_names_the_callers_line(client: Client) -> None:
    for query in (client.query, lambda *request: list(client.query_pages(*request))):
        with pytest.warns(VitalsWarning, match="The site has no point 'nope'") as caught:
            query(SITE, [POINT, "nope"], SPAN.start_ms, SPAN.end_ms)
        assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(VitalsWarning, match="The site has no point 'nope'"):
        client.latest(SITE, [POINT, "nope"])


def test_sites_latest_coverage_and_health_equal_the_api(client: Client, token: str) -> None:
    assert client.sites() == over_http(client, token, "/sites")["sites"]
    assert client.health() == over_http(client, token, "/health")
    days = over_http(client, token, f"/sites/{SITE}/coverage", start="2025-12-31", end="2026-01-02")
    assert client.coverage(SITE, datetime(2025, 12, 31, tzinfo=UTC), "2026-01-02") == days
    assert len(days["days"]) == 2
    newest = over_http(client, token, f"/sites/{SITE}/latest", limit=1000)["latest"]
    assert client.latest(SITE) == newest
    assert len(newest) > 40


def test_lists_are_requested_page_by_page(
    client: Client, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, newest = list(client.points(SITE)), client.latest(SITE)
    monkeypatch.setattr(client_module, "_PAGE_LIMIT", 10)
    before = len(server.requests)
    points = client.points(SITE)
    assert next(points) == whole[0]
    assert len(server.requests) - before == 1
    assert [whole[0], *points] == whole
    assert client.latest(SITE) == newest


def test_points_match_words_and_tags(client: Client) -> None:
    points = list(client.points(SITE, "zone temp", ["air", "unit=degreesFahrenheit"]))
    assert 0 < len(points) < 10
    assert all("Zone temp" in point["display_name"] and "air" in point["tags"] for point in points)
    assert list(client.points(SITE, "no such words")) == []


def test_tags_count_their_points(client: Client) -> None:
    tags = client.tags(SITE)
    assert tags["site_name"] == SITE
    for tag in tags["tags"]:
        assert len(list(client.points(SITE, tags=[tag["tag"]]))) == tag["points"]
    assert {entry["equipment"] for entry in tags["equipment"]} == {
        point["equipment"] for point in client.points(SITE) if point["equipment"]
    }


def test_status_has_the_sites_of_the_token(
    server: ApiServer, client: Client, make_token: Callable[..., str]
) -> None:
    [site] = client.status()["sites"]
    assert (site["site_name"], site["unarchived_count"]) == (SITE, len(site["unarchived_days"]))
    assert site["rejected"]
    with Client(server.url, make_token("read", site="elsewhere")) as stranger:
        nothing = {"sites": [], "dead_letters": None, "warnings": [], "warning_details": []}
        assert stranger.status() == nothing


def test_many_names_take_several_requests(
    client: Client, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = point_names(client)
    monkeypatch.setattr(arguments, "_MAX_NAMES", 10)
    before = len(server.requests)
    newest = client.latest(SITE, names)
    assert len(server.requests) - before == -(-len(names) // 10)
    assert [entry["point_name"] for entry in newest] == names


# Exports


def test_an_export_is_downloaded_exactly(client: Client, building: World, tmp_path: Path) -> None:
    names = point_names(client)
    for format in ("parquet", "csv"):
        started = client.exports.create(SITE, names, SPAN.start_ms, iso(SPAN.end_ms), format=format)  # type: ignore[arg-type]
        done = client.exports.wait(started["id"])
        assert (done["status"], done["points"]) == ("completed", len(names))
        files = client.exports.download(started["id"], tmp_path / format)
        assert sorted(files) == sorted((tmp_path / format).iterdir())
        assert [file.stat().st_size for file in files] == [
            file["bytes"] for file in sorted(done["files"], key=lambda file: file["name"])
        ]
        assert READERS[format](files) == building.truth(SPAN)
    assert {export["format"] for export in client.exports.list(SITE)} == {"csv", "parquet"}


READERS: dict[str, Callable[[list[Path]], Samples]] = {"parquet": of_parquet, "csv": of_csv}


def test_an_export_without_names_has_every_point(client: Client) -> None:
    started = client.exports.create(SITE, [], SPAN.start_ms, SPAN.end_ms)
    assert started["points"] == len(list(client.points(SITE)))
    assert client.exports.cancel(started["id"]) == {"id": started["id"], "status": "removed"}
    with pytest.raises(NotFoundError):
        client.exports.get(started["id"])


# Backfills


def test_a_backfill_is_started_followed_and_listed(client: Client) -> None:
    planned = client.backfills.start(SITE, "2025-12-27", "2025-12-27", dry_run=True)
    assert (planned["dry_run"], planned["days_total"], planned["estimate"]["requests"]) == (True, 1, 1)
    started = client.backfills.start(SITE, datetime(2025, 12, 27).date(), "2025-12-27")
    [ended] = client.backfills.follow(started["id"])
    assert (ended["status"], ended["days_done"]) == ("succeeded", 1)
    assert client.backfills.get(started["id"]) == ended
    assert [run["id"] for run in client.backfills.list(SITE)] == [started["id"]]
    assert client.backfills.cancel(started["id"])["cancel_requested"] is False


def test_a_conflict_has_the_running_id(client: Client, server: ApiServer) -> None:
    server.after = lambda method, path, body: None
    started = client.backfills.start(SITE, "2025-12-27", "2025-12-28")
    with pytest.raises(ConflictError) as refused:
        client.backfills.start(SITE, "2025-12-27", "2025-12-27")
    assert (refused.value.running_id, refused.value.status) == (started["id"], 409)
    assert client.backfills.cancel(started["id"])["cancel_requested"] is True


# Errors


REFUSALS: list[tuple[type[VitalsError], str, Callable[[Client], Any]]] = [
    (
        InvalidRequestError,
        "INVALID_REQUEST",
        lambda client: client.query(SITE, [POINT], "yesterday", "2026-01-02"),
    ),
    (
        InvalidRequestError,
        "INVALID_REQUEST",
        lambda client: client.query(SITE, [], "2026-01-01", "2026-01-02"),
    ),
    (NotFoundError, "NOT_FOUND", lambda client: client.query(SITE, ["x"], "2026-01-01", "2026-01-02")),
    (NotFoundError, "NOT_FOUND", lambda client: client.query("no_site", ["x"], "2026-01-01", "2026-01-02")),
    (TooLargeError, "TOO_LARGE", lambda client: client.query(SITE, [POINT], "2020-01-01", "2026-01-02")),
    (NotFoundError, "NOT_FOUND", lambda client: client.coverage("no/site", "2026-01-01", "2026-01-02")),
    (NotFoundError, "NOT_FOUND", lambda client: client.exports.get("nothing")),
    (NotFoundError, "NOT_FOUND", lambda client: client.backfills.get("../sites")),
    (NotFoundError, "NOT_FOUND", lambda client: list(client.points("no_site"))),
    (NotFoundError, "NOT_FOUND", lambda client: list(client.changes("no_site"))),
]


def test_an_error_has_its_class_and_text(client: Client, server: ApiServer) -> None:
    for kind, code, call in REFUSALS:
        before = len(server.requests)
        with pytest.raises(kind) as refused:
            call(client)
        assert (refused.value.code, refused.value.request_id) == (code, "r-1")
        assert str(refused.value) == f"{refused.value.text} ({code})"
        assert len(server.requests) - before == 1


def test_invalid_and_insufficient_tokens_are_refused(
    server: ApiServer, make_token: Callable[..., str], clock: Clock
) -> None:
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


def test_a_netrc_file_is_ignored(
    server: ApiServer, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Client(server.url, token) as client:
        assert client.sites()


# Prepared responses


@pytest.fixture
def trouble() -> Iterator[LaidOutServer]:
    server = LaidOutServer()
    with server.serving():
        yield server


BUSY = (503, {"error": "busy", "error_code": "UNAVAILABLE", "request_id": "r-9"}, {"Retry-After": "0"})
SITES = "GET /sites"
QUERY = "POST /timeseries/query"


def client_of(server: LaidOutServer, **options: Any) -> Client:
    return Client(server.url, TOKEN, **options)


def test_safe_requests_are_retried(trouble: LaidOutServer) -> None:
    trouble.lay_out(SITES, BUSY, BUSY, (200, {"sites": []}))
    assert client_of(trouble).sites() == []
    assert len(trouble.requests) == 3


def test_a_query_is_retried_although_it_is_posted(trouble: LaidOutServer) -> None:
    trouble.lay_out(QUERY, BUSY)
    with pytest.raises(UnavailableError, match=r"busy \(UNAVAILABLE, request r-9\)"):
        client_of(trouble, retries=2).query("home", ["a"], 0, 1)
    assert len(trouble.requests) == 3
    assert len({json.dumps(body) for _, body in trouble.requests}) == 1


def test_latest_is_retried_although_it_is_posted(trouble: LaidOutServer) -> None:
    entry = {"point_name": ",", "timestamp": 7, "value": 0.5, "unit": "", "last_seen": 7}
    answer = {"site_name": "home", "latest": [entry], "next_token": None, "warnings": []}
    trouble.lay_out("POST /sites/home/latest", BUSY, BUSY, (200, answer))
    assert client_of(trouble).latest("home", [","]) == [entry]
    assert [body for _, body in trouble.requests] == [{"point_names": [","]}] * 3


def test_threads_share_a_client_and_its_connections() -> None:
    """The requests of a thread use the same connections, whatever site they are about."""

    def serve(connection: socket.socket, number: int) -> None:
        for _ in requests_on(connection):
            connection.sendall(whole(b'{"latest": [], "warnings": [], "tags": [], "next_token": null}'))

    def request(client: Client, number: int) -> None:
        client.latest(f"site-{number}", ["a"])
        client.tags(f"site-{number}")

    with RawServer(serve) as server, Client(server.url, TOKEN, retries=0) as client:
        for number in range(50):
            request(client, number)
        # One for requests that are posted, one for all others.
        assert server.connections == 2
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: request(client, number), range(50, 250)))


def test_requests_with_effects_are_not_retried(trouble: LaidOutServer) -> None:
    for request in ("POST /backfill/start", "POST /exports", "DELETE /exports/x"):
        trouble.lay_out(request, BUSY)
    client = client_of(trouble)
    for start in (
        lambda: client.backfills.start("home", "2026-01-01", "2026-01-02"),
        lambda: client.exports.create("home", [], 0, 1),
        lambda: client.exports.cancel("x"),
    ):
        before = len(trouble.requests)
        with pytest.raises(UnavailableError):
            start()
        assert len(trouble.requests) - before == 1


def test_an_exhausted_quota_is_not_waited_for(trouble: LaidOutServer) -> None:
    used_up = error(429, "RATE_LIMITED", "the token has used its daily quota")
    trouble.lay_out(SITES, (*used_up, {"Retry-After": "3600"}))
    with pytest.raises(RateLimitedError) as limited:
        client_of(trouble).sites()
    assert (limited.value.retry_after_s, len(trouble.requests)) == (3600.0, 1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, b"<html>a login page</html>"), "without a JSON object"),
        ((200, b"[]"), "without a JSON object"),
        ((204, b""), "without a JSON object"),
        ((302, b"", {"Location": "/elsewhere"}), "returned 302: an empty body"),
        ((500, b"oops"), "returned 500: oops"),
        ((404, b"<html>\n  no such bucket\n</html>"), "returned 404: <html> no such bucket </html>"),
        ((502, {"message": "Internal server error"}), "returned 502: Internal server error"),
        ((200, b"{}", {"Content-Length": "100"}), "no response from"),
    ],
)
def test_a_response_of_something_else_is_refused(trouble: LaidOutServer, answer: Any, message: str) -> None:
    trouble.lay_out(SITES, answer)
    with pytest.raises(UnansweredError, match=message):
        client_of(trouble, retries=0).sites()
    assert len(trouble.requests) == 1


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
def test_an_invalid_stream_is_refused(trouble: LaidOutServer, body: bytes) -> None:
    arrow = {"Content-Type": "application/vnd.apache.arrow.stream"}
    trouble.lay_out(QUERY, (200, WHOLE, arrow))
    assert client_of(trouble).query("home", ["a"], 0, 1).num_rows == len(ALL)
    trouble.lay_out(QUERY, (200, body, arrow))
    with pytest.raises(UnansweredError, match="invalid Arrow stream"):
        client_of(trouble).query("home", ["a"], 0, 1)
    trouble.lay_out(QUERY, (200, body))
    with pytest.raises(UnansweredError, match="without an Arrow stream"):
        client_of(trouble).query("home", ["a"], 0, 1)


def test_an_unreachable_api_is_named() -> None:
    with pytest.raises(UnansweredError, match=r"no response from http://127\.0\.0\.1:9 "):
        Client("http://127.0.0.1:9", "t", retries=1).sites()


EXPORT = {"id": "x", "status": "completed", "error": "", "links_expire_at": ""}


def files(trouble: LaidOutServer, name: str = "a.csv", size: int = 4) -> None:
    file = {"name": name, "bytes": size, "url": f"{trouble.url}/file"}
    trouble.lay_out("GET /exports/x", (200, EXPORT | {"files": [file]}))


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "..", "", "a/b.csv"])
def test_a_file_stays_in_its_folder(trouble: LaidOutServer, tmp_path: Path, name: str) -> None:
    files(trouble, name)
    with pytest.raises(FailedError, match="invalid name"):
        client_of(trouble).exports.download("x", tmp_path / "here")
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]


def test_an_interrupted_download_leaves_no_file(trouble: LaidOutServer, tmp_path: Path) -> None:
    """The link gets no token: this server refuses one."""
    (tmp_path / "a.csv").write_text("before")
    files(trouble)
    trouble.open.add("GET /file")
    trouble.lay_out("GET /file", (200, b"abc", {"Content-Length": "4"}))
    with pytest.raises(UnansweredError, match="was interrupted"):
        client_of(trouble).exports.download("x", tmp_path)
    trouble.lay_out("GET /file", (200, b"abc"))
    with pytest.raises(FailedError, match="3 bytes instead of 4"):
        client_of(trouble).exports.download("x", tmp_path)
    trouble.lay_out("GET /file", (403, b"expired"))
    with pytest.raises(UnansweredError, match="the download link returned 403"):
        client_of(trouble).exports.download("x", tmp_path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.csv", "before")]
    trouble.lay_out("GET /file", (200, b"abcd"))
    assert client_of(trouble).exports.download("x", tmp_path) == [tmp_path / "a.csv"]
    assert (tmp_path / "a.csv").read_bytes() == b"abcd"


@pytest.mark.parametrize(("status", "reason"), [("failed", "no disk"), ("cancelled", "")])
def test_a_failed_export_raises_its_reason(trouble: LaidOutServer, status: str, reason: str) -> None:
    trouble.lay_out("GET /exports/x", (200, EXPORT | {"status": status, "error": reason}))
    with pytest.raises(
        FailedError, match=f"export x has the status {status}" + (f": {reason}" if reason else "$")
    ):
        client_of(trouble).exports.wait("x")
    with pytest.raises(FailedError, match="only a completed export has files"):
        client_of(trouble).exports.download("x")


def test_waiting_for_an_export_has_a_timeout(trouble: LaidOutServer) -> None:
    trouble.lay_out("GET /exports/x", (200, EXPORT | {"status": "running"}))
    with pytest.raises(FailedError, match="did not end within 0 s; it continues"):
        client_of(trouble).exports.wait("x", timeout_s=0)


def test_a_dry_run_has_no_id(trouble: LaidOutServer) -> None:
    trouble.lay_out("POST /backfill/start", DRY, STARTED)
    client = client_of(trouble)
    assert "id" not in client.backfills.start("mill", "2026-01-01", "2026-01-04", dry_run=True)
    assert client.backfills.start("mill", "2026-01-01", "2026-01-04")["id"] == RUN
    trouble.lay_out(f"GET /backfill/{RUN}", (200, run(["done"], "succeeded")))
    assert [run["status"] for run in client.backfills.follow(RUN)] == ["succeeded"]
