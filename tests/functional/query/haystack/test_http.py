"""The operations over plain HTTP: GET, formats, errors, and histories that phable does not ask for."""

from typing import Any

import numpy as np
import pytest
import requests

from query.answers import Api
from query.haystack import history
from tests.support.clock import NOON
from tests.support.haystack import AUTUMN, CHANGES, HOME, STEP_MS, haystack_url, home
from vitals.codec.haystack import hayson, zinc
from vitals.model.haystack.values import DateTime, Grid, Mark, Number, Ref
from vitals.model.samples import Samples
from vitals.model.timespan import DAY_MS, HOUR_MS, parse_iso
from vitals.reading import gaps
from vitals.reading.request import MAX_SAMPLES
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.hot import HotTier

__all__ = ["haystack_url", "home"]

HEADERS = {"Authorization": "Bearer read:*", "Accept": "text/zinc"}
AUTUMN_DAY = AUTUMN.isoformat()


def get(url: str, op: str, headers: dict[str, str] | None = None, **parameters: Any) -> requests.Response:
    return requests.get(f"{url}/{op}", parameters, headers=HEADERS | (headers or {}), timeout=30)


def grid(url: str, op: str, **parameters: Any) -> Grid:
    answer = get(url, op, **parameters)
    assert answer.status_code == 200, answer.text
    return zinc.decode(answer.text)


def error(answer: requests.Response) -> str:
    """The text of an error grid."""
    assert answer.status_code == 200, answer.text
    meta = zinc.decode(answer.text).meta
    assert meta["err"] is Mark.MARKER
    return str(meta["dis"])


def write(dynamodb: Any, site: str, point: int, times: Any, values: Any) -> None:
    ids = np.full(len(times), point, np.int32)
    HotTier(dynamodb, "HotTable").write(
        site, Samples(ids, np.asarray(times), np.asarray(values, float)), NOON
    )
    days = sorted({time_ms - time_ms % DAY_MS for time_ms in np.asarray(times).tolist()})
    Ledger(dynamodb, "StateTable").mark_changed(site, days, NOON)


def test_a_get_reads_points_and_histories(haystack_url: str) -> None:
    [fan] = grid(haystack_url, "read", filter='dis == "Fan"').rows()
    rows = grid(haystack_url, "hisRead", id=f"@{HOME}.p1", range=AUTUMN_DAY).rows()
    assert (fan["id"], len(rows)) == (Ref(f"{HOME}.p1"), 25 * HOUR_MS // STEP_MS)
    assert {row["val"] for row in rows} == {True, False}
    assert rows[0]["ts"] == DateTime(CHANGES[AUTUMN].start_ms)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "text/zinc"),
        ("*/*", "text/zinc"),
        ("text/zinc,application/vnd.haystack+json", "text/zinc"),
        ("application/json", "application/json"),
        ("application/vnd.haystack+json;version=4", "application/vnd.haystack+json"),
        ("application/vnd.haystack+json;version=3, text/csv", "text/csv"),
        ("text/csv", "text/csv"),
        ("text/plain", "text/plain"),
        ("text/zinc;version=3.0", "text/zinc"),
    ],
)
def test_the_format_is_what_is_accepted(haystack_url: str, accept: str, media_type: str) -> None:
    answer = get(haystack_url, "read", {"Accept": accept}, filter="site")
    assert answer.headers["Content-Type"] == f"{media_type}; charset=utf-8"
    decode = {"application": hayson.decode, "text": zinc.decode}[media_type.split("/")[0]]
    if media_type == "text/csv":
        assert answer.text.splitlines()[0] == "id,dis,site,tz"
    else:
        assert [row["dis"] for row in decode(answer.text).rows()] == ["Home", "Other"]


@pytest.mark.parametrize("accept", ["text/html", "application/vnd.haystack+json;version=3"])
def test_another_format_is_not_acceptable(haystack_url: str, accept: str) -> None:
    assert get(haystack_url, "about", {"Accept": accept}).status_code == 406


def test_errors_are_written_in_the_format(haystack_url: str) -> None:
    answer = get(haystack_url, "read", {"Accept": "application/json"}, filter="point and")
    assert answer.json()["meta"]["dis"].startswith("the filter is not valid at character 10")


@pytest.mark.parametrize(
    ("op", "parameters", "text"),
    [
        ("read", {}, "read takes a filter, or ids"),
        ("read", {"id": "x"}, "id must be a reference such as @demo.p1"),
        ("hisRead", {"id": f"@{HOME}.p0"}, "hisRead takes an id and one range"),
        ("hisRead", {"id": f"@{HOME}.p0", "range": "tomorrow"}, "range must be today, yesterday, a date"),
        ("hisRead", {"id": f"@{HOME}.p0", "range": "2030-01-01"}, "is in the future"),
        ("hisRead", {"id": f"@{HOME}.site", "range": "today"}, f"there is no point '@{HOME}.site'"),
        ("nav", {"navId": "@nothing"}, "there is no record '@nothing'"),
        ("hisRead", {"id": [f"@{HOME}.p0", f"@{HOME}.p1"], "range": ["today", "yesterday"]}, "one range"),
        ("hisRead", {"id": f"@{HOME}.p0", "range": "x" * 201}, "range must have at most 200 characters"),
        ("hisRead", {"id": f"@{HOME}.p0", "range": "0001-01-05"}, "range must be today"),
        ("read", {"filter": "a == " + "C(" * 700}, "expected a number"),
    ],
)
def test_what_is_wrong_is_an_error_grid(
    haystack_url: str, op: str, parameters: dict[str, Any], text: str
) -> None:
    assert text in error(get(haystack_url, op, **parameters))


def test_what_is_no_grid_has_a_status(haystack_url: str) -> None:
    def post(body: bytes, content_type: str) -> requests.Response:
        headers = HEADERS | {"Content-Type": content_type}
        return requests.post(f"{haystack_url}/read", body, headers=headers, timeout=30)

    assert post(b"a,b", "text/csv").status_code == 415
    assert post(b"a,b", "application/vnd.haystack+json; version=3").status_code == 415
    assert post(b"x", "text/zinc").json()["error"].startswith("the grid is not valid at character 1")
    assert get(haystack_url, "watchSub").status_code == 404
    assert zinc.decode(post(b'{"filter":"site","limit":1}', "application/json").text).rows()


def test_histories_of_several_sites(haystack_url: str, dynamodb: Any) -> None:
    start_ms = CHANGES[AUTUMN].start_ms
    write(dynamodb, "other", 0, [start_ms - HOUR_MS, start_ms + 1], [1.5, 2.5])
    body = f'ver:"3.0" range:"{AUTUMN_DAY}"%s\nid\n@other.p0\n@{HOME}.p0\n@{HOME}.p0\n'

    def read(tz: str = "") -> Grid:
        answer = requests.post(f"{haystack_url}/hisRead", body % tz, headers=HEADERS, timeout=30)
        return zinc.decode(answer.text)

    own_days = read()
    assert [column.name for column in own_days.columns] == ["ts", "v0", "v1", "v2"]
    assert [column.meta.get("id") for column in own_days.columns[1:]] == [
        Ref("other.p0"),
        Ref(f"{HOME}.p0"),
        Ref(f"{HOME}.p0"),
    ]
    # The day of the site in UTC begins five hours earlier.
    first = own_days.rows()[0]
    assert own_days.meta["hisStart"] == first["ts"] == DateTime(parse_iso("2025-11-02T00:00Z"))
    assert sum("v1" in row for row in own_days.rows()) == 25 * HOUR_MS // STEP_MS
    assert all(row.get("v1") == row.get("v2") for row in own_days.rows())
    in_chicago = read(' tz:"Chicago"')
    assert in_chicago.meta["hisStart"] == DateTime(start_ms)
    assert [row["v0"] for row in in_chicago.rows() if "v0" in row][:2] == [Number(2.5, "°F"), Mark.NA]
    assert error_of(read(' tz:"Nowhere"')) == "there is no timezone 'Nowhere'"


def error_of(grid: Grid) -> str:
    assert grid.meta["err"] is Mark.MARKER
    return str(grid.meta["dis"])


def test_states_that_are_neither_stay_numbers(haystack_url: str, dynamodb: Any) -> None:
    start_ms = parse_iso("2025-12-01T12:00Z")
    write(dynamodb, HOME, 1, start_ms + STEP_MS * np.arange(4), [0.0, -0.0, 1.0, 0.5])
    rows = grid(
        haystack_url, "hisRead", id=f"@{HOME}.p1", range="2025-12-01T12:00:00Z,2025-12-01T12:20:00Z"
    ).rows()
    values = [row["val"] for row in rows]
    assert [repr(value) for value in values] == [
        "False",
        "Number(value=-0.0, unit='')",
        "True",
        "Number(value=0.5, unit='')",
    ]


def test_points_that_are_gone_keep_their_history(haystack_url: str, home: Api, dynamodb: Any) -> None:
    table = CatalogTable(dynamodb, "StateTable")
    remaining = [point.listed for point in table.load(HOME).points if point.name != "fan"]
    for _ in range(2):
        table.refresh(HOME, remaining)
    home.catalogs.loaded.clear()
    assert f"{HOME}.p1" not in [row["id"].id for row in grid(haystack_url, "read", filter="point").rows()]
    assert grid(haystack_url, "read", id=f"@{HOME}.p1").rows()[0]["dis"] == "Fan"
    assert len(grid(haystack_url, "hisRead", id=f"@{HOME}.p1", range=AUTUMN_DAY).rows()) == 300


def test_records_follow_the_settings_of_the_site(haystack_url: str, home: Api, dynamodb: Any) -> None:
    [before] = grid(haystack_url, "read", filter='dis == "Mode"').rows()
    assert (before["kind"], before["hisMode"], before["tz"]) == ("Number", "cov", "Chicago")
    home.sites.table.set_settings(HOME, {"timezone": "Asia/Kolkata"}, "tests")
    CatalogTable(dynamodb, "StateTable").set_points(HOME, {"zone/mode": {"kind": "binary"}}, "tests")
    home.sites.loaded.clear()
    home.catalogs.loaded.clear()
    [after] = grid(haystack_url, "read", filter='dis == "Mode"').rows()
    assert (after["id"], after["kind"], after["tz"]) == (before["id"], "Bool", "Kolkata")


def test_a_history_that_is_too_long_is_refused(haystack_url: str, dynamodb: Any) -> None:
    start_ms = parse_iso("2025-12-10T00:00Z")
    times = start_ms + 1_000 * np.arange(MAX_SAMPLES + 1)
    write(dynamodb, HOME, 0, times, times % 7)
    text = error(get(haystack_url, "hisRead", id=f"@{HOME}.p0", range="2025-12-09,2025-12-12"))
    assert text.startswith("the range has 100,000 samples or more")
    span = f"2025-12-10T00:00:00Z,{text.rpartition('may end at ')[2]}"
    answer = get(haystack_url, "hisRead", id=f"@{HOME}.p0", range=span)
    assert 99_000 < len(zinc.decode(answer.text, MAX_SAMPLES).rows()) <= MAX_SAMPLES
    # The same samples take more bytes as JSON.
    as_json = get(haystack_url, "hisRead", {"Accept": "application/json"}, id=f"@{HOME}.p0", range=span)
    too_long = as_json.json()["meta"]["dis"]
    assert too_long.endswith("; text/zinc is shorter")
    shorter = f"2025-12-10T00:00:00Z,{too_long.rpartition('may end at ')[2].partition(';')[0]}"
    as_json = get(haystack_url, "hisRead", {"Accept": "application/json"}, id=f"@{HOME}.p0", range=shorter)
    assert 25_000 < len(as_json.json()["rows"]) < 60_000


def test_cells_of_a_history_are_limited(haystack_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_MAX_CELLS", 1_000)
    body = f'ver:"3.0" range:"{AUTUMN_DAY}"\nid\n' + f"@{HOME}.p0\n" * 4
    answer = requests.post(f"{haystack_url}/hisRead", body, headers=HEADERS, timeout=30)
    assert error(answer) == "4 points have values at 300 times; request fewer points or a shorter range"


def test_ids_cost_one_catalog_a_request(
    haystack_url: str, home: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []
    load = CatalogTable.load
    monkeypatch.setattr(CatalogTable, "load", lambda self, site: loads.append(site) or load(self, site))
    body = 'ver:"3.0"\nid\n' + "".join(
        f"@{HOME}.p{number}\n@nowhere.p{number}\n" for number in range(90, 190)
    )
    answer = requests.post(f"{haystack_url}/read", body, headers=HEADERS, timeout=30)
    assert zinc.decode(answer.text).rows() == [{}] * 200
    assert len(loads) <= 2


def test_sites_are_read_without_their_points(haystack_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CatalogTable, "load", lambda *_: pytest.fail("no site's points are needed"))
    assert len(grid(haystack_url, "read", filter="site").rows()) == 2
    assert len(grid(haystack_url, "nav").rows()) == 2
    assert grid(haystack_url, "read", id=f"@{HOME}.site").rows()[0]["dis"] == "Home"


def test_a_filter_has_a_time_limit(haystack_url: str, home: Api) -> None:
    seconds = iter(range(0, 10_000, 20))
    home.monotonic = lambda: float(next(seconds))
    answer = get(haystack_url, "read", filter="point")
    assert (answer.status_code, answer.json()["error_code"]) == (504, "TIMEOUT")


def test_omitted_gaps_are_named_by_point(
    haystack_url: str, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "MAX_GAPS", 2)
    start_ms = parse_iso("2025-12-20T00:00Z")
    write(dynamodb, HOME, 0, start_ms + HOUR_MS * np.arange(6), range(6))
    write(dynamodb, HOME, 1, start_ms + STEP_MS * np.arange(72), [1.0] * 72)
    body = 'ver:"3.0" range:"2025-12-20T00:00:00Z,2025-12-20T06:00:00Z"\nid\n' + f"@{HOME}.p0\n@{HOME}.p1\n"
    answer = requests.post(f"{haystack_url}/hisRead", body, headers=HEADERS, timeout=30)
    _, hourly, steady = zinc.decode(answer.text).columns
    assert (hourly.meta["gapsOmitted"], "gapsOmitted" in steady.meta) == (Mark.MARKER, False)
    assert list(hourly.cells).count(Mark.NA) == 2


def test_nothing_is_cached(haystack_url: str) -> None:
    answer = get(haystack_url, "about")
    assert answer.headers["Cache-Control"] == "no-store"
